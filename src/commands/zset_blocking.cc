// Popping from the first of several sorted sets that has members, and waiting until one has, or until one is
// due: ZMPOP BZMPOP BZPOPMIN BZPOPMAX. Logged as the ZPOPMIN or ZPOPMAX it came to.
#include <algorithm>
#include <span>

#include "base/number.h"
#include "commands/all.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/zset_due.h"
#include "commands/zset_pop.h"

namespace sluice::commands {

namespace {

using types::SortedSet;

constexpr ByteView verb_of(End end) {
  return end == End::kMin ? "ZPOPMIN" : "ZPOPMAX";
}

struct Wanted {
  std::span<const ByteView> keys;
  End end = End::kMin;
  size_t count = 1;
  std::optional<Due> due;
};

// [key, member, score]
Outcome pop_single(Call& call, ByteView key, Edit<SortedSet>& set, const Wanted& wanted) {
  call.reply.array(3);
  call.reply.bulk(key);
  pop_members(call, set, wanted.end, 1, Pairs::kFlat);
  call.propagate_as({verb_of(wanted.end), key});
  return Outcome::kDone;
}

// [key, [[member, score], ...]], in both protocols
Outcome pop_several(Call& call, ByteView key, Edit<SortedSet>& set, const Wanted& wanted) {
  const size_t there = wanted.due ? wanted.due->count_in(call, set.peek()) : set.peek().size();
  const size_t count = std::min(wanted.count, there);
  call.reply.array(2);
  call.reply.bulk(key);
  reply_pairs(call.reply, count, Pairs::kNested);
  pop_members(call, set, wanted.end, count, Pairs::kNested);
  const base::NumberText text = base::format_uint64(count);
  call.propagate_as({verb_of(wanted.end), key, text.view()});
  return Outcome::kDone;
}

using PopFound = Outcome (*)(Call&, ByteView key, Edit<SortedSet>&, const Wanted&);

// The first key that has members, in the order given. kBlocked: none has; nothing is replied yet, and
// `wake_ms` is when a member will be due: 0 if that cannot be told.
Outcome pop_first(Call& call, const Wanted& wanted, PopFound pop, int64_t& wake_ms) {
  wake_ms = 0;
  for (const ByteView key : wanted.keys) {
    auto found = call.edit_existing<SortedSet>(key);
    if (!found) return call.fail(found.error());
    if (!*found) continue;
    if (!wanted.due || wanted.due->count_in(call, found->peek()) > 0) return pop(call, key, *found, wanted);
    wake_ms = earlier(wake_ms, wanted.due->next_ms(call, found->peek()));
  }
  return Outcome::kBlocked;
}

Outcome pop_or_wait(Call& call, const Wanted& wanted, int64_t timeout_ms, PopFound pop) {
  Park park;
  const Outcome outcome = pop_first(call, wanted, pop, park.wake_at_ms);
  if (outcome != Outcome::kBlocked) return outcome;
  park.keys.assign(wanted.keys.begin(), wanted.keys.end());
  park.type = keyspace::Type::kSortedSet;
  if (wanted.due) park.question = wanted.due->question();
  park.deadline_ms = exec::deadline_in(call, timeout_ms);
  return call.block_on(park);
}

// BZPOPMIN and BZPOPMAX: the timeout is the last word.
Outcome blocking_pop(Call& call, End end) {
  Wanted wanted;
  wanted.keys = call.args.take(call.args.left() - 1);
  wanted.end = end;
  const int64_t timeout_ms = call.args.timeout_ms();
  if (!call.args.ok()) return call.fail(call.args.error());
  return pop_or_wait(call, wanted, timeout_ms, pop_single);
}

Outcome cmd_bzpopmin(Call& call) {
  return blocking_pop(call, End::kMin);
}
Outcome cmd_bzpopmax(Call& call) {
  return blocking_pop(call, End::kMax);
}

// Each once, in any order.
void read_options(exec::Args& args, Wanted& wanted) {
  bool counted = false;
  while (args.more() && args.ok()) {
    if (!counted && args.accept_with("COUNT")) {
      counted = true;
      const auto count = base::parse_int64(args.next());
      if (!count || *count <= 0) args.latch(errors::kCountMustBePositive);
      wanted.count = static_cast<size_t>(count.value_or(0));
    } else if (!wanted.due && args.accept("DUE")) {
      wanted.due = Due();
      read_limit(args, *wanted.due);
    } else if (wanted.due && !wanted.due->unit_given && args.accept_with("UNIT")) {
      read_unit(args, *wanted.due);
    } else {
      args.syntax_error();
    }
  }
  // What is due has the lowest scores.
  if (wanted.due && wanted.end == End::kMax) args.syntax_error();
}

// numkeys key [key ...] <MIN|MAX> [COUNT count] [DUE [NOW|score] [UNIT <S|MS>]]
Wanted read_wanted(exec::Args& args) {
  Wanted wanted;
  const int64_t keys = args.numkeys();
  wanted.keys = args.take(static_cast<size_t>(keys));
  if (args.accept("MAX")) {
    wanted.end = End::kMax;
  } else if (!args.accept("MIN")) {
    args.syntax_error();
  }
  read_options(args, wanted);
  return wanted;
}

Outcome cmd_zmpop(Call& call) {
  const Wanted wanted = read_wanted(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  int64_t wake_ms = 0;
  const Outcome outcome = pop_first(call, wanted, pop_several, wake_ms);
  if (outcome != Outcome::kBlocked) return outcome;
  call.reply.null_array();
  return Outcome::kDone;
}

// The timeout stands first, but is judged last.
Outcome cmd_bzmpop(Call& call) {
  exec::Args first(call.args.words(), call.args.position());
  call.args.next();
  const Wanted wanted = read_wanted(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const int64_t timeout_ms = first.timeout_ms();
  if (!first.ok()) return call.fail(first.error());
  return pop_or_wait(call, wanted, timeout_ms, pop_several);
}

constexpr uint16_t kPopped = kKeyRw | kKeyAccess | kKeyDelete;

constexpr CommandSpec kRows[] = {
    {"bzmpop", cmd_bzmpop, at_least(5), numkeys_at(2, kPopped), kWrite | kBlocking, Group::kSortedSet,
     "7.0.0", "As ZMPOP, and waits until one of the sets has members.",
     "timeout numkeys key [key ...] where<MIN|MAX> [COUNT count] due[DUE limit[NOW|score]] [UNIT "
     "unit<S|MS>]"},
    {"bzpopmax", cmd_bzpopmax, at_least(3), keys_from(1, -2, 1, kPopped), kWrite | kBlocking | kFast,
     Group::kSortedSet, "5.0.0",
     "Removes the member with the highest score from the first set that has members, waiting for one.",
     "key [key ...] timeout"},
    {"bzpopmin", cmd_bzpopmin, at_least(3), keys_from(1, -2, 1, kPopped), kWrite | kBlocking | kFast,
     Group::kSortedSet, "5.0.0",
     "Removes the member with the lowest score from the first set that has members, waiting for one.",
     "key [key ...] timeout"},
    {"zmpop", cmd_zmpop, at_least(4), numkeys_at(1, kPopped), kWrite, Group::kSortedSet, "7.0.0",
     "Removes members from an end of the first of several sorted sets that has some, and shows them.",
     "numkeys key [key ...] where<MIN|MAX> [COUNT count] due[DUE limit[NOW|score]] [UNIT unit<S|MS>]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> zset_blocking_commands() {
  return kRows;
}

}  // namespace sluice::commands
