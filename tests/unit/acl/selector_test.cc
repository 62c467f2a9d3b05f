#include "acl/selector.h"

#include <array>

#include <doctest/doctest.h>

#include "few_names.h"

namespace sluice::acl {

namespace {

Selector with(const std::vector<base::ByteView>& rules) {
  Selector selector(false);
  for (const base::ByteView rule : rules) {
    CAPTURE(rule);
    CHECK(selector.apply(rule, kFewNames) == RuleError::kNone);
  }
  return selector;
}

bool may_run(const Selector& selector, CommandId command, const std::vector<base::ByteView>& words = {"x"}) {
  return selector.check({command, false, words}).allowed();
}

// A request for one key.
Verdict for_key(const Selector& selector, base::ByteView key, uint8_t access) {
  const std::array<base::ByteView, 2> words = {"get", key};
  const std::array<KeyUse, 1> keys = {{{1, access}}};
  return selector.check({kGet, true, words, keys});
}

}  // namespace

TEST_CASE("Selector: a new one allows nothing, and says so") {
  const Selector selector(false);
  CHECK(selector.text() == "resetchannels -@all");
  CHECK(Selector(true).text() == "&* -@all");
  CHECK_FALSE(may_run(selector, kGet));
  CHECK(for_key(selector, "a", kReads).denied == Reason::kKey);
  CHECK_FALSE(selector.may_use_channel("c", false));
  CHECK_FALSE(selector.allows_everything());
}

TEST_CASE("Selector: commands are allowed and denied one by one, a container with its subcommands") {
  Selector selector = with({"+GET", "+config", "-config|set"});
  CHECK(may_run(selector, kGet));
  CHECK_FALSE(may_run(selector, kSet));
  CHECK(may_run(selector, kConfig));
  CHECK(may_run(selector, kConfigGet));
  CHECK_FALSE(may_run(selector, kConfigSet));
  CHECK(selector.commands_text() == "-@all +get +config -config|set");
  CHECK(selector.apply("-CONFIG", kFewNames) == RuleError::kNone);
  CHECK_FALSE(may_run(selector, kConfigGet));
  CHECK(selector.commands_text() == "-@all +get -config");
}

TEST_CASE("Selector: categories, everything, and what was said before of the same is replaced") {
  Selector selector = with({"+@read", "+@WRITE", "-@read"});
  CHECK(selector.commands_text() == "-@all +@write -@read");
  CHECK(may_run(selector, kSet));
  CHECK_FALSE(may_run(selector, kGet));
  CHECK(selector.apply("AllCommands", kFewNames) == RuleError::kNone);
  CHECK(selector.commands_text() == "+@all");
  CHECK(selector.apply("-@slow", kFewNames) == RuleError::kNone);
  CHECK_FALSE(may_run(selector, kConfigGet));
  CHECK(may_run(selector, 1000));
  CHECK(selector.apply("+@slow", kFewNames) == RuleError::kNone);
  CHECK(selector.commands_text() == "+@all +@slow");
  CHECK(selector.apply("nocommands", kFewNames) == RuleError::kNone);
  CHECK(selector.commands_text() == "-@all");
}

TEST_CASE("Selector: a command may be allowed for one first argument only") {
  Selector selector = with({"+select|0", "+SELECT|0"});
  CHECK(selector.commands_text() == "-@all +select|0");
  CHECK(may_run(selector, kSelect, {"select", "0"}));
  CHECK_FALSE(may_run(selector, kSelect, {"select", "1"}));
  CHECK_FALSE(may_run(selector, kSelect, {"select"}));
  CHECK(selector.apply("+select|a", kFewNames) == RuleError::kNone);
  CHECK(may_run(selector, kSelect, {"select", "A"}));
  CHECK(selector.commands_text() == "-@all +select|0 +select|a");
  CHECK(selector.apply("-select", kFewNames) == RuleError::kNone);
  CHECK_FALSE(may_run(selector, kSelect, {"select", "0"}));
  CHECK(selector.commands_text() == "-@all -select");
}

TEST_CASE("Selector: keys by pattern and by what is done with them") {
  const Selector selector = with({"~a*", "%R~r*", "%W~w*", "%r~b", "%W~b"});
  CHECK(selector.keys_text() == "~a* %R~r* %W~w* ~b");
  CHECK(for_key(selector, "a1", kReads | kWrites).allowed());
  CHECK(for_key(selector, "b", kReads | kWrites).allowed());
  CHECK(for_key(selector, "r1", kReads).allowed());
  CHECK(for_key(selector, "r1", kWrites).denied == Reason::kKey);
  CHECK(for_key(selector, "r1", kReads | kWrites).word == 1);
  CHECK(for_key(selector, "w1", kWrites).allowed());
  CHECK_FALSE(for_key(selector, "w1", kReads).allowed());
  CHECK(for_key(selector, "w1", 0).allowed());
  CHECK_FALSE(for_key(selector, "x", 0).allowed());
  CHECK_FALSE(selector.may_use_every_key(kReads));
  CHECK(with({"%R~*"}).may_use_every_key(kReads));
  CHECK_FALSE(with({"%R~*"}).may_use_every_key(kWrites));
  CHECK(with({"~*"}).may_use_every_key(kReads | kWrites));
}

TEST_CASE("Selector: channels are matched, patterns of a subscriber only taken as written") {
  const Selector selector = with({"&news.*", "&news.*", "&c"});
  CHECK(selector.channels_text() == "&news.* &c");
  CHECK(selector.may_use_channel("news.x", false));
  CHECK_FALSE(selector.may_use_channel("news.x", true));
  CHECK(selector.may_use_channel("news.*", true));
  CHECK_FALSE(selector.may_use_channel("news.*x*", true));
  const std::array<base::ByteView, 3> words = {"subscribe", "c", "d"};
  const std::array<ChannelUse, 2> channels = {{{1, false}, {2, false}}};
  const Verdict verdict = selector.check({kGet, true, words, {}, channels});
  CHECK(verdict.denied == Reason::kChannel);
  CHECK(verdict.word == 2);
}

TEST_CASE("Selector: a pattern after all of them is refused, until they are reset") {
  Selector selector = with({"allkeys", "allchannels"});
  CHECK(selector.apply("~x", kFewNames) == RuleError::kAfterAllKeys);
  CHECK(selector.apply("%R~x", kFewNames) == RuleError::kAfterAllKeys);
  CHECK(selector.apply("&x", kFewNames) == RuleError::kAfterAllChannels);
  CHECK(selector.apply("~*", kFewNames) == RuleError::kNone);
  CHECK(selector.text() == "~* &* -@all");
  CHECK(selector.apply("resetkeys", kFewNames) == RuleError::kNone);
  CHECK(selector.apply("resetchannels", kFewNames) == RuleError::kNone);
  CHECK(selector.apply("~x", kFewNames) == RuleError::kNone);
  CHECK(selector.apply("&x", kFewNames) == RuleError::kNone);
  CHECK(selector.text() == "~x resetchannels &x -@all");
}

TEST_CASE("Selector: garbage changes nothing and has its reason") {
  Selector selector(false);
  const auto error = [&](base::ByteView rule) { return selector.apply(rule, kFewNames); };
  for (const char* rule :
       {"", "x", "%", "%R", "%RR~x", "%X~x", "%~x", "~a b", "&a\tb", "(+get)", "on", "+select|"}) {
    CAPTURE(rule);
    CHECK(error(rule) == RuleError::kSyntax);
  }
  CHECK(error(base::ByteView("~a\0b", 4)) == RuleError::kSyntax);
  for (const char* rule : {"+", "-", "+@", "-@nosuch", "+nosuch", "+nosuch|x", "+config|nosuch", "+get|x|y",
                           "-select|0", "-config|nosuch", "+|", "+@all|x"}) {
    CAPTURE(rule);
    CHECK(error(rule) == RuleError::kUnknownCommand);
  }
  CHECK(error("+config|get|x") == RuleError::kArgumentOfSubcommand);
  CHECK(selector.text() == "resetchannels -@all");
}

TEST_CASE("Selector: there is room for so many patterns, and no more") {
  Selector selector(false);
  for (size_t i = 0; i < kMaxRulesOfAKind; ++i) {
    const std::string name = std::to_string(i);
    REQUIRE(selector.apply("~" + name, kFewNames) == RuleError::kNone);
    REQUIRE(selector.apply("&" + name, kFewNames) == RuleError::kNone);
    REQUIRE(selector.apply("+select|" + name, kFewNames) == RuleError::kNone);
  }
  CHECK(selector.apply("~one more", kFewNames) == RuleError::kSyntax);
  CHECK(selector.apply("~more", kFewNames) == RuleError::kTooMany);
  CHECK(selector.apply("&more", kFewNames) == RuleError::kTooMany);
  CHECK(selector.apply("+select|more", kFewNames) == RuleError::kTooMany);
  CHECK(selector.apply("%R~7", kFewNames) == RuleError::kNone);
}

TEST_CASE("Selector: everything is everything of all three, and is seen as such") {
  CHECK(with({"+@all", "~*", "&*"}).allows_everything());
  CHECK_FALSE(with({"+@all", "~*"}).allows_everything());
  CHECK_FALSE(with({"+@all", "&*"}).allows_everything());
  CHECK_FALSE(with({"+@all", "~*", "&*", "-get"}).allows_everything());
  CHECK(with({"+@all", "~*", "&*", "-get", "+get"}).allows_everything());
}

}  // namespace sluice::acl
