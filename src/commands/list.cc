// Lists: LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LLEN LRANGE LINDEX LSET LINSERT LREM LTRIM LPOS LMOVE RPOPLPUSH
// LMPOP. Their blocking forms are in list_blocking.cc.
#include "types/list.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/list_ends.h"
#include "resp/parser.h"

namespace sluice::commands {

namespace {

using types::List;

bool is_big(ByteView value) {
  return value.size() >= resp::kBigBulkBytes;
}

// The values are what is left of the arguments.
void push_values(Call& call, Edit<List>& list, End end) {
  const size_t first = call.args.position();
  const std::span<const ByteView> values = call.args.rest();
  if (std::none_of(values.begin(), values.end(), is_big)) {
    list->push_all(end, values);
  } else {
    for (size_t i = 0; i < values.size(); ++i) {
      // The log still reads the arguments when this command closes: only a buffer that lives on is taken.
      if (is_big(values[i]) && list.peek().adopts(values[i])) {
        list->push_owned(end, call.take(first + i));
      } else {
        list->push(end, values[i]);
      }
    }
  }
  call.reply.integer(static_cast<int64_t>(list.peek().size()));
  list.commit(push_event(end), values.size());
}

Outcome push(Call& call, End end) {
  auto found = call.edit<List>(call.args.key());
  if (!found.ok()) return call.fail(found.error());
  push_values(call, *found, end);
  return Outcome::kDone;
}

Outcome cmd_lpush(Call& call) {
  return push(call, End::kFront);
}
Outcome cmd_rpush(Call& call) {
  return push(call, End::kBack);
}

Outcome push_existing(Call& call, End end) {
  auto found = call.edit_existing<List>(call.args.key());
  if (!found.ok()) return call.fail(found.error());
  if (*found) {
    push_values(call, *found, end);
  } else {
    call.reply.integer(0);
  }
  return Outcome::kDone;
}

Outcome cmd_lpushx(Call& call) {
  return push_existing(call, End::kFront);
}
Outcome cmd_rpushx(Call& call) {
  return push_existing(call, End::kBack);
}

Outcome pop(Call& call, End end) {
  if (call.args.size() > 3) return call.fail(errors::wrong_arity(call.command.full_name));
  const ByteView key = call.args.key();
  const bool counted = call.args.more();
  int64_t count = 1;
  if (counted) {
    count = base::parse_int64(call.args.next()).value_or(-1);
    if (count < 0) return call.fail(errors::kMustBePositive);
  }
  auto found = call.edit_existing<List>(key);
  if (!found.ok()) return call.fail(found.error());
  Edit<List>& list = *found;
  if (!counted) {
    if (list) {
      pop_one(call, list, end);
    } else {
      call.reply.null();
    }
  } else if (!list) {
    call.reply.null_array();
  } else if (count == 0) {
    call.reply.array(0);
  } else {
    pop_many(call, list, end, static_cast<uint64_t>(count));
  }
  return Outcome::kDone;
}

Outcome cmd_lpop(Call& call) {
  return pop(call, End::kFront);
}
Outcome cmd_rpop(Call& call) {
  return pop(call, End::kBack);
}

Outcome cmd_llen(Call& call) {
  const auto list = call.view<List>(call.args.key());
  if (!list.ok()) return call.fail(list.error());
  call.reply.integer(*list ? static_cast<int64_t>((*list)->size()) : 0);
  return Outcome::kDone;
}

Outcome cmd_lrange(Call& call) {
  const ByteView key = call.args.key();
  const int64_t first = call.args.integer();
  const int64_t last = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto list = call.view<List>(key);
  if (!list.ok()) return call.fail(list.error());
  if (!*list) {
    call.reply.array(0);
    return Outcome::kDone;
  }
  const List::Range range = (*list)->range(first, last);
  call.reply.array(range.count);
  List::Cursor at = (*list)->cursor_at(range.first);
  for (uint64_t i = 0; i < range.count; ++i, at.next()) reply_element(call.reply, at.get());
  return Outcome::kDone;
}

// As Redis does, the key is looked at before the index: an index that is no number goes unnoticed where there
// is no list.
Outcome cmd_lindex(Call& call) {
  const auto list = call.view<List>(call.args.key());
  if (!list.ok()) return call.fail(list.error());
  if (!*list) {
    call.reply.null();
    return Outcome::kDone;
  }
  const int64_t index = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (const auto element = (*list)->get(index)) {
    reply_element(call.reply, *element);
  } else {
    call.reply.null();
  }
  return Outcome::kDone;
}

Outcome cmd_lset(Call& call) {
  auto found = call.edit_existing<List>(call.args.key());
  if (!found.ok()) return call.fail(found.error());
  Edit<List>& list = *found;
  if (!list) return call.fail(errors::kNoSuchKey);
  const int64_t index = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (!list->set(index, call.args.next())) {
    list.unchanged();
    return call.fail(errors::kIndexOutOfRange);
  }
  list.commit(events::lset);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_linsert(Call& call) {
  const ByteView key = call.args.key();
  End side = End::kFront;
  if (call.args.accept("AFTER")) {
    side = End::kBack;
  } else if (!call.args.accept("BEFORE")) {
    return call.fail(errors::kSyntax);
  }
  const ByteView pivot = call.args.next();
  const ByteView value = call.args.next();
  auto found = call.edit_existing<List>(key);
  if (!found.ok()) return call.fail(found.error());
  Edit<List>& list = *found;
  if (!list) {
    call.reply.integer(0);
  } else if (list->insert(side, pivot, value)) {
    list.commit(events::linsert);
    call.reply.integer(static_cast<int64_t>(list.peek().size()));
  } else {
    list.unchanged();
    call.reply.integer(-1);
  }
  return Outcome::kDone;
}

Outcome cmd_lrem(Call& call) {
  const ByteView key = call.args.key();
  const int64_t count = call.args.integer();
  const ByteView value = call.args.next();
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<List>(key);
  if (!found.ok()) return call.fail(found.error());
  Edit<List>& list = *found;
  const uint64_t removed = list ? list->remove(count, value) : 0;
  if (removed > 0) {
    list.commit(events::lrem, removed);
  } else if (list) {
    list.unchanged();
  }
  call.reply.integer(static_cast<int64_t>(removed));
  return Outcome::kDone;
}

Outcome cmd_ltrim(Call& call) {
  const ByteView key = call.args.key();
  const int64_t first = call.args.integer();
  const int64_t last = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<List>(key);
  if (!found.ok()) return call.fail(found.error());
  if (Edit<List>& list = *found; list) {
    const uint64_t before = list.peek().size();
    bury(call, list->trim(first, last));
    // Announced even when nothing went, as Redis does; then there is nothing for the log.
    list.commit(events::ltrim, before - list.peek().size());
  }
  call.reply.ok();
  return Outcome::kDone;
}

// A number that must not be negative; anything else latches `error`.
uint64_t read_natural(exec::Args& args, ByteView error) {
  const auto number = base::parse_int64(args.next());
  if (!number || *number < 0) args.latch(error);
  return static_cast<uint64_t>(number.value_or(0));
}

int64_t read_rank(exec::Args& args) {
  const int64_t rank = args.integer_between(
      -INT64_MAX, INT64_MAX,
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  if (rank == 0) {
    args.latch(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
        "to start from the end of the list");
  }
  return rank;
}

Outcome cmd_lpos(Call& call) {
  exec::Args& args = call.args;
  const ByteView key = args.key();
  const ByteView value = args.next();
  List::PositionQuery query;
  bool counted = false;
  while (args.ok() && args.more()) {
    if (args.accept_with("RANK")) {
      query.rank = read_rank(args);
    } else if (args.accept_with("COUNT")) {
      query.count = read_natural(args, "ERR COUNT can't be negative");
      counted = true;
    } else if (args.accept_with("MAXLEN")) {
      query.max_compares = read_natural(args, "ERR MAXLEN can't be negative");
    } else {
      args.syntax_error();
    }
  }
  if (!args.ok()) return call.fail(args.error());
  const auto list = call.view<List>(key);
  if (!list.ok()) return call.fail(list.error());
  const std::vector<uint64_t> found = *list ? (*list)->positions(value, query) : std::vector<uint64_t>{};
  if (counted) {
    call.reply.array(found.size());
    for (const uint64_t position : found) call.reply.integer(static_cast<int64_t>(position));
  } else if (found.empty()) {
    call.reply.null();
  } else {
    call.reply.integer(static_cast<int64_t>(found.front()));
  }
  return Outcome::kDone;
}

Outcome move_or_null(Call& call, const Move& move) {
  const std::optional<Outcome> moved = try_move(call, move);
  if (moved) return *moved;
  call.reply.null();
  return Outcome::kDone;
}

Outcome cmd_lmove(Call& call) {
  const ByteView source = call.args.key();
  const ByteView destination = call.args.key();
  const End from = read_end(call.args);
  const End to = read_end(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  return move_or_null(call, {source, destination, from, to});
}

Outcome cmd_rpoplpush(Call& call) {
  const ByteView source = call.args.key();
  const ByteView destination = call.args.key();
  return move_or_null(call, {source, destination, End::kBack, End::kFront});
}

Outcome cmd_lmpop(Call& call) {
  const MultiPop pop = read_multi_pop(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const std::optional<Outcome> popped = try_multi_pop(call, pop);
  if (popped) return *popped;
  call.reply.null_array();
  return Outcome::kDone;
}

constexpr uint32_t kPush = kWrite | kDenyOom | kFast;
constexpr uint16_t kTakes = kKeyRw | kKeyAccess | kKeyDelete;
constexpr uint16_t kReads = kKeyRo | kKeyAccess;
constexpr KeySpecs kFromAndTo = two_keys(key_range(1, 0, 1, kTakes), key_range(2, 0, 1, kKeyRw | kKeyInsert));

constexpr CommandSpec kRows[] = {
    {"lindex", cmd_lindex, exactly(3), one_key(1, kReads), kReadonly, Group::kList, "1.0.0",
     "Reads the element at an index.", "key index"},
    {"linsert", cmd_linsert, exactly(5), one_key(1, kKeyRw | kKeyInsert), kWrite | kDenyOom, Group::kList,
     "2.2.0", "Puts an element next to the first one equal to a pivot.",
     "key where<BEFORE|AFTER> pivot element"},
    {"llen", cmd_llen, exactly(2), one_key(1, kKeyRo), kReadonly | kFast, Group::kList, "1.0.0",
     "Tells how many elements a list has.", "key"},
    {"lmove", cmd_lmove, exactly(5), kFromAndTo, kWrite | kDenyOom | kUsesReserve, Group::kList, "6.2.0",
     "Moves an element from one end of a list to an end of another, and returns it.",
     "source destination wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT>"},
    {"lmpop",
     cmd_lmpop,
     at_least(4),
     two_keys(keynum_spec(1, kTakes), target_spec()),
     kWrite,
     Group::kList,
     "7.0.0",
     "Takes elements from the first of several lists that has any.",
     "numkeys key [key ...] where<LEFT|RIGHT> [COUNT count] [TO destination whereto<LEFT|RIGHT>]",
     0,
     {},
     {},
     keys_of_lmpop,
     {},
     flags_of_lmpop},
    {"lpop", cmd_lpop, at_least(2), one_key(1, kTakes), kWrite | kFast, Group::kList, "1.0.0",
     "Takes one or more elements from the front.", "key [count@6.2.0]"},
    {"lpos", cmd_lpos, at_least(3), one_key(1, kReads), kReadonly, Group::kList, "6.0.6",
     "Finds where elements equal to a value stand.",
     "key element [RANK rank] [COUNT num-matches] [MAXLEN len]"},
    {"lpush", cmd_lpush, at_least(3), one_key(1, kKeyRw | kKeyInsert), kPush, Group::kList, "1.0.0",
     "Adds elements at the front, one after the other.", "key element [element ...]"},
    {"lpushx", cmd_lpushx, at_least(3), one_key(1, kKeyRw | kKeyInsert), kPush, Group::kList, "2.2.0",
     "Adds elements at the front of a list that exists.", "key element [element ...]"},
    {"lrange", cmd_lrange, exactly(4), one_key(1, kReads), kReadonly, Group::kList, "1.0.0",
     "Reads the elements between two indexes.", "key start stop"},
    {"lrem", cmd_lrem, exactly(4), one_key(1, kKeyRw | kKeyDelete), kWrite, Group::kList, "1.0.0",
     "Removes elements equal to a value.", "key count element"},
    {"lset", cmd_lset, exactly(4), one_key(1, kKeyRw | kKeyUpdate), kWrite | kDenyOom, Group::kList, "1.0.0",
     "Replaces the element at an index.", "key index element"},
    {"ltrim", cmd_ltrim, exactly(4), one_key(1, kKeyRw | kKeyDelete), kWrite, Group::kList, "1.0.0",
     "Keeps only the elements between two indexes.", "key start stop"},
    {"rpop", cmd_rpop, at_least(2), one_key(1, kTakes), kWrite | kFast, Group::kList, "1.0.0",
     "Takes one or more elements from the back.", "key [count@6.2.0]"},
    {"rpoplpush", cmd_rpoplpush, exactly(3), kFromAndTo, kWrite | kDenyOom | kUsesReserve, Group::kList,
     "1.2.0", "Moves the last element of a list to the front of another, and returns it.",
     "source destination"},
    {"rpush", cmd_rpush, at_least(3), one_key(1, kKeyRw | kKeyInsert), kPush, Group::kList, "1.0.0",
     "Adds elements at the back.", "key element [element ...]"},
    {"rpushx", cmd_rpushx, at_least(3), one_key(1, kKeyRw | kKeyInsert), kPush, Group::kList, "2.2.0",
     "Adds elements at the back of a list that exists.", "key element [element ...]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> list_commands() {
  return kRows;
}

}  // namespace sluice::commands
