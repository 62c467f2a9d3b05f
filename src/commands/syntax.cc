#include "commands/syntax.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "base/letters.h"

namespace sluice::commands {

namespace {

using Arguments = std::vector<Argument>;

constexpr std::string_view kTokenType = "pure-token";
constexpr size_t kMaxDepth = 16;  // Of brackets; rows need four.

struct NamedType {
  std::string_view name;
  std::string_view type;
};

// What the names of values say about them everywhere in the table. Any other name is a string.
constexpr std::array kTypes = {
    NamedType{"key", "key"},
    NamedType{"key1", "key"},
    NamedType{"key2", "key"},
    NamedType{"newkey", "key"},
    NamedType{"source", "key"},
    NamedType{"sourcekey", "key"},
    NamedType{"src", "key"},
    NamedType{"destination", "key"},
    NamedType{"destkey", "key"},
    NamedType{"dst", "key"},
    NamedType{"pattern", "pattern"},
    NamedType{"unix-time-seconds", "unix-time"},
    NamedType{"unix-time-milliseconds", "unix-time"},
    NamedType{"score", "double"},
    NamedType{"min", "double"},
    NamedType{"max", "double"},
    NamedType{"timeout", "double"},
    NamedType{"bit", "integer"},
    NamedType{"bits", "integer"},
    NamedType{"client-id", "integer"},
    NamedType{"count", "integer"},
    NamedType{"cursor", "integer"},
    NamedType{"db", "integer"},
    NamedType{"decrement", "integer"},
    NamedType{"destination-db", "integer"},
    NamedType{"end", "integer"},
    NamedType{"entries_added", "integer"},
    NamedType{"entries_read", "integer"},
    NamedType{"frequency", "integer"},
    NamedType{"increment", "integer"},
    NamedType{"index", "integer"},
    NamedType{"index1", "integer"},
    NamedType{"index2", "integer"},
    NamedType{"len", "integer"},
    NamedType{"limit", "integer"},
    NamedType{"milliseconds", "integer"},
    NamedType{"ms", "integer"},
    NamedType{"num-matches", "integer"},
    NamedType{"numfields", "integer"},
    NamedType{"numkeys", "integer"},
    NamedType{"numlocal", "integer"},
    NamedType{"numreplicas", "integer"},
    NamedType{"offset", "integer"},
    NamedType{"port", "integer"},
    NamedType{"protover", "integer"},
    NamedType{"rank", "integer"},
    NamedType{"seconds", "integer"},
    NamedType{"start", "integer"},
    NamedType{"stop", "integer"},
    NamedType{"ttl", "integer"},
    NamedType{"version", "integer"},
    NamedType{"weight", "integer"},
};
constexpr std::array<std::string_view, 6> kValueTypes = {"string", "integer", "double",
                                                         "key",    "pattern", "unix-time"};

std::string_view type_of_name(std::string_view name) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType& row) { return row.name == name; });
  return found == kTypes.end() ? "string" : found->type;
}

bool is_token(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// Tokens that are signs have names that can be said.
std::string name_of_token(std::string_view token) {
  if (token == "=") return "equal";
  if (token == "~") return "approximately";
  if (token == "*") return "auto_id";
  if (token == "$") return "new_id";
  return base::to_lower(token);
}

// What stands before a mark, and behind it; without the mark all stands before it.
struct Halves {
  std::string_view before;
  std::string_view behind;
};

Halves split_at(std::string_view word, char mark) {
  const size_t at = word.rfind(mark);
  if (at == std::string_view::npos) return {word, {}};
  return {word.substr(0, at), word.substr(at + 1)};
}

bool is_value_type(std::string_view text) {
  return std::find(kValueTypes.begin(), kValueTypes.end(), text) != kValueTypes.end();
}

// "word@since" with the word in its parts: "TOKEN:name" or "name:type". A colon may also belong to a name.
struct Word {
  explicit Word(std::string_view written) : since(split_at(written, '@').behind) {
    text = split_at(written, '@').before;
    const Halves halves = split_at(text, ':');
    if (is_token(halves.before) || is_value_type(halves.behind)) {
      text = halves.before;
      stated = halves.behind;
    }
  }

  std::string_view text;
  std::string_view stated;
  std::string_view since;
};

// What stands behind "@": a release, or "-" and the release that deprecated it.
void date(Argument& argument, std::string_view release) {
  if (release.starts_with('-')) {
    argument.deprecated_since = release.substr(1);
  } else {
    argument.since = release;
  }
}

Argument word_argument(std::string_view written) {
  const Word word(written);
  Argument argument;
  date(argument, word.since);
  if (is_token(word.text)) {
    argument.name = word.stated.empty() ? name_of_token(word.text) : std::string(word.stated);
    argument.type = kTokenType;
    argument.token = word.text;
  } else {
    argument.name = word.text;
    argument.type = type_of_name(word.text);
    // The table's own text outlives the argument, the line may not.
    if (!word.stated.empty()) argument.type = *std::find(kValueTypes.begin(), kValueTypes.end(), word.stated);
  }
  return argument;
}

// Nameless until a label or name_groups() says otherwise.
Argument grouped(std::string_view type, Arguments within) {
  Argument group;
  group.type = type;
  group.arguments = std::move(within);
  return group;
}

Argument as_one(Arguments sequence) {
  return sequence.size() == 1 ? std::move(sequence.front()) : grouped("block", std::move(sequence));
}

// A label "name@since" names the group in its bracket, or the block round what has a name.
Argument labelled(Argument argument, std::string_view label) {
  const Halves halves = split_at(label, '@');
  if (!halves.before.empty()) {
    if (!argument.name.empty()) argument = grouped("block", {std::move(argument)});
    argument.name = halves.before;
  }
  if (!halves.behind.empty()) date(argument, halves.behind);
  return argument;
}

void name_groups(Arguments& arguments) {
  for (Argument& argument : arguments) {
    name_groups(argument.arguments);
    if (!argument.name.empty()) continue;
    for (const Argument& child : argument.arguments) {
      argument.name += (argument.name.empty() ? "" : "_") + child.name;
    }
  }
}

// Whether two arguments were written with the same words, whatever was noted beside them.
bool same_words(const Argument& a, const Argument& b) {
  const bool named = a.arguments.empty() && a.type != kTokenType;
  return a.token == b.token && a.optional == b.optional && a.multiple == b.multiple &&
         (!named || a.name == b.name) &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    same_words);
}

bool takes_token(const Argument& argument) {
  return argument.type != kTokenType && !argument.optional && argument.token.empty();
}

// Gives each token what must stand right behind it: a group, or all the values.
Arguments bind_tokens(Arguments flat) {
  Arguments bound;
  for (size_t i = 0; i < flat.size();) {
    size_t end = i + 1;
    while (flat[i].type == kTokenType && !flat[i].optional && end < flat.size() && takes_token(flat[end])) {
      const bool is_group = !flat[end].arguments.empty();
      if (is_group && end > i + 1) break;
      ++end;
      if (is_group) break;
    }
    if (end == i + 1) {
      bound.push_back(std::move(flat[i]));
    } else {
      Argument owner = as_one(Arguments(std::make_move_iterator(flat.begin() + static_cast<long>(i) + 1),
                                        std::make_move_iterator(flat.begin() + static_cast<long>(end))));
      owner.token = flat[i].token;
      if (owner.since.empty()) owner.since = flat[i].since;
      bound.push_back(std::move(owner));
    }
    i = end;
  }
  return bound;
}

class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  base::Result<Arguments> read() {
    Arguments flat = sequence();
    if (!look().empty()) fail("'" + std::string(look()) + "' stands alone");
    if (!error_.empty()) return base::Error{error_};
    Arguments arguments = bind_tokens(std::move(flat));
    name_groups(arguments);
    return arguments;
  }

 private:
  // The next bracket, bar or word, left in place; empty at the end.
  std::string_view look() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    constexpr std::string_view kMarks = "[]<>|";
    if (!rest_.empty() && kMarks.find(rest_[0]) != std::string_view::npos) return rest_.substr(0, 1);
    return rest_.substr(0, rest_.find_first_of(" []<>|"));
  }
  std::string_view take() {
    const std::string_view word = look();
    rest_.remove_prefix(word.size());
    return word;
  }
  void fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    rest_ = {};
  }

  // Up to a closing bracket, a bar or the end. Tokens are not bound yet: a repetition is told by its words.
  Arguments sequence() {
    Arguments flat;
    while (error_.empty()) {
      const std::string_view word = look();
      if (word.empty() || word == "|" || word == "]" || word == ">" || word == "...") break;
      take();
      const bool is_label = word != "[" && word != "<" && (rest_.starts_with('[') || rest_.starts_with('<'));
      const std::string_view label = is_label ? word : std::string_view();
      const std::string_view opened = is_label ? take() : word;
      if (opened == "[") {
        optional(flat, label);
      } else if (opened == "<") {
        flat.push_back(labelled(choice(alternatives(">")), label));
      } else {
        flat.push_back(word_argument(word));
      }
    }
    return flat;
  }

  // The sequences up to `closing`, which is taken.
  std::vector<Arguments> alternatives(std::string_view closing) {
    std::vector<Arguments> found;
    if (++depth_ > kMaxDepth) fail("brackets are nested too deeply");
    do {
      found.push_back(sequence());
      if (found.back().empty()) fail("a bracket holds nothing");
      repeats_ = look() == "...";
      if (repeats_) take();
    } while (error_.empty() && look() == "|" && !take().empty());
    if (take() != closing) fail("'" + std::string(closing) + "' is missing");
    --depth_;
    return found;
  }

  static Argument choice(std::vector<Arguments> found) {
    if (found.size() == 1) return grouped("block", bind_tokens(std::move(found.front())));
    Arguments choices;
    for (Arguments& flat : found) choices.push_back(as_one(bind_tokens(std::move(flat))));
    return grouped("oneof", std::move(choices));
  }

  void optional(Arguments& before, std::string_view label) {
    std::vector<Arguments> found = alternatives("]");
    if (!error_.empty()) return;
    if (std::exchange(repeats_, false)) {
      repeat(before, found.front(), label);
      return;
    }
    Argument argument =
        found.size() > 1 ? choice(std::move(found)) : as_one(bind_tokens(std::move(found.front())));
    if (argument.optional) argument = grouped("block", {std::move(argument)});
    argument = labelled(std::move(argument), label);
    argument.optional = true;
    before.push_back(std::move(argument));
  }

  // What was just read, once more: "x [x ...]". Its first mention carries the notes.
  void repeat(Arguments& before, const Arguments& again, std::string_view label) {
    if (again.size() > before.size() ||
        !std::equal(again.rbegin(), again.rend(), before.rbegin(), same_words)) {
      fail("'...' does not repeat what stands before it");
      return;
    }
    const auto first = before.end() - static_cast<long>(again.size());
    Arguments repeating(std::make_move_iterator(first), std::make_move_iterator(before.end()));
    before.erase(first, before.end());
    Argument repeated = labelled(as_one(bind_tokens(std::move(repeating))), label);
    repeated.multiple = true;
    repeated.multiple_token = !repeated.token.empty();
    before.push_back(std::move(repeated));
  }

  std::string_view rest_;
  std::string error_;
  size_t depth_ = 0;
  bool repeats_ = false;  // the alternatives read last ended in "..."
};

// Keys take the specs in their order; a pattern stands for the keys that only the server can name.
struct SpecAssignment {
  explicit SpecAssignment(const exec::CommandSpec& spec) {
    for (size_t i = 0; i < spec.keys.size(); ++i) {
      const exec::KeySpec& key = spec.keys[i];
      if (key.begin == exec::KeySpec::Begin::kNone) continue;
      const bool read_by_pattern =
          key.begin == exec::KeySpec::Begin::kUnknown && (key.flags & exec::kKeyRo) != 0;
      if (read_by_pattern && !of_patterns) {
        of_patterns = static_cast<int>(i);
      } else {
        // A spec of a fixed number of keys finds as many (LCS key1 key2).
        const int found =
            key.find == exec::KeySpec::Find::kRange && key.last > 0 ? key.last / key.step + 1 : 1;
        of_keys.insert(of_keys.end(), static_cast<size_t>(found), static_cast<int>(i));
      }
    }
  }

  void assign(Arguments& arguments) {
    for (Argument& argument : arguments) {
      if (argument.type == "key" && next < of_keys.size()) argument.key_spec = of_keys[next++];
      if (argument.type == "pattern" && of_patterns) argument.key_spec = *of_patterns;
      assign(argument.arguments);
    }
  }

  std::vector<int> of_keys;
  std::optional<int> of_patterns;
  size_t next = 0;
};

// Whether what follows a "<" is a choice, not a block.
bool opens_choice(std::string_view rest) {
  int depth = 0;
  for (const char c : rest) {
    if (c == '[' || c == '<') ++depth;
    if ((c == ']' || c == '>') && --depth < 0) return false;
    if (c == '|' && depth == 0) return true;
  }
  return false;
}

}  // namespace

base::Result<std::vector<Argument>> parse_syntax(std::string_view line) {
  return Reader(line).read();
}

std::string without_notes(std::string_view line) {
  std::string text;
  std::vector<bool> shown;  // of the angle brackets open here: a block has none to those who read it
  while (!line.empty()) {
    const size_t length = std::min(line.find_first_of(" []<>|"), line.size());
    const std::string_view mark = line.substr(length, 1);
    if (mark != "[" && mark != "<") text += Word(line.substr(0, length)).text;
    line.remove_prefix(std::min(length + 1, line.size()));
    if (mark == "<") shown.push_back(opens_choice(line));
    if ((mark != "<" && mark != ">") || shown.empty() || shown.back()) text += mark;
    if (mark == ">" && !shown.empty()) shown.pop_back();
  }
  return text;
}

std::vector<Argument> arguments_of(const exec::CommandSpec& spec) {
  base::Result<Arguments> arguments = parse_syntax(spec.syntax);
  if (!arguments.ok()) return {};
  SpecAssignment(spec).assign(*arguments);
  return std::move(arguments).value();
}

}  // namespace sluice::commands
