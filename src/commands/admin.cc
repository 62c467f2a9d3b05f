// What is done to the server as a whole: TIME DBSIZE FLUSHDB FLUSHALL SWAPDB SHUTDOWN MONITOR
// SLOWLOG.
#include <algorithm>
#include <array>
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"

namespace sluice::commands {

namespace {

constexpr ByteView kShutdownFailed = "ERR Errors trying to SHUTDOWN. Check logs.";

// The unit's own clock: inside EXEC and scripts time stands still.
Outcome cmd_time(Call& call) {
  const int64_t now_us = call.unit().now_us;
  call.reply.array(2);
  call.reply.bulk_integer(now_us / 1'000'000);
  call.reply.bulk_integer(now_us % 1'000'000);
  return Outcome::kDone;
}

Outcome cmd_dbsize(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.access().db->size()));
  return Outcome::kDone;
}

// --- emptying and exchanging databases

// Both words are taken and mean the same: what went is always freed in slices. Latches Redis's error.
void read_flush_mode(Call& call) {
  if (!call.args.accept("ASYNC")) call.args.accept("SYNC");
  call.args.end();
}

Outcome flush_databases(Call& call, int first, int last) {
  read_flush_mode(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  const size_t keys = call.on.executor->flush(call, first, last);
  // An empty database is flushed in the log, too: Redis does so, and a replica may know better.
  call.unit().changes.count_dirty(std::max<size_t>(keys, 1));
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_flushdb(Call& call) {
  return flush_databases(call, call.client.db, call.client.db);
}

Outcome cmd_flushall(Call& call) {
  return flush_databases(call, 0, call.on.keyspace.database_count() - 1);
}

// Latches Redis's error.
int read_swapped(Call& call, ByteView error) {
  const std::optional<int64_t> index = base::parse_int64(call.args.next());
  if (!index || *index < INT32_MIN || *index > INT32_MAX) call.args.latch(error);
  return static_cast<int>(index.value_or(0));
}

Outcome cmd_swapdb(Call& call) {
  const int left = read_swapped(call, "ERR invalid first DB index");
  const int right = read_swapped(call, "ERR invalid second DB index");
  if (!call.args.ok()) return call.fail(call.args.error());
  const int count = call.on.keyspace.database_count();
  if (left < 0 || left >= count || right < 0 || right >= count) return call.fail(errors::kDbIndexOutOfRange);
  call.on.executor->swap(call, left, right);
  call.unit().changes.count_dirty(1);
  call.reply.ok();
  return Outcome::kDone;
}

// --- ending

struct ShutdownWords {
  exec::ShutdownOptions options;
  bool abort = false;
};

// Latches Redis's error.
ShutdownWords read_shutdown(Call& call) {
  ShutdownWords words;
  bool save = false;
  bool no_save = false;
  while (call.args.more() && call.args.ok()) {
    if (call.args.accept("SAVE")) {
      save = true;
    } else if (call.args.accept("NOSAVE")) {
      no_save = true;
    } else if (call.args.accept("NOW")) {
      words.options.now = true;
    } else if (call.args.accept("FORCE")) {
      words.options.force = true;
    } else if (call.args.accept("ABORT")) {
      words.abort = true;
    } else {
      call.args.syntax_error();
    }
  }
  const bool anything = save || no_save || words.options.now || words.options.force;
  if ((save && no_save) || (words.abort && anything)) call.args.syntax_error();
  if (save) words.options.save = exec::ShutdownSave::kSave;
  if (no_save) words.options.save = exec::ShutdownSave::kNoSave;
  return words;
}

// Whoever asked for the shutdown that was taken back learns that it did not happen.
Outcome abort_shutdown(Call& call) {
  if (auto aborted = call.on.control.abort_shutdown(); !aborted) return call.fail(aborted.error().message);
  call.on.clients.for_each([&](client::Client& client) {
    if (client.last_command == "shutdown") call.on.executor->unblock(client, kShutdownFailed);
  });
  call.reply.ok();
  return Outcome::kDone;
}

// The answer to success is the end of the connection.
Outcome cmd_shutdown(Call& call) {
  const ShutdownWords words = read_shutdown(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (words.abort) return abort_shutdown(call);
  if (call.entrance != Entrance::kDirect && !words.options.now) {
    return call.fail("ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client");
  }
  if (call.on.state.script_busy && words.options.save != exec::ShutdownSave::kNoSave) {
    return call.fail(call.on.state.function_busy ? errors::kBusyFunction : errors::kBusyScript);
  }
  if (auto begun = call.on.control.shutdown(words.options); !begun) return call.fail(begun.error().message);
  return call.block_on(Park{});
}

// --- watching

Outcome cmd_monitor(Call& call) {
  if (call.entrance != Entrance::kDirect) {
    return call.fail("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  // Once is enough; Redis does not even answer the second time.
  if (call.client.has(client::kMonitor)) return Outcome::kDone;
  call.on.hub.monitor(call.client);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_slowlog_get(Call& call) {
  constexpr int64_t kDefaultEntries = 10;
  constexpr ByteView kBadCount = "ERR count should be greater than or equal to -1";
  int64_t wanted = kDefaultEntries;
  if (call.args.left() > 1) {
    return call.fail(errors::unknown_subcommand_or_arity("SLOWLOG", call.args.at(1)));
  }
  if (call.args.more()) {
    const std::optional<int64_t> count = base::parse_int64(call.args.next());
    if (!count || *count < -1) return call.fail(kBadCount);
    wanted = *count;
  }
  const auto& entries = call.on.slowlog.entries();
  const size_t shown = wanted == -1 ? entries.size() : std::min(entries.size(), static_cast<size_t>(wanted));
  call.reply.array(shown);
  for (size_t i = 0; i < shown; ++i) {
    const SlowEntry& entry = entries[i];
    call.reply.array(6);
    call.reply.integer(static_cast<int64_t>(entry.id));
    call.reply.integer(entry.time_s);
    call.reply.integer(entry.duration_us);
    call.reply.array(entry.words.size());
    for (const Bytes& word : entry.words) call.reply.bulk(word);
    call.reply.bulk(entry.address);
    call.reply.bulk(entry.client_name);
  }
  return Outcome::kDone;
}

Outcome cmd_slowlog_len(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.on.slowlog.entries().size()));
  return Outcome::kDone;
}

Outcome cmd_slowlog_reset(Call& call) {
  call.on.slowlog.clear();
  call.reply.ok();
  return Outcome::kDone;
}

constexpr uint32_t kSlowlogFlags = kAdmin | kLoading | kStale;
constexpr ByteView kEverywhere = "request_policy:all_shards response_policy:all_succeeded";

constexpr CommandSpec kSlowlogRows[] = {
    {"get", cmd_slowlog_get, at_least(2), no_keys(), kSlowlogFlags, Group::kServer, "2.2.12",
     "Shows the commands that took long, the last one first.", "[count]", 0,
     "request_policy:all_nodes nondeterministic_output"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "6.2.0",
     "Describes the subcommands of SLOWLOG."},
    {"len",
     cmd_slowlog_len,
     exactly(2),
     no_keys(),
     kSlowlogFlags,
     Group::kServer,
     "2.2.12",
     "Counts the commands that took long and are remembered.",
     {},
     0,
     "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {"reset",
     cmd_slowlog_reset,
     exactly(2),
     no_keys(),
     kSlowlogFlags,
     Group::kServer,
     "2.2.12",
     "Forgets the commands that took long.",
     {},
     0,
     "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(rows_are_sound(kSlowlogRows));

constexpr CommandSpec kRows[] = {
    {"dbsize",
     cmd_dbsize,
     exactly(1),
     no_keys(),
     kReadonly | kFast,
     Group::kServer,
     "1.0.0",
     "Counts the keys of the database.",
     {},
     kCatKeyspace,
     "request_policy:all_shards response_policy:agg_sum"},
    {"flushall", cmd_flushall, at_least(1), no_keys(), kWrite, Group::kServer, "1.0.0",
     "Empties every database.", "async[ASYNC@4.0.0|SYNC@6.2.0]", kCatDangerous | kCatKeyspace, kEverywhere},
    {"flushdb", cmd_flushdb, at_least(1), no_keys(), kWrite, Group::kServer, "1.0.0", "Empties the database.",
     "async[ASYNC@4.0.0|SYNC@6.2.0]", kCatDangerous | kCatKeyspace, kEverywhere},
    {"monitor", cmd_monitor, exactly(1), no_keys(), kAdmin | kNoscript | kLoading | kStale, Group::kServer,
     "1.0.0", "Shows every command that the server runs from now on."},
    {"shutdown", cmd_shutdown, at_least(1), no_keys(),
     kAdmin | kNoscript | kLoading | kStale | kNoMulti | kAllowBusy, Group::kServer, "1.0.0",
     "Ends the server once what it owes is safe.", "[NOSAVE|SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]"},
    {"slowlog",
     nullptr,
     at_least(2),
     no_keys(),
     0,
     Group::kServer,
     "2.2.12",
     "Holds the commands about commands that took long.",
     {},
     0,
     {},
     kSlowlogRows},
    {"swapdb", cmd_swapdb, exactly(3), no_keys(), kWrite | kFast, Group::kServer, "4.0.0",
     "Lets two databases change places.", "index1 index2", kCatDangerous | kCatKeyspace},
    {"time",
     cmd_time,
     exactly(1),
     no_keys(),
     kLoading | kStale | kFast,
     Group::kServer,
     "2.6.0",
     "Tells the server's clock.",
     {},
     0,
     "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> admin_commands() {
  return kRows;
}

}  // namespace sluice::commands
