// Entries of a stream that are to be appended later, and when others go (types/delayed_entries.h), as records
// right behind the stream (snapshot/extras.h), one per node, so that those of a big stream can be written
// while it changes. Knows no key.
//
//   AUX | "sluice-delayed-last"     | block = number of the last arrival: length                    once
//   AUX | "sluice-delayed-block"    | block = id: 16 bytes | listpack, as the stream's own blocks    any
//   number AUX | "sluice-stream-expiries"  | block = (id: 16 bytes | unix milliseconds: 8 bytes), often any
//   number
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/encoder.h"
#include "types/delayed_entries.h"
#include "types/stream.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kDelayedLastName = "sluice-delayed-last";
inline constexpr base::ByteView kDelayedBlockName = "sluice-delayed-block";
inline constexpr base::ByteView kExpiriesName = "sluice-stream-expiries";

// One record each.
void encode_delayed_last(const types::DelayedEntries& delayed, Encoder& out);
void encode_delayed_block(const types::StreamBlock& block, Encoder& out);
void encode_expiry_leaf(const types::PendingLeaf& leaf, Encoder& out);
// All records of a stream; none, where nothing was ever delayed.
void encode_delayed(const types::Stream& stream, Encoder& out);

// What a block says, done to the stream it belongs to; or why it cannot be. Then the stream is of no use.
[[nodiscard]] base::Result<void> apply_delayed_last(base::ByteView block, types::Stream& stream);
[[nodiscard]] base::Result<void> apply_delayed_block(base::ByteView block, types::Stream& stream);
[[nodiscard]] base::Result<void> apply_expiries(base::ByteView block, types::Stream& stream);

}  // namespace sluice::snapshot
