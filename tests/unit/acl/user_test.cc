#include "acl/user.h"

#include <array>

#include <doctest/doctest.h>

#include "acl/password.h"
#include "few_names.h"

namespace sluice::acl {

namespace {

User with(const std::vector<base::ByteView>& rules) {
  User user(7, "u", few_names());
  for (const base::ByteView rule : rules) {
    CAPTURE(rule);
    CHECK(user.apply(rule, few_names()) == RuleError::kNone);
  }
  return user;
}

Verdict get(const User& user, base::ByteView key) {
  const std::array<base::ByteView, 2> words = {"get", key};
  const std::array<KeyUse, 1> keys = {{{1, kReads}}};
  return user.check({kGet, false, words, keys});
}

}  // namespace

TEST_CASE("User: a new one is off, has no password and may do nothing") {
  const User user(7, "u", few_names());
  CHECK(user.text() == "off sanitize-payload resetchannels -@all");
  CHECK_FALSE(user.accepts(""));
  CHECK(get(user, "k").denied == Reason::kCommand);
  CHECK_FALSE(user.unrestricted());
  CHECK(User(7, "u", {kFewNames, true}).text() == "off sanitize-payload &* -@all");
}

TEST_CASE("User: passwords are kept as digests, each once, and let in only who is on") {
  User user = with({">a", ">b", ">a", "on"});
  CHECK(user.digests() == std::vector<std::string>{digest_of("a"), digest_of("b")});
  CHECK(user.accepts("a"));
  CHECK(user.accepts("b"));
  CHECK_FALSE(user.accepts("c"));
  CHECK(user.apply("#" + digest_of("c"), few_names()) == RuleError::kNone);
  CHECK(user.accepts("c"));
  CHECK(user.apply("<a", few_names()) == RuleError::kNone);
  CHECK_FALSE(user.accepts("a"));
  CHECK(user.apply("<a", few_names()) == RuleError::kNoSuchPassword);
  CHECK(user.apply("!" + digest_of("b"), few_names()) == RuleError::kNone);
  CHECK(user.apply("#abc", few_names()) == RuleError::kBadDigest);
  CHECK(user.apply("!ABC", few_names()) == RuleError::kBadDigest);
  CHECK(user.apply("off", few_names()) == RuleError::kNone);
  CHECK_FALSE(user.accepts("c"));
}

TEST_CASE("User: without a password any is right; a password given later ends that") {
  User user = with({">a", "nopass", "on"});
  CHECK(user.accepts("whatever"));
  CHECK(user.digests().empty());
  CHECK(user.text() == "on nopass sanitize-payload resetchannels -@all");
  CHECK(user.apply(">b", few_names()) == RuleError::kNone);
  CHECK_FALSE(user.accepts("whatever"));
  CHECK(user.apply("nopass", few_names()) == RuleError::kNone);
  CHECK(user.apply("resetpass", few_names()) == RuleError::kNone);
  CHECK_FALSE(user.accepts(""));
}

TEST_CASE("User: a binary password is as good as any") {
  const std::string password("a\0\xff ", 4);
  CHECK(with({"on", ">" + password}).accepts(password));
}

TEST_CASE("User: what any selector allows, the user may do, but not half by one and half by another") {
  const User user = with({"+get", "~a", "(+get ~b)", "(+set ~* &c)"});
  CHECK(user.text() ==
        "off sanitize-payload ~a resetchannels -@all +get (~b resetchannels -@all +get) "
        "(~* resetchannels &c -@all +set)");
  CHECK(get(user, "a").allowed());
  CHECK(get(user, "b").allowed());
  CHECK(get(user, "c").denied == Reason::kKey);
  CHECK(user.may_use_channel("c", false));
  CHECK_FALSE(user.may_use_channel("d", false));
}

TEST_CASE("User: of several refusals the one that came furthest is told") {
  const std::array<base::ByteView, 3> words = {"get", "a", "b"};
  const std::array<KeyUse, 2> keys = {{{1, kReads}, {2, kReads}}};
  const Attempt attempt{kGet, false, words, keys};
  CHECK(with({"+get", "(+get ~a)"}).check(attempt).word == 2);
  CHECK(with({"-@all", "(+set)"}).check(attempt).denied == Reason::kCommand);
  CHECK(with({"(+get ~a)", "(+set)"}).check(attempt).denied == Reason::kKey);
}

TEST_CASE("User: keys beside the arguments need one selector that allows the command and all keys") {
  const std::array<base::ByteView, 2> words = {"get", "a"};
  const std::array<KeyUse, 1> keys = {{{1, kReads}}};
  const Attempt attempt{kGet, false, words, keys};
  CHECK(with({"+get", "%R~*"}).may_use_every_key(attempt, kReads));
  CHECK_FALSE(with({"+get", "~a"}).may_use_every_key(attempt, kReads));
  CHECK_FALSE(with({"+get", "~a", "(+set ~*)"}).may_use_every_key(attempt, kReads));
}

TEST_CASE("User: faults in a selector refuse it whole; quotes in it are read") {
  User user = with({});
  CHECK(user.apply("(+get +nosuch)", few_names()) == RuleError::kUnknownCommand);
  CHECK(user.apply("(on)", few_names()) == RuleError::kSyntax);
  CHECK(user.apply("(>pw)", few_names()) == RuleError::kSyntax);
  CHECK(user.apply("(\"~a)", few_names()) == RuleError::kSyntax);
  CHECK(user.apply("(", few_names()) == RuleError::kSyntax);
  CHECK(user.apply(")", few_names()) == RuleError::kSyntax);
  CHECK(user.selectors().size() == 1);
  CHECK(user.apply("(\"~a\")", few_names()) == RuleError::kNone);
  CHECK(user.apply("()", few_names()) == RuleError::kNone);
  CHECK(user.selectors().size() == 3);
  CHECK(user.apply("clearselectors", few_names()) == RuleError::kNone);
  CHECK(user.selectors().size() == 1);
}

TEST_CASE("User: reset makes a new one of it") {
  User user = with({"on", ">a", "~x", "&y", "+@all", "(+get)", "skip-sanitize-payload"});
  CHECK(user.flags() == std::vector<base::ByteView>{"on", "skip-sanitize-payload"});
  CHECK(user.apply("RESET", few_names()) == RuleError::kNone);
  CHECK(user.text() == User(7, "u", few_names()).text());
  CHECK(user.name() == "u");
  CHECK(user.id() == 7);
}

TEST_CASE("User: rules as text make the same user again") {
  const User user =
      with({"on", ">a", "~x", "%R~r", "&y", "+@all", "-config|set", "+select|0", "(+get ~a &b)"});
  User again(8, "v", few_names());
  std::vector<base::ByteView> words;
  const std::string text = user.text();
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(base::ByteView(text).substr(at, end - at));
    at = end + 1;
  }
  const auto rules = joined_selectors(words);
  REQUIRE(rules.ok());
  for (const base::Bytes& rule : *rules) CHECK(again.apply(rule, few_names()) == RuleError::kNone);
  CHECK(again.text() == text);
}

TEST_CASE("User: unrestricted is who may do everything by one selector") {
  CHECK(with({"+@all", "~*", "&*"}).unrestricted());
  CHECK(with({"(+@all ~* &*)"}).unrestricted());
  CHECK_FALSE(with({"+@all", "~*", "(&*)"}).unrestricted());
}

TEST_CASE("User: there is room for so many passwords and selectors, and no more") {
  User user(7, "u", few_names());
  for (size_t i = 0; i < kMaxRulesOfAKind; ++i) {
    REQUIRE(user.apply(">" + std::to_string(i), few_names()) == RuleError::kNone);
    if (i > 0) REQUIRE(user.apply("()", few_names()) == RuleError::kNone);
  }
  CHECK(user.apply(">more", few_names()) == RuleError::kTooMany);
  CHECK(user.apply("()", few_names()) == RuleError::kTooMany);
  CHECK(user.apply(">7", few_names()) == RuleError::kNone);
}

}  // namespace sluice::acl
