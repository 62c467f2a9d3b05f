// What a stream does by itself at the moments that types/delayed_entries knows: entries that are due are
// appended, and those that nobody has read in time go. For the firing of a stream (commands/stream_firing) to
// call; the commands beside it, XADDAT and its kin, are rows.
#pragma once

#include "commands/family.h"
#include "types/stream.h"

namespace sluice::commands {

// A firing appends, or deletes, at most so many entries, and appends no more once it has so many bytes.
inline constexpr size_t kDelayedAtOnce = 64;
inline constexpr size_t kDelayedBytesAtOnce = size_t{64} << 10;

// Does the first of what is over at the time of the unit; nothing when nothing is.
void act_on_delayed(Call& call, ByteView key, Edit<types::Stream>& stream);

}  // namespace sluice::commands
