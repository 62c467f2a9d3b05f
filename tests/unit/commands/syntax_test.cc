#include "commands/syntax.h"

#include <doctest/doctest.h>

namespace sluice::commands {

namespace {

// A tree on one line: TOKEN=name:type or TOKEN=oneof(...), then ? optional, * multiple, + with its token.
std::string shown(const Argument& argument) {
  std::string text;
  if (argument.type == "pure-token") {
    text = argument.token;
  } else {
    if (!argument.token.empty()) text = argument.token + "=";
    text += argument.arguments.empty() ? argument.name + ":" : std::string();
    text += argument.type;
  }
  if (argument.key_spec >= 0) text += "#" + std::to_string(argument.key_spec);
  if (!argument.arguments.empty()) {
    text += "(";
    for (const Argument& child : argument.arguments) text += (text.back() == '(' ? "" : " ") + shown(child);
    text += ")";
  }
  return text + (argument.optional ? "?" : "") + (argument.multiple ? "*" : "") +
         (argument.multiple_token ? "+" : "");
}

std::string tree(std::string_view line) {
  const auto parsed = parse_syntax(line);
  if (!parsed.ok()) return "error: " + parsed.error().message;
  std::string text;
  for (const Argument& argument : *parsed) text += (text.empty() ? "" : " ") + shown(argument);
  return text;
}

}  // namespace

TEST_CASE("Syntax: values by name, options and choices") {
  CHECK(tree("") == "");
  CHECK(tree("key value") == "key:key value:string");
  CHECK(tree("key [count]") == "key:key count:integer?");
  CHECK(tree("key [NX|XX] [GET]") == "key:key oneof(NX XX)? GET?");
  CHECK(tree("<LEFT|RIGHT> timeout") == "oneof(LEFT RIGHT) timeout:double");
  CHECK(tree("<*|id>") == "oneof(* id:string)");
}

TEST_CASE("Syntax: a type can be stated, and a colon in a name is part of it") {
  CHECK(tree("timeout:integer ip:port") == "timeout:integer ip:port:string");
}

TEST_CASE("Syntax: people read the line without the types stated in it") {
  CHECK(without_types("timeout:integer [id:string] ip:port") == "timeout [id] ip:port");
}

TEST_CASE("Syntax: a token owns what must follow it") {
  CHECK(tree("[EX seconds|PERSIST]") == "oneof(EX=seconds:integer PERSIST)?");
  CHECK(tree("[LIMIT offset count]") == "LIMIT=block(offset:integer count:integer)?");
  CHECK(tree("[AGGREGATE <SUM|MIN>]") == "AGGREGATE=oneof(SUM MIN)?");
  CHECK(tree("GROUP group consumer [NOACK] STREAMS key [key ...] id [id ...]") ==
        "GROUP=block(group:string consumer:string) NOACK? STREAMS=block(key:key* id:string*)");
  CHECK(tree("[FULL [COUNT count]]") == "FULL=block(COUNT=count:integer?)?");
}

TEST_CASE("Syntax: repetition of a value, of a block, with and without its token") {
  CHECK(tree("key [key ...]") == "key:key*");
  CHECK(tree("[key [key ...]]") == "key:key?*");
  CHECK(tree("score member [score member ...]") == "block(score:double member:string)*");
  CHECK(tree("[GET pattern [GET pattern ...]]") == "GET=pattern:pattern?*+");
  CHECK(tree("[WEIGHTS weight [weight ...]]") == "WEIGHTS=weight:integer?*");
}

TEST_CASE("Syntax: options within options are blocks") {
  CHECK(tree("[count [WITHSCORES]]") == "block(count:integer WITHSCORES?)?");
  CHECK(tree("[[IDLE seconds] start end]") == "block(IDLE=seconds:integer? start:integer end:integer)?");
}

TEST_CASE("Syntax: broken lines are refused with a reason") {
  CHECK(tree("[key") == "error: ']' is missing");
  CHECK(tree("<a|b") == "error: '>' is missing");
  CHECK(tree("key ]") == "error: ']' stands alone");
  CHECK(tree("key ...") == "error: '...' stands alone");
  CHECK(tree("a [b ...]") == "error: '...' does not repeat what stands before it");
  CHECK(tree("[]") == "error: a bracket holds nothing");
  CHECK(tree(std::string(40, '[')) == "error: brackets are nested too deeply");
}

TEST_CASE("Syntax: keys take the specs in order, patterns the one that nobody can know") {
  exec::CommandSpec sort;
  sort.name = "sort";
  sort.keys = {exec::key_range(1, 0, 1, exec::kKeyRo), exec::unknown_spec(exec::kKeyRo, "by"),
               exec::unknown_spec(exec::kKeyOw, "store")};
  sort.syntax = "key [BY pattern] [STORE destination]";
  const auto arguments = arguments_of(sort);
  REQUIRE(arguments.size() == 3);
  CHECK(shown(arguments[0]) == "key:key#0");
  CHECK(shown(arguments[1]) == "BY=pattern:pattern#1?");
  CHECK(shown(arguments[2]) == "STORE=destination:key#2?");
}

}  // namespace sluice::commands
