// How stream entries look in replies: XRANGE, XREAD and all that hands entries to consumers write them alike;
// and the words that all of them read alike: ids, bounds of ranges, counts of entries. Owns nothing, and must
// not know of keys or groups.
#pragma once

#include <vector>

#include "exec/args.h"
#include "resp/reply.h"
#include "types/stream.h"

namespace sluice::commands {

inline constexpr base::ByteView kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";
inline constexpr base::ByteView kNothingBelowId = "ERR invalid end ID for the interval";
inline constexpr base::ByteView kNothingAboveId = "ERR invalid start ID for the interval";

void write_id(resp::Reply& reply, const types::StreamId& id);
// [name, value, ...]
void write_fields(resp::Reply& reply, const types::StreamEntry& entry);
// [id, [name, value, ...]]
void write_entry(resp::Reply& reply, const types::StreamEntry& entry);
// The bytes that write_fields() adds to a reply.
[[nodiscard]] size_t written_bytes(const types::StreamEntry& entry);

// The next word as an id, its sequence 0 if it has none; latches the error.
types::StreamId read_stream_id(exec::Args& args);
// A count and so many ids behind it; latches what is wrong with them.
void read_counted_ids(exec::Args& args, std::vector<types::StreamId>& ids);
// What a bound stands for; latches why it stands for nothing.
types::StreamId read_bound(exec::Args& args, const types::StreamBound& bound, base::ByteView nothing_beyond);
// A count of entries, of which negative ones mean 0.
uint64_t read_entry_count(exec::Args& args);

}  // namespace sluice::commands
