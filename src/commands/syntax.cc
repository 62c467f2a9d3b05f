#include "commands/syntax.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

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
  std::string name(token);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return name;
}

Argument token_argument(std::string_view word) {
  Argument argument;
  argument.name = name_of_token(word);
  argument.type = kTokenType;
  argument.token = word;
  return argument;
}

Argument value_argument(std::string_view word) {
  Argument argument;
  argument.name = word;
  argument.type = type_of_name(word);
  const size_t colon = word.rfind(':');
  if (colon == std::string_view::npos) return argument;
  const auto* const stated = std::find(kValueTypes.begin(), kValueTypes.end(), word.substr(colon + 1));
  if (stated == kValueTypes.end()) return argument;
  argument.name = word.substr(0, colon);
  argument.type = *stated;
  return argument;
}

Argument grouped(std::string_view type, Arguments within) {
  Argument group;
  group.type = type;
  for (const Argument& argument : within) group.name += (group.name.empty() ? "" : "_") + argument.name;
  group.arguments = std::move(within);
  return group;
}

Argument as_one(Arguments sequence) {
  return sequence.size() == 1 ? std::move(sequence.front()) : grouped("block", std::move(sequence));
}

bool takes_token(const Argument& argument) {
  return argument.type != kTokenType && !argument.optional && argument.token.empty();
}

// Gives each token the values right behind it that must be there.
Arguments bind_tokens(Arguments flat) {
  Arguments bound;
  for (size_t i = 0; i < flat.size();) {
    size_t end = i + 1;
    while (flat[i].type == kTokenType && !flat[i].optional && end < flat.size() && takes_token(flat[end])) {
      ++end;
    }
    if (end == i + 1) {
      bound.push_back(std::move(flat[i]));
    } else {
      Argument owner = as_one(Arguments(std::make_move_iterator(flat.begin() + static_cast<long>(i) + 1),
                                        std::make_move_iterator(flat.begin() + static_cast<long>(end))));
      owner.token = flat[i].token;
      bound.push_back(std::move(owner));
    }
    i = end;
  }
  return bound;
}

// "[FULL [COUNT count]]": a token of its own in front of options only becomes the token of the block.
Argument optional_block(Arguments sequence) {
  const bool headed = sequence.size() > 1 && sequence.front().type == kTokenType;
  std::string token = headed ? sequence.front().token : std::string();
  if (headed) {
    Argument block = grouped("block", Arguments(std::make_move_iterator(sequence.begin() + 1),
                                                std::make_move_iterator(sequence.end())));
    block.name = name_of_token(token);
    block.token = std::move(token);
    return block;
  }
  return as_one(std::move(sequence));
}

class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  base::Result<Arguments> read() {
    Arguments flat = sequence();
    if (!look().empty()) fail("'" + std::string(look()) + "' stands alone");
    if (!error_.empty()) return base::Error{error_};
    return bind_tokens(std::move(flat));
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
      if (word == "[") {
        optional(flat);
      } else if (word == "<") {
        flat.push_back(choice(alternatives(">")));
      } else {
        flat.push_back(is_token(word) ? token_argument(word) : value_argument(word));
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
    Arguments choices;
    for (Arguments& flat : found) choices.push_back(as_one(bind_tokens(std::move(flat))));
    return grouped("oneof", std::move(choices));
  }

  void optional(Arguments& before) {
    std::vector<Arguments> found = alternatives("]");
    if (!error_.empty()) return;
    if (std::exchange(repeats_, false)) {
      repeat(before, found.front());
      return;
    }
    Argument argument =
        found.size() > 1 ? choice(std::move(found)) : optional_block(bind_tokens(std::move(found.front())));
    if (argument.optional) argument = grouped("block", {std::move(argument)});
    argument.optional = true;
    before.push_back(std::move(argument));
  }

  // What was just read, once more: "x [x ...]".
  void repeat(Arguments& before, const Arguments& again) {
    if (again.size() > before.size() || !std::equal(again.rbegin(), again.rend(), before.rbegin())) {
      fail("'...' does not repeat what stands before it");
      return;
    }
    before.erase(before.end() - static_cast<long>(again.size()), before.end());
    Argument repeated = as_one(bind_tokens(again));
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
        of_keys.push_back(static_cast<int>(i));
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

}  // namespace

base::Result<std::vector<Argument>> parse_syntax(std::string_view line) {
  return Reader(line).read();
}

std::string without_types(std::string_view line) {
  std::string text(line);
  for (const std::string_view type : kValueTypes) {
    const std::string stated = ":" + std::string(type);
    for (size_t at = text.find(stated); at != std::string::npos; at = text.find(stated, at)) {
      text.erase(at, stated.size());
    }
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
