// The table of commands, as COMMAND and COMMAND DOCS tell it, against what redis-server 7.0.15 tells of the
// same commands (redis_commands.txt, written by capture_redis_commands.py); and against the tests: no row
// without one.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "support/harness.h"

using namespace sluice;
using resp::Kind;
using resp::Value;
using test::Harness;

namespace {

constexpr uint64_t kMaxTextBytes = uint64_t{4} << 20;

// Field -> its lines, sorted where Redis gives a set.
using Facts = std::map<std::string, std::vector<std::string>>;
using Commands = std::map<std::string, Facts>;

std::vector<std::string> source_lines(const std::string& path) {
  base::PosixFs fs;
  const auto text = base::read_whole(fs, SLUICE_SOURCE_DIR "/" + path, kMaxTextBytes);
  REQUIRE_MESSAGE(text.ok(), path);
  std::vector<std::string> lines(1);
  for (const char c : *text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back().push_back(c);
    }
  }
  return lines;
}

Commands redis_commands() {
  Commands commands;
  Facts* facts = nullptr;
  for (const std::string& line : source_lines("tests/contract/redis_commands.txt")) {
    if (line.empty() || line[0] == '#') continue;
    const size_t blank = std::min(line.find(' '), line.size());
    const std::string field = line.substr(0, blank);
    const std::string value = line.substr(std::min(blank + 1, line.size()));
    if (field == "command") facts = &commands[value];
    REQUIRE(facts != nullptr);
    if (field != "command") (*facts)[field].push_back(value);
  }
  return commands;
}

// --- our answers, in the words of that file

const Value* field(const Value& map, const std::string& key) {
  for (size_t i = 0; i + 1 < map.children.size(); i += 2) {
    if (map.children[i].text == key) return &map.children[i + 1];
  }
  return nullptr;
}

std::string text_of(const Value& map, const std::string& key) {
  const Value* found = field(map, key);
  return found == nullptr ? "" : found->text;
}

std::string sorted_words(const Value& set) {
  std::vector<std::string> words;
  for (const Value& child : set.children) words.push_back(child.text);
  std::sort(words.begin(), words.end());
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

std::string scalar(const Value& value) {
  return value.kind == Kind::kInteger ? std::to_string(value.integer) : value.text;
}

std::string key_part(const Value& part) {
  const Value& spec = *field(part, "spec");
  std::map<std::string, std::string> pairs;
  for (size_t i = 0; i + 1 < spec.children.size(); i += 2) {
    pairs[spec.children[i].text] = scalar(spec.children[i + 1]);
  }
  std::string text = text_of(part, "type");
  for (const auto& [name, value] : pairs) text += " " + name + "=" + value;
  return text;
}

std::string key_line(const Value& spec) {
  return sorted_words(*field(spec, "flags")) + "; " + key_part(*field(spec, "begin_search")) + "; " +
         key_part(*field(spec, "find_keys"));
}

std::string argument_line(const Value& arguments) {
  std::string line;
  for (const Value& argument : arguments.children) {
    if (!line.empty()) line += " ";
    if (field(argument, "token") != nullptr) line += text_of(argument, "token") + "=";
    line += text_of(argument, "name") + ":" + text_of(argument, "type");
    if (field(argument, "since") != nullptr) line += "@" + text_of(argument, "since");
    if (field(argument, "deprecated_since") != nullptr) line += "@-" + text_of(argument, "deprecated_since");
    if (const Value* within = field(argument, "arguments"); within != nullptr) {
      line += "(" + argument_line(*within) + ")";
    }
    if (const Value* spec = field(argument, "key_spec_index"); spec != nullptr) line += "#" + scalar(*spec);
    const Value* flags = field(argument, "flags");
    const std::string flagged = flags == nullptr ? "" : sorted_words(*flags) + " ";
    if (flagged.find("optional") != std::string::npos) line += "?";
    if (flagged.find("multiple ") != std::string::npos) line += "*";
    if (flagged.find("multiple_token") != std::string::npos) line += "+";
  }
  return line;
}

// The releases that a history names; what they changed is told in words of our own.
std::string history_line(const Value& docs) {
  std::string line;
  for (const Value& change : field(docs, "history")->children) {
    REQUIRE(change.children.size() == 2);
    CHECK(!change.children[1].text.empty());
    line += (line.empty() ? "" : " ") + change.children[0].text;
  }
  return line;
}

void add_command(Commands& commands, const Value& info, const Value& docs) {
  Facts& facts = commands[info.children[0].text];
  const auto number = [&](size_t at) { return std::to_string(info.children[at].integer); };
  facts["arity"] = {number(1)};
  facts["flags"] = {sorted_words(info.children[2])};
  facts["range"] = {number(3) + " " + number(4) + " " + number(5)};
  facts["categories"] = {sorted_words(info.children[6])};
  facts["tips"] = {sorted_words(info.children[7])};
  for (const Value& key : info.children[8].children) facts["key"].push_back(key_line(key));
  facts["since"] = {text_of(docs, "since")};
  facts["group"] = {text_of(docs, "group")};
  for (const std::string text : {"deprecated_since", "replaced_by"}) {
    if (const Value* told = field(docs, text); told != nullptr) facts[text] = {told->text};
  }
  // Ours speaks of our structures, in our words: only that there is one must agree.
  if (field(docs, "complexity") != nullptr) facts["complexity"] = {"told"};
  const Value* doc_flags = field(docs, "doc_flags");
  if (doc_flags != nullptr) facts["doc_flags"] = {sorted_words(*doc_flags)};
  if (field(docs, "history") != nullptr) facts["history"] = {history_line(docs)};
  const Value* arguments = field(docs, "arguments");
  facts["arguments"] = {arguments == nullptr ? "" : argument_line(*arguments)};
  for (const Value& sub : info.children[9].children) {
    const Value* subs = field(docs, "subcommands");
    REQUIRE(subs != nullptr);
    const Value* sub_docs = field(*subs, sub.children[0].text);
    REQUIRE(sub_docs != nullptr);
    add_command(commands, sub, *sub_docs);
  }
}

Commands our_commands() {
  Harness h;
  h.first().resp3();
  const Value info = h.run("COMMAND");
  const Value docs = h.run("COMMAND", "DOCS");
  Commands commands;
  for (const Value& row : info.children) {
    const Value* of_row = field(docs, row.children[0].text);
    REQUIRE(of_row != nullptr);
    add_command(commands, row, *of_row);
  }
  return commands;
}

// --- where we differ on purpose

struct Exception {
  std::string command;
  std::string field;
  std::string reason;
};

const std::vector<Exception>& exceptions() {
  static const std::string kRunInScripts = "7.2: blocking commands run inside scripts as inside MULTI";
  static const std::string kWithScore = "7.2: ZRANK and ZREVRANK take WITHSCORE";
  static const std::string kConditions = "8.4: SET takes IFEQ, IFNE, IFDEQ and IFDNE";
  static const std::string kPolicies = "8.2: XADD and XTRIM take KEEPREF, DELREF and ACKED";
  static const std::string kTarget = "ours: LMPOP and BLMPOP take TO";
  static const std::string kDue = "ours: ZMPOP and BZMPOP take DUE";
  static const std::string kStreamLimits = "8.10: XREAD and XREADGROUP take MAXCOUNT and MAXSIZE; 8.4: CLAIM";
  static const std::vector<Exception> kList{
      {"blmove", "flags", kRunInScripts},
      {"blpop", "flags", kRunInScripts},
      {"brpop", "flags", kRunInScripts},
      {"brpoplpush", "flags", kRunInScripts},
      {"bzpopmax", "flags", kRunInScripts},
      {"bzpopmin", "flags", kRunInScripts},
      {"lmpop", "key", kTarget},
      {"lmpop", "arguments", kTarget},
      {"blmpop", "key", kTarget},
      {"blmpop", "arguments", kTarget},
      {"zmpop", "arguments", kDue},
      {"bzmpop", "arguments", kDue},
      {"set", "arguments", kConditions},
      {"set", "history", kConditions},
      {"xadd", "arguments", kPolicies},
      {"xadd", "history", kPolicies},
      {"xtrim", "arguments", kPolicies},
      {"xtrim", "history", kPolicies},
      {"zrank", "arity", kWithScore},
      {"zrank", "arguments", kWithScore},
      {"zrevrank", "arity", kWithScore},
      {"zrevrank", "arguments", kWithScore},
      {"xread", "arguments", kStreamLimits},
      {"xreadgroup", "arguments", kStreamLimits},
  };
  return kList;
}

// Commands that redis-server 7.0.15 does not have, with the release that brought them.
const std::map<std::string, std::string>& later_commands() {
  static const std::map<std::string, std::string> kList{
      {"client|setinfo", "7.2"},
      {"client|no-touch", "7.2"},
      {"client|durable", "ours"},
      {"waitaof", "7.2"},
      {"lmovem", "8.10"},
      {"blmovem", "8.10"},
      {"bzmovedue", "ours"},
      {"delex", "8.4"},
      {"delifeq", "Valkey 9.0"},
      {"digest", "8.4"},
      {"increx", "8.8"},
      {"msetex", "8.4"},
      {"hexpire", "7.4"},
      {"hexpireat", "7.4"},
      {"hexpiretime", "7.4"},
      {"hpexpire", "7.4"},
      {"hpexpireat", "7.4"},
      {"hpexpiretime", "7.4"},
      {"hpersist", "7.4"},
      {"httl", "7.4"},
      {"hpttl", "7.4"},
      {"hsetex", "8.0"},
      {"hgetex", "8.0"},
      {"hgetdel", "8.0"},
      {"xnack", "8.8"},
      {"xdelex", "8.2"},
      {"xackdel", "8.2"},
      {"xcfgset", "8.6"},
      {"xidmprecord", "8.6"},
      {"xaddat", "ours"},
      {"xdelayed", "ours"},
      {"xundelay", "ours"},
      {"xttlrecord", "ours"},
      {"xrenew", "ours"},
      {"xredrive", "ours"},
      {"xgroup|setpolicy", "ours"},
      {"xgroup|getpolicy", "ours"},
  };
  return kList;
}

std::string shown(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "[" + line + "]";
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  return text;
}

// "CLIENT LIST", and how a test names it: "CLIENT", "LIST".
std::string spoken(const std::string& full_name, const std::string& between) {
  std::string text = upper(full_name);
  const size_t bar = text.find('|');
  if (bar != std::string::npos) text.replace(bar, 1, between);
  return text;
}

// The string literal that begins at or, behind blanks, after `at`, which is moved behind it; empty without
// one.
std::string literal_at(const std::string& text, size_t& at) {
  at = text.find_first_not_of(" \n", at);
  if (at == std::string::npos || text[at] != '"') return {};
  const size_t begin = at + 1;
  at = text.find('"', begin);
  if (at == std::string::npos) return {};
  return text.substr(begin, at++ - begin);
}

// What the harness is told to run: h.run("NAME", peer.send("NAME", "SUBCOMMAND", h.text("NAME". A name in a
// list of arguments, or in an expected answer, is none.
void add_called(const std::string& tests, const std::string& caller, std::set<std::string>& named) {
  for (size_t at = tests.find(caller); at != std::string::npos; at = tests.find(caller, at)) {
    at += caller.size();
    size_t behind = at;
    const std::string name = literal_at(tests, behind);
    if (name.empty()) continue;
    named.insert(upper(name));
    if (behind >= tests.size() || tests[behind] != ',') continue;
    const std::string second = literal_at(tests, ++behind);
    if (!second.empty()) named.insert(upper(name + "|" + second));
  }
}

}  // namespace

TEST_CASE("Contract: every command says of itself what redis-server says of it") {
  const Commands theirs = redis_commands();
  CHECK(theirs.size() > 350);
  for (const auto& command : our_commands()) {
    const std::string& name = command.first;
    CAPTURE(name);
    const auto known = theirs.find(name);
    if (known == theirs.end()) {
      CHECK(later_commands().count(name) == 1);
      continue;
    }
    for (const std::string field :
         {"arity", "flags", "range", "categories", "tips", "key", "since", "group", "complexity", "doc_flags",
          "deprecated_since", "replaced_by", "history", "arguments"}) {
      CAPTURE(field);
      const auto lines = [&](const Facts& from) {
        const auto found = from.find(field);
        return found == from.end() ? std::string() : shown(found->second);
      };
      const bool excepted = std::any_of(exceptions().begin(), exceptions().end(), [&](const Exception& e) {
        return e.command == name && e.field == field;
      });
      if (excepted) {
        CHECK_MESSAGE(lines(command.second) != lines(known->second), "an exception that is none any more");
      } else {
        CHECK(lines(command.second) == lines(known->second));
      }
    }
  }
}

TEST_CASE("Contract: every command is run by a unit test of the commands, or is in the name of one") {
  std::string tests;
  for (const auto& file : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/tests/unit/commands")) {
    if (file.path().extension() != ".cc") continue;
    for (const std::string& line : source_lines("tests/unit/commands/" + file.path().filename().string())) {
      tests += line + "\n";
    }
  }
  std::set<std::string> named;
  for (const std::string caller : {"run(", "text(", "send("}) add_called(tests, caller, named);
  std::string titles;
  const std::string opening = "TEST_CASE(\"";
  for (size_t at = tests.find(opening); at != std::string::npos; at = tests.find(opening, at)) {
    at += opening.size();
    titles += " " + tests.substr(at, tests.find('"', at) - at) + " ";
  }
  for (const auto& command : our_commands()) {
    const std::string& name = command.first;
    CAPTURE(name);
    const std::string said = spoken(name, " ");
    const bool titled = titles.find(" " + said + ":") != std::string::npos ||
                        titles.find(" " + said + " ") != std::string::npos;
    CHECK((named.count(upper(name)) == 1 || titled));
  }
}

TEST_CASE("Contract: every command is generated by the differential test, or left out with a reason") {
  std::set<std::string> named;
  for (const std::string& line : source_lines("tests/differential/commands.txt")) {
    const size_t blank = line.find(' ');
    if (line.empty() || line[0] == '#' || blank == std::string::npos) continue;
    const std::string rest = line.substr(blank + 1);
    named.insert(line.starts_with("excluded ") ? rest.substr(0, rest.find(':')) : rest);
  }
  const Commands ours = our_commands();
  for (const auto& command : ours) {
    const std::string& name = command.first;
    CAPTURE(name);
    // A container that does nothing by itself is named by its subcommands.
    const bool by_subcommand = std::any_of(
        ours.begin(), ours.end(), [&](const auto& other) { return other.first.starts_with(name + "|"); });
    CHECK((by_subcommand || named.count(spoken(name, " ")) == 1));
  }
}
