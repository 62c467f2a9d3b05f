// Members of sorted sets whose scores are moments: which of them are due, and when the next one is. What a
// client asks for is read here (DUE and UNIT); ZMPOP, BZMPOP and BZMOVEDUE ask it of each set. Owns nothing
// and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "exec/call.h"
#include "types/sorted_set.h"

namespace sluice::commands {

struct Due {
  enum class Unit : uint8_t { kSeconds, kMilliseconds };
  std::optional<double> limit;  // as given; otherwise now
  Unit unit = Unit::kSeconds;   // of the scores, where now is the limit
  bool unit_given = false;

  // For Park: all who ask for what is due now, in the same unit, are told the same.
  [[nodiscard]] uint8_t question() const {
    if (limit) return 0;
    return unit == Unit::kSeconds ? 1 : 2;
  }
  // How many members, lowest scores first, are due.
  [[nodiscard]] size_t count_in(const exec::Call& call, const types::SortedSet& set) const;
  // The moment at which the first one will be, in unix milliseconds; 0: none, as far as can be told, since a
  // limit that was given does not move. REQUIRES: none is due now; the set is not empty.
  [[nodiscard]] int64_t next_ms(const exec::Call& call, const types::SortedSet& set) const;
};

// The earlier of two moments, where 0 is none.
[[nodiscard]] constexpr int64_t earlier(int64_t left_ms, int64_t right_ms) {
  if (left_ms == 0 || right_ms == 0) return left_ms + right_ms;
  return left_ms < right_ms ? left_ms : right_ms;
}

// "[NOW|score]" behind the word DUE: nothing means NOW.
void read_limit(exec::Args& args, Due& due);
// "s" or "ms" behind the word UNIT; latches a syntax error.
void read_unit(exec::Args& args, Due& due);

}  // namespace sluice::commands
