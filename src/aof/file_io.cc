#include "aof/file_io.h"

#include <cerrno>

namespace sluice::aof {

using base::Bytes;
using base::ByteView;
using base::IoResult;

IoResult<Bytes> read_exactly(base::File& file, uint64_t at, size_t size) {
  Bytes bytes(size, '\0');
  for (size_t have = 0; have < size;) {
    auto got = file.pread(bytes.data() + have, size - have, at + have);
    if (!got) return got.error();
    if (*got == 0) return base::IoError{EIO, "the file became shorter while it was read"};
    have += *got;
  }
  return bytes;
}

IoResult<void> write_at(base::File& file, ByteView bytes, uint64_t at) {
  while (!bytes.empty()) {
    auto taken = file.pwrite(bytes, at);
    if (!taken) return taken.error();
    bytes.remove_prefix(*taken);
    at += *taken;
  }
  return {};
}

}  // namespace sluice::aof
