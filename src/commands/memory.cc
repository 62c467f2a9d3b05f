// MEMORY: what one key takes (values keep count of their bytes, so that nothing is sampled and the answer for
// ten million elements costs as much as for one), where the rest went, and what the allocator makes of it.
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"
#include "commands/memory_report.h"
#include "script/engine.h"

namespace sluice::commands {

namespace {

// A table's share of one key: its place in a bucket.
constexpr size_t kTableBytesPerKey = sizeof(void*);

Outcome cmd_usage(Call& call) {
  const ByteView key = call.args.key();
  while (call.args.more()) {
    if (!call.args.accept_with("SAMPLES")) return call.fail(errors::kSyntax);
    const int64_t samples = call.args.integer();
    if (!call.args.ok()) return call.fail(call.args.error());
    if (samples < 0) return call.fail(errors::kSyntax);
  }
  keyspace::Access access = call.access();
  access.touch = false;
  const keyspace::Entry* entry = call.on.keyspace.find(access, key);
  if (entry == nullptr) {
    call.reply.null();
  } else {
    call.reply.integer(static_cast<int64_t>(entry->memory_bytes() + keyspace::memory_bytes(entry->value) +
                                            kTableBytesPerKey));
  }
  return Outcome::kDone;
}

void figure(Call& call, ByteView name, uint64_t value) {
  call.reply.bulk(name);
  call.reply.integer(static_cast<int64_t>(value));
}

void figure(Call& call, ByteView name, double value) {
  call.reply.bulk(name);
  call.reply.real(value);
}

double percentage(uint64_t part, uint64_t whole) {
  return ratio(part, whole) * 100;
}

// What the tables of one database take.
void database_figures(Call& call, int index) {
  const keyspace::Database& db = call.on.keyspace.database(index);
  const keyspace::Deadlines& deadlines = call.on.keyspace.deadlines();
  // All databases share one index of deadlines.
  const double share = ratio(db.volatile_size(), deadlines.size());
  call.reply.bulk("db." + std::to_string(index));
  call.reply.map(3);
  figure(call, "overhead.hashtable.main", db.table_bytes());
  figure(call, "overhead.hashtable.expires",
         static_cast<uint64_t>(share * static_cast<double>(deadlines.memory_bytes())));
  figure(call, "overhead.hashtable.slot-to-keys", uint64_t{0});
}

void allocator_figures(Call& call, const MemoryFigures& figures) {
  const base::AllocatorStats& allocator = figures.allocator;
  figure(call, "allocator.allocated", allocator.allocated_bytes);
  figure(call, "allocator.active", allocator.active_bytes);
  figure(call, "allocator.resident", allocator.resident_bytes);
  struct Loss {
    ByteView ratio_name;
    ByteView bytes_name;
    uint64_t above;
    uint64_t below;
  };
  for (const Loss& loss :
       {Loss{"allocator-fragmentation.ratio", "allocator-fragmentation.bytes", allocator.active_bytes,
             allocator.allocated_bytes},
        Loss{"allocator-rss.ratio", "allocator-rss.bytes", allocator.resident_bytes, allocator.active_bytes},
        Loss{"rss-overhead.ratio", "rss-overhead.bytes", figures.resident_bytes, allocator.resident_bytes},
        Loss{"fragmentation", "fragmentation.bytes", figures.resident_bytes, figures.used_bytes}}) {
    figure(call, loss.ratio_name, ratio(loss.above, loss.below));
    call.reply.bulk(loss.bytes_name);
    call.reply.integer(difference(loss.above, loss.below));
  }
}

MemoryFigures ask_for_figures(const Call& call) {
  return memory_figures(call, call.on.control.process_facts(), call.on.control.log_facts());
}

Outcome cmd_stats(Call& call) {
  constexpr size_t kPairsWithoutDatabases = 27;
  const MemoryFigures figures = ask_for_figures(call);
  size_t databases = 0;
  uint64_t keys = 0;
  for (int i = 0; i < call.on.keyspace.database_count(); ++i) {
    const size_t size = call.on.keyspace.database(i).size();
    databases += size > 0 ? 1 : 0;
    keys += size;
  }
  call.reply.map(kPairsWithoutDatabases + databases);
  figure(call, "peak.allocated", figures.peak_bytes);
  figure(call, "total.allocated", figures.used_bytes);
  figure(call, "startup.allocated", figures.startup_bytes);
  figure(call, "replication.backlog", uint64_t{0});
  figure(call, "clients.slaves", uint64_t{0});
  figure(call, "clients.normal", figures.clients_bytes);
  figure(call, "cluster.links", uint64_t{0});
  figure(call, "aof.buffer", figures.log_bytes);
  figure(call, "lua.caches", call.on.scripts.text_bytes());
  figure(call, "functions.caches", uint64_t{0});
  for (int i = 0; i < call.on.keyspace.database_count(); ++i) {
    if (call.on.keyspace.database(i).size() > 0) database_figures(call, i);
  }
  figure(call, "overhead.total", figures.overhead_bytes);
  figure(call, "keys.count", keys);
  figure(call, "keys.bytes-per-key", keys == 0 ? 0 : figures.net_bytes() / keys);
  figure(call, "dataset.bytes", figures.dataset_bytes());
  figure(call, "dataset.percentage", percentage(figures.dataset_bytes(), figures.net_bytes()));
  figure(call, "peak.percentage", percentage(figures.used_bytes, figures.peak_bytes));
  allocator_figures(call, figures);
  return Outcome::kDone;
}

Outcome cmd_doctor(Call& call) {
  const MemoryHabits habits{call.on.clients.size(), call.on.scripts.script_count()};
  call.reply.verbatim("txt", memory_report(ask_for_figures(call), habits));
  return Outcome::kDone;
}

Outcome cmd_malloc_stats(Call& call) {
  const std::string report = base::allocator_report();
  call.reply.verbatim("txt", report.empty() ? "This build's allocator tells nothing of itself." : report);
  return Outcome::kDone;
}

Outcome cmd_purge(Call& call) {
  base::purge_allocator();
  call.reply.ok();
  return Outcome::kDone;
}

constexpr ByteView kOfEachShard = "nondeterministic_output request_policy:all_shards response_policy:special";

constexpr CommandSpec kMemoryRows[] = {
    {"doctor", cmd_doctor, exactly(2), no_keys(), 0, Group::kServer, "4.0.0",
     "Tells what is out of the ordinary with memory, and what to do.", "", 0, kOfEachShard},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "4.0.0",
     "Prints this help."},
    {"malloc-stats", cmd_malloc_stats, exactly(2), no_keys(), 0, Group::kServer, "4.0.0",
     "Shows what the allocator tells of itself.", "", 0, kOfEachShard},
    {"purge", cmd_purge, exactly(2), no_keys(), 0, Group::kServer, "4.0.0",
     "Gives memory that nothing uses back to the system.", "", 0,
     "request_policy:all_shards response_policy:all_succeeded"},
    {"stats", cmd_stats, exactly(2), no_keys(), 0, Group::kServer, "4.0.0",
     "Tells where memory went, in figures.", "", 0, kOfEachShard},
    {"usage", cmd_usage, at_least(3), one_key(2, kKeyRo), kReadonly, Group::kServer, "4.0.0",
     "Tells how many bytes a key takes, value included.", "key [SAMPLES count]"},
};
static_assert(rows_are_sound(kMemoryRows));

constexpr CommandSpec kRows[] = {
    {"memory", nullptr, at_least(2), no_keys(), 0, Group::kServer, "4.0.0", "Tells where memory went.", "", 0,
     "", kMemoryRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> memory_commands() {
  return kRows;
}

}  // namespace sluice::commands
