// What version 10 of RDB has no layout for, as AUX fields right behind the value they belong to: redis-server
// skips them in a file, as it skips any bytes behind the value in what RESTORE takes. So it keeps the value
// without them, and we keep both. Each kind has its own codec: snapshot/block_codec,
// snapshot/deadline_codec, snapshot/delayed_codec, snapshot/group_codec, snapshot/policy_codec,
// snapshot/idempotence_codec.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "keyspace/value.h"
#include "snapshot/encoder.h"

namespace sluice::snapshot {

// All fields that belong behind a value; usually none.
void encode_extras(const keyspace::Value& value, Encoder& out);

// Whether an AUX field of this name belongs to the value before it.
[[nodiscard]] bool is_extra(base::ByteView name);
// The same, and it is of a kind that this value can have.
[[nodiscard]] bool is_extra_of(base::ByteView name, const keyspace::Value& value);
// What it says, done to that value, null when there is none; or why it cannot be. REQUIRES: is_extra(name).
[[nodiscard]] base::Result<void> apply_extra(base::ByteView name, base::ByteView block,
                                             keyspace::Value* value);

}  // namespace sluice::snapshot
