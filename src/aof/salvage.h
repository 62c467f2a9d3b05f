// What the end of an increment needs before the log may go on behind it. Bytes that the kernel may show
// without having them on disk are written again, and records without an annotation get one. Borrows the open
// file; decides nothing: what is damage, a torn tail or worth keeping, the loader says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "aof/frame.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

// Writes the bytes of the file from `at` to `end` again, at most `most` of them, and moves `at` on. The
// process before may have had a sync fail and died: the kernel then shows bytes that are not on disk and that
// no later sync writes. Writing them again makes them dirty again, so that the next sync means what it says.
base::Result<void> write_again(base::File& file, uint64_t& at, uint64_t end, size_t most);

// Annotates `tail`, records that end at `end` in an increment with this seed. What stands before is synced
// first, since the annotation will say that it is on disk.
base::Result<void> seal_tail(base::File& file, const Annotation& numbers, base::ByteView tail, uint64_t seed,
                             uint64_t end);

// Takes away the filler that the file may end with, and makes the rest durable.
base::Result<void> end_file(base::File& file);

}  // namespace sluice::aof
