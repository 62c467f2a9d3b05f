// Unions, intersections and differences of sorted sets, to show, to count and to store. Plain sets take part
// as if each member had the score 1.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/element_reply.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using ds::Element;
using types::Set;
using types::SortedSet;

constexpr ByteView kNoInputKeys = "ERR at least 1 input key is needed";

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

// What a key holds, both null where there is nothing.
struct Source {
  const SortedSet* sorted = nullptr;
  const Set* plain = nullptr;
  double weight = 1;

  [[nodiscard]] size_t size() const {
    if (sorted != nullptr) return sorted->size();
    return plain == nullptr ? 0 : plain->size();
  }
  // Without its weight.
  [[nodiscard]] std::optional<double> score(ByteView member) const {
    if (sorted != nullptr) return sorted->score(member);
    return plain != nullptr && plain->contains(member) ? std::optional(1.0) : std::nullopt;
  }
  // visit(ByteView member, double score)
  template <class Visit>
  void for_each(Visit&& visit) const {
    base::NumberText digits;
    if (sorted != nullptr) {
      sorted->for_each([&](const Element& member, double score) { visit(member.to_text(digits), score); });
    } else if (plain != nullptr) {
      plain->for_each([&](const Element& member) { visit(member.to_text(digits), 1.0); });
    }
  }
};

struct Query {
  Operation operation = Operation::kUnion;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  size_t limit = 0;  // of ZINTERCARD; 0: none
  std::vector<Source> sources;
};

// What a command takes besides its keys.
enum class Form : uint8_t { kShow, kStore, kCount };

// --- reading the arguments

// A missing key is an empty source; any other type than a set's is refused.
base::Result<Source, keyspace::Refusal> look_up_source(Call& call, ByteView key) {
  Source source;
  keyspace::Entry* entry = look_up(call, key, Purpose::kUse);
  if (entry == nullptr) return source;
  source.sorted = keyspace::get_if<SortedSet>(entry->value);
  source.plain = keyspace::get_if<Set>(entry->value);
  if (source.sorted == nullptr && source.plain == nullptr) return keyspace::Refusal::kWrongType;
  return source;
}

void read_weights(exec::Args& args, std::vector<Source>& sources) {
  for (Source& source : sources) {
    const auto weight = base::parse_double(args.next());
    if (!weight) args.latch("ERR weight value is not a float");
    source.weight = weight.value_or(0);
  }
}

Aggregate read_aggregate(exec::Args& args) {
  if (args.accept("SUM")) return Aggregate::kSum;
  if (args.accept("MIN")) return Aggregate::kMin;
  if (!args.accept("MAX")) args.syntax_error();
  return Aggregate::kMax;
}

void read_options(exec::Args& args, Form form, Query& query) {
  const bool weighs = query.operation != Operation::kDifference && form != Form::kCount;
  while (args.more() && args.ok()) {
    if (weighs && args.accept_with("WEIGHTS", query.sources.size())) {
      read_weights(args, query.sources);
    } else if (weighs && args.accept_with("AGGREGATE")) {
      query.aggregate = read_aggregate(args);
    } else if (form == Form::kShow && args.accept("WITHSCORES")) {
      query.with_scores = true;
    } else if (form == Form::kCount && args.accept_with("LIMIT")) {
      const auto limit = base::parse_int64(args.next());
      if (!limit || *limit < 0) args.latch(errors::kLimitNotNegative);
      query.limit = static_cast<size_t>(limit.value_or(0));
    } else {
      args.syntax_error();
    }
  }
}

// From `numkeys` on. Latches what is wrong; the types of the keys are judged before the options, as in Redis.
Query read_query(Call& call, Operation operation, Form form) {
  Query query;
  query.operation = operation;
  exec::Args& args = call.args;
  const int64_t keys = args.integer();
  if (!args.ok()) return query;
  if (keys < 1) {
    args.latch(kNoInputKeys);
    return query;
  }
  if (static_cast<uint64_t>(keys) > args.left()) args.syntax_error();
  if (!args.ok()) return query;
  for (const ByteView key : args.take(static_cast<size_t>(keys))) {
    const auto source = look_up_source(call, key);
    if (!source) {
      args.latch(errors::kWrongType);
      return query;
    }
    query.sources.push_back(*source);
  }
  read_options(args, form, query);
  return query;
}

// The error that read_query latched, with the command's name where its text has one.
Outcome refuse(Call& call) {
  if (call.args.error() != kNoInputKeys) return call.fail(call.args.error());
  return call.fail(Bytes(kNoInputKeys) + " for '" + call.command.full_name + "' command");
}

// --- combining

// Infinity times nothing, and both infinities together, count as 0.
double weighed(double score, double weight) {
  const double product = score * weight;
  return std::isnan(product) ? 0 : product;
}

double joined(double left, double right, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum: {
      const double sum = left + right;
      return std::isnan(sum) ? 0 : sum;
    }
    case Aggregate::kMin:
      return std::min(left, right);
    case Aggregate::kMax:
      return std::max(left, right);
  }
  return left;
}

// Smallest first: that one is walked for what all have. Sums of fractions depend on their order, so a union
// keeps to it, too.
void sort_by_size(std::vector<Source>& sources) {
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& left, const Source& right) { return left.size() < right.size(); });
}

void add_union(const Query& query, SortedSet& result) {
  for (const Source& source : query.sources) {
    source.for_each([&](ByteView member, double score) {
      const double value = weighed(score, source.weight);
      const std::optional<double> known = result.score(member);
      result.add(member, known ? joined(*known, value, query.aggregate) : value);
    });
  }
}

// The joined score of a member of the first source, nothing if one of the others does not have it.
std::optional<double> common_score(const Query& query, ByteView member, double score) {
  double value = weighed(score, query.sources.front().weight);
  for (size_t i = 1; i < query.sources.size(); ++i) {
    const std::optional<double> other = query.sources[i].score(member);
    if (!other) return std::nullopt;
    value = joined(value, *other * query.sources[i].weight, query.aggregate);
  }
  return value;
}

void add_intersection(const Query& query, SortedSet& result) {
  query.sources.front().for_each([&](ByteView member, double score) {
    const std::optional<double> value = common_score(query, member, score);
    if (value) result.add(member, *value);
  });
}

// How many members all have, as far as `limit`: what is beyond it is not looked at, but for a page's rest.
// REQUIRES: the smallest source stands first.
size_t count_common(const Query& query, size_t limit) {
  constexpr size_t kPage = 64;
  const Source& walked = query.sources.front();
  size_t count = 0;
  const auto look_at = [&](const Element& member, double score) {
    base::NumberText digits;
    if (count < limit && common_score(query, member.to_text(digits), score)) ++count;
  };
  if (walked.sorted != nullptr) {
    const size_t size = walked.sorted->size();
    for (size_t first = 0; first < size && count < limit; first += kPage) {
      walked.sorted->for_each({first, std::min(kPage, size - first)}, false, look_at);
    }
  } else if (walked.plain != nullptr) {
    uint64_t cursor = 0;
    do {
      cursor = walked.plain->scan(cursor, kPage, [&](const Element& member) { look_at(member, 1); });
    } while (cursor != 0 && count < limit);
  }
  return count;
}

void add_difference(const Query& query, SortedSet& result) {
  query.sources.front().for_each([&](ByteView member, double score) {
    const bool elsewhere = std::any_of(query.sources.begin() + 1, query.sources.end(),
                                       [member](const Source& other) { return other.score(member); });
    if (!elsewhere) result.add(member, score);
  });
}

// Never packed: a listpack would keep no sign of a zero, which Redis shows here.
SortedSet combine(Call& call, Query& query) {
  auto result = call.on.keyspace.make<SortedSet>();
  result.leave_packed();
  if (query.operation != Operation::kDifference) sort_by_size(query.sources);
  switch (query.operation) {
    case Operation::kUnion:
      add_union(query, result);
      break;
    case Operation::kIntersection:
      add_intersection(query, result);
      break;
    case Operation::kDifference:
      add_difference(query, result);
      break;
  }
  return result;
}

Outcome show(Call& call, Operation operation) {
  Query query = read_query(call, operation, Form::kShow);
  if (!call.args.ok()) return refuse(call);
  const auto result = combine(call, query);
  const Pairs shape = pairs_of_protocol(call.reply);
  if (query.with_scores) {
    reply_pairs(call.reply, result.size(), shape);
  } else {
    call.reply.array(result.size());
  }
  result.for_each([&](const Element& member, double score) {
    if (query.with_scores) {
      reply_scored(call.reply, member, score, shape);
    } else {
      reply_element(call.reply, member);
    }
  });
  return Outcome::kDone;
}

// As it is stored: packed where it is small.
SortedSet settled(Call& call, SortedSet built) {
  if (built.size() > call.on.keyspace.value_context().sorted_set.max_listpack_entries) return built;
  auto small = call.on.keyspace.make<SortedSet>();
  built.for_each([&small](const Element& member, double score) {
    base::NumberText buffer;
    small.add(member.to_text(buffer), score);
  });
  return small.packed() != nullptr ? std::move(small) : std::move(built);
}

// An empty result leaves no key behind, whatever was there.
Outcome store(Call& call, Operation operation, const keyspace::Event& event) {
  const ByteView destination = call.args.key();
  Query query = read_query(call, operation, Form::kStore);
  if (!call.args.ok()) return refuse(call);
  auto result = combine(call, query);
  const size_t size = result.size();
  if (size > 0) {
    call.on.keyspace.store(call.access(), destination, settled(call, std::move(result)), event);
  } else {
    remove_key(call, destination);
  }
  call.reply.integer(static_cast<int64_t>(size));
  return Outcome::kDone;
}

Outcome cmd_zunion(Call& call) {
  return show(call, Operation::kUnion);
}
Outcome cmd_zinter(Call& call) {
  return show(call, Operation::kIntersection);
}
Outcome cmd_zdiff(Call& call) {
  return show(call, Operation::kDifference);
}
Outcome cmd_zunionstore(Call& call) {
  return store(call, Operation::kUnion, events::zunionstore);
}
Outcome cmd_zinterstore(Call& call) {
  return store(call, Operation::kIntersection, events::zinterstore);
}
Outcome cmd_zdiffstore(Call& call) {
  return store(call, Operation::kDifference, events::zdiffstore);
}

Outcome cmd_zintercard(Call& call) {
  Query query = read_query(call, Operation::kIntersection, Form::kCount);
  if (!call.args.ok()) return refuse(call);
  sort_by_size(query.sources);
  const size_t count = count_common(query, query.limit == 0 ? SIZE_MAX : query.limit);
  call.reply.integer(static_cast<int64_t>(count));
  return Outcome::kDone;
}

constexpr uint16_t kRead = kKeyRo | kKeyAccess;
constexpr KeySpecs kSources = numkeys_at(1, kRead);
constexpr KeySpecs kStored = two_keys(key_range(1, 0, 1, kKeyOw | kKeyUpdate), keynum_spec(2, kRead));

constexpr CommandSpec kRows[] = {
    {"zdiff", cmd_zdiff, at_least(3), kSources, kReadonly, Group::kSortedSet, "6.2.0",
     "Shows the members of the first sorted set that no other has.", "numkeys key [key ...] [WITHSCORES]"},
    {"zdiffstore", cmd_zdiffstore, at_least(4), kStored, kWrite | kDenyOom, Group::kSortedSet, "6.2.0",
     "Stores the members of the first sorted set that no other has.", "destination numkeys key [key ...]"},
    {"zinter", cmd_zinter, at_least(3), kSources, kReadonly, Group::kSortedSet, "6.2.0",
     "Shows the members that all sorted sets have.",
     "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE aggregate<SUM|MIN|MAX>] "
     "[WITHSCORES]"},
    {"zintercard", cmd_zintercard, at_least(3), kSources, kReadonly, Group::kSortedSet, "7.0.0",
     "Counts the members that all sorted sets have.", "numkeys key [key ...] [LIMIT limit]"},
    {"zinterstore", cmd_zinterstore, at_least(4), kStored, kWrite | kDenyOom, Group::kSortedSet, "2.0.0",
     "Stores the members that all sorted sets have.",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE "
     "aggregate<SUM|MIN|MAX>]"},
    {"zunion", cmd_zunion, at_least(3), kSources, kReadonly, Group::kSortedSet, "6.2.0",
     "Shows the members that any of the sorted sets has.",
     "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE aggregate<SUM|MIN|MAX>] "
     "[WITHSCORES]"},
    {"zunionstore", cmd_zunionstore, at_least(4), kStored, kWrite | kDenyOom, Group::kSortedSet, "2.0.0",
     "Stores the members that any of the sorted sets has.",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE "
     "aggregate<SUM|MIN|MAX>]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> zset_store_commands() {
  return kRows;
}

}  // namespace sluice::commands
