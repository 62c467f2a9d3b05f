#include "config/options.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "config/setting.h"

using namespace sluice::config;

TEST_CASE("Options: no name or alias stands twice") {
  std::set<std::string_view> names;
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    if (!row.alias.empty()) CHECK(names.insert(row.alias).second);
  }
}

TEST_CASE("Options: every row has a doc, and choices where its type has them") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    CHECK(row.doc.size() > 10);
    CHECK(row.choices.empty() == (row.type != Type::kEnum && row.type != Type::kFlags));
    CHECK(row.min <= row.max);
  }
}

TEST_CASE("Options: every default is a value of its option and is shown as written") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const Setting held = default_setting(row);
    CHECK(show_setting(row, held) == row.default_text);
    const auto again = parse_setting(row, words_of(row, row.default_text), held);
    REQUIRE(again.ok());
    CHECK(*again == held);
  }
}

TEST_CASE("Options: rows are found by name and alias in either case") {
  CHECK(&rows()[*find_row("MaxMemory")] == &row(Option::kMaxMemory));
  CHECK(&rows()[*find_row("lua-time-limit")] == &row(Option::kBusyReplyThreshold));
  CHECK_FALSE(find_row("no-such-option").has_value());
  CHECK_FALSE(find_row("").has_value());
}

TEST_CASE("Options: the choices of an enum stand in the order of its C++ values") {
  CHECK(row(Option::kAppendFsync).choices[static_cast<size_t>(AppendFsync::kAlways)] == "always");
  CHECK(row(Option::kLogLevel).choices[static_cast<size_t>(LogLevel::kNothing)] == "nothing");
  CHECK(row(Option::kEnableDebugCommand).choices[static_cast<size_t>(Access::kLocal)] == "local");
}
