// What compacting blocks of a stream dropped (types/stream_block.h), as records right behind the stream
// (snapshot/extras.h): it goes on counting toward the end of a block, and the layout of the value tells only
// what is still there. redis-server skips them, and the last block ends later there. Knows no key.
//
//   AUX | "sluice-stream-dropped" | block = (which, from 0 on: length | entries: length | bytes: length) once
//   or more
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "snapshot/encoder.h"
#include "types/stream.h"

namespace sluice::snapshot {

inline constexpr base::ByteView kDroppedName = "sluice-stream-dropped";

// None, where nothing was dropped.
void encode_dropped(const types::Stream& stream, Encoder& out);

// What a record says, done to the stream it belongs to; or why it cannot be. Then the stream is of no use.
[[nodiscard]] base::Result<void> apply_dropped(base::ByteView block, types::Stream& stream);

}  // namespace sluice::snapshot
