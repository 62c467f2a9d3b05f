// Table: every command by name, its subcommands under it, and what was counted about each. Names are matched
// in any case. Built once from the families' rows; rename-command changes names before the server listens.
// Owns the Command objects; the rows they point to are static. To users' rules it is the CommandNames.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acl/command_names.h"
#include "base/bytes.h"
#include "base/histogram.h"
#include "base/result.h"
#include "exec/spec.h"

namespace sluice::exec {

// What INFO commandstats and latencystats show of a command.
struct CommandStats {
  uint64_t calls = 0;
  uint64_t total_us = 0;
  uint64_t rejected = 0;
  uint64_t failed = 0;
};

struct Command {
  const CommandSpec* spec = nullptr;
  const Command* container = nullptr;  // of a subcommand
  std::string full_name;               // "lpush", "client|list"
  acl::CommandId id = 0;               // by which users' rules know it
  uint32_t flags = 0;                  // the row's, with kMovableKeys where its key specs call for it
  bool renamed = false;  // by rename-command, the container's included: the log keeps the first name
  CommandStats stats;
  std::unique_ptr<base::Histogram> latency;  // microseconds; made at the first call
  std::vector<std::unique_ptr<Command>> subcommands;

  [[nodiscard]] Command* subcommand(base::ByteView word) const;
  [[nodiscard]] bool has(uint32_t flag) const { return (flags & flag) != 0; }
};

class Table final : public acl::CommandNames {
 public:
  explicit Table(std::span<const std::span<const CommandSpec>> families);

  // A top-level command, or null.
  [[nodiscard]] Command* find(base::ByteView name) const;
  // The same by the name of its row, whatever it was renamed to or removed: what the log calls it.
  [[nodiscard]] Command* find_original(base::ByteView name) const;
  // "lpush", "client|list", or "config get" split by the caller: what COMMAND INFO takes.
  [[nodiscard]] Command* find_full(base::ByteView full_name) const;

  [[nodiscard]] std::optional<acl::NamedCommand> find_named(base::ByteView full_name) const override;
  [[nodiscard]] acl::CommandSet in_category(uint32_t category) const override;

  // rename-command: an empty new name removes the command. Fails for unknown commands and taken names.
  base::Result<void> rename(base::ByteView name, base::ByteView new_name);

  // Top-level commands in the order of their families.
  [[nodiscard]] const std::vector<std::unique_ptr<Command>>& all() const { return commands_; }
  // Subcommands included.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& command : commands_) {
      visit(*command);
      for (const auto& sub : command->subcommands) visit(*sub);
    }
  }
  void reset_stats();

 private:
  static constexpr size_t kSlots = 1024;  // A power of two, several times the number of commands.
  // The first eight bytes of a name in lower case.
  static uint64_t head_of(base::ByteView name);
  static size_t slot_of(uint64_t head, size_t size);
  void place(std::string name, Command* command);

  struct Slot {
    uint64_t head = 0;  // most names are told apart, and found, by this and their size alone
    std::string name;
    Command* command = nullptr;
  };
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<Command*> renamed_;
  std::array<Slot, kSlots> slots_;
};

}  // namespace sluice::exec
