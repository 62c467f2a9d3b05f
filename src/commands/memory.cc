// MEMORY USAGE: what one key takes. Values keep count of their bytes, so that nothing is sampled and the
// answer for ten million elements costs as much as for one.
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"

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

constexpr CommandSpec kMemoryRows[] = {
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "4.0.0",
     "Prints this help."},
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
