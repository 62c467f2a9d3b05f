// WAIT WAITAOF: waiting until what this connection changed is safe in more places than this server's memory.
// There are no replicas, so that who asks for some waits until its time is up, and is told that there were
// none.
#include <algorithm>
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

constexpr ByteView kNotZeroOrOne = "ERR value is out of range, value must between 0 and 1";
constexpr ByteView kNoLog = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

Park until_time_is_up(Call& call, int64_t timeout_ms) {
  Park park;
  park.deadline_ms = exec::deadline_in(call, timeout_ms);
  park.answers_late = true;
  return park;
}

Outcome cmd_wait(Call& call) {
  const int64_t replicas = call.args.integer();
  const int64_t timeout_ms = call.args.whole_timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (replicas > 0 && exec::may_wait(call)) return call.block_on(until_time_is_up(call, timeout_ms));
  call.reply.integer(0);
  return Outcome::kDone;
}

Outcome cmd_waitaof(Call& call) {
  const int64_t local = call.args.integer_between(0, 1, kNotZeroOrOne);
  const std::optional<int64_t> replicas = base::parse_int64(call.args.next());
  if (!replicas || *replicas < 0) call.args.latch(errors::kMustBePositive);
  const int64_t timeout_ms = call.args.whole_timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  const LogFacts log = call.on.control.log_facts();
  if (local > 0 && !log.enabled) return call.fail(kNoLog);

  const uint64_t awaited = std::max(call.client.write_offset, log.first_offset);
  const bool synced = log.enabled && log.durable_offset >= awaited;
  if (((local > 0 && !synced) || *replicas > 0) && exec::may_wait(call)) {
    Park park = until_time_is_up(call, timeout_ms);
    // With replicas to wait for, the sync changes nothing before the time is up, but having no log does.
    if (local > 0) park.offset = *replicas == 0 ? awaited : exec::kLogWentOffset;
    return call.block_on(park);
  }
  call.reply.array(2);
  call.reply.integer(synced ? 1 : 0);
  call.reply.integer(0);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"wait", cmd_wait, exactly(3), no_keys(), kNoscript, Group::kGeneric, "3.0.0",
     "Waits until replicas have what this connection changed.", "numreplicas:integer timeout:integer",
     kCatConnection | kCatNotOfGroup, "request_policy:all_shards response_policy:agg_min"},
    {"waitaof", cmd_waitaof, exactly(4), no_keys(), kBlocking, Group::kGeneric, "7.2.0",
     "Waits until what this connection changed is on the disk, here and at replicas.",
     "numlocal:integer numreplicas:integer timeout:integer", kCatConnection | kCatNotOfGroup,
     "request_policy:all_shards response_policy:agg_min"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> wait_commands() {
  return kRows;
}

}  // namespace sluice::commands
