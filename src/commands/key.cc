// Commands on keys, whatever they hold: DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX COPY MOVE RANDOMKEY KEYS
// OBJECT.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "base/glob.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"
#include "commands/help.h"

namespace sluice::commands {

namespace {

using keyspace::Access;
using keyspace::Entry;
using keyspace::Value;

// DEL and UNLINK are one: whatever is big is freed in slices anyway.
Outcome cmd_del(Call& call) {
  int64_t removed = 0;
  for (const ByteView key : call.args.rest()) {
    Entry* entry = call.on.keyspace.find(call.access(), key);
    if (entry == nullptr) continue;
    call.on.keyspace.remove(call.access(), *entry, events::del);
    ++removed;
  }
  call.reply.integer(removed);
  return Outcome::kDone;
}

Outcome count_present(Call& call, Purpose purpose) {
  int64_t present = 0;
  for (const ByteView key : call.args.rest()) {
    if (look_up(call, key, purpose) != nullptr) ++present;
  }
  call.reply.integer(present);
  return Outcome::kDone;
}

Outcome cmd_exists(Call& call) {
  return count_present(call, Purpose::kLearn);
}

Outcome cmd_touch(Call& call) {
  return count_present(call, Purpose::kTouch);
}

Outcome cmd_type(Call& call) {
  const Entry* entry = look_up(call, call.args.key(), Purpose::kLearn);
  call.reply.status(entry == nullptr ? "none" : keyspace::type_name(keyspace::type_of(entry->value)));
  return Outcome::kDone;
}

// --- keys that go from one name to another

// What a key takes along besides its value.
struct Luggage {
  std::optional<int64_t> expiry_ms;
  keyspace::Usage usage;
};

Luggage luggage_of(Call& call, const Entry& entry) {
  return {expiry_of(call, entry), entry.usage};
}

// A new key. REQUIRES: the name is free.
Entry& plant(Call& call, const Access& access, ByteView key, Value value, const Luggage& luggage) {
  // An expired key that is only hidden still holds the name.
  if (Entry* stale = access.db->find(key); stale != nullptr) call.on.keyspace.expire(access, *stale);
  Entry& entry = access.db->insert(key, std::move(value));
  entry.usage = luggage.usage;
  access.changes->created(*access.db, entry, nullptr);
  if (luggage.expiry_ms) call.on.keyspace.deadlines().set_expiry(*access.db, entry, *luggage.expiry_ms);
  return entry;
}

// Takes a live key out of its database, without a count toward what changed.
void uproot(Call& call, const Access& access, Entry& entry, const keyspace::Event* event) {
  call.on.keyspace.deadlines().forget(entry);
  access.changes->removed(*access.db, access.db->detach(entry), event);
}

// The value of a key on its way out; the entry keeps an empty string.
Value take_value(Call& call, const Access& access, Entry& entry) {
  access.db->before_change(entry);
  call.on.keyspace.deadlines().clear_value(entry);
  return std::exchange(entry.value, Value());
}

enum class IfTaken : uint8_t { kReplace, kRefuse };

Outcome rename_generic(Call& call, IfTaken if_taken) {
  const ByteView from = call.args.key();
  const ByteView to = call.args.key();
  const bool refuse = if_taken == IfTaken::kRefuse;
  const Access& access = call.access();
  Entry* source = call.on.keyspace.find(access, from);
  if (source == nullptr) return call.fail(errors::kNoSuchKey);
  Entry* const taken = from == to ? source : call.on.keyspace.find(access, to);
  if (refuse && taken != nullptr) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  if (taken != source) {
    if (taken != nullptr) uproot(call, access, *taken, nullptr);
    const Luggage luggage = luggage_of(call, *source);
    Entry& renamed = plant(call, access, to, take_value(call, access, *source), luggage);
    uproot(call, access, *source, &events::rename_from);
    access.changes->touched(*access.db, renamed, &events::rename_to);
    access.changes->count_dirty(1);
  }
  if (refuse) {
    call.reply.integer(1);
  } else {
    call.reply.ok();
  }
  return Outcome::kDone;
}

Outcome cmd_rename(Call& call) {
  return rename_generic(call, IfTaken::kReplace);
}

Outcome cmd_renamenx(Call& call) {
  return rename_generic(call, IfTaken::kRefuse);
}

// Latches Redis's errors.
int read_database(Call& call) {
  const int64_t index = call.args.integer_between(INT32_MIN, INT32_MAX, errors::kNotAnInt32);
  if (index < 0 || index >= call.on.keyspace.database_count()) call.args.latch(errors::kDbIndexOutOfRange);
  return static_cast<int>(index);
}

Access access_to(Call& call, int db) {
  Access access = call.access();
  access.db = &call.on.keyspace.database(db);
  return access;
}

Outcome cmd_move(Call& call) {
  const ByteView key = call.args.key();
  const int db = read_database(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (db == call.client.db) return call.fail(errors::kSameObject);
  const Access& here = call.access();
  const Access there = access_to(call, db);
  Entry* source = call.on.keyspace.find(here, key);
  if (source == nullptr || call.on.keyspace.find(there, key) != nullptr) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  const Luggage luggage = luggage_of(call, *source);
  Entry& moved = plant(call, there, key, take_value(call, here, *source), luggage);
  uproot(call, here, *source, &events::move_from);
  there.changes->touched(*there.db, moved, &events::move_to);
  here.changes->count_dirty(1);
  call.reply.integer(1);
  return Outcome::kDone;
}

template <class T>
T clone_of(const T& value) {
  return value.clone();
}
std::unique_ptr<types::Stream> clone_of(const std::unique_ptr<types::Stream>& stream) {
  return std::make_unique<types::Stream>(stream->clone());
}

struct CopyOptions {
  int db;
  bool replace = false;
};

// Latches Redis's errors.
CopyOptions read_copy_options(Call& call) {
  CopyOptions options{call.client.db};
  while (call.args.more() && call.args.ok()) {
    if (call.args.accept("REPLACE")) {
      options.replace = true;
    } else if (call.args.accept_with("DB")) {
      options.db = read_database(call);
    } else {
      call.args.syntax_error();
    }
  }
  return options;
}

Outcome cmd_copy(Call& call) {
  const ByteView from = call.args.key();
  const ByteView to = call.args.key();
  const CopyOptions options = read_copy_options(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (options.db == call.client.db && from == to) return call.fail(errors::kSameObject);
  const Access there = access_to(call, options.db);
  const Entry* source = look_up(call, from, Purpose::kUse);
  Entry* const taken = source == nullptr ? nullptr : call.on.keyspace.find(there, to);
  if (source == nullptr || (taken != nullptr && !options.replace)) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  if (taken != nullptr) uproot(call, there, *taken, nullptr);
  Value value = std::visit([](const auto& held) { return Value(clone_of(held)); }, source->value);
  const Luggage luggage{expiry_of(call, *source), call.on.keyspace.fresh_usage(call.access().now_ms)};
  Entry& copied = plant(call, there, to, std::move(value), luggage);
  there.changes->touched(*there.db, copied, &events::copy_to);
  there.changes->count_dirty(1);
  call.reply.integer(1);
  return Outcome::kDone;
}

// --- looking around

// Expired keys found on the way are removed; where that is not allowed, a few more draws must do.
Outcome cmd_randomkey(Call& call) {
  constexpr int kHiddenDraws = 100;
  const Access& access = call.access();
  int hidden = 0;
  while (!access.db->entries().empty()) {
    Entry* entry = access.db->entries().random(call.on.random);
    const bool shown = call.on.keyspace.find(access, entry->key()) != nullptr;
    if (!shown && access.expiry != keyspace::Expiry::kDelete && ++hidden < kHiddenDraws) continue;
    if (!shown && access.expiry == keyspace::Expiry::kDelete) continue;
    call.reply.bulk(entry->key());
    return Outcome::kDone;
  }
  call.reply.null();
  return Outcome::kDone;
}

Outcome cmd_keys(Call& call) {
  const ByteView pattern = call.args.next();
  // A lone star means everything, which a glob of it does not quite: it refuses the empty name.
  const bool all = pattern == "*";
  const auto keys = call.reply.begin_array();
  size_t shown = 0;
  call.access().db->entries().for_each([&](const Entry* entry) {
    if (!all && !base::glob_match(pattern, entry->key())) return;
    if (call.on.keyspace.expired(*entry, call.access().now_ms)) return;
    call.reply.bulk(entry->key());
    ++shown;
  });
  call.reply.end_array(keys, shown);
  return Outcome::kDone;
}

// --- OBJECT

constexpr ByteView kTimesNotKept =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
    "policies at runtime LRU and LFU data will take some time to adjust.";
constexpr ByteView kFrequenciesNotKept =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";

// The entry, or null once null was replied.
const Entry* inspect(Call& call) {
  const Entry* entry = look_up(call, call.args.key(), Purpose::kInspect);
  if (entry == nullptr) call.reply.null();
  return entry;
}

Outcome cmd_object_encoding(Call& call) {
  const Entry* entry = inspect(call);
  if (entry != nullptr) call.reply.bulk(keyspace::encoding_of(entry->value));
  return Outcome::kDone;
}

Outcome cmd_object_idletime(Call& call) {
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kDone;
  if (call.on.keyspace.usage_rules().counts) return call.fail(kTimesNotKept);
  call.reply.integer(entry->usage.idle_s(call.access().now_ms / 1000));
  return Outcome::kDone;
}

Outcome cmd_object_freq(Call& call) {
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kDone;
  const keyspace::UsageRules& rules = call.on.keyspace.usage_rules();
  if (!rules.counts) return call.fail(kFrequenciesNotKept);
  call.reply.integer(entry->usage.frequency(rules, call.access().now_ms / 1000));
  return Outcome::kDone;
}

Outcome cmd_object_refcount(Call& call) {
  const Entry* entry = inspect(call);
  if (entry == nullptr) return Outcome::kDone;
  call.reply.integer(refcount_of(entry->value));
  return Outcome::kDone;
}

constexpr CommandSpec kObjectRows[] = {
    {"encoding", cmd_object_encoding, exactly(3), one_key(2, kKeyRo), kReadonly, Group::kGeneric, "2.2.3",
     "Tells how a value is held.", "key", 0, "nondeterministic_output"},
    {"freq", cmd_object_freq, exactly(3), one_key(2, kKeyRo), kReadonly, Group::kGeneric, "4.0.0",
     "Tells how often a key is used.", "key", 0, "nondeterministic_output"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kGeneric, "6.2.0",
     "Describes the subcommands of OBJECT."},
    {"idletime", cmd_object_idletime, exactly(3), one_key(2, kKeyRo), kReadonly, Group::kGeneric, "2.2.3",
     "Tells how long a key was not used.", "key", 0, "nondeterministic_output"},
    {"refcount", cmd_object_refcount, exactly(3), one_key(2, kKeyRo), kReadonly, Group::kGeneric, "2.2.3",
     "Tells how many hold a value.", "key", 0, "nondeterministic_output"},
};
static_assert(rows_are_sound(kObjectRows));

constexpr ByteView kSummed = "request_policy:multi_shard response_policy:agg_sum";

constexpr CommandSpec kRows[] = {
    {"copy", cmd_copy, at_least(3),
     two_keys(key_range(1, 0, 1, kKeyRo | kKeyAccess), key_range(2, 0, 1, kKeyOw | kKeyUpdate)),
     kWrite | kDenyOom, Group::kGeneric, "6.2.0", "Stores the value of a key under another, too.",
     "source destination [DB destination-db] [REPLACE]"},
    {"del", cmd_del, at_least(2), keys_from(1, -1, 1, kKeyRm | kKeyDelete), kWrite, Group::kGeneric, "1.0.0",
     "Removes keys.", "key [key ...]", 0, kSummed},
    {"exists", cmd_exists, at_least(2), keys_from(1, -1, 1, kKeyRo), kReadonly | kFast, Group::kGeneric,
     "1.0.0", "Counts how many of the keys are there.", "key [key ...]", 0, kSummed},
    {"keys", cmd_keys, exactly(2), no_keys(), kReadonly, Group::kGeneric, "1.0.0",
     "Shows all keys that fit a pattern.", "pattern", kCatDangerous,
     "request_policy:all_shards nondeterministic_output_order"},
    {"move", cmd_move, exactly(3), one_key(1, kKeyRw | kKeyAccess | kKeyUpdate), kWrite | kFast,
     Group::kGeneric, "1.0.0", "Takes a key to another database.", "key db"},
    {"object",
     nullptr,
     at_least(2),
     no_keys(),
     0,
     Group::kGeneric,
     "2.2.3",
     "Holds the commands that look inside the server at a key.",
     {},
     kCatNotOfGroup,
     {},
     kObjectRows},
    {"randomkey",
     cmd_randomkey,
     exactly(1),
     no_keys(),
     kReadonly,
     Group::kGeneric,
     "1.0.0",
     "Shows a key drawn at random.",
     {},
     0,
     "request_policy:all_shards nondeterministic_output"},
    {"rename", cmd_rename, exactly(3),
     two_keys(key_range(1, 0, 1, kKeyRw | kKeyAccess | kKeyDelete), key_range(2, 0, 1, kKeyOw | kKeyUpdate)),
     kWrite, Group::kGeneric, "1.0.0", "Gives a key another name, over whatever had it.", "key newkey"},
    {"renamenx", cmd_renamenx, exactly(3),
     two_keys(key_range(1, 0, 1, kKeyRw | kKeyAccess | kKeyDelete), key_range(2, 0, 1, kKeyOw | kKeyInsert)),
     kWrite | kFast, Group::kGeneric, "1.0.0", "Gives a key another name if that is free.", "key newkey"},
    {"touch", cmd_touch, at_least(2), keys_from(1, -1, 1, kKeyRo), kReadonly | kFast, Group::kGeneric,
     "3.2.1", "Marks keys as used now, and counts those that are there.", "key [key ...]", 0, kSummed},
    {"type", cmd_type, exactly(2), one_key(1, kKeyRo), kReadonly | kFast, Group::kGeneric, "1.0.0",
     "Tells what kind of value a key holds.", "key"},
    {"unlink", cmd_del, at_least(2), keys_from(1, -1, 1, kKeyRm | kKeyDelete), kWrite | kFast,
     Group::kGeneric, "4.0.0", "Removes keys; their memory is freed bit by bit.", "key [key ...]", 0,
     kSummed},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> key_commands() {
  return kRows;
}

}  // namespace sluice::commands
