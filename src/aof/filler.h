// What an increment ends with while every batch is synced: "#\n" over and over, written ahead of the batches,
// which are then written over it. A sync of bytes that are there already has no new length of the file to
// make durable, nor where its blocks are: it is half a sync to ext4 and XFS. Each '#' is at an even offset
// and batches end at even ones, so that redis-server, which skips lines that begin with '#', reads a file
// that a kill left like this, and may append to it. No byte of it counts: a stop cuts it off, a load passes
// it. Knows bytes only; when there is to be some is the Writer's matter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/fs.h"

namespace sluice::aof {

using base::Bytes;
using base::ByteView;

// As much as the increment has of records, but no more than this.
inline constexpr uint64_t kMostFiller = uint64_t{512} * 1024;
// What is written at once may have so many bytes for filler to be worth its own: longer ones use it up too
// soon.
inline constexpr uint64_t kLongestFilled = uint64_t{32} * 1024;
// Bytes of one of its lines: nothing else in a log is as short. To a reader they are a part of what another
// server appended behind them, and nothing if nobody did.
inline constexpr size_t kFillerLine = 2;

// `bytes` ends with "\r\n" and is to stand at file offset `at`: leaves out the "\r" where it would else end
// at an odd offset.
void end_evenly(Bytes& bytes, uint64_t at);

// Puts filler at `at`, which is even, `size` bytes. After an error an unknown part of it is in the file.
[[nodiscard]] base::IoResult<void> write_filler(base::File& file, uint64_t at, uint64_t size);

// Where the filler begins with which the first `size` bytes of `file` end; `size` where there is none. Reads
// no more than the filler, from the back.
[[nodiscard]] base::IoResult<uint64_t> filler_begin(base::File& file, uint64_t size);

// Whether `bytes`, at file offset `at`, are a part of filler.
[[nodiscard]] bool is_filler(ByteView bytes, uint64_t at);

}  // namespace sluice::aof
