// When the fields of a hash go, as records that stand right behind the hash: version 10 of RDB has no layout
// for them. A record is an AUX field, which redis-server skips in a file, as it skips any bytes behind the
// value in what RESTORE takes. So it keeps the hash, without the deadlines, and we keep both. Knows no key;
// which hash a record belongs to is told by where it stands.
//
//   AUX | "sluice-hash-deadlines" | block: a string
//   block = earliest deadline: 8 bytes | (how much later: length | field: string) once or more
//
// Deadlines are unix milliseconds; fields without one are not named. Of many fields there are many records.
#pragma once

#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "base/result.h"
#include "ds/listpack.h"
#include "keyspace/value.h"
#include "snapshot/encoder.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kDeadlinesName = "sluice-hash-deadlines";
// A block that has reached this size takes no more fields.
inline constexpr size_t kDeadlineBlockBytes = size_t{16} << 10;

// The records of one hash, collected while its fields are written, since they stand behind all of them.
class DeadlineRecords {
 public:
  // Of all its fields.
  explicit DeadlineRecords(int64_t earliest_ms) : earliest_ms_(earliest_ms) {}

  // A field that never expires is left out. REQUIRES: deadline_ms >= the earliest.
  void add(const ds::Element& field, int64_t deadline_ms);
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  // Writes one of them, which is forgotten. REQUIRES: !empty().
  void take(Encoder& out);
  [[nodiscard]] size_t memory_bytes() const { return bytes_; }

 private:
  int64_t earliest_ms_;
  std::deque<base::Bytes> blocks_;
  size_t bytes_ = 0;
};

// All records of a value: none, unless it is a hash with fields that expire.
void encode_deadlines(const keyspace::Value& value, Encoder& out);

// What a block says, done to the hash it belongs to; or why it cannot be. Then the hash is of no use.
[[nodiscard]] base::Result<void> apply_deadlines(base::ByteView block, types::Hash& hash);

}  // namespace sluice::snapshot
