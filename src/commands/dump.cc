// A value as bytes, and back: DUMP RESTORE.
#include "snapshot/dump.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/dead_letter.h"
#include "commands/family.h"
#include "config/store.h"

namespace sluice::commands {

namespace {

using keyspace::Entry;

// A payload may be anybody's work: what its groups would write to by themselves, its sender must be allowed
// to.
bool may_have(Call& call, keyspace::Value& value) {
  const auto* const stream = keyspace::get_if<types::Stream>(value);
  if (stream == nullptr) return true;
  return std::all_of(stream->groups().begin(), stream->groups().end(), [&call](const auto& named) {
    const Bytes& dead_letters = named.second->policy().dead_letters;
    return dead_letters.empty() || may_send_letters(call, dead_letters);
  });
}

Bytes dump_of(const Call& call, const keyspace::Value& value) {
  return snapshot::dump_value(value, call.on.config.flag(config::Option::kRdbCompression));
}

Outcome cmd_dump(Call& call) {
  const Entry* entry = look_up(call, call.args.key(), Purpose::kUse);
  if (entry == nullptr) {
    call.reply.null();
  } else {
    call.reply.bulk(dump_of(call, entry->value));
  }
  return Outcome::kDone;
}

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  keyspace::Usage::Record use;
};

// Latches Redis's errors. An idle time and a frequency exclude each other.
RestoreOptions read_restore_options(Call& call) {
  RestoreOptions options;
  while (call.args.more() && call.args.ok()) {
    if (call.args.accept("REPLACE")) {
      options.replace = true;
    } else if (call.args.accept("ABSTTL")) {
      options.absolute = true;
    } else if (!options.use.frequency && call.args.accept_with("IDLETIME")) {
      options.use.idle_s = static_cast<uint64_t>(
          call.args.integer_between(0, INT64_MAX, "ERR Invalid IDLETIME value, must be >= 0"));
    } else if (!options.use.idle_s && call.args.accept_with("FREQ")) {
      options.use.frequency = static_cast<uint8_t>(
          call.args.integer_between(0, 255, "ERR Invalid FREQ value, must be >= 0 and <= 255"));
    } else {
      call.args.syntax_error();
    }
  }
  return options;
}

// The value came too late: what it replaces goes, and so does it.
Outcome restore_nothing(Call& call, Entry* taken) {
  if (taken != nullptr) remove_outdated(call, *taken);
  call.reply.ok();
  return Outcome::kDone;
}

// The log gets the deadline, not the time to live; and bytes that redis-server 7.0 reads, too.
void propagate_restore(Call& call, const keyspace::Value& value, std::optional<int64_t> expiry_ms,
                       bool absolute) {
  const bool newer = snapshot::is_newer_dump(call.args.words()[3]);
  const bool relative = expiry_ms && !absolute;
  if (!newer && !relative) return;
  std::vector<ByteView> words(call.args.words().begin(), call.args.words().end());
  const base::NumberText text = base::format_int64(expiry_ms.value_or(0));
  const Bytes payload = newer ? dump_of(call, value) : Bytes();
  words[2] = text.view();
  if (newer) words[3] = payload;
  if (relative) words.push_back("ABSTTL");
  call.propagate_as(words);
}

Outcome cmd_restore(Call& call) {
  const ByteView key = call.args.key();
  const ByteView ttl_text = call.args.next();
  const ByteView payload = call.args.next();
  const RestoreOptions options = read_restore_options(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  Entry* const taken = call.on.keyspace.find(call.access(), key);
  if (taken != nullptr && !options.replace) return call.fail(errors::kBusyKey);
  const auto ttl_ms = base::parse_int64(ttl_text);
  if (!ttl_ms) return call.fail(errors::kNotAnInteger);
  if (*ttl_ms < 0) return call.fail("ERR Invalid TTL value, must be >= 0");
  if (!snapshot::is_dump(payload)) return call.fail("ERR DUMP payload version or checksum are wrong");
  auto value = snapshot::restore_value(payload, call.on.keyspace);
  if (!value.ok()) {
    call.on.log.warning("RESTORE refused a payload: " + value.error().message);
    return call.fail("ERR Bad data format");
  }

  if (!may_have(call, *value)) return call.fail(kNoKeyPermission);

  std::optional<int64_t> expiry_ms;
  if (*ttl_ms > 0) {
    int64_t when_ms = *ttl_ms;
    if (!options.absolute && __builtin_add_overflow(when_ms, call.access().now_ms, &when_ms)) {
      return call.fail("ERR Invalid TTL value, must be >= 0");
    }
    expiry_ms = when_ms;
  }
  if (expiry_ms && is_past(call, *expiry_ms)) return restore_nothing(call, taken);
  Entry& entry = call.on.keyspace.store(call.access(), key, std::move(*value), events::restore);
  if (expiry_ms) call.on.keyspace.deadlines().set_expiry(*call.access().db, entry, *expiry_ms);
  entry.usage = call.on.keyspace.fresh_usage(call.access().now_ms, options.use);
  propagate_restore(call, entry.value, expiry_ms, options.absolute);
  call.reply.ok();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"dump", cmd_dump, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kGeneric, "2.6.0",
     "Gives a value as bytes that RESTORE takes.", "key", 0, "nondeterministic_output"},
    {"restore", cmd_restore, at_least(4), one_key(1, kKeyOw | kKeyUpdate), kWrite | kDenyOom, Group::kGeneric,
     "2.6.0", "Makes a key of what DUMP gave.",
     "key ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] [FREQ "
     "frequency@5.0.0]",
     kCatDangerous},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> dump_commands() {
  return kRows;
}

}  // namespace sluice::commands
