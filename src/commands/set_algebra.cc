// Intersections, unions and differences of sets, to show, to count and to store.
#include <algorithm>
#include <memory>
#include <string_view>
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

enum class Operation : uint8_t { kIntersection, kUnion, kDifference };

// The sets under the keys, null where there is none. Every key's type is judged, whatever the result.
base::Result<std::vector<const Set*>, keyspace::Refusal> look_up_all(Call& call,
                                                                     std::span<const ByteView> keys) {
  std::vector<const Set*> sets;
  sets.reserve(keys.size());
  for (const ByteView key : keys) {
    const auto set = call.view<Set>(key);
    if (!set) return set.error();
    sets.push_back(*set ? &**set : nullptr);
  }
  return sets;
}

bool in_all(std::span<const Set* const> sets, ByteView member) {
  return std::all_of(sets.begin(), sets.end(), [member](const Set* set) { return set->contains(member); });
}

bool in_any(std::span<const Set* const> sets, ByteView member) {
  return std::any_of(sets.begin(), sets.end(),
                     [member](const Set* set) { return set != nullptr && set->contains(member); });
}

// The smallest first: that one is walked for what all have. False when one is missing, and nothing is common.
bool sort_by_size(std::vector<const Set*>& sets) {
  if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) return false;
  std::stable_sort(sets.begin(), sets.end(),
                   [](const Set* left, const Set* right) { return left->size() < right->size(); });
  return true;
}

// How many members are common, as far as `limit`: what is beyond it is not looked at, but for a page's rest.
size_t count_common(std::vector<const Set*>& sets, size_t limit) {
  if (!sort_by_size(sets)) return 0;
  const auto others = std::span<const Set* const>(sets).subspan(1);
  constexpr size_t kPage = 64;
  size_t count = 0;
  uint64_t cursor = 0;
  do {
    cursor = sets.front()->scan(cursor, kPage, [&](const Element& member) {
      base::NumberText buffer;
      if (count < limit && in_all(others, member.to_text(buffer))) ++count;
    });
  } while (cursor != 0 && count < limit);
  return count;
}

// visit(text) on each common member.
template <class Visit>
void intersect(std::vector<const Set*>& sets, Visit&& visit) {
  if (!sort_by_size(sets)) return;
  const auto others = std::span<const Set* const>(sets).subspan(1);
  sets.front()->for_each([&](const Element& member) {
    base::NumberText buffer;
    const ByteView text = member.to_text(buffer);
    if (in_all(others, text)) visit(text);
  });
}

void add_intersection(std::vector<const Set*>& sets, Set& result) {
  std::vector<Bytes> members;
  bool integers = true;
  intersect(sets, [&](ByteView member) {
    members.emplace_back(member);
    integers = integers && base::parse_int64(member).has_value();
  });
  // What was found in a table stays one, however few there are (src/t_set.c): OBJECT ENCODING shows it.
  if (!integers && std::string_view(sets.front()->encoding()) == "hashtable") {
    const auto word = std::find_if(members.begin(), members.end(),
                                   [](const Bytes& member) { return !base::parse_int64(member); });
    result.expect(SIZE_MAX, *word);
  }
  for (const Bytes& member : members) result.add(member);
}

void add_union(const std::vector<const Set*>& sets, Set& result) {
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    set->for_each([&result](const Element& member) {
      base::NumberText buffer;
      result.add(member.to_text(buffer));
    });
  }
}

// Whether it is cheaper to look for each member of the first set in the others than to copy the first and
// take the others out. Redis weighs alike (src/t_set.c): a copy keeps the encoding that the removed members
// called for, and OBJECT ENCODING shows it.
bool looking_up_is_cheaper(const std::vector<const Set*>& sets) {
  size_t looked_up = 0;
  size_t copied = 0;
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    looked_up += sets.front()->size();
    copied += set->size();
  }
  return looked_up / 2 <= copied;
}

void add_difference(const std::vector<const Set*>& sets, Set& result) {
  if (sets.front() == nullptr) return;
  const auto others = std::span<const Set* const>(sets).subspan(1);
  if (std::find(others.begin(), others.end(), sets.front()) != others.end()) return;
  const bool look_up = looking_up_is_cheaper(sets);
  sets.front()->for_each([&](const Element& member) {
    base::NumberText buffer;
    const ByteView text = member.to_text(buffer);
    if (!look_up || !in_any(others, text)) result.add(text);
  });
  if (look_up) return;
  for (const Set* other : others) {
    if (other == nullptr) continue;
    other->for_each([&result](const Element& member) {
      base::NumberText buffer;
      result.remove(member.to_text(buffer));
    });
  }
}

base::Result<Set, keyspace::Refusal> combine(Call& call, std::span<const ByteView> keys,
                                             Operation operation) {
  auto sets = look_up_all(call, keys);
  if (!sets) return sets.error();
  auto result = call.on.keyspace.make<Set>();
  switch (operation) {
    case Operation::kIntersection:
      add_intersection(*sets, result);
      break;
    case Operation::kUnion:
      add_union(*sets, result);
      break;
    case Operation::kDifference:
      add_difference(*sets, result);
      break;
  }
  return result;
}

Outcome show(Call& call, Operation operation) {
  const auto result = combine(call, call.args.rest(), operation);
  if (!result) return call.fail(result.error());
  call.reply.set(result->size());
  result->for_each([&call](const Element& member) { reply_element(call.reply, member); });
  return Outcome::kDone;
}

// An empty result leaves no key behind, whatever was there.
Outcome store(Call& call, Operation operation, const keyspace::Event& event) {
  const ByteView destination = call.args.key();
  auto result = combine(call, call.args.rest(), operation);
  if (!result) return call.fail(result.error());
  const size_t size = result->size();
  if (size > 0) {
    call.on.keyspace.store(call.access(), destination, std::move(*result), event);
  } else {
    remove_key(call, destination);
  }
  call.reply.integer(static_cast<int64_t>(size));
  return Outcome::kDone;
}

Outcome cmd_sinter(Call& call) {
  return show(call, Operation::kIntersection);
}
Outcome cmd_sunion(Call& call) {
  return show(call, Operation::kUnion);
}
Outcome cmd_sdiff(Call& call) {
  return show(call, Operation::kDifference);
}
Outcome cmd_sinterstore(Call& call) {
  return store(call, Operation::kIntersection, events::sinterstore);
}
Outcome cmd_sunionstore(Call& call) {
  return store(call, Operation::kUnion, events::sunionstore);
}
Outcome cmd_sdiffstore(Call& call) {
  return store(call, Operation::kDifference, events::sdiffstore);
}

Outcome cmd_sintercard(Call& call) {
  const auto keys = base::parse_int64(call.args.next());
  if (!keys || *keys <= 0) return call.fail(errors::kNumkeysMustBePositive);
  if (static_cast<uint64_t>(*keys) > call.args.left()) return call.fail(errors::kTooManyKeys);
  const auto names = call.args.take(static_cast<size_t>(*keys));
  size_t limit = 0;
  while (call.args.more() && call.args.ok()) {
    if (!call.args.accept_with("LIMIT")) {
      call.args.syntax_error();
      break;
    }
    const auto value = base::parse_int64(call.args.next());
    if (!value || *value < 0) call.args.latch(errors::kLimitNotNegative);
    limit = static_cast<size_t>(value.value_or(0));
  }
  if (!call.args.ok()) return call.fail(call.args.error());
  auto sets = look_up_all(call, names);
  if (!sets) return call.fail(sets.error());
  call.reply.integer(static_cast<int64_t>(count_common(*sets, limit == 0 ? SIZE_MAX : limit)));
  return Outcome::kDone;
}

constexpr KeySpecs kSources = keys_from(1, -1, 1, kKeyRo | kKeyAccess);
constexpr KeySpecs stored_from(uint16_t use) {
  return two_keys(key_range(1, 0, 1, use | kKeyUpdate), key_range(2, -1, 1, kKeyRo | kKeyAccess));
}

constexpr CommandSpec kRows[] = {
    {"sdiff", cmd_sdiff, at_least(2), kSources, kReadonly, Group::kSet, "1.0.0",
     "Shows the members of the first set that no other has.", "key [key ...]", 0,
     "nondeterministic_output_order"},
    {"sdiffstore", cmd_sdiffstore, at_least(3), stored_from(kKeyOw), kWrite | kDenyOom, Group::kSet, "1.0.0",
     "Stores the members of the first set that no other has.", "destination key [key ...]"},
    {"sinter", cmd_sinter, at_least(2), kSources, kReadonly, Group::kSet, "1.0.0",
     "Shows the members that all sets have.", "key [key ...]", 0, "nondeterministic_output_order"},
    {"sintercard", cmd_sintercard, at_least(3), numkeys_at(1, kKeyRo | kKeyAccess), kReadonly, Group::kSet,
     "7.0.0", "Counts the members that all sets have.", "numkeys key [key ...] [LIMIT limit]"},
    {"sinterstore", cmd_sinterstore, at_least(3), stored_from(kKeyRw), kWrite | kDenyOom, Group::kSet,
     "1.0.0", "Stores the members that all sets have.", "destination key [key ...]"},
    {"sunion", cmd_sunion, at_least(2), kSources, kReadonly, Group::kSet, "1.0.0",
     "Shows the members that any of the sets has.", "key [key ...]", 0, "nondeterministic_output_order"},
    {"sunionstore", cmd_sunionstore, at_least(3), stored_from(kKeyOw), kWrite | kDenyOom, Group::kSet,
     "1.0.0", "Stores the members that any of the sets has.", "destination key [key ...]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> set_algebra_commands() {
  return kRows;
}

}  // namespace sluice::commands
