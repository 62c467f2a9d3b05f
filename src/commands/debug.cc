// DEBUG: what test tools and curious administrators ask of a server. Refused unless enable-debug-command
// allows it. Nothing here ends the process, and what this server does not have is refused.
#include <algorithm>
#include <array>
#include <string>

#include "base/glob.h"
#include "base/memory.h"
#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/debug_digest.h"
#include "commands/debug_value.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

Outcome done(Call& call) {
  call.reply.ok();
  return Outcome::kDone;
}

// What is no number is no time, as in Redis.
Outcome debug_sleep(Call& call) {
  constexpr double kLongestSeconds = 1e6;
  const double seconds = base::parse_double(call.args.next()).value_or(0);
  call.on.clock.sleep_us(static_cast<int64_t>(std::clamp(seconds, 0.0, kLongestSeconds) * 1e6));
  return done(call);
}

// --- the dataset, anew from a snapshot or from the log

Outcome answer_reload(Call& call, const base::Result<void>& reloaded) {
  if (!reloaded) return call.fail(reloaded.error().message);
  call.on.executor->keyspace_emptied(call);
  return done(call);
}

// What EXEC has done so far is in no log before it ends, and its keys are in its hands.
bool inside_unit(Call& call) {
  if (call.entrance == Entrance::kDirect) return false;
  call.fail("ERR The dataset cannot be loaded again inside a transaction");
  return true;
}

// Nothing is saved elsewhere first (NOSAVE), and nothing can be added to (MERGE, NOFLUSH).
Outcome debug_reload(Call& call) {
  bool adds = false;
  while (call.args.more()) {
    if (call.args.accept("NOSAVE")) continue;
    if (!call.args.accept("MERGE") && !call.args.accept("NOFLUSH")) {
      return call.fail("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
    adds = true;
  }
  if (adds) return call.fail("ERR DEBUG RELOAD replaces the dataset: MERGE and NOFLUSH are not possible");
  if (inside_unit(call)) return Outcome::kDone;
  return answer_reload(call, call.on.control.reload_snapshot());
}

Outcome debug_loadaof(Call& call) {
  if (inside_unit(call)) return Outcome::kDone;
  return answer_reload(call, call.on.control.reload_log());
}

// --- content

Outcome debug_digest(Call& call) {
  call.reply.status(digest_text(digest_of(call.on.keyspace, call.access().now_ms)));
  return Outcome::kDone;
}

Outcome debug_digest_value(Call& call) {
  call.reply.array(call.args.left());
  for (const ByteView key : call.args.rest()) {
    const keyspace::Entry* entry = look_up(call, key, Purpose::kInspect);
    call.reply.status(
        digest_text(entry == nullptr ? DigestWords{} : digest_of(entry->value, call.access().now_ms)));
  }
  return Outcome::kDone;
}

// A value of `size` bytes, filled up with zeros or cut; -1: as it is.
Bytes populated_value(int64_t number, int64_t size) {
  Bytes value = "value:" + std::to_string(number);
  if (size >= 0) value.resize(static_cast<size_t>(size), '\0');
  return value;
}

// Unlike Redis's it goes to the log: what a server holds, it holds after a restart.
Outcome debug_populate(Call& call) {
  constexpr int64_t kMostKeys = 100'000'000;
  constexpr int64_t kMostBytes = int64_t{512} << 20;
  const int64_t count = call.args.integer_between(0, kMostKeys, errors::kMustBePositive);
  const ByteView prefix = call.args.more() ? call.args.next() : "key";
  const int64_t size =
      call.args.more() ? call.args.integer_between(0, kMostBytes, errors::kMustBePositive) : 0;
  if (!call.args.ok()) return call.fail(errors::kMustBePositive);
  keyspace::Database& db = *call.access().db;
  for (int64_t number = 0; number < count; ++number) {
    const Bytes key = Bytes(prefix) + ":" + std::to_string(number);
    if (call.on.keyspace.find(call.access(), key) != nullptr) continue;
    const Bytes value = populated_value(number, size == 0 ? -1 : size);
    keyspace::Entry& entry = db.insert(key, types::StringValue::from_text(value));
    call.unit().changes.created(db, entry, nullptr);
    call.unit().changes.count_dirty(1);
    call.propagate_as({"SET", key, value});
  }
  return done(call);
}

// --- switches

Outcome debug_set_active_expire(Call& call) {
  call.on.settings.active_expire = base::parse_int64(call.args.next()).value_or(0) != 0;
  return done(call);
}

Outcome debug_quicklist_packed_threshold(Call& call) {
  constexpr uint64_t kTooMuch = uint64_t{4} << 30;
  const auto bytes = base::parse_memory(call.args.next());
  if (!bytes || *bytes >= kTooMuch) {
    return call.fail("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  call.on.keyspace.value_context().list.limits.packed_threshold = *bytes;
  return done(call);
}

Outcome debug_change_repl_id(Call& call) {
  call.on.control.change_replication_id();
  return done(call);
}

// --- answers for those who write clients

void reply_attribute(Call& call) {
  using resp::Kind;
  using resp::Value;
  Value popularity = Value::make_aggregate(Kind::kArray);
  popularity.children.push_back(Value::make_text(Kind::kBulk, "key:123"));
  popularity.children.push_back(Value::make_integer(90));
  Value attribute = Value::make_aggregate(Kind::kAttribute);
  attribute.children.push_back(Value::make_text(Kind::kBulk, "key-popularity"));
  attribute.children.push_back(std::move(popularity));
  attribute.children.push_back(Value::make_text(Kind::kBulk, "Some real reply following the attribute"));
  call.reply.value(attribute);
}

void reply_three(Call& call) {
  for (int64_t i = 0; i < 3; ++i) call.reply.integer(i);
}

Outcome protocol_push(Call& call) {
  if (!call.reply.resp3()) return call.fail("ERR RESP2 is not supported by this command");
  call.reply.push(2);
  call.reply.bulk("server-cpu-usage");
  call.reply.integer(42);
  call.reply.bulk("Some real reply following the push reply");
  return Outcome::kDone;
}

Outcome debug_protocol(Call& call) {
  Args& args = call.args;
  if (args.accept("string")) {
    call.reply.bulk("Hello World");
  } else if (args.accept("integer")) {
    call.reply.integer(12345);
  } else if (args.accept("double")) {
    call.reply.real(3.141);
  } else if (args.accept("null")) {
    call.reply.null();
  } else if (args.accept("array")) {
    call.reply.array(3);
    reply_three(call);
  } else if (args.accept("set")) {
    call.reply.set(3);
    reply_three(call);
  } else if (args.accept("map")) {
    call.reply.map(3);
    for (int64_t i = 0; i < 3; ++i) {
      call.reply.integer(i);
      call.reply.boolean(i == 1);
    }
  } else if (args.accept("attrib")) {
    reply_attribute(call);
  } else if (args.accept("push")) {
    return protocol_push(call);
  } else if (args.accept("verbatim")) {
    call.reply.verbatim("txt", "This is a verbatim\nstring");
  } else if (args.accept("true")) {
    call.reply.boolean(true);
  } else if (args.accept("false")) {
    call.reply.boolean(false);
  } else if (args.accept("bignum")) {
    call.reply.big_number("1234567999999999999999999999999999999");
  } else {
    return call.fail(
        "ERR Wrong protocol type name. Please use one of the following: "
        "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
  }
  return Outcome::kDone;
}

Outcome debug_stringmatch_len(Call& call) {
  const ByteView pattern = call.args.next();
  call.reply.integer(base::glob_match(pattern, call.args.next()) ? 1 : 0);
  return Outcome::kDone;
}

Outcome debug_jmap(Call& call) {
  const base::AllocatorStats stats = base::allocator_stats();
  std::string text = "allocator: " + base::allocator_name() + "\n";
  text += "allocated: " + std::to_string(stats.allocated_bytes) + "\n";
  text += "active: " + std::to_string(stats.active_bytes) + "\n";
  text += "resident: " + std::to_string(stats.resident_bytes) + "\n";
  call.reply.verbatim("txt", text);
  return Outcome::kDone;
}

Outcome debug_help(Call& call);

constexpr size_t kAnyNumber = SIZE_MAX;

struct Subcommand {
  ByteView name;
  size_t least;  // words behind the name
  size_t most;
  exec::Handler handler;
  ByteView arguments;
  ByteView what;
};

// In Redis's COMMAND, too, these are no subcommands but arguments.
constexpr std::array kSubcommands = {
    Subcommand{"CHANGE-REPL-ID", 0, 0, debug_change_repl_id, "", "Takes another replication id."},
    Subcommand{"DIGEST", 0, 0, debug_digest, "", "A fingerprint of all databases."},
    Subcommand{"DIGEST-VALUE", 0, kAnyNumber, debug_digest_value, " [<key> ...]",
               "Fingerprints of the values of keys."},
    Subcommand{"HELP", 0, 0, debug_help, "", "This text."},
    Subcommand{"HTSTATS", 1, 1, debug_htstats, " <dbid>", "Figures of a database's table."},
    Subcommand{"HTSTATS-KEY", 1, 1, debug_htstats_key, " <key>", "Figures of the table a value is held in."},
    Subcommand{"JMAP", 0, 0, debug_jmap, "", "Figures of the memory allocator."},
    Subcommand{"LISTPACK", 1, 1, debug_listpack, " <key>", "Writes a packed value to the server's log."},
    Subcommand{"LOADAOF", 0, kAnyNumber, debug_loadaof, "", "Empties the server and loads its log again."},
    Subcommand{"OBJECT", 1, 1, debug_object, " <key>", "How a value is held."},
    Subcommand{"POPULATE", 1, 3, debug_populate, " <count> [<prefix>] [<size>]",
               "Makes strings under keys that are not taken yet."},
    Subcommand{"PROTOCOL", 1, 1, debug_protocol, " <type>", "A reply of that type."},
    Subcommand{"QUICKLIST-PACKED-THRESHOLD", 1, 1, debug_quicklist_packed_threshold, " <size>",
               "Lets list elements of that size stand alone; 0: as the node size has it."},
    Subcommand{"RELOAD", 0, kAnyNumber, debug_reload, " [NOSAVE]",
               "Writes a snapshot, empties the server and loads it again."},
    Subcommand{"SET-ACTIVE-EXPIRE", 1, 1, debug_set_active_expire, " <0|1>",
               "Lets keys expire by themselves (1), or only when they are met (0)."},
    Subcommand{"SLEEP", 1, 1, debug_sleep, " <seconds>", "Stops the server for a while."},
    Subcommand{"STRINGMATCH-LEN", 2, 2, debug_stringmatch_len, " <pattern> <string>",
               "Whether a glob matches: 1 or 0."},
};

Outcome debug_help(Call& call) {
  call.reply.array(2 * kSubcommands.size() + 1);
  call.reply.status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Subcommand& row : kSubcommands) {
    call.reply.status(Bytes(row.name) + Bytes(row.arguments));
    call.reply.status("    " + Bytes(row.what));
  }
  return Outcome::kDone;
}

Outcome cmd_debug(Call& call) {
  const ByteView name = call.args.next();
  for (const Subcommand& row : kSubcommands) {
    const size_t words = call.args.left();
    if (same_word(name, row.name) && words >= row.least && words <= row.most) return row.handler(call);
  }
  return call.fail(errors::unknown_subcommand_or_arity("DEBUG", name));
}

constexpr CommandSpec kRows[] = {
    {"debug", cmd_debug, at_least(2), no_keys(), kAdmin | kNoscript | kLoading | kStale | kProtected,
     Group::kServer, "1.0.0", "Serves those who test the server or look inside it."},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> debug_commands() {
  return kRows;
}

}  // namespace sluice::commands
