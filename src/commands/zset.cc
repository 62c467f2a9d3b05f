// Sorted sets: members with scores under one key. Ranges are in zset_range.cc, waiting for members in
// zset_blocking.cc.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/sample_options.h"
#include "commands/scan_options.h"
#include "commands/zset_bounds.h"
#include "commands/zset_pop.h"

namespace sluice::commands {

namespace {

using ds::Element;
using types::AddResult;
using types::AddRule;
using types::SortedSet;

constexpr ByteView kNotANumber = "ERR resulting score is not a number (NaN)";

// --- adding

struct AddOptions {
  AddRule rule;
  bool count_changed = false;  // CH
};

// Up to the first word that is no option.
AddOptions add_options(exec::Args& args) {
  AddOptions options;
  while (args.more()) {
    if (args.accept("NX")) {
      options.rule.only_new = true;
    } else if (args.accept("XX")) {
      options.rule.only_existing = true;
    } else if (args.accept("GT")) {
      options.rule.only_greater = true;
    } else if (args.accept("LT")) {
      options.rule.only_less = true;
    } else if (args.accept("INCR")) {
      options.rule.increment = true;
    } else if (args.accept("CH")) {
      options.count_changed = true;
    } else {
      break;
    }
  }
  return options;
}

void check_rule(exec::Args& args, const AddRule& rule) {
  const size_t words = args.left();
  if (words == 0 || words % 2 != 0) args.syntax_error();
  if (rule.only_new && rule.only_existing) {
    args.latch("ERR XX and NX options at the same time are not compatible");
  }
  if ((rule.only_greater && rule.only_new) || (rule.only_less && rule.only_new) ||
      (rule.only_greater && rule.only_less)) {
    args.latch("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (rule.increment && words > 2) {
    args.latch("ERR INCR option supports a single increment-element pair");
  }
}

// The scores of score-member pairs, read before anything is changed. A few need no allocation.
class Scores {
 public:
  Scores(exec::Args& args, std::span<const ByteView> pairs) {
    if (pairs.size() / 2 > few_.size()) many_.resize(pairs.size() / 2);
    for (size_t i = 0; i < pairs.size() && args.ok(); i += 2) {
      const auto score = base::parse_double(pairs[i]);
      if (!score) args.latch(errors::kNotAFloat);
      at(i / 2) = score.value_or(0);
    }
  }
  double& at(size_t index) { return many_.empty() ? few_[index] : many_[index]; }

 private:
  std::array<double, 16> few_{};
  std::vector<double> many_;
};

// INCR, and ZINCRBY: the new score, or null when a rule forbade it.
Outcome add_increment(Call& call, Edit<SortedSet>& set, ByteView member, double by, const AddRule& rule) {
  const AddResult result = set->add(member, by, rule);
  switch (result.outcome) {
    case AddResult::Outcome::kNaN:
      set.unchanged();
      return call.fail(kNotANumber);
    case AddResult::Outcome::kRefused:
      set.unchanged();
      call.reply.null();
      return Outcome::kDone;
    case AddResult::Outcome::kUnchanged:
      set.unchanged();
      break;
    case AddResult::Outcome::kAdded:
    case AddResult::Outcome::kUpdated:
      set.commit(events::zincr);
      break;
  }
  call.reply.real(result.score);
  return Outcome::kDone;
}

Outcome cmd_zadd(Call& call) {
  const ByteView key = call.args.key();
  const AddOptions options = add_options(call.args);
  check_rule(call.args, options.rule);
  const auto pairs = call.args.rest();
  if (!call.args.ok()) return call.fail(call.args.error());
  Scores scores(call.args, pairs);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = options.rule.only_existing ? call.edit_existing<SortedSet>(key) : call.edit<SortedSet>(key);
  if (!found) return call.fail(found.error());
  Edit<SortedSet>& set = *found;
  if (!set) {
    if (options.rule.increment) {
      call.reply.null();
    } else {
      call.reply.integer(0);
    }
    return Outcome::kDone;
  }
  if (options.rule.increment) return add_increment(call, set, pairs[1], scores.at(0), options.rule);
  uint64_t added = 0;
  uint64_t updated = 0;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const AddResult result = set->add(pairs[i + 1], scores.at(i / 2), options.rule);
    if (result.outcome == AddResult::Outcome::kAdded) ++added;
    if (result.outcome == AddResult::Outcome::kUpdated) ++updated;
  }
  if (added + updated > 0) {
    set.commit(events::zadd, added + updated);
  } else {
    set.unchanged();
  }
  call.reply.integer(static_cast<int64_t>(options.count_changed ? added + updated : added));
  return Outcome::kDone;
}

Outcome cmd_zincrby(Call& call) {
  const ByteView key = call.args.key();
  // It is ZADD's grammar: an option here leaves too few words for a score and a member.
  for (const ByteView option : {"NX", "XX", "GT", "LT", "CH", "INCR"}) {
    if (same_word(call.args.peek(), option)) return call.fail(errors::kSyntax);
  }
  const double by = call.args.real();
  const ByteView member = call.args.next();
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit<SortedSet>(key);
  if (!found) return call.fail(found.error());
  AddRule rule;
  rule.increment = true;
  return add_increment(call, *found, member, by, rule);
}

// --- removing

Outcome cmd_zrem(Call& call) {
  const ByteView key = call.args.key();
  auto found = call.edit_existing<SortedSet>(key);
  if (!found) return call.fail(found.error());
  Edit<SortedSet>& set = *found;
  uint64_t removed = 0;
  if (set) {
    for (const ByteView member : call.args.rest()) {
      if (set->remove(member)) ++removed;
    }
    if (removed > 0) {
      set.commit(events::zrem, removed);
    } else {
      set.unchanged();
    }
  }
  call.reply.integer(static_cast<int64_t>(removed));
  return Outcome::kDone;
}

// Without a count the answer is one flat pair in both protocols.
Outcome pop(Call& call, End end) {
  const ByteView key = call.args.key();
  const bool counted = call.args.more();
  const size_t count = counted ? pop_count(call.args) : 1;
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<SortedSet>(key);
  if (!found) return call.fail(found.error());
  if (!*found || count == 0) {
    call.reply.array(0);
    return Outcome::kDone;
  }
  const Pairs shape = counted ? pairs_of_protocol(call.reply) : Pairs::kFlat;
  reply_pairs(call.reply, std::min(count, found->peek().size()), shape);
  pop_members(call, *found, end, count, shape);
  return Outcome::kDone;
}

Outcome cmd_zpopmin(Call& call) {
  return pop(call, End::kMin);
}
Outcome cmd_zpopmax(Call& call) {
  return pop(call, End::kMax);
}

// --- reading

void reply_score(resp::Reply& reply, const std::optional<double>& score) {
  if (score) {
    reply.real(*score);
  } else {
    reply.null();
  }
}

Outcome cmd_zcard(Call& call) {
  const auto set = call.view<SortedSet>(call.args.key());
  if (!set) return call.fail(set.error());
  call.reply.integer(*set ? static_cast<int64_t>((*set)->size()) : 0);
  return Outcome::kDone;
}

Outcome cmd_zscore(Call& call) {
  const auto set = call.view<SortedSet>(call.args.key());
  if (!set) return call.fail(set.error());
  reply_score(call.reply, *set ? (*set)->score(call.args.next()) : std::nullopt);
  return Outcome::kDone;
}

Outcome cmd_zmscore(Call& call) {
  const auto set = call.view<SortedSet>(call.args.key());
  if (!set) return call.fail(set.error());
  const auto members = call.args.rest();
  call.reply.array(members.size());
  for (const ByteView member : members) {
    reply_score(call.reply, *set ? (*set)->score(member) : std::nullopt);
  }
  return Outcome::kDone;
}

Outcome rank(Call& call, End from) {
  constexpr size_t kMostWords = 4;
  if (call.args.size() > kMostWords) return call.fail(errors::wrong_arity(call.command.full_name));
  const ByteView key = call.args.key();
  const ByteView member = call.args.next();
  const bool with_score = call.args.accept("WITHSCORE");
  call.args.end();
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  const auto rank = *set ? (*set)->rank(member) : std::nullopt;
  if (!rank) {
    if (with_score) {
      call.reply.null_array();
    } else {
      call.reply.null();
    }
    return Outcome::kDone;
  }
  if (with_score) call.reply.array(2);
  call.reply.integer(static_cast<int64_t>(from == End::kMin ? *rank : (*set)->size() - 1 - *rank));
  if (with_score) reply_score(call.reply, (*set)->score(member));
  return Outcome::kDone;
}

Outcome cmd_zrank(Call& call) {
  return rank(call, End::kMin);
}
Outcome cmd_zrevrank(Call& call) {
  return rank(call, End::kMax);
}

Outcome cmd_zcount(Call& call) {
  const ByteView key = call.args.key();
  const types::ScoreRange range = score_range(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  call.reply.integer(*set ? static_cast<int64_t>((*set)->range_by_score(range).count) : 0);
  return Outcome::kDone;
}

Outcome cmd_zlexcount(Call& call) {
  const ByteView key = call.args.key();
  const types::LexRange range = lex_range(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  call.reply.integer(*set ? static_cast<int64_t>((*set)->range_by_lex(range).count) : 0);
  return Outcome::kDone;
}

Outcome cmd_zscan(Call& call) {
  const ByteView key = call.args.key();
  const uint64_t cursor = scan_cursor(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  if (!*set) {
    reply_scan_cursor(call.reply, 0);
    call.reply.array(0);
    return Outcome::kDone;
  }
  const ScanOptions options = scan_options(call.args, ScanOf::kElements);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::vector<std::pair<Element, double>> page;
  const uint64_t next = (*set)->scan(cursor, options.count, [&](const Element& member, double score) {
    base::NumberText buffer;
    if (options.shows(member.to_text(buffer))) page.emplace_back(member, score);
  });
  reply_scan_cursor(call.reply, next);
  call.reply.array(page.size() * 2);
  for (const auto& [member, score] : page) {
    reply_element(call.reply, member);
    call.reply.bulk(base::format_double(score).view());  // a bulk in RESP3, too
  }
  return Outcome::kDone;
}

// One member, each equally likely.
template <class Visit>
void draw(const SortedSet& set, base::Random& random, Visit&& visit) {
  set.for_each({random.below(set.size()), 1}, false, visit);
}

Outcome cmd_zrandmember(Call& call) {
  const ByteView key = call.args.key();
  const SampleOptions options = sample_options(call.args, "WITHSCORES");
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  const auto show_member = [&call](const Element& member, double) { reply_element(call.reply, member); };
  if (options.one) {
    if (*set) {
      draw(**set, call.on.random, show_member);
    } else {
      call.reply.null();
    }
    return Outcome::kDone;
  }
  size_t count = *set ? options.count : 0;
  if (*set && !options.repeats) count = std::min(count, (*set)->size());
  const Pairs shape = pairs_of_protocol(call.reply);
  if (options.with_both) {
    reply_pairs(call.reply, count, shape);
  } else {
    call.reply.array(count);
  }
  if (count == 0) return Outcome::kDone;
  const auto show = [&](const Element& member, double score) {
    if (options.with_both) {
      reply_scored(call.reply, member, score, shape);
    } else {
      show_member(member, score);
    }
  };
  if (options.repeats) {
    for (; count > 0; --count) draw(**set, call.on.random, show);
  } else {
    (*set)->sample(count, call.on.random, show);
  }
  return Outcome::kDone;
}

constexpr KeySpecs kReads = one_key(1, kKeyRo | kKeyAccess);
constexpr KeySpecs kPops = one_key(1, kKeyRw | kKeyAccess | kKeyDelete);

constexpr CommandSpec kRows[] = {
    {"zadd", cmd_zadd, at_least(4), one_key(1, kKeyRw | kKeyUpdate), kWrite | kDenyOom | kFast | kUsesReserve,
     Group::kSortedSet, "1.2.0", "Adds members to a sorted set, or gives them other scores.",
     "key condition@3.0.2[NX|XX] comparison@6.2.0[GT|LT] [CH:change@3.0.2] [INCR:increment@3.0.2] score "
     "member [score member ...]"},
    {"zcard", cmd_zcard, exactly(2), one_key(1, kKeyRo), kReadonly | kFast, Group::kSortedSet, "1.2.0",
     "Counts the members of a sorted set.", "key"},
    {"zcount", cmd_zcount, exactly(4), kReads, kReadonly | kFast, Group::kSortedSet, "2.0.0",
     "Counts the members with scores in a range.", "key min max"},
    {"zincrby", cmd_zincrby, exactly(4), one_key(1, kKeyRw | kKeyAccess | kKeyUpdate),
     kWrite | kDenyOom | kFast | kUsesReserve, Group::kSortedSet, "1.2.0", "Adds to the score of a member.",
     "key increment member"},
    {"zlexcount", cmd_zlexcount, exactly(4), kReads, kReadonly | kFast, Group::kSortedSet, "2.8.9",
     "Counts the members with names in a range.", "key min:string max:string"},
    {"zmscore", cmd_zmscore, at_least(3), kReads, kReadonly | kFast, Group::kSortedSet, "6.2.0",
     "Tells the scores of several members.", "key member [member ...]"},
    {"zpopmax", cmd_zpopmax, at_least(2), kPops, kWrite | kFast, Group::kSortedSet, "5.0.0",
     "Removes the members with the highest scores, and shows them.", "key [count]"},
    {"zpopmin", cmd_zpopmin, at_least(2), kPops, kWrite | kFast, Group::kSortedSet, "5.0.0",
     "Removes the members with the lowest scores, and shows them.", "key [count]"},
    {"zrandmember", cmd_zrandmember, at_least(2), kReads, kReadonly, Group::kSortedSet, "6.2.0",
     "Draws members of a sorted set at random.", "key options[count [WITHSCORES]]", 0,
     "nondeterministic_output"},
    {"zrank", cmd_zrank, at_least(3), kReads, kReadonly | kFast, Group::kSortedSet, "2.0.0",
     "Tells how many members have lower scores.", "key member [WITHSCORE]"},
    {"zrem", cmd_zrem, at_least(3), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kSortedSet,
     "1.2.0", "Removes members from a sorted set.", "key member [member ...]"},
    {"zrevrank", cmd_zrevrank, at_least(3), kReads, kReadonly | kFast, Group::kSortedSet, "2.0.0",
     "Tells how many members have higher scores.", "key member [WITHSCORE]"},
    {"zscan", cmd_zscan, at_least(3), kReads, kReadonly, Group::kSortedSet, "2.8.0",
     "Shows the members of a sorted set page by page.", "key cursor [MATCH pattern] [COUNT count]", 0,
     "nondeterministic_output"},
    {"zscore", cmd_zscore, exactly(3), kReads, kReadonly | kFast, Group::kSortedSet, "1.2.0",
     "Tells the score of a member.", "key member"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> zset_commands() {
  return kRows;
}

}  // namespace sluice::commands
