// CONFIG: options read and changed while the server runs. What an option is, and which text it takes, is the
// table's and the store's business (src/config).
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"
#include "config/store.h"

namespace sluice::commands {

namespace {

Outcome cmd_get(Call& call) {
  const std::vector<config::NamedText> found = call.on.config.get(call.args.rest());
  call.reply.map(found.size());
  for (const config::NamedText& option : found) {
    call.reply.bulk(option.name);
    call.reply.bulk(option.text);
  }
  return Outcome::kDone;
}

bool may_set_protected(Call& call) {
  switch (call.on.config.choice<config::Access>(config::Option::kEnableProtectedConfigs)) {
    case config::Access::kNo:
      return false;
    case config::Access::kYes:
      return true;
    case config::Access::kLocal:
      return is_local(call.client);
  }
  return false;
}

Outcome cmd_set(Call& call) {
  if (call.args.left() % 2 != 0) return call.fail(errors::kSyntax);
  std::vector<config::NamedText> pairs;
  while (call.args.more()) {
    const ByteView name = call.args.next();
    pairs.push_back({Bytes(name), Bytes(call.args.next())});
  }
  const auto done = call.on.config.set(pairs, may_set_protected(call));
  if (!done) return call.fail(done.error().message);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_resetstat(Call& call) {
  call.on.stats.reset();
  const exec::ProcessFacts process = call.on.control.process_facts();
  call.on.stats.loop_cycles_before = process.loop_cycles;
  call.on.stats.loop_busy_before_us = process.loop_busy_us;
  call.on.table.reset_stats();
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_rewrite(Call& call) {
  const auto done = call.on.control.rewrite_config();
  if (!done) return call.fail(done.error().message);
  call.reply.ok();
  return Outcome::kDone;
}

// The new value of an option that is never written to a log.
bool config_secret(std::span<const ByteView> words, size_t index) {
  if (index < 3 || index % 2 == 0) return false;
  const auto row = config::find_row(words[index - 1]);
  return row && config::rows()[*row].has(config::kSensitive);
}

constexpr uint32_t kOperator = kAdmin | kNoscript | kLoading | kStale;

constexpr CommandSpec kConfigRows[] = {
    {"get", cmd_get, at_least(3), no_keys(), kOperator, Group::kServer, "2.0.0",
     "Shows the options whose names match.", "parameter parameter[parameter ...]"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "5.0.0",
     "Prints this help."},
    {"resetstat", cmd_resetstat, exactly(2), no_keys(), kOperator, Group::kServer, "2.0.0",
     "Begins the counting that INFO shows anew."},
    {"rewrite", cmd_rewrite, exactly(2), no_keys(), kOperator, Group::kServer, "2.8.0",
     "Writes the options as they are now into the configuration file."},
    {"set",
     cmd_set,
     at_least(4),
     no_keys(),
     kOperator,
     Group::kServer,
     "2.0.0",
     "Changes options, all of those given or none.",
     "parameter value [parameter value ...]",
     0,
     "request_policy:all_nodes response_policy:all_succeeded",
     {},
     nullptr,
     config_secret},
};
static_assert(rows_are_sound(kConfigRows));

constexpr CommandSpec kRows[] = {
    {"config", nullptr, at_least(2), no_keys(), 0, Group::kServer, "2.0.0",
     "Shows and changes options while the server runs.", "", 0, "", kConfigRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> config_commands() {
  return kRows;
}

}  // namespace sluice::commands
