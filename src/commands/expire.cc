// When keys go: EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME PEXPIRETIME TTL PTTL PERSIST. The log always
// gets the moment, never a span of time.
#include <algorithm>
#include <optional>
#include <string>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

enum class Unit : uint8_t { kSeconds, kMilliseconds };
enum class From : uint8_t { kNow, kEpoch };

// Under which conditions the deadline is changed.
struct Conditions {
  bool if_none = false;     // NX
  bool if_any = false;      // XX
  bool if_later = false;    // GT
  bool if_earlier = false;  // LT

  // A key without a deadline counts as one whose deadline never comes.
  [[nodiscard]] bool allow(std::optional<int64_t> current, int64_t wanted) const {
    if (if_none && current) return false;
    if (if_any && !current) return false;
    if (if_later && (!current || wanted <= *current)) return false;
    return !if_earlier || !current || wanted < *current;
  }
};

// The error text; empty when all is well.
std::string read_conditions(exec::Args& args, Conditions& conditions) {
  while (args.more()) {
    const ByteView word = args.next();
    if (same_word(word, "NX")) {
      conditions.if_none = true;
    } else if (same_word(word, "XX")) {
      conditions.if_any = true;
    } else if (same_word(word, "GT")) {
      conditions.if_later = true;
    } else if (same_word(word, "LT")) {
      conditions.if_earlier = true;
    } else {
      return "ERR Unsupported option " + Bytes(word.substr(0, word.find('\0')));
    }
  }
  if (conditions.if_none && (conditions.if_any || conditions.if_later || conditions.if_earlier)) {
    return "ERR NX and XX, GT or LT options at the same time are not compatible";
  }
  if (conditions.if_later && conditions.if_earlier) {
    return "ERR GT and LT options at the same time are not compatible";
  }
  return {};
}

Outcome expire_generic(Call& call, Unit unit, From from) {
  const ByteView key = call.args.key();
  const ByteView time = call.args.next();
  Conditions conditions;
  if (const std::string error = read_conditions(call.args, conditions); !error.empty()) {
    return call.fail(error);
  }
  const std::optional<int64_t> number = base::parse_int64(time);
  if (!number) return call.fail(errors::kNotAnInteger);
  int64_t when_ms = *number;
  if (unit == Unit::kSeconds && __builtin_mul_overflow(when_ms, int64_t{1000}, &when_ms)) {
    return call.fail(invalid_expire_time(call));
  }
  if (from == From::kNow && __builtin_add_overflow(when_ms, call.access().now_ms, &when_ms)) {
    return call.fail(invalid_expire_time(call));
  }
  keyspace::Entry* entry = call.on.keyspace.find(call.access(), key);
  if (entry == nullptr || !conditions.allow(expiry_of(call, *entry), when_ms)) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  if (is_past(call, when_ms)) {
    remove_outdated(call, *entry);
  } else {
    set_expiry(call, *entry, when_ms);
    call.unit().changes.count_dirty(1);
    call.propagate_as({"PEXPIREAT", key, base::format_int64(when_ms).view()});
  }
  call.reply.integer(1);
  return Outcome::kDone;
}

Outcome cmd_expire(Call& call) {
  return expire_generic(call, Unit::kSeconds, From::kNow);
}
Outcome cmd_pexpire(Call& call) {
  return expire_generic(call, Unit::kMilliseconds, From::kNow);
}
Outcome cmd_expireat(Call& call) {
  return expire_generic(call, Unit::kSeconds, From::kEpoch);
}
Outcome cmd_pexpireat(Call& call) {
  return expire_generic(call, Unit::kMilliseconds, From::kEpoch);
}

// -2 without the key, -1 without a deadline; seconds are rounded to the nearest.
Outcome tell_time(Call& call, Unit unit, From from) {
  constexpr int64_t kNoKey = -2;
  constexpr int64_t kNeverExpires = -1;
  const keyspace::Entry* entry = look_up(call, call.args.key(), Purpose::kLearn);
  if (entry == nullptr) {
    call.reply.integer(kNoKey);
    return Outcome::kDone;
  }
  const std::optional<int64_t> when_ms = expiry_of(call, *entry);
  if (!when_ms) {
    call.reply.integer(kNeverExpires);
    return Outcome::kDone;
  }
  const int64_t told_ms =
      from == From::kEpoch ? *when_ms : std::max<int64_t>(*when_ms - call.access().now_ms, 0);
  call.reply.integer(unit == Unit::kMilliseconds ? told_ms
                                                 : told_ms / 1000 + (told_ms % 1000 >= 500 ? 1 : 0));
  return Outcome::kDone;
}

Outcome cmd_ttl(Call& call) {
  return tell_time(call, Unit::kSeconds, From::kNow);
}
Outcome cmd_pttl(Call& call) {
  return tell_time(call, Unit::kMilliseconds, From::kNow);
}
Outcome cmd_expiretime(Call& call) {
  return tell_time(call, Unit::kSeconds, From::kEpoch);
}
Outcome cmd_pexpiretime(Call& call) {
  return tell_time(call, Unit::kMilliseconds, From::kEpoch);
}

Outcome cmd_persist(Call& call) {
  keyspace::Entry* entry = call.on.keyspace.find(call.access(), call.args.key());
  call.reply.integer(entry != nullptr && drop_expiry(call, *entry) ? 1 : 0);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"expire", cmd_expire, at_least(3), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kGeneric,
     "1.0.0", "Lets a key go after so many seconds.", "key seconds condition@7.0.0[NX|XX|GT|LT]"},
    {"expireat", cmd_expireat, at_least(3), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kGeneric,
     "1.2.0", "Lets a key go at a moment given in seconds.",
     "key unix-time-seconds condition@7.0.0[NX|XX|GT|LT]"},
    {"expiretime", cmd_expiretime, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast,
     Group::kGeneric, "7.0.0", "Tells at which second a key goes.", "key"},
    {"persist", cmd_persist, exactly(2), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kGeneric,
     "2.2.0", "Makes a key stay that was to expire.", "key"},
    {"pexpire", cmd_pexpire, at_least(3), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kGeneric,
     "2.6.0", "Lets a key go after so many milliseconds.", "key milliseconds condition@7.0.0[NX|XX|GT|LT]"},
    {"pexpireat", cmd_pexpireat, at_least(3), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast,
     Group::kGeneric, "2.6.0", "Lets a key go at a moment given in milliseconds.",
     "key unix-time-milliseconds condition@7.0.0[NX|XX|GT|LT]"},
    {"pexpiretime", cmd_pexpiretime, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast,
     Group::kGeneric, "7.0.0", "Tells at which millisecond a key goes.", "key"},
    {"pttl", cmd_pttl, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast, Group::kGeneric,
     "2.6.0", "Tells how many milliseconds a key has left.", "key", 0, "nondeterministic_output"},
    {"ttl", cmd_ttl, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast, Group::kGeneric, "1.0.0",
     "Tells how many seconds a key has left.", "key", 0, "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> expire_commands() {
  return kRows;
}

}  // namespace sluice::commands
