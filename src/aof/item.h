// Finds where the next thing in a log ends: a command as a RESP array of bulk strings, or a line that begins
// with '#'. Works on bytes in memory that may stop in the middle of one; owns nothing. Must not know what a
// command means, nor where the bytes came from.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"

namespace sluice::aof {

using base::ByteView;

// Longest line that redis-server reads, its line end included.
inline constexpr size_t kMaxRedisLine = 1023;

enum class ItemKind {
  kRecord,      // its arguments were put into `args`
  kLine,        // `line` is set, without its line end
  kIncomplete,  // the bytes stop inside the item; `size` is how many it needs at least
  kMalformed
};

struct Item {
  ItemKind kind = ItemKind::kMalformed;
  size_t size = 0;  // bytes of the item, line end included
  ByteView line;
};

// Arguments one record may have, and bytes one argument may have: what redis-server accepts at its defaults,
// with room for a raised proto-max-bulk-len.
inline constexpr size_t kMaxArgs = 1024 * 1024;
inline constexpr size_t kMaxArgBytes = size_t{4} * 1024 * 1024 * 1024;

// The item at the start of `bytes`; the arguments of a record are put into `args`, as views into `bytes`.
// REQUIRES: bytes is not empty.
[[nodiscard]] Item next_item(ByteView bytes, std::vector<ByteView>& args);

enum class GroupMark { kNone, kMulti, kExec };

// Whether a record opens or closes a group that is applied whole or not at all.
[[nodiscard]] GroupMark group_mark(const std::vector<ByteView>& args);

}  // namespace sluice::aof
