// SCAN: walking the keys of a database a page at a time, while it changes.
#include <vector>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/scan_options.h"

namespace sluice::commands {

namespace {

Outcome cmd_scan(Call& call) {
  const uint64_t cursor = scan_cursor(call.args);
  const ScanOptions options = scan_options(call.args, ScanOf::kKeys);
  if (!call.args.ok()) return call.fail(call.args.error());

  // Gathered first: expired keys are removed on the way, and the table must not change under its own walk.
  std::vector<keyspace::Entry*> page;
  const uint64_t next = call.access().db->entries().scan(
      cursor, options.count, [&page](keyspace::Entry* entry) { page.push_back(entry); });

  keyspace::Access quiet = call.access();
  quiet.touch = false;
  reply_scan_cursor(call.reply, next);
  const auto keys = call.reply.begin_array();
  size_t shown = 0;
  for (keyspace::Entry* entry : page) {
    if (!options.shows(entry->key()) || call.on.keyspace.find(quiet, entry->key()) == nullptr) continue;
    if (options.type && !same_word(*options.type, keyspace::type_name(keyspace::type_of(entry->value))))
      continue;
    call.reply.bulk(entry->key());
    ++shown;
  }
  call.reply.end_array(keys, shown);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"scan", cmd_scan, at_least(2), no_keys(), kReadonly, Group::kGeneric, "2.8.0",
     "Shows the keys of the database page by page.", "cursor [MATCH pattern] [COUNT count] [TYPE type@6.0.0]",
     0, "nondeterministic_output request_policy:special"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> scan_commands() {
  return kRows;
}

}  // namespace sluice::commands
