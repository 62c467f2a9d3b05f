// What is asked of files: SAVE BGSAVE BGREWRITEAOF LASTSAVE.
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

Outcome answer_status(Call& call, const base::Result<std::string>& status) {
  if (!status.ok()) return call.fail(status.error().message);
  call.reply.status(*status);
  return Outcome::kDone;
}

Outcome cmd_save(Call& call) {
  if (auto saved = call.on.control.save(); !saved) return call.fail(saved.error().message);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_bgsave(Call& call) {
  const bool schedule = call.args.accept("SCHEDULE");
  call.args.end();
  if (!call.args.ok()) return call.fail(call.args.error());
  return answer_status(call, call.on.control.save_in_background(schedule));
}

Outcome cmd_bgrewriteaof(Call& call) {
  return answer_status(call, call.on.control.rewrite_log());
}

Outcome cmd_lastsave(Call& call) {
  call.reply.integer(call.on.control.saving_facts().last_save_unix_s);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"bgrewriteaof", cmd_bgrewriteaof, exactly(1), no_keys(), kAdmin | kNoscript | kNoAsyncLoading,
     Group::kServer, "1.0.0", "Writes the append-only log anew, in the background."},
    {"bgsave", cmd_bgsave, at_least(1), no_keys(), kAdmin | kNoscript | kNoAsyncLoading, Group::kServer,
     "1.0.0", "Writes a snapshot in the background.", "[SCHEDULE@3.2.2]"},
    {"lastsave",
     cmd_lastsave,
     exactly(1),
     no_keys(),
     kLoading | kStale | kFast,
     Group::kServer,
     "1.0.0",
     "Tells when a snapshot was last written.",
     {},
     kCatAdmin | kCatDangerous,
     "nondeterministic_output"},
    {"save", cmd_save, exactly(1), no_keys(), kAdmin | kNoscript | kNoMulti | kNoAsyncLoading, Group::kServer,
     "1.0.0", "Writes a snapshot while everybody waits."},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> persistence_commands() {
  return kRows;
}

}  // namespace sluice::commands
