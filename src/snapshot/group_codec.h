// What version 10 of RDB cannot say about consumer groups, as records right behind the stream
// (snapshot/extras.h): which entries were released (XNACK), in which order, which ones will be, and when
// consumers got something last. redis-server can load no pending entry without a consumer, so released and
// delayed ones stand in these records only, and are left out of the group. Knows no key; which stream a
// record belongs to is told by where it stands.
//
//   AUX | "sluice-group-released" | block = group: string | (id: 16 bytes | order: length | deliveries:
//   length)
//                                           once or more
//   AUX | "sluice-group-delayed"  | the same, with the moment of the release (length) in place of the order
//   AUX | "sluice-group-active"   | block = group: string | (consumer: string | active: 8 bytes) once or more
//
// Orders are numbers that only compare. A consumer is named where the two times it has differ.
#pragma once

#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/encoder.h"
#include "types/stream.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kReleasedName = "sluice-group-released";
inline constexpr base::ByteView kGroupDelayedName = "sluice-group-delayed";
inline constexpr base::ByteView kActiveName = "sluice-group-active";
// A block that has reached this size takes no more items.
inline constexpr size_t kGroupBlockBytes = size_t{16} << 10;

// The records of one stream, collected while its groups are written, since they stand behind all of them.
class GroupRecords {
 public:
  // What is added from here on belongs to the group of this name.
  void begin_group(base::ByteView name) { group_ = base::Bytes(name); }
  // Adds those of its entries that are nobody's, or its time if it has to be told.
  void add(const types::PendingLeaf& leaf);
  void add(const types::StreamConsumer& consumer);
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  // Writes one of them, which is forgotten. REQUIRES: !empty().
  void take(Encoder& out);
  [[nodiscard]] size_t memory_bytes() const { return bytes_; }

 private:
  struct Block {
    base::ByteView name;
    base::Bytes group;
    base::Bytes bytes;
  };
  Block& block_for(base::ByteView name);

  base::Bytes group_;
  std::deque<Block> blocks_;
  size_t bytes_ = 0;
};

// All records of a stream.
void encode_group_records(const types::Stream& stream, Encoder& out);

// What a block says, done to the stream it belongs to; or why it cannot be. Then the stream is of no use.
[[nodiscard]] base::Result<void> apply_released(base::ByteView block, types::Stream& stream);
[[nodiscard]] base::Result<void> apply_group_delayed(base::ByteView block, types::Stream& stream);
[[nodiscard]] base::Result<void> apply_active(base::ByteView block, types::Stream& stream);

}  // namespace sluice::snapshot
