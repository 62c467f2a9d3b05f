// Ranges of a sorted set, by rank, by score and by name, to show, to store and to remove.
#include <algorithm>
#include <memory>
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/zset_bounds.h"

namespace sluice::commands {

namespace {

using types::RankRange;
using types::SortedSet;

enum class By : uint8_t { kRank, kScore, kName };

// First and last rank, negative ones counted from the end.
struct Ranks {
  int64_t first = 0;
  int64_t last = 0;
};

RankRange ranks_within(const Ranks& ranks, size_t size, bool reverse) {
  const auto total = static_cast<int64_t>(size);
  const int64_t first = std::max<int64_t>(ranks.first < 0 ? ranks.first + total : ranks.first, 0);
  const int64_t last = std::min(ranks.last < 0 ? ranks.last + total : ranks.last, total - 1);
  if (first > last) return {};
  return {static_cast<size_t>(reverse ? total - 1 - last : first), static_cast<size_t>(last - first + 1)};
}

// A range as asked for: which members of a set it holds is known once the set is.
struct Query {
  By by = By::kRank;
  bool reverse = false;
  bool with_scores = false;
  bool limited = false;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: no limit
  Ranks ranks;
  types::ScoreRange scores;
  types::LexRange names;

  [[nodiscard]] RankRange within(const SortedSet& set) const {
    if (by == By::kRank) return ranks_within(ranks, set.size(), reverse);
    const RankRange all = by == By::kScore ? set.range_by_score(scores) : set.range_by_lex(names);
    if (!limited) return all;
    if (offset < 0) return {};
    return all.limited(static_cast<size_t>(offset), limit < 0 ? SIZE_MAX : static_cast<size_t>(limit),
                       reverse);
  }
};

// What the command's name settles already; the rest are options.
struct Form {
  std::optional<By> by;
  std::optional<bool> reverse;
  bool store = false;
};

void read_options(exec::Args& args, const Form& form, Query& query) {
  while (args.more() && args.ok()) {
    if (!form.store && args.accept("WITHSCORES")) {
      query.with_scores = true;
    } else if (args.accept_with("LIMIT", 2)) {
      query.limited = true;
      query.offset = args.integer();
      query.limit = args.integer();
    } else if (!form.reverse && !query.reverse && args.accept("REV")) {
      query.reverse = true;
    } else if (!form.by && query.by == By::kRank && args.accept("BYLEX")) {
      query.by = By::kName;
    } else if (!form.by && query.by == By::kRank && args.accept("BYSCORE")) {
      query.by = By::kScore;
    } else {
      args.syntax_error();
    }
  }
  // A limit of -1 is as good as none, to Redis even where none is allowed.
  if (query.by == By::kRank && query.limit != -1) {
    args.latch("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  }
  if (query.by == By::kName && query.with_scores) {
    args.latch("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }
}

void read_bounds(exec::Args& args, Query& query) {
  switch (query.by) {
    case By::kRank:
      query.ranks.first = args.integer();
      query.ranks.last = args.integer();
      return;
    case By::kScore:
      query.scores = score_range(args, query.reverse);
      return;
    case By::kName:
      query.names = lex_range(args, query.reverse);
      return;
  }
}

// From the bounds on. Redis reads the options first, so that their errors win.
Query read_query(exec::Args& args, const Form& form) {
  Query query;
  query.by = form.by.value_or(By::kRank);
  query.reverse = form.reverse.value_or(false);
  exec::Args bounds(args.words(), args.position());
  args.take(2);
  read_options(args, form, query);
  read_bounds(bounds, query);
  if (!bounds.ok()) args.latch(bounds.error());
  return query;
}

// --- showing

Outcome show(Call& call, const Form& form) {
  const ByteView key = call.args.key();
  const Query query = read_query(call.args, form);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(key);
  if (!set) return call.fail(set.error());
  const RankRange range = *set ? query.within(**set) : RankRange{};
  const Pairs shape = pairs_of_protocol(call.reply);
  if (query.with_scores) {
    reply_pairs(call.reply, range.count, shape);
  } else {
    call.reply.array(range.count);
  }
  if (range.count == 0) return Outcome::kDone;
  (*set)->for_each(range, query.reverse, [&](const ds::Element& member, double score) {
    if (query.with_scores) {
      reply_scored(call.reply, member, score, shape);
    } else {
      reply_element(call.reply, member);
    }
  });
  return Outcome::kDone;
}

Outcome cmd_zrange(Call& call) {
  return show(call, {});
}
Outcome cmd_zrevrange(Call& call) {
  return show(call, {By::kRank, true});
}
Outcome cmd_zrangebyscore(Call& call) {
  return show(call, {By::kScore, false});
}
Outcome cmd_zrevrangebyscore(Call& call) {
  return show(call, {By::kScore, true});
}
Outcome cmd_zrangebylex(Call& call) {
  return show(call, {By::kName, false});
}
Outcome cmd_zrevrangebylex(Call& call) {
  return show(call, {By::kName, true});
}

// --- storing

// Between two names lies what it depends on how the set is laid out, unless all scores are equal; and its
// layout is not in the log. So the log gets ranks.
struct RankTexts {
  base::NumberText first;
  base::NumberText last;
};
RankTexts texts_of(const RankRange& range) {
  return {base::format_int64(static_cast<int64_t>(range.first)),
          base::format_int64(static_cast<int64_t>(range.first + range.count) - 1)};
}

Outcome cmd_zrangestore(Call& call) {
  const ByteView destination = call.args.key();
  const ByteView source = call.args.key();
  Form form;
  form.store = true;
  const Query query = read_query(call.args, form);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<SortedSet>(source);
  if (!set) return call.fail(set.error());
  const RankRange range = *set ? query.within(**set) : RankRange{};
  if (range.count == 0) {
    remove_key(call, destination);
    if (query.by == By::kName) call.propagate_as({"DEL", destination});
  } else {
    auto stored = call.on.keyspace.make<SortedSet>();
    (*set)->for_each(range, false, [&stored](const ds::Element& member, double score) {
      base::NumberText buffer;
      stored.add(member.to_text(buffer), score);
    });
    call.on.keyspace.store(call.access(), destination, std::move(stored), events::zrangestore);
    if (query.by == By::kName) {
      const RankTexts ranks = texts_of(range);
      call.propagate_as({"ZRANGESTORE", destination, source, ranks.first.view(), ranks.last.view()});
    }
  }
  call.reply.integer(static_cast<int64_t>(range.count));
  return Outcome::kDone;
}

// --- removing

Outcome remove(Call& call, By by, const keyspace::Event& event) {
  const ByteView key = call.args.key();
  Query query;
  query.by = by;
  read_bounds(call.args, query);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<SortedSet>(key);
  if (!found) return call.fail(found.error());
  Edit<SortedSet>& set = *found;
  const RankRange range = set ? query.within(set.peek()) : RankRange{};
  if (range.count > 0) {
    set->remove_range(range);
    set.commit(event, range.count);
    if (by == By::kName) {
      const RankTexts ranks = texts_of(range);
      call.propagate_as({"ZREMRANGEBYRANK", key, ranks.first.view(), ranks.last.view()});
    }
  }
  call.reply.integer(static_cast<int64_t>(range.count));
  return Outcome::kDone;
}

Outcome cmd_zremrangebyrank(Call& call) {
  return remove(call, By::kRank, events::zremrangebyrank);
}
Outcome cmd_zremrangebyscore(Call& call) {
  return remove(call, By::kScore, events::zremrangebyscore);
}
Outcome cmd_zremrangebylex(Call& call) {
  return remove(call, By::kName, events::zremrangebylex);
}

constexpr KeySpecs kReads = one_key(1, kKeyRo | kKeyAccess);
constexpr KeySpecs kRemoves = one_key(1, kKeyRw | kKeyDelete);

constexpr CommandSpec kRows[] = {
    {"zrange", cmd_zrange, at_least(4), kReads, kReadonly, Group::kSortedSet, "1.2.0",
     "Shows members of a sorted set in a range of ranks, scores or names.",
     "key start:string stop:string sortby@6.2.0[BYSCORE|BYLEX] [REV@6.2.0] @6.2.0[LIMIT offset count] "
     "[WITHSCORES]"},
    {"zrangebylex", cmd_zrangebylex, at_least(4), kReads, kReadonly, Group::kSortedSet, "2.8.9",
     "Shows the members with names in a range.", "key min:string max:string [LIMIT offset count]"},
    {"zrangebyscore", cmd_zrangebyscore, at_least(4), kReads, kReadonly, Group::kSortedSet, "1.0.5",
     "Shows the members with scores in a range.", "key min max [WITHSCORES@2.0.0] [LIMIT offset count]"},
    {"zrangestore", cmd_zrangestore, at_least(5),
     two_keys(key_range(1, 0, 1, kKeyOw | kKeyUpdate), key_range(2, 0, 1, kKeyRo | kKeyAccess)),
     kWrite | kDenyOom, Group::kSortedSet, "6.2.0", "Stores a range of a sorted set under another key.",
     "dst src min:string max:string sortby[BYSCORE|BYLEX] [REV] [LIMIT offset count]"},
    {"zremrangebylex", cmd_zremrangebylex, exactly(4), kRemoves, kWrite, Group::kSortedSet, "2.8.9",
     "Removes the members with names in a range.", "key min:string max:string"},
    {"zremrangebyrank", cmd_zremrangebyrank, exactly(4), kRemoves, kWrite, Group::kSortedSet, "2.0.0",
     "Removes the members with ranks in a range.", "key start stop"},
    {"zremrangebyscore", cmd_zremrangebyscore, exactly(4), kRemoves, kWrite, Group::kSortedSet, "1.2.0",
     "Removes the members with scores in a range.", "key min max"},
    {"zrevrange", cmd_zrevrange, at_least(4), kReads, kReadonly, Group::kSortedSet, "1.2.0",
     "Shows members in a range of ranks counted from the highest score.", "key start stop [WITHSCORES]"},
    {"zrevrangebylex", cmd_zrevrangebylex, at_least(4), kReads, kReadonly, Group::kSortedSet, "2.8.9",
     "Shows the members with names in a range, the last one first.",
     "key max:string min:string [LIMIT offset count]"},
    {"zrevrangebyscore", cmd_zrevrangebyscore, at_least(4), kReads, kReadonly, Group::kSortedSet, "2.2.0",
     "Shows the members with scores in a range, the highest first.",
     "key max min [WITHSCORES] [LIMIT offset count]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> zset_range_commands() {
  return kRows;
}

}  // namespace sluice::commands
