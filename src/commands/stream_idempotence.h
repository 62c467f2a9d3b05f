// Producing once: what XADD IDMP and IDMPAUTO say of the producer, and what the log is told of it. Redis 7.0
// has no command for it, so that its records are hidden from it (resp/extension.h): XCFGSET the limits when a
// stream begins to remember, XIDMPRECORD each name that was added, or that was sent again.
#pragma once

#include <optional>

#include "commands/family.h"
#include "types/stream.h"

namespace sluice::commands {

struct ProducerWords {
  bool given = false;
  bool by_content = false;  // IDMPAUTO: what is sent says itself which one it is
  ByteView pid;
  ByteView iid;
};

// Takes the next word if it is IDMP or IDMPAUTO, with its values.
bool read_producer(exec::Args& args, ProducerWords& producer);

// The name under which fields are sent: 16 bytes that depend on all names and values, and not on the order
// of the pairs.
Bytes content_name(types::StreamFields fields);

// The entry that was sent before under this name, if that is remembered at `now_ms`.
std::optional<types::StreamId> sent_before(const types::Stream& stream, ByteView pid, ByteView iid,
                                           uint64_t now_ms);
// It was: counts that, and has it logged. Ends the change.
void count_duplicate(Call& call, Edit<types::Stream>& stream, const ProducerWords& producer);
// It was not: remembers the entry, and has it logged. The caller commits.
void remember(Call& call, types::Stream& stream, const ProducerWords& producer, const types::StreamId& id);

}  // namespace sluice::commands
