// How an entry comes into a stream, for every way there is: XADD, XADDAT, and what the server appends by
// itself when a moment has come. The log gets the entry under the id it was given, and what a trim took, as
// exact cuts and deletions by id. Which entry it is to be, and why, is the caller's.
#pragma once

#include "base/result.h"
#include "commands/family.h"
#include "commands/stream_trimming.h"
#include "types/stream.h"

namespace sluice::commands {

// What is answered where an entry cannot be added.
[[nodiscard]] ByteView text_of(types::AppendError reason);

struct NewEntry {
  ByteView key;
  types::StreamFields fields;
  const TrimRequest& trim;
};

// The records of the entry that was appended last, and of the trim behind it.
void propagate_entry(Call& call, const NewEntry& entry, const types::Stream& stream,
                     const types::StreamRemoval& removal);
// Commits both.
void commit_entry(Call& call, Edit<types::Stream>& stream, const types::StreamRemoval& removal);

// All of it under the next automatic id, which it returns. When it fails nothing has changed.
[[nodiscard]] base::Result<types::StreamId, types::AppendError> append_entry(Call& call,
                                                                             Edit<types::Stream>& stream,
                                                                             const NewEntry& entry);

}  // namespace sluice::commands
