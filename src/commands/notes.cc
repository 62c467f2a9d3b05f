#include "commands/notes.h"

namespace sluice::commands {

const Notes& notes_of(std::string_view name) {
  static constexpr Notes kNone{};
  for (const std::span<const Notes> notes : {type_notes(), server_notes()}) {
    const auto found =
        std::lower_bound(notes.begin(), notes.end(), name,
                         [](const Notes& row, std::string_view wanted) { return row.name < wanted; });
    if (found != notes.end() && found->name == name) return *found;
  }
  return kNone;
}

}  // namespace sluice::commands
