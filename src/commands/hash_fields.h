// What commands on hashes share because fields may expire: looking at a hash as it is at this moment, and
// removing what is due before it is changed, as if it had gone in time. Reads and edits the hash that it is
// given; owns nothing, and knows no command.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "exec/call.h"
#include "keyspace/edit.h"
#include "types/live_hash.h"

namespace sluice::commands {

inline types::LiveHash live(const exec::Call& call, const types::Hash& hash) {
  return {hash, call.access().fields_at_ms()};
}

// The hash to read, counted as a hit or a miss; nothing without the key.
base::Result<std::optional<types::LiveHash>, keyspace::Refusal> view_live(exec::Call& call,
                                                                          base::ByteView key);

// Before a command acts on a field by name: if its deadline has come, it goes, and the log is told.
void expire_first(exec::Call& call, keyspace::Edit<types::Hash>& hash, base::ByteView field);

// Tells the log when fields go, which Redis 7.0 has no command for.
void propagate_deadline(exec::Call& call, base::ByteView key, int64_t deadline_ms,
                        std::span<const base::ByteView> fields);
// The same for fields of which each has its own.
using FieldsByDeadline = std::map<int64_t, std::vector<base::Bytes>>;
void propagate_deadlines(exec::Call& call, base::ByteView key, const FieldsByDeadline& fields);

}  // namespace sluice::commands
