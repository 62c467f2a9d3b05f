#include "aof/salvage.h"

#include <algorithm>

#include "aof/file_io.h"

namespace sluice::aof {

using base::Result;

Result<void> write_again(base::File& file, uint64_t& at, uint64_t end, size_t most) {
  auto bytes = read_exactly(file, at, static_cast<size_t>(std::min<uint64_t>(end - at, most)));
  if (!bytes) return to_error(bytes.error());
  if (auto written = write_at(file, *bytes, at); !written) return to_error(written.error());
  at += bytes->size();
  return {};
}

Result<void> seal_tail(base::File& file, const Annotation& numbers, base::ByteView tail, uint64_t seed,
                       uint64_t end) {
  if (auto synced = file.fdatasync(); !synced) return to_error(synced.error());
  base::Bytes line;
  append_annotation(line, numbers, tail, seed);
  if (auto written = write_at(file, line, end); !written) return to_error(written.error());
  return {};
}

}  // namespace sluice::aof
