#include "aof/file_io.h"

#include <cerrno>

namespace sluice::aof {

using base::Bytes;
using base::ByteView;
using base::IoResult;

IoResult<Bytes> read_exactly(base::File& file, uint64_t at, size_t size) {
  Bytes bytes;
  if (auto read = read_more(file, at, size, bytes); !read) return read.error();
  return bytes;
}

IoResult<void> read_more(base::File& file, uint64_t at, size_t size, Bytes& into) {
  size_t have = into.size();
  into.resize(have + size);
  while (have < into.size()) {
    auto got = file.pread(into.data() + have, into.size() - have, at);
    if (!got) return got.error();
    if (*got == 0) return base::IoError{EIO, "the file became shorter while it was read"};
    have += *got;
    at += *got;
  }
  return {};
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
