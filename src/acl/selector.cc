#include "acl/selector.h"

#include <algorithm>

#include "acl/category.h"
#include "base/glob.h"
#include "base/letters.h"

namespace sluice::acl {

namespace {

using base::same_word;

// The access that "%RW~" names, and where the pattern begins; 0: it is no such rule.
struct KeyRule {
  uint8_t access = 0;
  size_t pattern_at = 0;
};

KeyRule read_key_rule(base::ByteView rule) {
  if (rule.front() == '~') return {kReads | kWrites, 1};
  uint8_t access = 0;
  for (size_t i = 1; i < rule.size(); ++i) {
    const char c = base::to_upper(rule[i]);
    const uint8_t named = c == 'R' ? kReads : c == 'W' ? kWrites : 0;
    if (named != 0 && (access & named) == 0) {
      access = static_cast<uint8_t>(access | named);
    } else {
      return c == '~' ? KeyRule{access, i + 1} : KeyRule{};
    }
  }
  return {};
}

base::ByteView prefix_of(uint8_t access) {
  return access == kReads ? "%R~" : access == kWrites ? "%W~" : "~";
}

CommandSet with_subcommands(const NamedCommand& command) {
  CommandSet which;
  for (size_t i = 0; i <= command.subcommands; ++i) which.set(command.id + i);
  return which;
}

}  // namespace

RuleError Selector::apply(base::ByteView rule, const CommandNames& names) {
  if (same_word(rule, "allkeys") || rule == "~*") {
    all_keys_ = true;
    keys_.clear();
  } else if (same_word(rule, "resetkeys")) {
    all_keys_ = false;
    keys_.clear();
  } else if (same_word(rule, "allchannels") || rule == "&*") {
    all_channels_ = true;
    channels_.clear();
  } else if (same_word(rule, "resetchannels")) {
    all_channels_ = false;
    channels_.clear();
  } else if (same_word(rule, "allcommands") || same_word(rule, "+@all")) {
    reset_commands(true);
  } else if (same_word(rule, "nocommands") || same_word(rule, "-@all")) {
    reset_commands(false);
  } else if (rule.starts_with('~') || rule.starts_with('%')) {
    return apply_key_rule(rule);
  } else if (rule.starts_with('&')) {
    return apply_channel_rule(rule.substr(1));
  } else if (rule.starts_with('+') || rule.starts_with('-')) {
    return apply_command_rule(rule.substr(1), rule.front() == '+', names);
  } else {
    return RuleError::kSyntax;
  }
  return RuleError::kNone;
}

RuleError Selector::apply_key_rule(base::ByteView rule) {
  if (all_keys_) return RuleError::kAfterAllKeys;
  const KeyRule read = read_key_rule(rule);
  if (read.access == 0) return RuleError::kSyntax;
  const base::ByteView pattern = rule.substr(read.pattern_at);
  if (has_blanks(pattern)) return RuleError::kSyntax;
  for (KeyPattern& known : keys_) {
    if (known.pattern != pattern) continue;
    known.access = static_cast<uint8_t>(known.access | read.access);
    return RuleError::kNone;
  }
  if (keys_.size() >= kMaxRulesOfAKind) return RuleError::kTooMany;
  keys_.push_back({read.access, base::Bytes(pattern)});
  return RuleError::kNone;
}

RuleError Selector::apply_channel_rule(base::ByteView pattern) {
  if (all_channels_) return RuleError::kAfterAllChannels;
  if (has_blanks(pattern)) return RuleError::kSyntax;
  if (std::find(channels_.begin(), channels_.end(), pattern) != channels_.end()) return RuleError::kNone;
  if (channels_.size() >= kMaxRulesOfAKind) return RuleError::kTooMany;
  channels_.emplace_back(pattern);
  return RuleError::kNone;
}

RuleError Selector::apply_command_rule(base::ByteView name, bool allow, const CommandNames& names) {
  if (name.starts_with('@')) {
    const auto category = category_by_name(name.substr(1));
    if (!category) return RuleError::kUnknownCommand;
    set_commands(names.in_category(*category), allow);
    note_rule(name, allow);
    return RuleError::kNone;
  }
  const auto command = names.find_named(name);
  if (!command && allow && name.find('|') != base::ByteView::npos) return allow_first_argument(name, names);
  if (!command) return RuleError::kUnknownCommand;
  set_commands(with_subcommands(*command), allow);
  note_rule(command->full_name, allow);
  return RuleError::kNone;
}

// "+select|0": not the command as such, but with this word right behind it.
RuleError Selector::allow_first_argument(base::ByteView name, const CommandNames& names) {
  const size_t bar = name.rfind('|');
  const auto command = names.find_named(name.substr(0, bar));
  if (!command) return RuleError::kUnknownCommand;
  if (command->is_subcommand) return RuleError::kArgumentOfSubcommand;
  const base::ByteView word = name.substr(bar + 1);
  if (word.empty()) return RuleError::kSyntax;
  if (command->subcommands > 0) return RuleError::kUnknownCommand;
  std::vector<base::Bytes>& allowed = first_arguments_[command->id];
  const auto known = [&](const base::Bytes& other) { return same_word(other, word); };
  if (std::none_of(allowed.begin(), allowed.end(), known)) {
    if (allowed.size() >= kMaxRulesOfAKind) return RuleError::kTooMany;
    allowed.emplace_back(word);
  }
  note_rule(name, true);
  return RuleError::kNone;
}

void Selector::reset_commands(bool allow) {
  allow ? commands_.set() : commands_.reset();
  every_command_ = allow;
  future_commands_ = allow;
  first_arguments_.clear();
  command_rules_.clear();
}

void Selector::set_commands(const CommandSet& which, bool allow) {
  commands_ = allow ? commands_ | which : commands_ & ~which;
  every_command_ = commands_.all();
  std::erase_if(first_arguments_, [&](const auto& row) { return which.test(row.first); });
}

void Selector::note_rule(base::ByteView name, bool allow) {
  const std::string said = base::to_lower(name);
  std::erase_if(command_rules_, [&](const std::string& rule) {
    const base::ByteView other = base::ByteView(rule).substr(1);
    return other.starts_with(said) && (other.size() == said.size() || other[said.size()] == '|');
  });
  command_rules_.push_back((allow ? "+" : "-") + said);
}

bool Selector::may_run(const Attempt& attempt) const {
  if (attempt.open_to_all || commands_.test(attempt.command)) return true;
  const auto allowed = first_arguments_.find(attempt.command);
  if (allowed == first_arguments_.end() || attempt.words.size() < 2) return false;
  return std::any_of(allowed->second.begin(), allowed->second.end(),
                     [&](const base::Bytes& word) { return same_word(word, attempt.words[1]); });
}

bool Selector::may_use_key(base::ByteView key, uint8_t access) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& allowed) {
    return (allowed.access & access) == access && base::glob_match(allowed.pattern, key);
  });
}

bool Selector::may_use_every_key(uint8_t access) const {
  return all_keys_ || std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& allowed) {
           return (allowed.access & access) == access && allowed.pattern == "*";
         });
}

bool Selector::may_use_channel(base::ByteView channel, bool is_pattern) const {
  return all_channels_ || std::any_of(channels_.begin(), channels_.end(), [&](const base::Bytes& allowed) {
           return is_pattern ? allowed == channel : base::glob_match(allowed, channel);
         });
}

Verdict Selector::check(const Attempt& attempt) const {
  if (!may_run(attempt)) return {Reason::kCommand, 0};
  if (!all_keys_) {
    for (const KeyUse& key : attempt.keys) {
      if (!may_use_key(attempt.words[key.word], key.access)) return {Reason::kKey, key.word};
    }
  }
  for (const ChannelUse& channel : attempt.channels) {
    if (!may_use_channel(attempt.words[channel.word], channel.is_pattern)) {
      return {Reason::kChannel, channel.word};
    }
  }
  return {};
}

std::string Selector::commands_text() const {
  std::string text = future_commands_ ? "+@all" : "-@all";
  for (const std::string& rule : command_rules_) text += " " + rule;
  return text;
}

std::string Selector::keys_text() const {
  if (all_keys_) return "~*";
  std::string text;
  for (const KeyPattern& key : keys_) {
    if (!text.empty()) text += ' ';
    text.append(prefix_of(key.access)).append(key.pattern);
  }
  return text;
}

std::string Selector::channels_text() const {
  if (all_channels_) return "&*";
  std::string text;
  for (const base::Bytes& channel : channels_) {
    if (!text.empty()) text += ' ';
    text += "&" + channel;
  }
  return text;
}

std::string Selector::text() const {
  std::string text = keys_text();
  if (!text.empty()) text += ' ';
  if (!all_channels_) text += channels_.empty() ? "resetchannels" : "resetchannels ";
  return text + channels_text() + " " + commands_text();
}

}  // namespace sluice::acl
