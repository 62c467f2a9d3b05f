// One value as a string that RESTORE takes back, here or on a redis-server:
//
//   type code | value | what version 10 has no layout for | RDB version: u16 | CRC64 of all before: u64
//
// Both numbers are little-endian. The version is 10; the rest of the value (snapshot/extras.h) stands where
// RESTORE of redis-server looks at nothing.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "keyspace/keyspace.h"
#include "keyspace/value.h"

namespace sluice::snapshot {

[[nodiscard]] base::Bytes dump_value(const keyspace::Value& value, bool compress);

// Whether version and checksum of a payload are sound.
[[nodiscard]] bool is_dump(base::ByteView payload);
// Whether redis-server 7.0 refuses it: for its version, or for a type of value that came later.
// REQUIRES: is_dump(payload).
[[nodiscard]] bool is_newer_dump(base::ByteView payload);
// The value of one; an empty collection is refused, since no key can hold it. REQUIRES: is_dump(payload).
[[nodiscard]] base::Result<keyspace::Value> restore_value(base::ByteView payload,
                                                          keyspace::Keyspace& keyspace);

}  // namespace sluice::snapshot
