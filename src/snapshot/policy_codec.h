// What the groups of a stream do by themselves (types/group_policy.h), as records right behind the stream
// (snapshot/extras.h), one for each group that has a policy. redis-server skips them and keeps the groups,
// which then do nothing by themselves. Knows no key.
//
//   AUX | "sluice-group-policy" | block = group: string | lease: length | deliveries: length | backoff:
//   length
//         | factor: 8 bytes | longest backoff: length | dead letters: string | most of them: length
//         | time to live of consumers: length
//
// Durations are milliseconds. What was delayed stands in records of its own (snapshot/group_codec.h).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/encoder.h"
#include "types/stream.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kPolicyName = "sluice-group-policy";

// All records of a stream.
void encode_policies(const types::Stream& stream, Encoder& out);

// What a block says, done to the stream it belongs to; or why it cannot be. Then the stream is of no use.
[[nodiscard]] base::Result<void> apply_policy(base::ByteView block, types::Stream& stream);

}  // namespace sluice::snapshot
