// INFO: which sections are asked for. What they say is in info_server, info_memory and info_stats.
#include <array>
#include <bitset>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/info_sections.h"

namespace sluice::commands {

namespace {

struct NamedSection {
  ByteView name;
  InfoSection write;
  bool by_default;
};

constexpr std::array<NamedSection, 13> kSections = {{
    {"Server", info_server, true},
    {"Clients", info_clients, true},
    {"Memory", info_memory, true},
    {"Persistence", info_persistence, true},
    {"Stats", info_stats, true},
    {"Replication", info_replication, true},
    {"CPU", info_cpu, true},
    {"Modules", info_modules, true},
    {"Commandstats", info_commandstats, false},
    {"Errorstats", info_errorstats, true},
    {"Latencystats", info_latencystats, false},
    {"Cluster", info_cluster, true},
    {"Keyspace", info_keyspace, true},
}};

using Wanted = std::bitset<kSections.size()>;

Wanted default_sections() {
  Wanted wanted;
  for (size_t i = 0; i < kSections.size(); ++i) wanted[i] = kSections[i].by_default;
  return wanted;
}

// Names that nobody knows ask for nothing.
Wanted wanted_sections(std::span<const ByteView> names) {
  if (names.empty()) return default_sections();
  Wanted wanted;
  for (const ByteView name : names) {
    if (same_word(name, "all") || same_word(name, "everything")) return wanted.set();
    if (same_word(name, "default")) wanted |= default_sections();
    for (size_t i = 0; i < kSections.size(); ++i) {
      if (same_word(name, kSections[i].name)) wanted.set(i);
    }
  }
  return wanted;
}

Outcome cmd_info(Call& call) {
  const Wanted wanted = wanted_sections(call.args.rest());
  const exec::ProcessFacts process = call.on.control.process_facts();
  const exec::LogFacts log = call.on.control.log_facts();
  const exec::SavingFacts saving = call.on.control.saving_facts();
  InfoText text;
  for (size_t i = 0; i < kSections.size(); ++i) {
    if (!wanted[i]) continue;
    text.section(kSections[i].name);
    kSections[i].write({call, process, log, saving}, text);
  }
  call.reply.verbatim("txt", text.text());
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"info", cmd_info, at_least(1), no_keys(), kLoading | kStale, Group::kServer, "1.0.0",
     "Tells how the server is doing, section by section.", "[section [section ...]]", kCatDangerous,
     "nondeterministic_output request_policy:all_shards response_policy:special"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> info_commands() {
  return kRows;
}

}  // namespace sluice::commands
