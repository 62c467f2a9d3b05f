#include "snapshot/worker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/process.h"
#include "snapshot/crc64.h"
#include "snapshot/delayed_codec.h"
#include "snapshot/value_codec.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

namespace {

constexpr int64_t kUsPerSecond = 1'000'000;

}  // namespace

void Worker::start() {
  SLUICE_CHECK(!thread_.joinable(), "one thread per worker");
  stop_ = false;
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (state() == State::kWriting) {
    cancelled_.store(true);
    (void)work_once();
  }
}

void Worker::write_file(FileJob job) {
  SLUICE_CHECK(state() == State::kIdle, "one file at a time");
  job_ = std::move(job);
  cancelled_.store(false);
  written_.store(0);
  {
    const std::lock_guard lock(mutex_);
    state_.store(State::kWriting, std::memory_order_release);
  }
  notify();
}

void Worker::cancel() {
  {
    const std::lock_guard lock(mutex_);  // a worker that is about to rest must not miss it
    cancelled_.store(true);
  }
  notify();
}

std::string Worker::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Worker::remove(std::vector<std::string> paths) {
  {
    const std::lock_guard lock(mutex_);
    for (std::string& path : paths) unwanted_.push_back(std::move(path));
  }
  notify();
}

void Worker::run() {
  base::lower_thread_priority();
  while (true) {
    while (work_once()) {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    std::unique_lock lock(mutex_);
    if (stop_) return;
    wait(lock);
  }
}

// Pushing to the queue notifies without this mutex, so a notice can be missed; the limit makes that harmless.
void Worker::wait(std::unique_lock<std::mutex>& lock) {
  constexpr auto kLongestWait = std::chrono::milliseconds(20);
  if (state() == State::kWriting) {
    changed_.wait_for(lock, kLongestWait);
  } else {
    changed_.wait(lock, [this] { return stop_ || !unwanted_.empty() || state() == State::kWriting; });
  }
}

bool Worker::run_pending() {
  SLUICE_CHECK(!thread_.joinable(), "the thread does this by itself");
  bool any = false;
  while (work_once()) any = true;
  return any;
}

// One chunk, or whatever else there is to do. False: nothing.
bool Worker::work_once() {
  if (state() != State::kWriting) return remove_some();
  if (cancelled_.load()) {
    fail(base::io_error(ECANCELED, "write", job_.temporary_path));
    return true;
  }
  Chunks taken;
  const bool was_high = queue_.queued_bytes() >= kQueuedBytes / 2;
  if (!queue_.pop(taken)) return false;
  if (!file_) open_file();
  if (state() != State::kWriting) {
    queue_.give_back(taken);
    queue_.discard();
    return true;
  }
  const base::IoResult<void> done = take(taken);
  if (!done) {
    fail(done.error());
  } else if (was_high && queue_.queued_bytes() < kQueuedBytes / 2) {
    wake_();
  }
  return true;
}

bool Worker::remove_some() {
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    if (unwanted_.empty()) return false;
    path = std::move(unwanted_.back());
    unwanted_.pop_back();
    removing_ = true;
  }
  (void)fs_.unlink(path);
  {
    const std::lock_guard lock(mutex_);
    removing_ = false;
    if (!unwanted_.empty()) return true;
  }
  wake_();
  return true;
}

bool Worker::has_removed_all() const {
  const std::lock_guard lock(mutex_);
  return unwanted_.empty() && !removing_;
}

void Worker::open_file() {
  buffer_.clear();
  checksum_ = 0;
  range_start_ = 0;
  next_write_us_ = 0;
  auto opened = fs_.open(job_.temporary_path, base::kOpenWrite | base::kOpenCreate | base::kOpenTruncate);
  if (!opened) return fail(opened.error());
  file_ = std::move(*opened);
  // Who may read the file that was there may read this one, and nobody else.
  if (!fs_.exists(job_.final_path)) return;
  if (auto same = fs_.copy_access(job_.final_path, job_.temporary_path); !same) fail(same.error());
}

// The chunk is back before the file can be complete.
base::IoResult<void> Worker::take(Chunks& taken) {
  const Chunk& chunk = taken.front();
  const bool last = chunk.last;
  buffer_.append(chunk.bytes);
  if (chunk.node.header != nullptr) encode_node(chunk);
  queue_.give_back(taken);
  if (buffer_.size() >= kWriteBytes || last) {
    if (auto written = flush(); !written) return written;
  }
  return last ? finish() : base::IoResult<void>{};
}

void Worker::encode_node(const Chunk& chunk) {
  Encoder out(buffer_, job_.compress);
  const ds::NodeHeader& node = *chunk.node.header;
  switch (chunk.node.kind) {
    case NodeKind::kNone:
      break;
    case NodeKind::kListNode:
      encode_list_node(node, chunk.entries, out);
      break;
    case NodeKind::kStreamBlock:
      encode_stream_block(static_cast<const types::StreamBlock&>(node), out);
      break;
    case NodeKind::kPendingLeaf:
      encode_pending_leaf(static_cast<const types::PendingLeaf&>(node), out);
      break;
    case NodeKind::kOwnLeaf:
      encode_own_leaf(static_cast<const types::OwnLeaf&>(node), out);
      break;
    case NodeKind::kDelayedBlock:
      encode_delayed_block(static_cast<const types::StreamBlock&>(node), out);
      break;
    case NodeKind::kExpiryLeaf:
      encode_expiry_leaf(static_cast<const types::PendingLeaf&>(node), out);
      break;
  }
}

base::IoResult<void> Worker::flush() {
  if (job_.checksum) checksum_ = crc64(checksum_, buffer_);
  if (auto written = base::write_all(*file_, buffer_); !written) return written;
  const uint64_t total = written_.fetch_add(buffer_.size()) + buffer_.size();
  if (total - range_start_ >= kRangeBytes) {
    // The range before this one is waited for, so that never more than two of them are dirty.
    const uint64_t before = range_start_ < kRangeBytes ? 0 : range_start_ - kRangeBytes;
    if (auto begun = file_->sync_range(range_start_, total - range_start_, base::Writeback::kStart); !begun)
      return begun;
    if (range_start_ > before) {
      auto out = file_->sync_range(before, range_start_ - before, base::Writeback::kWait);
      if (!out) return out;
    }
    range_start_ = total;
  }
  if (job_.bytes_per_second > 0 && thread_.joinable()) {
    const int64_t now_us = clock_.monotonic_us();
    const int64_t due_us = static_cast<int64_t>(buffer_.size() * kUsPerSecond / job_.bytes_per_second);
    next_write_us_ = std::max(next_write_us_, now_us) + due_us;
    if (!rests_until(next_write_us_)) return base::io_error(ECANCELED, "write", job_.temporary_path);
  }
  buffer_.clear();
  return {};
}

// False when the file is given up: whoever does that waits for it, and a big value may be due in a minute.
bool Worker::rests_until(int64_t due_us) {
  std::unique_lock lock(mutex_);
  const std::chrono::microseconds rest(due_us - clock_.monotonic_us());
  return !changed_.wait_for(lock, rest, [this] { return stop_ || cancelled_.load(); });
}

base::IoResult<void> Worker::finish() {
  Encoder out(buffer_, false);
  encode_checksum(checksum_, out);
  auto done = base::write_all(*file_, buffer_);
  if (done) done = file_->fdatasync();
  if (done) done = file_->close();
  if (done) done = fs_.rename(job_.temporary_path, job_.final_path);
  if (done) {
    done = fs_.fsync_dir(base::directory_of(job_.final_path));
    if (!done && job_.new_name) (void)fs_.unlink(job_.final_path);
  }
  if (!done) return done;
  written_.fetch_add(buffer_.size());
  buffer_ = {};
  file_.reset();
  state_.store(State::kDone, std::memory_order_release);
  wake_();
  return {};
}

void Worker::fail(const base::IoError& error) {
  file_.reset();
  buffer_ = {};
  (void)fs_.unlink(job_.temporary_path);  // it may not even be there
  queue_.discard();
  {
    const std::lock_guard lock(mutex_);
    failure_ = error.message;
  }
  state_.store(State::kFailed, std::memory_order_release);
  wake_();
}

}  // namespace sluice::snapshot
