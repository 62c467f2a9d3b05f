// Fields of hashes that go by themselves: HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HTTL HPTTL HEXPIRETIME
// HPEXPIRETIME HPERSIST, and HSETEX HGETEX HGETDEL. Redis 7.0 knows none of them: the log gets what it does
// know as HSET and HDEL, and deadlines as a moment in a record that it skips.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/element_reply.h"
#include "commands/family.h"
#include "commands/hash_fields.h"

namespace sluice::commands {

namespace {

using types::Hash;
using types::kNeverExpires;
using types::LiveHash;

enum class Unit : uint8_t { kSeconds, kMilliseconds };
enum class From : uint8_t { kNow, kEpoch };

// Redis keeps two bits of a deadline's 48 for itself, and so must who wants to be read by it.
constexpr int64_t kLatestMs = (int64_t{1} << 46) - 1;

constexpr int64_t kNoField = -2;
constexpr int64_t kNoDeadlineSet = -1;

// --- words

constexpr ByteView kFieldsMissing = "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr ByteView kCountWrong = "ERR Number of fields must be a positive integer";

// "FIELDS numfields field [field ...]", up to the end. `count_wrong` is what the command says of numfields.
std::span<const ByteView> read_fields(exec::Args& args, ByteView count_wrong = kCountWrong) {
  if (!args.accept("FIELDS")) {
    args.latch(kFieldsMissing);
    return {};
  }
  const auto count = base::parse_int64(args.next());
  if (!count || *count < 1) {
    args.latch(count_wrong);
    return {};
  }
  if (static_cast<uint64_t>(*count) != args.left()) {
    args.latch("ERR The `numfields` parameter must match the number of arguments");
  }
  return args.rest();
}

base::Result<int64_t> read_moment(Call& call, ByteView text, Unit unit, From from) {
  const std::optional<int64_t> number = base::parse_int64(text);
  if (!number) return base::Error{Bytes(errors::kNotAnInteger)};
  if (*number < 0) return base::Error{"ERR invalid expire time, must be >= 0"};
  const int64_t scale = unit == Unit::kSeconds ? 1000 : 1;
  const int64_t start_ms = from == From::kNow ? call.access().now_ms : 0;
  if (*number > kLatestMs / scale || *number * scale > kLatestMs - start_ms) {
    return base::Error{invalid_expire_time(call)};
  }
  return *number * scale + start_ms;
}

// The moment that EX, PX, EXAT or PXAT asks for, if one of them stands next: nothing otherwise.
std::optional<base::Result<int64_t>> accept_moment(Call& call) {
  exec::Args& args = call.args;
  if (args.accept("EX")) return read_moment(call, args.next(), Unit::kSeconds, From::kNow);
  if (args.accept("PX")) return read_moment(call, args.next(), Unit::kMilliseconds, From::kNow);
  if (args.accept("EXAT")) return read_moment(call, args.next(), Unit::kSeconds, From::kEpoch);
  if (args.accept("PXAT")) return read_moment(call, args.next(), Unit::kMilliseconds, From::kEpoch);
  return std::nullopt;
}

// --- what becomes of fields

struct Fate {
  enum class Kind : uint8_t { kStay, kGo, kGoLater, kPersist };
  Kind kind = Kind::kStay;
  int64_t when_ms = kNeverExpires;  // kGoLater
};

Fate fate_at(const Call& call, int64_t when_ms) {
  return is_past(call, when_ms) ? Fate{Fate::Kind::kGo} : Fate{Fate::Kind::kGoLater, when_ms};
}

// For a field that is there. False: it was so already.
bool apply(Edit<Hash>& hash, ByteView field, const Fate& fate) {
  switch (fate.kind) {
    case Fate::Kind::kStay:
      return false;
    case Fate::Kind::kGo:
      return hash->erase(field);
    case Fate::Kind::kGoLater:
      hash->set_deadline(field, fate.when_ms);
      return true;
    case Fate::Kind::kPersist:
      if (hash.peek().deadline_ms(field) == kNeverExpires) return false;
      hash->set_deadline(field, kNeverExpires);
      return true;
  }
  return false;
}

// The event and the record of all fields for which apply() said true.
void finish(Call& call, Edit<Hash>& hash, const Fate& fate, const std::vector<ByteView>& fields) {
  if (fields.empty()) return hash.unchanged();
  const ByteView key = call.args.at(1);
  const base::NumberText count = base::format_int64(static_cast<int64_t>(fields.size()));
  if (fate.kind == Fate::Kind::kGoLater) {
    propagate_deadline(call, key, fate.when_ms, fields);
    return hash.commit(events::hexpire, fields.size());
  }
  const bool gone = fate.kind == Fate::Kind::kGo;
  std::vector<ByteView> record = {"HDEL", key};
  if (!gone) record = {"HPERSIST", key, "FIELDS", count.view()};
  record.insert(record.end(), fields.begin(), fields.end());
  call.propagate_as(record, gone ? RecordFor::kEverybody : RecordFor::kSluice);
  hash.commit(gone ? events::hdel : events::hpersist, fields.size());
}

// One integer for each field of a key that is not there.
Outcome reply_no_fields(Call& call, size_t count) {
  call.reply.array(count);
  for (; count > 0; --count) call.reply.integer(kNoField);
  return Outcome::kDone;
}

// --- setting deadlines

enum class Condition : uint8_t { kAlways, kIfNone, kIfAny, kIfLater, kIfEarlier };

Condition accept_condition(exec::Args& args) {
  if (args.accept("NX")) return Condition::kIfNone;
  if (args.accept("XX")) return Condition::kIfAny;
  if (args.accept("GT")) return Condition::kIfLater;
  if (args.accept("LT")) return Condition::kIfEarlier;
  return Condition::kAlways;
}

// A field without a deadline counts as one whose deadline never comes.
bool allows(Condition condition, int64_t current_ms, int64_t wanted_ms) {
  switch (condition) {
    case Condition::kAlways:
      return true;
    case Condition::kIfNone:
      return current_ms == kNeverExpires;
    case Condition::kIfAny:
      return current_ms != kNeverExpires;
    case Condition::kIfLater:
      return wanted_ms > current_ms;
    case Condition::kIfEarlier:
      return wanted_ms < current_ms;
  }
  return false;
}

Outcome expire_generic(Call& call, Unit unit, From from) {
  constexpr int64_t kUnmet = 0;
  constexpr int64_t kSet = 1;
  constexpr int64_t kRemoved = 2;
  const ByteView key = call.args.key();
  auto found = call.edit_existing<Hash>(key);
  if (!found) return call.fail(found.error());
  const auto when_ms = read_moment(call, call.args.next(), unit, from);
  if (!when_ms) return call.fail(when_ms.error().message);
  const Condition condition = accept_condition(call.args);
  const auto fields = read_fields(call.args, "ERR Parameter `numFields` should be greater than 0");
  if (!call.args.ok()) return call.fail(call.args.error());
  Edit<Hash>& hash = *found;
  if (!hash) return reply_no_fields(call, fields.size());
  const Fate fate = fate_at(call, *when_ms);
  std::vector<ByteView> changed;
  call.reply.array(fields.size());
  for (const ByteView field : fields) {
    const LiveHash now = live(call, hash.peek());
    if (!now.contains(field)) {
      call.reply.integer(kNoField);
    } else if (!allows(condition, now.deadline_ms(field), *when_ms)) {
      call.reply.integer(kUnmet);
    } else {
      apply(hash, field, fate);
      changed.push_back(field);
      call.reply.integer(fate.kind == Fate::Kind::kGo ? kRemoved : kSet);
    }
  }
  finish(call, hash, fate, changed);
  return Outcome::kDone;
}

Outcome cmd_hexpire(Call& call) {
  return expire_generic(call, Unit::kSeconds, From::kNow);
}
Outcome cmd_hpexpire(Call& call) {
  return expire_generic(call, Unit::kMilliseconds, From::kNow);
}
Outcome cmd_hexpireat(Call& call) {
  return expire_generic(call, Unit::kSeconds, From::kEpoch);
}
Outcome cmd_hpexpireat(Call& call) {
  return expire_generic(call, Unit::kMilliseconds, From::kEpoch);
}

Outcome cmd_hpersist(Call& call) {
  constexpr int64_t kPersisted = 1;
  auto found = call.edit_existing<Hash>(call.args.key());
  if (!found) return call.fail(found.error());
  const auto fields = read_fields(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  Edit<Hash>& hash = *found;
  if (!hash) return reply_no_fields(call, fields.size());
  const Fate fate{Fate::Kind::kPersist};
  std::vector<ByteView> changed;
  call.reply.array(fields.size());
  for (const ByteView field : fields) {
    if (!live(call, hash.peek()).contains(field)) {
      call.reply.integer(kNoField);
    } else if (apply(hash, field, fate)) {
      changed.push_back(field);
      call.reply.integer(kPersisted);
    } else {
      call.reply.integer(kNoDeadlineSet);
    }
  }
  finish(call, hash, fate, changed);
  return Outcome::kDone;
}

// --- telling deadlines

// Seconds are rounded up: what is told as 0 is over.
Outcome tell_time(Call& call, Unit unit, From from) {
  const auto hash = view_live(call, call.args.key());
  if (!hash) return call.fail(hash.error());
  const auto fields = read_fields(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (!*hash) return reply_no_fields(call, fields.size());
  call.reply.array(fields.size());
  for (const ByteView field : fields) {
    const int64_t deadline_ms = (*hash)->deadline_ms(field);
    if (!(*hash)->contains(field)) {
      call.reply.integer(kNoField);
    } else if (deadline_ms == kNeverExpires) {
      call.reply.integer(kNoDeadlineSet);
    } else {
      const int64_t told_ms = from == From::kEpoch ? deadline_ms : deadline_ms - call.access().now_ms;
      call.reply.integer(unit == Unit::kMilliseconds ? told_ms : (told_ms + 999) / 1000);
    }
  }
  return Outcome::kDone;
}

Outcome cmd_httl(Call& call) {
  return tell_time(call, Unit::kSeconds, From::kNow);
}
Outcome cmd_hpttl(Call& call) {
  return tell_time(call, Unit::kMilliseconds, From::kNow);
}
Outcome cmd_hexpiretime(Call& call) {
  return tell_time(call, Unit::kSeconds, From::kEpoch);
}
Outcome cmd_hpexpiretime(Call& call) {
  return tell_time(call, Unit::kMilliseconds, From::kEpoch);
}

// --- values and deadlines in one

// The values of fields, each shown before the next step.
Outcome show_and(Call& call, Edit<Hash>& hash, const Fate& fate, std::span<const ByteView> fields) {
  std::vector<ByteView> changed;
  call.reply.array(fields.size());
  for (const ByteView field : fields) {
    const auto value = hash ? live(call, hash.peek()).get(field) : std::nullopt;
    if (!value) {
      call.reply.null();
      continue;
    }
    reply_element(call.reply, *value);
    if (apply(hash, field, fate)) changed.push_back(field);
  }
  if (hash) finish(call, hash, fate, changed);
  return Outcome::kDone;
}

Outcome cmd_hgetdel(Call& call) {
  auto found = call.edit_existing<Hash>(call.args.key());
  if (!found) return call.fail(found.error());
  const auto fields = read_fields(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  return show_and(call, *found, {Fate::Kind::kGo}, fields);
}

Outcome cmd_hgetex(Call& call) {
  auto found = call.edit_existing<Hash>(call.args.key());
  if (!found) return call.fail(found.error());
  Fate fate;
  if (call.args.accept("PERSIST")) {
    fate.kind = Fate::Kind::kPersist;
  } else if (const auto when_ms = accept_moment(call)) {
    if (!when_ms->ok()) return call.fail(when_ms->error().message);
    fate = fate_at(call, **when_ms);
  }
  const auto fields = read_fields(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  return show_and(call, *found, fate, fields);
}

struct SetOptions {
  enum class If : uint8_t { kAlways, kNone, kAll };
  If condition = If::kAlways;
  bool keep_ttl = false;
  std::optional<int64_t> when_ms;
  std::span<const ByteView> pairs;
};

// The error text; empty when all is well.
std::string read_set_options(Call& call, SetOptions& options) {
  exec::Args& args = call.args;
  while (args.more() && !args.accept("FIELDS")) {
    const ByteView word = args.peek();
    const bool has_condition = options.condition != SetOptions::If::kAlways;
    if (same_word(word, "FNX") || same_word(word, "FXX")) {
      if (has_condition) return "ERR Only one of FXX or FNX arguments can be specified";
      options.condition = same_word(args.next(), "FNX") ? SetOptions::If::kNone : SetOptions::If::kAll;
      continue;
    }
    const bool has_time = options.keep_ttl || options.when_ms;
    const bool last = args.left() == 1;
    const auto when_ms = accept_moment(call);
    const bool keep_ttl = !when_ms && args.accept("KEEPTTL");
    if (!when_ms && !keep_ttl) return "ERR unknown argument: " + Bytes(word.substr(0, word.find('\0')));
    if (has_time) return "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    if (when_ms && last) return "ERR missing expire time";
    if (when_ms && !when_ms->ok()) return when_ms->error().message;
    options.keep_ttl = keep_ttl;
    if (when_ms) options.when_ms = **when_ms;
  }
  if (args.left() < 3) return errors::wrong_arity(call.command.full_name);
  const auto count = base::parse_int64(args.next());
  if (!count || *count < 1 || *count > INT32_MAX) return "ERR invalid number of fields";
  if (static_cast<uint64_t>(*count) * 2 != args.left()) return errors::wrong_arity(call.command.full_name);
  options.pairs = args.rest();
  return {};
}

bool allows(const SetOptions& options, const LiveHash& hash) {
  if (options.condition == SetOptions::If::kAlways) return true;
  const bool wanted = options.condition == SetOptions::If::kAll;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    if (hash.contains(options.pairs[i]) != wanted) return false;
  }
  return true;
}

// Values that would be over at once are not set: what was there goes.
void remove_pairs(Call& call, Edit<Hash>& hash, std::span<const ByteView> pairs) {
  std::vector<ByteView> gone;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    expire_first(call, hash, pairs[i]);
    if (hash->erase(pairs[i])) gone.push_back(pairs[i]);
  }
  finish(call, hash, {Fate::Kind::kGo}, gone);
}

void set_pairs(Call& call, Edit<Hash>& hash, const SetOptions& options) {
  const ByteView key = call.args.at(1);
  std::vector<ByteView> record = {"HSET", key};
  record.insert(record.end(), options.pairs.begin(), options.pairs.end());
  call.propagate_as(record);
  FieldsByDeadline dated;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    const ByteView field = options.pairs[i];
    expire_first(call, hash, field);
    if (options.keep_ttl) {
      hash->set_keeping_deadline(field, options.pairs[i + 1]);
    } else {
      hash->set(field, options.pairs[i + 1]);
      if (options.when_ms) hash->set_deadline(field, *options.when_ms);
    }
    const int64_t deadline_ms = hash.peek().deadline_ms(field);
    if (deadline_ms != kNeverExpires) dated[deadline_ms].emplace_back(field);
  }
  propagate_deadlines(call, key, dated);
  hash.commit(events::hset, options.pairs.size() / 2);
  if (options.when_ms) call.unit().changes.touched(*call.access().db, hash.entry(), &events::hexpire);
}

Outcome cmd_hsetex(Call& call) {
  const ByteView key = call.args.key();
  SetOptions options;
  if (const std::string error = read_set_options(call, options); !error.empty()) return call.fail(error);
  auto found = call.edit<Hash>(key);
  if (!found) return call.fail(found.error());
  Edit<Hash>& hash = *found;
  if (!allows(options, live(call, hash.peek()))) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  if (options.when_ms && is_past(call, *options.when_ms)) {
    if (!hash.created()) remove_pairs(call, hash, options.pairs);
  } else {
    set_pairs(call, hash, options);
  }
  call.reply.integer(1);
  return Outcome::kDone;
}

constexpr KeySpecs kReads = one_key(1, kKeyRo | kKeyAccess);
constexpr KeySpecs kUpdates = one_key(1, kKeyRw | kKeyUpdate);
constexpr uint32_t kGrows = kWrite | kDenyOom | kFast;

constexpr CommandSpec kRows[] = {
    {"hexpire", cmd_hexpire, at_least(6), kUpdates, kGrows, Group::kHash, "7.4.0",
     "Lets fields go after so many seconds.",
     "key seconds condition[NX|XX|GT|LT] FIELDS fields<numfields field [field ...]>"},
    {"hexpireat", cmd_hexpireat, at_least(6), kUpdates, kGrows, Group::kHash, "7.4.0",
     "Lets fields go at a moment given in seconds.",
     "key unix-time-seconds condition[NX|XX|GT|LT] FIELDS fields<numfields field [field ...]>"},
    {"hexpiretime", cmd_hexpiretime, at_least(5), kReads, kReadonly | kFast, Group::kHash, "7.4.0",
     "Tells at which second fields go.", "key FIELDS fields<numfields field [field ...]>"},
    {"hgetdel", cmd_hgetdel, at_least(5), one_key(1, kKeyRw | kKeyAccess | kKeyDelete), kWrite | kFast,
     Group::kHash, "8.0.0", "Shows the values of fields and removes them.",
     "key FIELDS fields<numfields field [field ...]>"},
    {"hgetex", cmd_hgetex, at_least(5),
     one_key(1, kKeyRw | kKeyAccess | kKeyUpdate, "RW and UPDATE: it may change when fields go"),
     kWrite | kFast, Group::kHash, "8.0.0", "Shows the values of fields and says when they go.",
     "key expiration[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] "
     "FIELDS fields<numfields field [field ...]>"},
    {"hpersist", cmd_hpersist, at_least(5), kUpdates, kWrite | kFast, Group::kHash, "7.4.0",
     "Makes fields stay that were to go.", "key FIELDS fields<numfields field [field ...]>"},
    {"hpexpire", cmd_hpexpire, at_least(6), kUpdates, kGrows, Group::kHash, "7.4.0",
     "Lets fields go after so many milliseconds.",
     "key milliseconds condition[NX|XX|GT|LT] FIELDS fields<numfields field [field ...]>"},
    {"hpexpireat", cmd_hpexpireat, at_least(6), kUpdates, kGrows, Group::kHash, "7.4.0",
     "Lets fields go at a moment given in milliseconds.",
     "key unix-time-milliseconds condition[NX|XX|GT|LT] FIELDS fields<numfields field [field ...]>"},
    {"hpexpiretime", cmd_hpexpiretime, at_least(5), kReads, kReadonly | kFast, Group::kHash, "7.4.0",
     "Tells at which millisecond fields go.", "key FIELDS fields<numfields field [field ...]>"},
    {"hpttl", cmd_hpttl, at_least(5), kReads, kReadonly | kFast, Group::kHash, "7.4.0",
     "Tells how many milliseconds fields have left.", "key FIELDS fields<numfields field [field ...]>", 0,
     "nondeterministic_output"},
    {"hsetex", cmd_hsetex, at_least(6), kUpdates, kGrows, Group::kHash, "8.0.0",
     "Gives fields their values and says when they go, if none or all of them are there.",
     "key condition[FNX|FXX] expiration[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT "
     "unix-time-milliseconds|KEEPTTL] FIELDS fields<numfields field value [field value ...]>"},
    {"httl", cmd_httl, at_least(5), kReads, kReadonly | kFast, Group::kHash, "7.4.0",
     "Tells how many seconds fields have left.", "key FIELDS fields<numfields field [field ...]>", 0,
     "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> hash_expire_commands() {
  return kRows;
}

}  // namespace sluice::commands
