#include <algorithm>

#include <doctest/doctest.h>

#include "commands/syntax.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

// The value under a key of a map, in either protocol.
const resp::Value* field(const resp::Value& map, const std::string& key) {
  for (size_t i = 0; i + 1 < map.children.size(); i += 2) {
    if (map.children[i].text == key) return &map.children[i + 1];
  }
  return nullptr;
}

}  // namespace

TEST_CASE("COMMAND DOCS: one command as a map in RESP3") {
  Harness h;
  h.first().resp3();
  CHECK(resp::describe(h.run("COMMAND", "DOCS", "COMMAND|DOCS", "nosuch")) ==
        "{\"command|docs\": {\"summary\": \"Tells what commands are for and which arguments they take.\", "
        "\"since\": \"7.0.0\", \"group\": \"server\", "
        "\"complexity\": \"O(K), K: commands asked for\", "
        "\"arguments\": [{\"name\": \"command-name\", "
        "\"type\": \"string\", \"flags\": ~[+optional, +multiple]}]}}");
}

TEST_CASE("COMMAND DOCS: keys tell their spec, tokens stand beside their values, options are flagged") {
  Harness h;
  h.first().resp3();
  const resp::Value docs = h.run("COMMAND", "DOCS", "copy");
  REQUIRE(docs.children.size() == 2);
  const resp::Value* arguments = field(docs.children[1], "arguments");
  REQUIRE(arguments != nullptr);
  REQUIRE(arguments->children.size() == 4);
  CHECK(*field(arguments->children[1], "key_spec_index") == integer(1));
  CHECK(*field(arguments->children[2], "token") == bulk("DB"));
  CHECK(*field(arguments->children[2], "type") == bulk("integer"));
  CHECK(*field(arguments->children[3], "type") == bulk("pure-token"));
}

TEST_CASE("COMMAND DOCS: what is out of favour names its release and what to use instead") {
  Harness h;
  h.first().resp3();
  const resp::Value docs = h.run("COMMAND", "DOCS", "getset", "debug");
  REQUIRE(docs.children.size() == 4);
  const resp::Value& getset = docs.children[1];
  CHECK(resp::describe(*field(getset, "doc_flags")) == "~[+deprecated]");
  CHECK(*field(getset, "deprecated_since") == bulk("6.2.0"));
  CHECK(*field(getset, "replaced_by") == bulk("`SET` with the `!GET` argument"));
  CHECK(resp::describe(*field(docs.children[3], "doc_flags")) == "~[+syscmd]");
  CHECK(field(docs.children[3], "replaced_by") == nullptr);
}

TEST_CASE("COMMAND DOCS: the history pairs releases with changes, and arguments tell since when they are") {
  Harness h;
  h.first().resp3();
  const resp::Value docs = h.run("COMMAND", "DOCS", "lpop");
  CHECK(resp::describe(*field(docs.children[1], "history")) == "~[[\"6.2.0\", \"a count\"]]");
  const resp::Value* arguments = field(docs.children[1], "arguments");
  REQUIRE(arguments != nullptr);
  CHECK(field(arguments->children[0], "since") == nullptr);
  CHECK(*field(arguments->children[1], "since") == bulk("6.2.0"));
}

TEST_CASE("COMMAND DOCS: a renamed command keeps its notes") {
  Harness h;
  REQUIRE(h.table.rename("getset", "swap").ok());
  const resp::Value docs = h.run("COMMAND", "DOCS", "swap");
  REQUIRE(docs.children.size() == 2);
  CHECK(*field(docs.children[1], "deprecated_since") == bulk("6.2.0"));
}

TEST_CASE("COMMAND DOCS: without names every command, containers with their subcommands") {
  Harness h;
  const resp::Value docs = h.run("COMMAND", "DOCS");
  const resp::Value count = h.run("COMMAND", "COUNT");
  CHECK(docs.children.size() == 2 * static_cast<size_t>(count.integer));
  const resp::Value* command = field(docs, "command");
  REQUIRE(command != nullptr);
  const resp::Value* subs = field(*command, "subcommands");
  REQUIRE(subs != nullptr);
  CHECK(field(*subs, "command|count") != nullptr);
  CHECK(field(*command, "arguments") == nullptr);
}

TEST_CASE("COMMAND DOCS: the grammar line of every row is sound") {
  Harness h;
  h.table.for_each([](const exec::Command& command) {
    CAPTURE(command.full_name);
    const auto parsed = commands::parse_syntax(command.spec->syntax);
    CHECK_MESSAGE(parsed.ok(), (parsed.ok() ? "" : parsed.error().message));
  });
}

}  // namespace sluice::test
