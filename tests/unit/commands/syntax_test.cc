#include "commands/syntax.h"

#include <doctest/doctest.h>

namespace sluice::commands {

namespace {

// A tree on one line: TOKEN, or TOKEN=name:type@since(...), then ? optional, * multiple, + with its token.
std::string shown(const Argument& argument) {
  std::string text = argument.token;
  const bool is_token = argument.type == "pure-token";
  if (!is_token) {
    if (!text.empty()) text += "=";
    text += argument.name + ":" + std::string(argument.type);
  }
  if (!argument.since.empty()) text += "@" + argument.since;
  if (!argument.deprecated_since.empty()) text += "@-" + argument.deprecated_since;
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
  CHECK(tree("key [NX|XX] [GET]") == "key:key nx_xx:oneof(NX XX)? GET?");
  CHECK(tree("<LEFT|RIGHT> timeout") == "left_right:oneof(LEFT RIGHT) timeout:double");
  CHECK(tree("<*|id>") == "auto_id_id:oneof(* id:string)");
}

TEST_CASE("Syntax: a type can be stated, and a colon in a name is part of it") {
  CHECK(tree("timeout:integer ip:port") == "timeout:integer ip:port:string");
}

TEST_CASE("Syntax: a token can have a name of its own") {
  const auto arguments = parse_syntax("[CH:change@3.0.2] [~:near|=]");
  REQUIRE(arguments.ok());
  CHECK((*arguments)[0].name == "change");
  CHECK((*arguments)[0].token == "CH");
  CHECK((*arguments)[0].since == "3.0.2");
  CHECK((*arguments)[1].name == "near_equal");
}

TEST_CASE("Syntax: a release stands behind a word or a label, and is the whole argument's") {
  CHECK(tree("[COUNT count@6.2.0]") == "COUNT=count:integer@6.2.0?");
  CHECK(tree("[GET@6.2.0]") == "GET@6.2.0?");
  CHECK(tree("condition@7.0.0[NX|XX@7.2.0]") == "condition:oneof@7.0.0(NX XX@7.2.0)?");
  CHECK(tree("@6.2.0[LIMIT offset count]") ==
        "LIMIT=offset_count:block@6.2.0(offset:integer count:integer)?");
  CHECK(tree("key@2.0.0 [key ...]") == "key:key@2.0.0*");
  CHECK(tree("ip:port@-2.8.12") == "ip:port:string@-2.8.12");
}

TEST_CASE("Syntax: people read the line without types, names and releases") {
  CHECK(without_notes("timeout:integer [id:string] ip:port") == "timeout [id] ip:port");
  CHECK(without_notes("condition@7.0.0[NX|XX] [CH:change@3.0.2] old@-1.0") == "[NX|XX] [CH] old");
  CHECK(without_notes("[ID id@6.2.0<client-id [client-id ...]>] mode<YES|NO>") ==
        "[ID client-id [client-id ...]] <YES|NO>");
  CHECK(without_notes("trim<how<A|B> [LIMIT count@6.2.0]>") == "<A|B> [LIMIT count]");
}

TEST_CASE("Syntax: a token owns what must follow it: a group, or all values") {
  CHECK(tree("[EX seconds|PERSIST]") == "seconds_persist:oneof(EX=seconds:integer PERSIST)?");
  CHECK(tree("[LIMIT offset count]") == "LIMIT=offset_count:block(offset:integer count:integer)?");
  CHECK(tree("[AGGREGATE <SUM|MIN>]") == "AGGREGATE=sum_min:oneof(SUM MIN)?");
  CHECK(tree("GROUP group consumer [NOACK] STREAMS key [key ...] id [id ...]") ==
        "GROUP=group_consumer:block(group:string consumer:string) NOACK? "
        "STREAMS=key_id:block(key:key* id:string*)");
  CHECK(tree("[FULL full<[COUNT count]>]") == "FULL=full:block(COUNT=count:integer?)?");
  CHECK(tree("TO <host port> timeout") == "TO=host_port:block(host:string port:integer) timeout:double");
}

TEST_CASE("Syntax: repetition of a value, of a block, with and without its token") {
  CHECK(tree("key [key ...]") == "key:key*");
  CHECK(tree("[key [key ...]]") == "key:key?*");
  CHECK(tree("score member [score member ...]") == "score_member:block(score:double member:string)*");
  CHECK(tree("[GET pattern [GET pattern ...]]") == "GET=pattern:pattern?*+");
  CHECK(tree("[WEIGHTS weight [weight ...]]") == "WEIGHTS=weight:integer?*");
}

TEST_CASE("Syntax: labels name choices and blocks, and make blocks of single arguments") {
  CHECK(tree("where<LEFT|RIGHT>") == "where:oneof(LEFT RIGHT)");
  CHECK(tree("order[ASC|DESC]") == "order:oneof(ASC DESC)?");
  CHECK(tree("filterby[FILTERBY <A|B>]") == "FILTERBY=filterby:oneof(A B)?");
  CHECK(tree("pair<key value>") == "pair:block(key:key value:string)");
  CHECK(tree("options[count [WITHSCORES]]") == "options:block(count:integer WITHSCORES?)?");
  CHECK(tree("key value data[key value ...]") == "data:block(key:key value:string)*");
  CHECK(tree("pattern pattern[pattern ...]") == "pattern:block(pattern:pattern)*");
  CHECK(tree("[what<A|b:integer> [<A|b> ...]]") == "what:oneof(A b:integer)?*");
}

TEST_CASE("Syntax: options within options are blocks") {
  CHECK(tree("[count [WITHSCORES]]") == "count_withscores:block(count:integer WITHSCORES?)?");
  CHECK(tree("[[IDLE seconds] start end]") ==
        "seconds_start_end:block(IDLE=seconds:integer? start:integer end:integer)?");
}

TEST_CASE("Syntax: broken lines are refused with a reason") {
  CHECK(tree("[key") == "error: ']' is missing");
  CHECK(tree("<a|b") == "error: '>' is missing");
  CHECK(tree("key ]") == "error: ']' stands alone");
  CHECK(tree("key ...") == "error: '...' stands alone");
  CHECK(tree("a [b ...]") == "error: '...' does not repeat what stands before it");
  CHECK(tree("a<x|y> [<x|z> ...]") == "error: '...' does not repeat what stands before it");
  CHECK(tree("name<>") == "error: a bracket holds nothing");
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
