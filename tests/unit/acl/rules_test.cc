#include "acl/rules.h"

#include <set>

#include <doctest/doctest.h>

namespace sluice::acl {

namespace {

std::string joined(const std::vector<base::ByteView>& words) {
  const auto rules = joined_selectors(words);
  if (!rules.ok()) return "open at " + std::to_string(rules.error());
  std::string text;
  for (const base::Bytes& rule : *rules) text += "[" + rule + "]";
  return text;
}

}  // namespace

TEST_CASE("Rules: a selector that a line's blanks have split is put together again") {
  CHECK(joined({}) == "");
  CHECK(joined({"on", "+get"}) == "[on][+get]");
  CHECK(joined({"(+get)", "x"}) == "[(+get)][x]");
  CHECK(joined({"(+get", "~a)", "on"}) == "[(+get ~a)][on]");
  CHECK(joined({"(", "+get", ")"}) == "[( +get )]");
  CHECK(joined({"(a", "(b)", "c)"}) == "[(a (b)][c)]");
  CHECK(joined({"", ")"}) == "[][)]");
}

TEST_CASE("Rules: a selector that nothing closes is found by where it begins") {
  CHECK(joined({"on", "(+get", "~a"}) == "open at 1");
  CHECK(joined({"("}) == "open at 0");
  CHECK(joined({"(a)", "(b"}) == "open at 1");
}

TEST_CASE("Rules: white space and NUL are blanks, other bytes are not") {
  for (const char c : {' ', '\t', '\n', '\v', '\f', '\r', '\0'}) {
    CHECK(has_blanks(std::string("a") + c + "b"));
  }
  CHECK_FALSE(has_blanks("a-b\x01\xff"));
  CHECK_FALSE(has_blanks(""));
}

TEST_CASE("Rules: every error has a text of its own") {
  std::set<std::string_view> texts;
  for (int i = 0; i <= static_cast<int>(RuleError::kTooMany); ++i) {
    texts.insert(text_of(static_cast<RuleError>(i)));
  }
  CHECK(texts.size() == static_cast<size_t>(RuleError::kTooMany) + 1);
  CHECK(text_of(RuleError::kUnknownCommand) == "Unknown command or category name in ACL");
}

}  // namespace sluice::acl
