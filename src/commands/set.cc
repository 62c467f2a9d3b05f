// Sets: members under one key. What is drawn at random is logged as what became of it.
#include <algorithm>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/sample_options.h"
#include "commands/scan_options.h"

namespace sluice::commands {

namespace {

using ds::Element;
using types::Set;

// A record of the log stays of moderate size, however many members one SPOP takes.
constexpr size_t kRemovalsPerRecord = 1024;

// --- writing

Outcome cmd_sadd(Call& call) {
  const ByteView key = call.args.key();
  const auto members = call.args.rest();
  auto found = call.edit<Set>(key);
  if (!found) return call.fail(found.error());
  Edit<Set>& set = *found;
  set->expect(members.size(), members[0]);
  uint64_t added = 0;
  for (const ByteView member : members) {
    if (set->add(member)) ++added;
  }
  if (added > 0) {
    set.commit(events::sadd, added);
  } else {
    set.unchanged();
  }
  call.reply.integer(static_cast<int64_t>(added));
  return Outcome::kDone;
}

Outcome cmd_srem(Call& call) {
  const ByteView key = call.args.key();
  auto found = call.edit_existing<Set>(key);
  if (!found) return call.fail(found.error());
  Edit<Set>& set = *found;
  uint64_t removed = 0;
  if (set) {
    for (const ByteView member : call.args.rest()) {
      if (set->remove(member)) ++removed;
    }
    if (removed > 0) {
      set.commit(events::srem, removed);
    } else {
      set.unchanged();
    }
  }
  call.reply.integer(static_cast<int64_t>(removed));
  return Outcome::kDone;
}

// Takes the member out of the source. An emptied source goes before the destination changes: the events say
// so in this order.
bool leave_source(Call& call, Edit<Set>& source, ByteView member) {
  if (!source->remove(member)) {
    source.unchanged();
    return false;
  }
  if (!source.peek().empty()) {
    source.commit(events::srem);
    return true;
  }
  source.commit(events::srem, 0);
  call.on.keyspace.remove(call.access(), source.entry(), events::del);
  return true;
}

Outcome cmd_smove(Call& call) {
  const ByteView source_key = call.args.key();
  const ByteView destination_key = call.args.key();
  const ByteView member = call.args.next();
  auto source = call.edit_existing<Set>(source_key);
  if (!source) return call.fail(source.error());
  if (!*source) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  {
    const auto destination = call.edit_existing<Set>(destination_key);
    if (!destination) return call.fail(destination.error());
  }
  if (source_key == destination_key) {
    call.reply.integer(source->peek().contains(member) ? 1 : 0);
    return Outcome::kDone;
  }
  if (!leave_source(call, *source, member)) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  auto destination = call.edit<Set>(destination_key);
  if (!destination) return call.fail(destination.error());
  if ((*destination)->add(member)) {
    destination->commit(events::sadd);
  } else {
    destination->unchanged();
  }
  call.reply.integer(1);
  return Outcome::kDone;
}

Outcome pop_one(Call& call, ByteView key) {
  auto found = call.edit_existing<Set>(key);
  if (!found) return call.fail(found.error());
  Edit<Set>& set = *found;
  if (!set) {
    call.reply.null();
    return Outcome::kDone;
  }
  base::NumberText buffer;
  const Bytes member(set.peek().random(call.on.random).to_text(buffer));
  set->remove(member);
  set.commit(events::spop);
  call.propagate_as({"SREM", key, member});
  call.reply.bulk(member);
  return Outcome::kDone;
}

// The whole set: the key goes at once, and its members are freed in slices.
void pop_all(Call& call, Edit<Set>& set, ByteView key) {
  const size_t size = set.peek().size();
  call.reply.set(size);
  set.peek().for_each([&call](const Element& member) { reply_element(call.reply, member); });
  set.commit(events::spop, size - 1);  // and 1 for the key
  call.on.keyspace.remove(call.access(), set.entry(), events::del);
  call.propagate_as({"DEL", key});
}

void pop_some(Call& call, Edit<Set>& set, ByteView key, size_t count) {
  std::vector<Bytes> members;
  members.reserve(count);
  set.peek().sample(count, call.on.random, [&members](const Element& member) {
    base::NumberText buffer;
    members.emplace_back(member.to_text(buffer));
  });
  call.reply.set(count);
  std::vector<ByteView> record;
  for (const Bytes& member : members) {
    set->remove(member);
    call.reply.bulk(member);
    if (record.empty()) record = {"SREM", key};
    record.push_back(member);
    if (record.size() == kRemovalsPerRecord || &member == &members.back()) {
      call.propagate_as(record);
      record.clear();
    }
  }
  set.commit(events::spop, count);
}

Outcome cmd_spop(Call& call) {
  const ByteView key = call.args.key();
  if (!call.args.more()) return pop_one(call, key);
  const size_t count = pop_count(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = call.edit_existing<Set>(key);
  if (!found) return call.fail(found.error());
  if (!*found || count == 0) {
    call.reply.set(0);
  } else if (count >= found->peek().size()) {
    pop_all(call, *found, key);
  } else {
    pop_some(call, *found, key, count);
  }
  return Outcome::kDone;
}

// --- reading

Outcome cmd_scard(Call& call) {
  const auto set = call.view<Set>(call.args.key());
  if (!set) return call.fail(set.error());
  call.reply.integer(*set ? static_cast<int64_t>((*set)->size()) : 0);
  return Outcome::kDone;
}

Outcome cmd_sismember(Call& call) {
  const auto set = call.view<Set>(call.args.key());
  if (!set) return call.fail(set.error());
  call.reply.integer(*set && (*set)->contains(call.args.next()) ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_smismember(Call& call) {
  const auto set = call.view<Set>(call.args.key());
  if (!set) return call.fail(set.error());
  const auto members = call.args.rest();
  call.reply.array(members.size());
  for (const ByteView member : members) {
    call.reply.integer(*set && (*set)->contains(member) ? 1 : 0);
  }
  return Outcome::kDone;
}

Outcome cmd_smembers(Call& call) {
  const auto set = call.view<Set>(call.args.key());
  if (!set) return call.fail(set.error());
  call.reply.set(*set ? (*set)->size() : 0);
  if (*set) (*set)->for_each([&call](const Element& member) { reply_element(call.reply, member); });
  return Outcome::kDone;
}

Outcome cmd_srandmember(Call& call) {
  const ByteView key = call.args.key();
  const SampleOptions options = sample_options(call.args, {});
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<Set>(key);
  if (!set) return call.fail(set.error());
  if (options.one) {
    if (*set) {
      reply_element(call.reply, (*set)->random(call.on.random));
    } else {
      call.reply.null();
    }
    return Outcome::kDone;
  }
  size_t count = *set ? options.count : 0;
  if (*set && !options.repeats) count = std::min(count, (*set)->size());
  call.reply.array(count);
  if (count == 0) return Outcome::kDone;
  if (options.repeats) {
    for (; count > 0; --count) reply_element(call.reply, (*set)->random(call.on.random));
  } else {
    (*set)->sample(count, call.on.random,
                   [&call](const Element& member) { reply_element(call.reply, member); });
  }
  return Outcome::kDone;
}

Outcome cmd_sscan(Call& call) {
  const ByteView key = call.args.key();
  const uint64_t cursor = scan_cursor(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto set = call.view<Set>(key);
  if (!set) return call.fail(set.error());
  if (!*set) {
    reply_scan_cursor(call.reply, 0);
    call.reply.array(0);
    return Outcome::kDone;
  }
  const ScanOptions options = scan_options(call.args, ScanOf::kElements);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::vector<Element> page;
  const uint64_t next = (*set)->scan(cursor, options.count, [&](const Element& member) {
    base::NumberText buffer;
    if (options.shows(member.to_text(buffer))) page.push_back(member);
  });
  reply_scan_cursor(call.reply, next);
  call.reply.array(page.size());
  for (const Element& member : page) reply_element(call.reply, member);
  return Outcome::kDone;
}

constexpr KeySpecs kReads = one_key(1, kKeyRo | kKeyAccess);
constexpr KeySpecs kLooks = one_key(1, kKeyRo);

constexpr CommandSpec kRows[] = {
    {"sadd", cmd_sadd, at_least(3), one_key(1, kKeyRw | kKeyInsert), kWrite | kDenyOom | kFast, Group::kSet,
     "1.0.0", "Adds members to a set.", "key member [member ...]"},
    {"scard", cmd_scard, exactly(2), kLooks, kReadonly | kFast, Group::kSet, "1.0.0",
     "Counts the members of a set.", "key"},
    {"sismember", cmd_sismember, exactly(3), kLooks, kReadonly | kFast, Group::kSet, "1.0.0",
     "Tells whether a set has a member.", "key member"},
    {"smembers", cmd_smembers, exactly(2), kReads, kReadonly, Group::kSet, "1.0.0",
     "Shows the members of a set.", "key", 0, "nondeterministic_output_order"},
    {"smismember", cmd_smismember, at_least(3), kReads, kReadonly | kFast, Group::kSet, "6.2.0",
     "Tells of several members whether a set has them.", "key member [member ...]"},
    {"smove", cmd_smove, exactly(4),
     two_keys(key_range(1, 0, 1, kKeyRw | kKeyAccess | kKeyDelete), key_range(2, 0, 1, kKeyRw | kKeyInsert)),
     kWrite | kFast, Group::kSet, "1.0.0", "Moves a member from one set to another.",
     "source destination member"},
    {"spop", cmd_spop, at_least(2), one_key(1, kKeyRw | kKeyAccess | kKeyDelete), kWrite | kFast, Group::kSet,
     "1.0.0", "Removes members drawn at random, and shows them.", "key [count@3.2.0]", 0,
     "nondeterministic_output"},
    {"srandmember", cmd_srandmember, at_least(2), kReads, kReadonly, Group::kSet, "1.0.0",
     "Draws members of a set at random.", "key [count@2.6.0]", 0, "nondeterministic_output"},
    {"srem", cmd_srem, at_least(3), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kSet, "1.0.0",
     "Removes members from a set.", "key member [member ...]"},
    {"sscan", cmd_sscan, at_least(3), kReads, kReadonly, Group::kSet, "2.8.0",
     "Shows the members of a set page by page.", "key cursor [MATCH pattern] [COUNT count]", 0,
     "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> set_commands() {
  return kRows;
}

}  // namespace sluice::commands
