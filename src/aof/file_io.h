// All or nothing, where base::File may do a part: whole reads and whole writes at a place, for the log's
// reader and writer alike. Borrows the file for the call and owns nothing. Knows no format: what the bytes
// mean is its callers' matter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/fs.h"

namespace sluice::aof {

// Reads exactly `size` bytes at `at`; EIO when the file ends before.
base::IoResult<base::Bytes> read_exactly(base::File& file, uint64_t at, size_t size);
// The same, behind what `into` holds. What it holds behind that after a failure means nothing.
base::IoResult<void> read_more(base::File& file, uint64_t at, size_t size, base::Bytes& into);

// Writes all of `bytes` at `at`. After an error an unknown part of them is in the file.
base::IoResult<void> write_at(base::File& file, base::ByteView bytes, uint64_t at);

[[nodiscard]] inline base::Error to_error(const base::IoError& failure) {
  return base::Error{failure.message};
}

}  // namespace sluice::aof
