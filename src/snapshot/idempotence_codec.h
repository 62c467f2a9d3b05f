// What producers sent to a stream (types/stream_idempotence.h), as records that stand right behind the
// stream, like the deadlines of hash fields (snapshot/deadline_codec.h): redis-server skips them in a file
// and behind the value in what RESTORE takes, and keeps the stream. Knows no key.
//
//   AUX | "sluice-stream-idempotence" | block: a string
//   block = seconds: length | ids of a producer: length | added: length | duplicates: length
//           | (pid: string | how many follow: length | (iid: string | id: two lengths) as often) any number
//           of times
//
// Every block has the same head. Of many names there are many records, and a producer may be in several.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/encoder.h"
#include "types/stream.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kIdempotenceName = "sluice-stream-idempotence";
// A block that has reached this size takes no more names.
inline constexpr size_t kIdempotenceBlockBytes = size_t{16} << 10;

// What stands at the beginning of each block of a table.
[[nodiscard]] base::Bytes encode_idempotence_head(const types::IdempotenceTable& table);

// Makes records of names, one after the other: those of a producer are collected, since their number stands
// before them.
class IdempotenceRecords {
 public:
  // REQUIRES: both outlive it.
  IdempotenceRecords(base::ByteView head, Encoder& out) : head_(head), out_(out), block_(head) {}

  // REQUIRES: `pid` is good until the next call.
  void add(base::ByteView pid, base::ByteView iid, const types::StreamId& id);
  // The last record, which may have no name.
  void end();

 private:
  [[nodiscard]] bool full() const { return block_.size() + names_.size() >= kIdempotenceBlockBytes; }
  void end_producer();

  base::ByteView head_;
  Encoder& out_;
  base::Bytes block_;
  base::Bytes names_;
  base::ByteView pid_;
  uint64_t count_ = 0;
};

// None, where nothing was ever sent by name.
void encode_idempotence(const types::Stream& stream, Encoder& out);

// What a block says, done to the stream it belongs to; or why it cannot be. Then the stream is of no use.
[[nodiscard]] base::Result<void> apply_idempotence(base::ByteView block, types::Stream& stream);

}  // namespace sluice::snapshot
