#include "exec/table.h"

#include <cstring>

#include "base/check.h"
#include "base/letters.h"

namespace sluice::exec {

namespace {

// Keys that no range or count spec can name: clients must ask the server (COMMAND GETKEYS).
bool needs_getkeys(const CommandSpec& spec) {
  for (const KeySpec& key : spec.keys) {
    if (key.begin == KeySpec::Begin::kNone) continue;
    if (key.begin != KeySpec::Begin::kIndex || key.find != KeySpec::Find::kRange) return true;
  }
  return false;
}

std::unique_ptr<Command> make_command(const CommandSpec& spec, const Command* container) {
  auto command = std::make_unique<Command>();
  command->spec = &spec;
  command->container = container;
  command->full_name =
      container == nullptr ? std::string(spec.name) : container->full_name + "|" + std::string(spec.name);
  command->flags = spec.flags | (needs_getkeys(spec) ? kMovableKeys : 0u);
  for (const CommandSpec& sub : spec.subcommands)
    command->subcommands.push_back(make_command(sub, command.get()));
  return command;
}

}  // namespace

Command* Command::subcommand(base::ByteView word) const {
  for (const auto& sub : subcommands) {
    if (base::same_word(sub->spec->name, word)) return sub.get();
  }
  return nullptr;
}

Table::Table(std::span<const std::span<const CommandSpec>> families) {
  for (const auto& family : families) {
    for (const CommandSpec& spec : family) {
      commands_.push_back(make_command(spec, nullptr));
      place(std::string(spec.name), commands_.back().get());
    }
  }
  size_t next_id = 0;
  for_each([&](Command& command) { command.id = static_cast<acl::CommandId>(next_id++); });
  SLUICE_CHECK(next_id <= acl::kMaxCommands, "users' rules have room for every command");
}

namespace {

// Overlapping reads of fixed size: what is written byte by byte cannot be read as a word without a stall.
uint64_t first_bytes(base::ByteView name) {
  const char* const data = name.data();
  const size_t size = name.size();
  const auto at = [](const char* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return uint64_t{word};
  };
  if (size >= 8) return at(data, uint64_t{});
  if (size >= 4) return at(data, uint32_t{}) | at(data + size - 4, uint32_t{}) << 8 * (size - 4);
  if (size >= 2) return at(data, uint16_t{}) | at(data + size - 2, uint16_t{}) << 8 * (size - 2);
  return size == 1 ? at(data, uint8_t{}) : 0;
}

}  // namespace

uint64_t Table::head_of(base::ByteView name) {
  // Sets the case bit of every byte. It also moves a few bytes that are no letters; a name is compared in
  // full where that could matter, since all of ours are letters, digits, '_' and '-'.
  return first_bytes(name) | 0x2020202020202020ULL;
}

size_t Table::slot_of(uint64_t head, size_t size) {
  uint64_t word = head ^ (size * 0x9e3779b97f4a7c15ULL);
  word *= 0xff51afd7ed558ccdULL;
  return static_cast<size_t>(word >> 54) & (kSlots - 1);
}

void Table::place(std::string name, Command* command) {
  const uint64_t head = head_of(name);
  size_t slot = slot_of(head, name.size());
  while (slots_[slot].command != nullptr) {
    SLUICE_CHECK(slots_[slot].name != name, "two commands of one name");
    slot = (slot + 1) & (kSlots - 1);
  }
  slots_[slot] = Slot{head, std::move(name), command};
}

Command* Table::find(base::ByteView name) const {
  const uint64_t head = head_of(name);
  size_t slot = slot_of(head, name.size());
  for (; slots_[slot].command != nullptr; slot = (slot + 1) & (kSlots - 1)) {
    const Slot& candidate = slots_[slot];
    if (candidate.head == head && base::same_word(candidate.name, name)) return candidate.command;
  }
  return nullptr;
}

Command* Table::find_original(base::ByteView name) const {
  for (Command* command : renamed_) {
    if (base::same_word(command->spec->name, name)) return command;
  }
  Command* command = find(name);
  return command == nullptr || command->renamed ? nullptr : command;
}

Command* Table::find_full(base::ByteView full_name) const {
  const size_t bar = full_name.find('|');
  Command* command = find(full_name.substr(0, bar));
  if (command == nullptr || bar == base::ByteView::npos) return command;
  return command->subcommand(full_name.substr(bar + 1));
}

std::optional<acl::NamedCommand> Table::find_named(base::ByteView full_name) const {
  const size_t bar = full_name.find('|');
  const Command* command = find_original(full_name.substr(0, bar));
  if (command != nullptr && bar != base::ByteView::npos) {
    command = command->subcommand(full_name.substr(bar + 1));
  }
  if (command == nullptr) return std::nullopt;
  return acl::NamedCommand{command->id, command->subcommands.size(), command->container != nullptr,
                           command->full_name};
}

acl::CommandSet Table::in_category(uint32_t category) const {
  acl::CommandSet which;
  for (const auto& command : commands_) {
    const bool all = (categories_of(*command->spec) & category) != 0;
    if (all) which.set(command->id);
    for (const auto& sub : command->subcommands) {
      if (all || (categories_of(*sub->spec) & category) != 0) which.set(sub->id);
    }
  }
  return which;
}

base::Result<void> Table::rename(base::ByteView name, base::ByteView new_name) {
  Command* command = find(name);
  if (command == nullptr) return base::Error{"No such command in rename-command"};
  if (!new_name.empty() && find(new_name) != nullptr) {
    return base::Error{"Target command name already exists"};
  }
  // Open addressing: rebuild without the old name rather than leave a hole in a probe chain.
  std::vector<Slot> kept;
  for (Slot& slot : slots_) {
    if (slot.command != nullptr && !base::same_word(slot.name, name)) kept.push_back(std::move(slot));
    slot = Slot{};
  }
  for (Slot& slot : kept) place(std::move(slot.name), slot.command);
  if (!new_name.empty()) place(base::to_lower(new_name), command);
  if (!command->renamed) renamed_.push_back(command);
  command->renamed = true;
  for (const auto& sub : command->subcommands) sub->renamed = true;
  return {};
}

void Table::reset_stats() {
  for_each([](Command& command) {
    command.stats = CommandStats{};
    command.latency.reset();
  });
}

}  // namespace sluice::exec
