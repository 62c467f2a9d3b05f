// What COMMAND DOCS tells of a command besides its row: how its cost grows, what releases changed in it, and
// what to use instead. Kept apart from the rows, which everything that runs commands reads. Releases
// and replacements are Redis's, since tools read them; complexities are ours, and what a release changed is
// told in our own words. Static data: it owns nothing and knows no call and no reply.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::commands {

struct Change {
  std::string_view version;  // empty: no change
  std::string_view what;
};
inline constexpr size_t kMaxChanges = 6;

struct Notes {
  std::string_view name;  // "client|list"
  std::string_view complexity;
  std::array<Change, kMaxChanges> history{};
  std::string_view deprecated_since{};  // empty: still in favour
  std::string_view replaced_by{};
  bool is_internal = false;  // meant for servers and their tests, not for applications: "syscmd"

  [[nodiscard]] size_t changes() const {
    return static_cast<size_t>(std::count_if(history.begin(), history.end(),
                                             [](const Change& change) { return !change.version.empty(); }));
  }
};

// Those of a command by the name its row gives it; empty ones if there is nothing to tell.
const Notes& notes_of(std::string_view name);

std::span<const Notes> type_notes();    // commands of the data types
std::span<const Notes> server_notes();  // all others

template <size_t N>
constexpr bool notes_are_sorted(const Notes (&notes)[N]) {
  for (size_t i = 1; i < N; ++i) {
    if (!(notes[i - 1].name < notes[i].name)) return false;
  }
  return true;
}

}  // namespace sluice::commands
