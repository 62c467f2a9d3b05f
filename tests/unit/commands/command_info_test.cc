#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

std::set<std::string> names_in(const resp::Value& value) {
  std::set<std::string> names;
  for (const resp::Value& child : value.children) names.insert(child.text);
  return names;
}

// The single row that COMMAND INFO answers.
resp::Value info_of(Harness& h, const std::string& name) {
  const resp::Value answer = h.run("COMMAND", "INFO", name);
  REQUIRE(answer.children.size() == 1);
  return answer.children[0];
}

}  // namespace

TEST_CASE("COMMAND COUNT counts what COMMAND shows, subcommands not") {
  Harness h;
  const resp::Value all = h.run("COMMAND");
  CHECK(h.run("COMMAND", "COUNT") == integer(static_cast<int64_t>(all.children.size())));
  CHECK(all == h.run("COMMAND", "INFO"));
  for (const resp::Value& row : all.children) CHECK(row.children.size() == 10);
}

TEST_CASE("COMMAND INFO: a row in RESP3 is sets and maps") {
  Harness h;
  h.first().resp3();
  CHECK(resp::describe(info_of(h, "type")) ==
        "[\"type\", 2, ~[+readonly, +fast], 1, 1, 1, ~[+@keyspace, +@read, +@fast], ~[], "
        "~[{\"flags\": ~[+RO], \"begin_search\": {\"type\": \"index\", \"spec\": {\"index\": 1}}, "
        "\"find_keys\": {\"type\": \"range\", \"spec\": {\"lastkey\": 0, \"keystep\": 1, \"limit\": 0}}}], "
        "~[]]");
}

TEST_CASE("COMMAND INFO: names in any case, subcommands with a bar, unknown ones as null") {
  Harness h;
  const resp::Value answer = h.run("COMMAND", "INFO", "TYPE", "nosuch", "command|COUNT", "command|nosuch");
  REQUIRE(answer.children.size() == 4);
  CHECK(answer.children[0].children[0] == bulk("type"));
  CHECK(answer.children[1] == null());
  CHECK(answer.children[2].children[0] == bulk("command|count"));
  CHECK(answer.children[3] == null());
}

TEST_CASE("COMMAND INFO: a container shows its subcommands, and tips are words") {
  Harness h;
  const resp::Value row = info_of(h, "command");
  std::set<std::string> subs;
  for (const resp::Value& sub : row.children[9].children) subs.insert(sub.children[0].text);
  CHECK(subs.count("command|getkeysandflags") == 1);
  CHECK(row.children[7] == bulks({"nondeterministic_output_order"}));
  CHECK(info_of(h, "ping").children[7] ==
        bulks({"request_policy:all_shards", "response_policy:all_succeeded"}));
}

TEST_CASE("COMMAND LIST: all commands and subcommands, or those that fit a filter") {
  Harness h;
  const std::set<std::string> all = names_in(h.run("COMMAND", "LIST"));
  CHECK(all.count("get") + all.count("type") == 2);
  CHECK(all.count("command|count") == 1);
  CHECK(names_in(h.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "COMMAND|GETKEYS*")) ==
        std::set<std::string>{"command|getkeys", "command|getkeysandflags"});
  CHECK(names_in(h.run("COMMAND", "LIST", "filterby", "aclcat", "Transaction")) ==
        std::set<std::string>{"multi", "exec", "discard", "watch", "unwatch"});
}

TEST_CASE("COMMAND LIST: filters that fit nothing, and malformed ones") {
  Harness h;
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "MODULE", "json") == array({}));
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch") == array({}));
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "@read") == array({}));
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "") == array({}));
  const resp::Value syntax = error("ERR syntax error");
  CHECK(h.run("COMMAND", "LIST", "x") == syntax);
  CHECK(h.run("COMMAND", "LIST", "FILTERBY") == syntax);
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "COLOUR", "red") == syntax);
  CHECK(h.run("COMMAND", "LIST", "FILTERBY", "MODULE", "a", "b") == syntax);
}

TEST_CASE("COMMAND GETKEYS: picks keys, or says why it cannot") {
  Harness h;
  CHECK(h.run("COMMAND", "GETKEYS", "DEL", "a", "b") == bulks({"a", "b"}));
  CHECK(h.run("COMMAND", "GETKEYS", "object", "encoding", "k") == bulks({"k"}));
  CHECK(h.run("COMMAND", "GETKEYS", "nosuch", "a") == error("ERR Invalid command specified"));
  CHECK(h.run("COMMAND", "GETKEYS", "object", "nosuch") == error("ERR Invalid command specified"));
  CHECK(h.run("COMMAND", "GETKEYS", "ping", "a") == error("ERR The command has no key arguments"));
  CHECK(h.run("COMMAND", "GETKEYS", "object", "encoding") ==
        error("ERR Invalid number of arguments specified for command"));
  CHECK(h.run("COMMAND", "GETKEYS", "multi") ==
        error("ERR wrong number of arguments for 'command|getkeys' command"));
}

TEST_CASE("COMMAND GETKEYSANDFLAGS: each key with what becomes of it") {
  Harness h;
  CHECK(h.run("COMMAND", "GETKEYSANDFLAGS", "RENAME", "a", "b") ==
        array({array({bulk("a"), array({status("RW"), status("access"), status("delete")})}),
               array({bulk("b"), array({status("OW"), status("update")})})}));
}

TEST_CASE("COMMAND GETKEYSANDFLAGS: where the words decide, SET and BITFIELD are looked at") {
  Harness h;
  const auto flags = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"COMMAND", "GETKEYSANDFLAGS"});
    h.first().send_words(words);
    return h.first().reply_text();
  };
  CHECK(flags({"SET", "k", "v"}) == "[[\"k\", [+OW, +update]]]");
  CHECK(flags({"SET", "k", "v", "get"}) == "[[\"k\", [+RW, +access, +update]]]");
  CHECK(flags({"BITFIELD", "k", "GET", "u8", "0"}) == "[[\"k\", [+RO, +access]]]");
  CHECK(flags({"BITFIELD", "k", "SET", "u8", "0", "1"}) == "[[\"k\", [+RW, +access, +update]]]");
}

TEST_CASE("COMMAND: an unknown subcommand is refused, HELP names all others") {
  Harness h;
  CHECK(h.run("COMMAND", "bogus") == error("ERR unknown subcommand 'bogus'. Try COMMAND HELP."));
  CHECK(h.run("COMMAND", "COUNT", "x") == error("ERR wrong number of arguments for 'command|count' command"));
  const resp::Value help = h.run("COMMAND", "HELP");
  CHECK(help.children[0] == status("COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  const std::set<std::string> lines = names_in(help);
  CHECK(lines.count("GETKEYSANDFLAGS") == 1);
  CHECK(lines.count("HELP") == 1);
}

}  // namespace sluice::test
