// BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP. Each tries its keys in the order given; when none has an element it
// waits, and the executor runs it again from the start once one of them may. The log gets the pop it became.
#include <optional>
#include <span>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/list_ends.h"
#include "types/list.h"

namespace sluice::commands {

namespace {

using types::List;

Outcome wait_for(Call& call, std::span<const ByteView> keys, int64_t timeout_ms, NullShape null) {
  Park park;
  park.keys.assign(keys.begin(), keys.end());
  park.deadline_ms = exec::deadline_in(call, timeout_ms);
  park.null = null;
  return call.block_on(park);
}

Outcome blocking_pop(Call& call, End end) {
  const std::span<const ByteView> keys = call.args.take(call.args.left() - 1);
  const int64_t timeout_ms = call.args.timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  for (const ByteView key : keys) {
    auto found = call.edit_existing<List>(key);
    if (!found.ok()) return call.fail(found.error());
    if (!*found) continue;
    call.reply.array(2);
    call.reply.bulk(key);
    pop_one(call, *found, end);
    call.propagate_as({end == End::kFront ? "LPOP" : "RPOP", key});
    return Outcome::kDone;
  }
  return wait_for(call, keys, timeout_ms, NullShape::kArray);
}

Outcome cmd_blpop(Call& call) {
  return blocking_pop(call, End::kFront);
}
Outcome cmd_brpop(Call& call) {
  return blocking_pop(call, End::kBack);
}

// Where waiting is impossible (EXEC, scripts) the null is LMOVE's; a timeout answers every blocking command
// with the null array.
Outcome wait_to_move(Call& call, const Move& move, int64_t timeout_ms) {
  return wait_for(call, {&move.source, 1}, timeout_ms,
                  exec::may_wait(call) ? NullShape::kArray : NullShape::kBulk);
}

Outcome cmd_blmove(Call& call) {
  const ByteView source = call.args.key();
  const ByteView destination = call.args.key();
  const size_t ends = call.args.position();
  const Move move{source, destination, read_end(call.args), read_end(call.args)};
  const int64_t timeout_ms = call.args.timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  const std::optional<Outcome> moved = try_move(call, move);
  if (!moved) return wait_to_move(call, move, timeout_ms);
  if (*moved == Outcome::kDone) {
    call.propagate_as({"LMOVE", source, destination, call.args.at(ends), call.args.at(ends + 1)});
  }
  return *moved;
}

Outcome cmd_brpoplpush(Call& call) {
  const ByteView source = call.args.key();
  const ByteView destination = call.args.key();
  const Move move{source, destination, End::kBack, End::kFront};
  const int64_t timeout_ms = call.args.timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  const std::optional<Outcome> moved = try_move(call, move);
  if (!moved) return wait_to_move(call, move, timeout_ms);
  if (*moved == Outcome::kDone) call.propagate_as({"RPOPLPUSH", source, destination});
  return *moved;
}

Outcome cmd_blmpop(Call& call) {
  // The timeout stands first, but is judged last.
  exec::Args behind(call.args.words(), call.args.position() + 1);
  const MultiPop pop = read_multi_pop(behind);
  if (!behind.ok()) return call.fail(behind.error());
  const int64_t timeout_ms = call.args.timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  const std::optional<Outcome> popped = try_multi_pop(call, pop);
  return popped ? *popped : wait_for(call, pop.keys, timeout_ms, NullShape::kArray);
}

// Without Redis 7.0's noscript: since 7.2 a script may call them, and gets the null at once.
constexpr uint16_t kTakes = kKeyRw | kKeyAccess | kKeyDelete;
constexpr KeySpecs kFromAndTo = two_keys(key_range(1, 0, 1, kTakes), key_range(2, 0, 1, kKeyRw | kKeyInsert));

constexpr CommandSpec kRows[] = {
    {"blmove", cmd_blmove, exactly(6), kFromAndTo, kWrite | kDenyOom | kBlocking | kUsesReserve, Group::kList,
     "6.2.0", "Moves an element from one list to another, waiting for one if there is none.",
     "source destination wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT> timeout"},
    {"blmpop",
     cmd_blmpop,
     at_least(5),
     two_keys(keynum_spec(2, kTakes), target_spec()),
     kWrite | kBlocking,
     Group::kList,
     "7.0.0",
     "Takes elements from the first of several lists that has any, waiting if none has.",
     "timeout numkeys key [key ...] where<LEFT|RIGHT> [COUNT count] [TO destination whereto<LEFT|RIGHT>]",
     0,
     {},
     {},
     keys_of_blmpop,
     {},
     flags_of_blmpop},
    {"blpop", cmd_blpop, at_least(3), keys_from(1, -2, 1, kTakes), kWrite | kBlocking, Group::kList, "2.0.0",
     "Takes the first element of the first list that has one, waiting if none has.", "key [key ...] timeout"},
    {"brpop", cmd_brpop, at_least(3), keys_from(1, -2, 1, kTakes), kWrite | kBlocking, Group::kList, "2.0.0",
     "Takes the last element of the first list that has one, waiting if none has.", "key [key ...] timeout"},
    {"brpoplpush", cmd_brpoplpush, exactly(4), kFromAndTo, kWrite | kDenyOom | kBlocking | kUsesReserve,
     Group::kList, "2.2.0",
     "Moves the last element of a list to the front of another, waiting for one if there is none.",
     "source destination timeout"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> list_blocking_commands() {
  return kRows;
}

}  // namespace sluice::commands
