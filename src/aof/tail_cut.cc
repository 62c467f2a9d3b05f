#include "aof/tail_cut.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "aof/file_io.h"
#include "aof/filler.h"

namespace sluice::aof {

namespace {

using base::IoResult;

constexpr size_t kMaxCopy = size_t{1} * 1024 * 1024;

}  // namespace

TailCut::TailCut(base::Fs& fs, base::File& file, std::string path, uint64_t at)
    : fs_(fs), file_(file), path_(std::move(path)), at_(at) {}

// Half a copy on a full disk is one more with each start.
IoResult<bool> TailCut::step(size_t budget_bytes) {
  auto copied = copy_some(budget_bytes);
  if (!copied && copy_) (void)fs_.unlink(copy_path_);
  if (!copied || !*copied) return copied;
  IoResult<void> done = file_.truncate(at_);
  if (done) done = file_.fdatasync();
  if (!done) return done.error();
  return true;
}

IoResult<bool> TailCut::copy_some(size_t budget_bytes) {
  if (!copy_) {
    if (auto opened = open_copy(); !opened) return opened.error();
  }
  const uint64_t left = size_ - at_ - copied_;
  const auto part =
      static_cast<size_t>(std::min<uint64_t>(left, std::clamp<size_t>(budget_bytes, 1, kMaxCopy)));
  auto bytes = read_exactly(file_, at_ + copied_, part);
  if (!bytes) return bytes.error();
  if (auto written = base::write_all(*copy_, *bytes); !written) return written.error();
  copied_ += part;
  if (part < left) return false;
  if (auto finished = finish_copy(); !finished) return finished.error();
  return true;
}

IoResult<void> TailCut::open_copy() {
  auto size = file_.size();
  if (size) size = filler_begin(file_, *size);
  if (!size) return size.error();
  size_ = std::max(*size, at_);
  copy_path_ = path_ + "." + std::to_string(at_) + ".cut";
  // An earlier cut at the same place is not overwritten: it may be the only copy of somebody's jobs.
  constexpr unsigned kNew = base::kOpenWrite | base::kOpenCreate | base::kOpenExclusive;
  auto copy = fs_.open(copy_path_, kNew);
  for (int n = 2; !copy && copy.error().code == EEXIST; ++n) {
    copy_path_ = path_ + "." + std::to_string(at_) + "-" + std::to_string(n) + ".cut";
    copy = fs_.open(copy_path_, kNew);
  }
  if (!copy) return copy.error();
  copy_ = std::move(*copy);
  return {};
}

IoResult<void> TailCut::finish_copy() {
  IoResult<void> done = copy_->fdatasync();
  if (done) done = copy_->close();
  if (done) done = fs_.fsync_dir(base::directory_of(path_));
  return done;
}

}  // namespace sluice::aof
