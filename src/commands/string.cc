// Whole strings: SET and its relatives, GET and its relatives. The log gets moments instead of spans of time,
// and never an answer.
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"
#include "commands/string_condition.h"
#include "commands/string_options.h"

namespace sluice::commands {

namespace {

using types::StringValue;
using Time = ExpiryWords::Time;

// A long argument hands over its buffer.
StringValue value_at(Call& call, size_t index) {
  const ByteView text = call.args.at(index);
  return text.size() < StringValue::kAdoptBytes ? StringValue::from_text(text)
                                                : StringValue::adopt(call.take(index));
}

void reply_text(Call& call, const keyspace::View<StringValue>& found) {
  if (!found) {
    call.reply.null();
    return;
  }
  base::NumberText digits;
  call.reply.bulk(found->view(digits));
}

// --- options of SET and GETEX

struct SetOptions {
  bool if_absent = false;
  bool if_present = false;
  std::optional<StringCondition> condition;
  bool get = false;
  ExpiryWords expiry;

  [[nodiscard]] bool by_presence() const { return if_absent || if_present; }
};

// IFEQ and its kin: each may be repeated, but not mixed with another.
bool accept_condition(exec::Args& args, SetOptions& options) {
  const auto kind = parse_condition(args.peek());
  if (!kind || options.by_presence() || args.left() < 2) return false;
  if (options.condition && options.condition->kind != *kind) return false;
  args.next();
  options.condition = StringCondition{*kind, args.next()};
  return true;
}

SetOptions read_set_options(exec::Args& args) {
  SetOptions options;
  while (args.more() && args.ok()) {
    if (!options.if_present && !options.condition && args.accept("NX")) {
      options.if_absent = true;
    } else if (!options.if_absent && !options.condition && args.accept("XX")) {
      options.if_present = true;
    } else if (args.accept("GET")) {
      options.get = true;
    } else if (!accept_keep_ttl(args, options.expiry) && !accept_time(args, options.expiry) &&
               !accept_condition(args, options)) {
      args.syntax_error();
    }
  }
  return options;
}

ExpiryWords read_getex_options(exec::Args& args) {
  ExpiryWords words;
  while (args.more() && args.ok()) {
    if (!accept_persist(args, words) && !accept_time(args, words)) args.syntax_error();
  }
  return words;
}

// --- SET

struct SetPlan {
  size_t value_index;
  std::optional<int64_t> when_ms = {};
  bool keep_ttl = false;
};

void store_value(Call& call, ByteView key, const SetPlan& plan) {
  const ByteView value = call.args.at(plan.value_index);
  keyspace::Entry& entry = call.on.keyspace.store(call.access(), key, value_at(call, plan.value_index),
                                                  events::set, plan.keep_ttl);
  if (plan.when_ms) {
    set_expiry(call, entry, *plan.when_ms);
    call.propagate_as({"SET", key, value, "PXAT", base::format_int64(*plan.when_ms).view()});
  }
}

// Whether SET may go on; nothing is replied.
base::Result<bool, keyspace::Refusal> may_set(Call& call, ByteView key, const SetOptions& options) {
  if (options.condition) {
    const auto found = call.view<StringValue>(key);
    if (!found) return found.error();
    return options.condition->holds(*found ? &**found : nullptr);
  }
  if (!options.by_presence()) return true;
  const bool present = call.on.keyspace.find(call.access(), key) != nullptr;
  return present == options.if_present;
}

// What a 7.0 server can replay: neither what was asked for nor what had to hold first. SET with a moment has
// said so already.
void propagate_set(Call& call, ByteView key, ByteView value, const SetPlan& plan) {
  if (plan.when_ms) return;
  if (plan.keep_ttl) {
    call.propagate_as({"SET", key, value, "KEEPTTL"});
  } else {
    call.propagate_as({"SET", key, value});
  }
}

Outcome cmd_set(Call& call) {
  const ByteView key = call.args.key();
  SetPlan plan{call.args.position()};
  const ByteView value = call.args.next();
  const SetOptions options = read_set_options(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  plan.keep_ttl = options.expiry.keep_ttl;
  if (options.expiry.time != Time::kNone) {
    const auto when_ms = deadline_of(call, options.expiry);
    if (!when_ms) return call.fail(when_ms.error().message);
    plan.when_ms = *when_ms;
  }
  if (options.condition && !options.condition->is_sound()) return call.fail(kBadDigest);
  if (options.get) {
    const auto old = call.view<StringValue>(key);
    if (!old) return call.fail(old.error());
    reply_text(call, *old);
  }
  const auto allowed = may_set(call, key, options);
  if (!allowed) return call.fail(allowed.error());
  if (!*allowed) {
    if (!options.get) call.reply.null();
    return Outcome::kDone;
  }
  store_value(call, key, plan);
  if (!options.get) call.reply.ok();
  if (options.get || options.condition) propagate_set(call, key, value, plan);
  return Outcome::kDone;
}

Outcome cmd_setnx(Call& call) {
  const ByteView key = call.args.key();
  const bool absent = call.on.keyspace.find(call.access(), key) == nullptr;
  if (absent) store_value(call, key, {call.args.position()});
  call.reply.integer(absent ? 1 : 0);
  return Outcome::kDone;
}

Outcome set_with_time(Call& call, Time time) {
  const ByteView key = call.args.key();
  ExpiryWords words;
  words.time = time;
  words.amount = call.args.next();
  const auto when_ms = deadline_of(call, words);
  if (!when_ms) return call.fail(when_ms.error().message);
  store_value(call, key, {call.args.position(), *when_ms});
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_setex(Call& call) {
  return set_with_time(call, Time::kEx);
}

Outcome cmd_psetex(Call& call) {
  return set_with_time(call, Time::kPx);
}

Outcome cmd_getset(Call& call) {
  const ByteView key = call.args.key();
  const auto old = call.view<StringValue>(key);
  if (!old) return call.fail(old.error());
  reply_text(call, *old);
  const size_t value_index = call.args.position();
  call.propagate_as({"SET", key, call.args.at(value_index)});
  store_value(call, key, {value_index});
  return Outcome::kDone;
}

// --- several at once

// Copies even long values: were a buffer taken and its key named again later on, it would be gone before the
// log has read it.
void store_pairs(Call& call, std::span<const ByteView> pairs) {
  for (size_t i = 0; i < pairs.size(); i += 2) {
    call.on.keyspace.store(call.access(), pairs[i], StringValue::from_text(pairs[i + 1]), events::set);
  }
}

Outcome cmd_mset(Call& call) {
  if (call.args.left() % 2 != 0) return call.fail(errors::wrong_arity(call.command.full_name));
  store_pairs(call, call.args.rest());
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_msetnx(Call& call) {
  if (call.args.left() % 2 != 0) return call.fail(errors::wrong_arity(call.command.full_name));
  const std::span<const ByteView> pairs = call.args.rest();
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (call.on.keyspace.find(call.access(), pairs[i]) == nullptr) continue;
    call.reply.integer(0);
    return Outcome::kDone;
  }
  store_pairs(call, pairs);
  call.reply.integer(1);
  return Outcome::kDone;
}

// --- MSETEX

struct SeveralOptions {
  std::span<const ByteView> pairs;
  bool if_absent = false;   // none of the keys
  bool if_present = false;  // all of them
  ExpiryWords expiry;
};

SeveralOptions read_msetex(exec::Args& args) {
  SeveralOptions options;
  const auto count = base::parse_int64(args.next());
  if (!count || *count < 1 || *count > INT32_MAX) {
    args.latch("ERR invalid numkeys value");
    return options;
  }
  const auto words = static_cast<size_t>(*count) * 2;
  if (words > args.left()) {
    args.latch("ERR wrong number of key-value pairs");
    return options;
  }
  options.pairs = args.take(words);
  while (args.more() && args.ok()) {
    if (!options.if_present && args.accept("NX")) {
      options.if_absent = true;
    } else if (!options.if_absent && args.accept("XX")) {
      options.if_present = true;
    } else if (!accept_keep_ttl(args, options.expiry) && !accept_time(args, options.expiry)) {
      args.syntax_error();
    }
  }
  return options;
}

bool may_set_several(Call& call, const SeveralOptions& options) {
  if (!options.if_absent && !options.if_present) return true;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    const bool present = call.on.keyspace.find(call.access(), options.pairs[i]) != nullptr;
    if (present != options.if_present) return false;
  }
  return true;
}

// Logged as MSET, or as a SET for each key where they keep or get a deadline.
void store_several(Call& call, const SeveralOptions& options, std::optional<int64_t> when_ms) {
  const bool keep = options.expiry.keep_ttl;
  if (!keep && !when_ms) {
    std::vector<ByteView> words{"MSET"};
    words.insert(words.end(), options.pairs.begin(), options.pairs.end());
    call.propagate_as(words);
    store_pairs(call, options.pairs);
    return;
  }
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    const ByteView key = options.pairs[i];
    const ByteView value = options.pairs[i + 1];
    keyspace::Entry& entry =
        call.on.keyspace.store(call.access(), key, StringValue::from_text(value), events::set, keep);
    if (when_ms) {
      set_expiry(call, entry, *when_ms);
      call.propagate_as({"SET", key, value, "PXAT", base::format_int64(*when_ms).view()});
    } else {
      call.propagate_as({"SET", key, value, "KEEPTTL"});
    }
  }
}

Outcome cmd_msetex(Call& call) {
  const SeveralOptions options = read_msetex(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::optional<int64_t> when_ms;
  if (options.expiry.time != Time::kNone) {
    const auto deadline = deadline_of(call, options.expiry);
    if (!deadline) return call.fail(deadline.error().message);
    when_ms = *deadline;
  }
  const bool allowed = may_set_several(call, options);
  if (allowed) store_several(call, options, when_ms);
  call.reply.integer(allowed ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_mget(Call& call) {
  const std::span<const ByteView> keys = call.args.rest();
  call.reply.array(keys.size());
  for (const ByteView key : keys) {
    const auto found = call.view<StringValue>(key);
    reply_text(call, found ? *found : keyspace::View<StringValue>());
  }
  return Outcome::kDone;
}

// --- GET

Outcome cmd_get(Call& call) {
  const auto found = call.view<StringValue>(call.args.key());
  if (!found) return call.fail(found.error());
  reply_text(call, *found);
  return Outcome::kDone;
}

Outcome cmd_getdel(Call& call) {
  const auto found = call.view<StringValue>(call.args.key());
  if (!found) return call.fail(found.error());
  reply_text(call, *found);
  if (*found) {
    call.propagate_as({"DEL", found->entry()->key()});
    call.on.keyspace.remove(call.access(), *found->entry(), events::del);
  }
  return Outcome::kDone;
}

Outcome cmd_getex(Call& call) {
  const ByteView key = call.args.key();
  const ExpiryWords options = read_getex_options(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto found = call.view<StringValue>(key);
  if (!found) return call.fail(found.error());
  std::optional<int64_t> when_ms;
  if (*found && options.time != Time::kNone) {
    const auto deadline = deadline_of(call, options);
    if (!deadline) return call.fail(deadline.error().message);
    when_ms = *deadline;
  }
  reply_text(call, *found);
  if (!*found) return Outcome::kDone;
  keyspace::Entry& entry = *found->entry();
  if (when_ms && is_past(call, *when_ms)) {
    remove_outdated(call, entry);
  } else if (when_ms) {
    set_expiry(call, entry, *when_ms);
    call.unit().changes.count_dirty(1);
    call.propagate_as({"PEXPIREAT", key, base::format_int64(*when_ms).view()});
  } else if (options.persist && drop_expiry(call, entry)) {
    call.propagate_as({"PERSIST", key});
  }
  return Outcome::kDone;
}

constexpr uint16_t kChanged = kKeyRw | kKeyAccess | kKeyUpdate;

// With GET the old value is shown, and a condition on it says something of it; else the key is only written.
bool keys_of_set(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  const auto options = words.subspan(3);
  const bool shows = std::any_of(options.begin(), options.end(), [](ByteView word) {
    return same_word(word, "GET") || parse_condition(word);
  });
  keys.push_back({1, static_cast<uint16_t>(shows ? kKeyRw | kKeyAccess | kKeyUpdate : kKeyOw | kKeyUpdate)});
  return true;
}

constexpr KeySpec several_keys() {
  KeySpec spec = keynum_spec(1, kKeyOw | kKeyUpdate);
  spec.step = 2;
  return spec;
}

constexpr CommandSpec kRows[] = {
    {"get", cmd_get, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast, Group::kString, "1.0.0",
     "Shows a string.", "key"},
    {"getdel", cmd_getdel, exactly(2), one_key(1, kKeyRw | kKeyAccess | kKeyDelete), kWrite | kFast,
     Group::kString, "6.2.0", "Shows a string and removes its key.", "key"},
    {"getex", cmd_getex, at_least(2), one_key(1, kChanged, "RW and UPDATE: it may change when the key goes"),
     kWrite | kFast, Group::kString, "6.2.0", "Shows a string and changes when its key goes.",
     "key expiration[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]"},
    {"getset", cmd_getset, exactly(3), one_key(1, kChanged), kWrite | kDenyOom | kFast, Group::kString,
     "1.0.0", "Shows a string and puts another in its place.", "key value"},
    {"mget", cmd_mget, at_least(2), keys_from(1, -1, 1, kKeyRo | kKeyAccess), kReadonly | kFast,
     Group::kString, "1.0.0", "Shows several strings.", "key [key ...]", 0, "request_policy:multi_shard"},
    {"mset", cmd_mset, at_least(3), keys_from(1, -1, 2, kKeyOw | kKeyUpdate), kWrite | kDenyOom,
     Group::kString, "1.0.1", "Stores several strings.", "key value [key value ...]", 0,
     "request_policy:multi_shard response_policy:all_succeeded"},
    {"msetex",
     cmd_msetex,
     at_least(4),
     {several_keys()},
     kWrite | kDenyOom,
     Group::kString,
     "8.4.0",
     "Stores several strings, with one deadline for all, if none or all of the keys are there.",
     "numkeys key value [key value ...] condition[NX|XX] expiration[EX seconds|PX milliseconds|EXAT "
     "unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
     0,
     "request_policy:multi_shard response_policy:all_succeeded"},
    {"msetnx", cmd_msetnx, at_least(3), keys_from(1, -1, 2, kKeyOw | kKeyInsert), kWrite | kDenyOom,
     Group::kString, "1.0.1", "Stores several strings if none of the keys is there yet.",
     "key value [key value ...]", 0, "request_policy:multi_shard response_policy:agg_min"},
    {"psetex", cmd_psetex, exactly(4), one_key(1, kKeyOw | kKeyUpdate), kWrite | kDenyOom, Group::kString,
     "2.6.0", "Stores a string that goes after so many milliseconds.", "key milliseconds value"},
    {"set",
     cmd_set,
     at_least(3),
     one_key(1, kChanged | kKeyVariableFlags, "RW and ACCESS: with GET it shows the old value"),
     kWrite | kDenyOom,
     Group::kString,
     "1.0.0",
     "Stores a string, over whatever the key held.",
     "key value condition@2.6.12[NX|XX|IFEQ ifeq-value@8.4.0|IFNE ifne-value@8.4.0|IFDEQ "
     "ifdeq-digest@8.4.0|IFDNE ifdne-digest@8.4.0] [GET@6.2.0] expiration[EX seconds@2.6.12|PX "
     "milliseconds@2.6.12|EXAT "
     "unix-time-seconds@6.2.0|PXAT unix-time-milliseconds@6.2.0|KEEPTTL@6.0.0]",
     0,
     {},
     {},
     keys_of_set},
    {"setex", cmd_setex, exactly(4), one_key(1, kKeyOw | kKeyUpdate), kWrite | kDenyOom, Group::kString,
     "2.0.0", "Stores a string that goes after so many seconds.", "key seconds value"},
    {"setnx", cmd_setnx, exactly(3), one_key(1, kKeyOw | kKeyInsert), kWrite | kDenyOom | kFast,
     Group::kString, "1.0.0", "Stores a string if the key is not there yet.", "key value"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> string_commands() {
  return kRows;
}

}  // namespace sluice::commands
