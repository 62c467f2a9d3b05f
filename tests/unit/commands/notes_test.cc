#include "commands/notes.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::commands {

TEST_CASE("Notes: found by full name among both tables, empty for names unknown") {
  CHECK(notes_of("getset").deprecated_since == "6.2.0");
  CHECK(notes_of("client|kill").changes() == 5);
  CHECK(notes_of("debug").is_internal);
  CHECK(notes_of("get").changes() == 0);
  CHECK(notes_of("nosuch").complexity.empty());
  CHECK(notes_of("").complexity.empty());
}

TEST_CASE("Notes: all are of commands that exist, and say something whole") {
  test::Harness h;
  std::set<std::string_view> names;
  h.table.for_each([&](const exec::Command& command) { names.insert(command.full_name); });
  for (const auto& table : {type_notes(), server_notes()}) {
    for (const Notes& notes : table) {
      CAPTURE(std::string(notes.name));
      CHECK(names.count(notes.name) == 1);
      CHECK(!notes.complexity.empty());
      CHECK(notes.deprecated_since.empty() == notes.replaced_by.empty());
      // Changes fill the array from its front: those behind a gap would not be told.
      for (size_t i = 0; i < notes.history.size(); ++i) {
        CHECK(notes.history[i].version.empty() == (i >= notes.changes()));
        CHECK(notes.history[i].version.empty() == notes.history[i].what.empty());
      }
    }
  }
}

}  // namespace sluice::commands
