// Selector: one set of permissions: commands as bits, keys and channels as patterns. A user has one that its
// plain rules change, and one for each rule in parentheses; what any of them allows, the user may do.
//
//   ~jobs:* %R~conf:* resetchannels -@all +@list +client|setname
//
// Selectors are values and own their patterns. They are asked about requests whose keys and channels somebody
// else has found: they know no command table beyond the numbers in it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "acl/command_names.h"
#include "acl/rules.h"
#include "base/bytes.h"

namespace sluice::acl {

enum KeyAccess : uint8_t { kReads = 1, kWrites = 2 };

// A word of a request that is a key, and what is done with it (0: only its name matters).
struct KeyUse {
  size_t word;
  uint8_t access;
};
struct ChannelUse {
  size_t word;
  bool is_pattern;  // must be allowed as it is written
};

// A command that somebody wants to run.
struct Attempt {
  CommandId command;
  bool open_to_all;  // needs no permission (AUTH, HELLO, ...); its keys and channels would
  std::span<const base::ByteView> words;
  std::span<const KeyUse> keys = {};
  std::span<const ChannelUse> channels = {};
};

// Why something is refused. Of several reasons the highest one is told, as in Redis.
enum class Reason : uint8_t { kNone, kCommand, kKey, kAuth, kChannel };

struct Verdict {
  Reason denied = Reason::kNone;
  size_t word = 0;  // which of the attempt's is not allowed

  [[nodiscard]] bool allowed() const { return denied == Reason::kNone; }
};

class Selector {
 public:
  explicit Selector(bool all_channels) : all_channels_(all_channels) {}

  // One rule about commands, keys or channels. Nothing changes when it is refused.
  RuleError apply(base::ByteView rule, const CommandNames& names);

  [[nodiscard]] Verdict check(const Attempt& attempt) const;
  [[nodiscard]] bool may_use_channel(base::ByteView channel, bool is_pattern) const;
  [[nodiscard]] bool may_use_every_key(uint8_t access) const;
  // Nothing at all is refused.
  [[nodiscard]] bool allows_everything() const { return all_keys_ && all_channels_ && every_command_; }
  [[nodiscard]] bool all_channels() const { return all_channels_; }
  [[nodiscard]] const std::vector<base::Bytes>& channels() const { return channels_; }

  // As rules: "-@all +get", "~a %R~b", "&c"; and all of it in one line.
  [[nodiscard]] std::string commands_text() const;
  [[nodiscard]] std::string keys_text() const;
  [[nodiscard]] std::string channels_text() const;
  [[nodiscard]] std::string text() const;

 private:
  struct KeyPattern {
    uint8_t access;
    base::Bytes pattern;
  };

  RuleError apply_key_rule(base::ByteView rule);
  RuleError apply_channel_rule(base::ByteView rule);
  RuleError apply_command_rule(base::ByteView name, bool allow, const CommandNames& names);
  RuleError allow_first_argument(base::ByteView name, const CommandNames& names);
  void reset_commands(bool allow);
  void set_commands(const CommandSet& which, bool allow);
  void note_rule(base::ByteView name, bool allow);
  [[nodiscard]] bool may_run(const Attempt& attempt) const;
  [[nodiscard]] bool may_use_key(base::ByteView key, uint8_t access) const;

  bool all_keys_ = false;
  bool all_channels_;
  bool every_command_ = false;
  bool future_commands_ = false;  // began with everything: what later releases add is allowed, too
  CommandSet commands_;
  // Commands allowed only with one of these words behind them ("+select|0").
  std::map<CommandId, std::vector<base::Bytes>> first_arguments_;
  std::vector<KeyPattern> keys_;
  std::vector<base::Bytes> channels_;
  // What was said of commands since the last rule about all of them, in order; a rule replaces what was said
  // before of the same command and its subcommands. The bits follow from these.
  std::vector<std::string> command_rules_;
};

}  // namespace sluice::acl
