// BZMOVEDUE: members that are due go from the first of several sorted sets that has some to a list or to
// another sorted set, in one step; until one is due the client waits. It is what schedulers poll for. Logged
// as the pop and the push it came to.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/list_ends.h"
#include "commands/zset_due.h"

namespace sluice::commands {

namespace {

using types::List;
using types::SortedSet;

struct Target {
  enum class Kind : uint8_t { kList, kSortedSet };
  Kind kind = Kind::kList;
  ByteView name;
  List::End end = List::End::kFront;  // of a list
  std::optional<double> score;        // in a sorted set; otherwise each member keeps its own
};

struct Asked {
  std::span<const ByteView> keys;
  size_t count = 1;
  Due due;
  Target target;
};

struct Member {
  Bytes text;
  double score;
};

// --- reading the arguments

Target read_target(exec::Args& args) {
  Target target;
  if (args.accept("ZSET")) {
    target.kind = Target::Kind::kSortedSet;
    target.name = args.key();
    if (args.ok() && args.accept_with("SCORE")) target.score = args.real();
  } else {
    if (!args.accept("LIST")) args.syntax_error();
    target.name = args.key();
    target.end = read_end(args);
  }
  args.end();
  return target;
}

// numkeys key [key ...] [COUNT count] [DUE [NOW|score]] [UNIT <S|MS>] TO <LIST key <LEFT|RIGHT>|ZSET key
// [SCORE score]>
Asked read_asked(exec::Args& args) {
  Asked asked;
  asked.keys = args.take(static_cast<size_t>(args.numkeys()));
  bool counted = false;
  bool limited = false;
  while (args.ok() && !args.accept("TO")) {
    if (!counted && args.accept_with("COUNT")) {
      counted = true;
      const auto count = base::parse_int64(args.next());
      if (!count || *count <= 0) args.latch(errors::kCountMustBePositive);
      asked.count = static_cast<size_t>(count.value_or(0));
    } else if (!limited && args.accept("DUE")) {
      limited = true;
      read_limit(args, asked.due);
    } else if (!asked.due.unit_given && args.accept_with("UNIT")) {
      read_unit(args, asked.due);
    } else {
      args.syntax_error();
    }
  }
  if (args.ok()) asked.target = read_target(args);
  return asked;
}

// --- moving

std::vector<Member> take(Edit<SortedSet>& set, size_t count) {
  std::vector<Member> members;
  members.reserve(count);
  set.peek().for_each({0, count}, false, [&members](const ds::Element& member, double score) {
    base::NumberText digits;
    members.push_back({Bytes(member.to_text(digits)), score});
  });
  set->remove_range({0, count});
  set.commit(events::zpopmin, count);
  return members;
}

void put_in_list(Call& call, Edit<List>& list, const Target& target, const std::vector<Member>& members) {
  std::vector<ByteView> words{target.end == List::End::kFront ? "LPUSH" : "RPUSH", target.name};
  for (const Member& member : members) words.push_back(member.text);
  list->push_all(target.end, std::span<const ByteView>(words).subspan(2));
  list.commit(push_event(target.end), 0);
  call.propagate_as(words);
}

void put_in_set(Call& call, Edit<SortedSet>& set, const Target& target, const std::vector<Member>& members) {
  std::vector<base::NumberText> scores;
  scores.reserve(members.size());  // views into them follow
  std::vector<ByteView> words{"ZADD", target.name};
  for (const Member& member : members) {
    const double score = target.score.value_or(member.score);
    set->add(member.text, score);
    scores.push_back(base::format_double(score));
    words.push_back(scores.back().view());
    words.push_back(member.text);
  }
  set.commit(events::zadd, 0);
  call.propagate_as(words);
}

// The target is opened before anything is taken: it may be of another type.
template <class T, class Put>
Outcome move_to(Call& call, ByteView key, Edit<SortedSet>& source, const Asked& asked, Put put) {
  auto opened = call.edit<T>(asked.target.name);
  if (!opened) return call.fail(opened.error());
  const size_t count = std::min(asked.count, asked.due.count_in(call, source.peek()));
  // Within one set it comes to new scores; popped on replay, an emptied set would lose its deadline.
  if (key != asked.target.name) call.propagate_as({"ZPOPMIN", key, base::format_uint64(count).view()});
  const std::vector<Member> members = take(source, count);
  put(call, *opened, asked.target, members);
  call.reply.array(2);
  call.reply.bulk(key);
  reply_pairs(call.reply, members.size(), Pairs::kNested);
  for (const Member& member : members) {
    reply_scored(call.reply, {false, 0, member.text}, member.score, Pairs::kNested);
  }
  return Outcome::kDone;
}

Outcome move_due(Call& call, ByteView key, Edit<SortedSet>& source, const Asked& asked) {
  if (asked.target.kind == Target::Kind::kList) return move_to<List>(call, key, source, asked, put_in_list);
  return move_to<SortedSet>(call, key, source, asked, put_in_set);
}

// The timeout stands first, but is judged last, as that of BZMPOP.
Outcome cmd_bzmovedue(Call& call) {
  exec::Args first(call.args.words(), call.args.position());
  call.args.next();
  const Asked asked = read_asked(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const int64_t timeout_ms = first.timeout_ms();
  if (!first.ok()) return call.fail(first.error());
  Park park;
  for (const ByteView key : asked.keys) {
    auto found = call.edit_existing<SortedSet>(key);
    if (!found) return call.fail(found.error());
    if (!*found) continue;
    if (asked.due.count_in(call, found->peek()) > 0) return move_due(call, key, *found, asked);
    park.wake_at_ms = earlier(park.wake_at_ms, asked.due.next_ms(call, found->peek()));
  }
  park.keys.assign(asked.keys.begin(), asked.keys.end());
  park.type = keyspace::Type::kSortedSet;
  park.question = asked.due.question();
  park.deadline_ms = exec::deadline_in(call, timeout_ms);
  return call.block_on(park);
}

// The sets behind their count, and the name behind TO and its kind.
bool keys_of_move(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  exec::Args args(words, 2);
  const auto count = static_cast<size_t>(args.numkeys());
  if (!args.ok()) return false;
  constexpr size_t kFirst = 3;
  for (size_t i = 0; i < count; ++i) {
    keys.push_back({kFirst + i, static_cast<uint16_t>(kKeyRw | kKeyAccess | kKeyDelete)});
  }
  for (size_t i = kFirst + count; i + 2 < words.size(); ++i) {
    if (!same_word(words[i], "TO")) continue;
    keys.push_back({i + 2, static_cast<uint16_t>(kKeyRw | kKeyInsert)});
    return true;
  }
  return false;
}

constexpr CommandSpec kRows[] = {
    {"bzmovedue",
     cmd_bzmovedue,
     at_least(7),
     two_keys(keynum_spec(2, kKeyRw | kKeyAccess | kKeyDelete),
              unknown_spec(kKeyRw | kKeyInsert, "Of TO, which stands behind the options")),
     kWrite | kDenyOom | kBlocking | kUsesReserve,
     Group::kSortedSet,
     "7.2.4",
     "Moves members whose scores are moments gone by to a list or a sorted set, waiting for the next.",
     "timeout numkeys key [key ...] [COUNT count] due[DUE limit[NOW|score]] [UNIT unit<S|MS>] TO target<LIST "
     "destination whereto<LEFT|RIGHT>|ZSET destination [SCORE score]>",
     0,
     {},
     {},
     keys_of_move},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> zset_move_commands() {
  return kRows;
}

}  // namespace sluice::commands
