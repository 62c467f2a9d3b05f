// Which bits of a string a command may name: those that its longest allowed length has. The limit is looked
// up at each question; nothing is owned. Knows no command: SETBIT and the operations of BITFIELD read their
// offsets in their own ways and ask here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "commands/string_limit.h"
#include "exec/call.h"
#include "types/string_value.h"

namespace sluice::commands {

inline constexpr base::ByteView kBadBitOffset = "ERR bit offset is not an integer or out of range";
inline constexpr unsigned kMaxFieldBits = 64;

// The offset if a string may have that bit. What begins there may stick out by the widest field, for which
// there is room.
inline std::optional<uint64_t> bit_offset(const exec::Call& call, std::optional<int64_t> number) {
  constexpr size_t kHighest = types::StringValue::kMaxBytes - kMaxFieldBits / 8;
  const size_t limit = std::min(string_limit_bytes(call), kHighest);
  if (!number || *number < 0 || static_cast<uint64_t>(*number) / 8 >= limit) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

}  // namespace sluice::commands
