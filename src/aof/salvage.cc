#include "aof/salvage.h"

#include <algorithm>

#include "aof/file_io.h"
#include "aof/filler.h"

namespace sluice::aof {

using base::Result;

namespace {

Result<void> end_file_at(base::File& file, uint64_t end) {
  auto size = file.size();
  if (!size) return to_error(size.error());
  base::IoResult<void> ended;
  if (*size > end) ended = file.truncate(end);
  if (ended) ended = file.fdatasync();
  if (!ended) return to_error(ended.error());
  return {};
}

}  // namespace

Result<void> write_again(base::File& file, uint64_t& at, uint64_t end, size_t most) {
  auto bytes = read_exactly(file, at, static_cast<size_t>(std::min<uint64_t>(end - at, most)));
  if (!bytes) return to_error(bytes.error());
  if (auto written = write_at(file, *bytes, at); !written) return to_error(written.error());
  at += bytes->size();
  return {};
}

Result<void> seal_tail(base::File& file, const Annotation& numbers, base::ByteView tail, uint64_t seed,
                       uint64_t end) {
  if (auto ended = end_file_at(file, end); !ended) return ended;
  base::Bytes line;
  append_annotation(line, numbers, tail, seed);
  if (auto written = write_at(file, line, end); !written) return to_error(written.error());
  return {};
}

Result<void> end_file(base::File& file) {
  auto size = file.size();
  if (size) size = filler_begin(file, *size);
  if (!size) return to_error(size.error());
  return end_file_at(file, *size);
}

}  // namespace sluice::aof
