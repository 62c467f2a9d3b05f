#include "aof/writer.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "aof/file_io.h"
#include "aof/filler.h"
#include "base/check.h"

namespace sluice::aof {

namespace {

using base::Error;
using base::IoResult;
using base::Result;

}  // namespace

Writer::Writer(base::Fs& fs, base::Random& random, Flusher& flusher, WriterOptions options)
    : fs_(fs), random_(random), flusher_(flusher), options_(std::move(options)), mode_(options_.mode) {}

Result<void> Writer::start(StartPoint start) {
  IoResult<void> begun = open_first(start);
  Manifest next = manifest_;
  if (begun) {
    next.history.clear();
    next.increments.push_back(increment_.entry);
    begun = write_manifest(fs_, options_.place, next);
  }
  if (!begun) return start_failed(begun.error());
  std::swap(manifest_, next);
  // Nobody reads these again; one that stays behind only takes space.
  for (const ManifestFile& file : start.obsolete) (void)fs_.unlink(options_.place.path(file.name));
  for (const ManifestFile& file : next.history) (void)fs_.unlink(options_.place.path(file.name));
  return {};
}

// A full disk is no reason not to serve what was loaded: the log goes on once there is room.
Result<void> Writer::start_failed(const base::IoError& why) {
  // An increment stays where a crash might find it named.
  const bool first = !fs_.exists(options_.place.manifest_path());
  const auto shown = first ? Manifest{} : read_manifest(fs_, options_.place);
  if (shown.ok() && !shown->names(increment_.entry.name)) abandon(increment_);
  const bool full = why.code == ENOSPC || why.code == EDQUOT;
  if (!full || manifest_.empty() || increment_.file != nullptr) return Error{why.message};
  set_failure(State::kSyncFailed, why.code, 0);
  return {};
}

// The first increment, durably, and where counting begins.
IoResult<void> Writer::open_first(StartPoint& start) {
  const LogPlace& place = options_.place;
  auto ready = fs_.mkdir(place.log_dir());
  if (ready) ready = fs_.fsync_dir(place.dir);
  if (!ready) return ready;

  manifest_ = std::move(start.manifest);
  manifest_.unfinished.clear();
  uint64_t taken_seq = manifest_.last_increment_seq();
  for (const Orphan& orphan : find_orphans(fs_, place, manifest_))
    taken_seq = std::max(taken_seq, orphan.seq);
  for (const ManifestFile& file : start.obsolete) taken_seq = std::max(taken_seq, file.seq);
  next_seq_ = taken_seq + 1;
  offset_ = written_ = synced_ = sync_requested_ = current_.start = start.offset;
  auto opened = open_increment(offset_, db_);
  if (!opened) return opened.error();
  increment_ = std::move(*opened);
  ++next_seq_;
  ready = increment_.file->fdatasync();
  // The name of the increment first: a manifest that survives a power cut must not name a file that did not.
  if (ready) ready = fs_.fsync_dir(place.log_dir());
  return ready;
}

uint64_t Writer::append(ByteView unit, uint32_t db_after) {
  if (current_.length > 0 && current_.length + unit.size() > kBatchLimit) close_batch();
  current_.bytes.append(unit);
  current_.length += unit.size();
  offset_ += unit.size();
  db_ = db_after;
  return offset_;
}

void Writer::end_turn(int64_t now_us, Left left) {
  take_results(now_us);
  if (!gathers()) write_out(now_us, left);
}

void Writer::write_out(int64_t now_us, Left left) {
  close_batch();
  if (state_ == State::kHealthy && written_batches_ < batches_.size()) {
    write_batches();
    if (failure_) retry_at_us_ = now_us + kRetryIntervalUs;
  }
  want_sync(now_us, left);
}

void Writer::tick(int64_t now_us) {
  take_results(now_us);
  if (state_ != State::kHealthy && state_ != State::kProving && now_us >= retry_at_us_) recover(now_us);
  want_sync(now_us);
}

void Writer::sync_soon(uint64_t offset, int64_t now_us) {
  sync_awaited_ = std::max(sync_awaited_, offset);
  want_sync(now_us);
}

void Writer::close_batch() {
  if (current_.length == 0) return;
  retained_bytes_ += current_.length;
  batches_.push_back(std::move(current_));
  count_buffer(batches_.back());
  current_ = Batch{};
  if (!spare_.empty()) {
    current_.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  current_.start = batches_.back().end();
  current_.db = db_;
}

// Leaves the batches that could not be written where they are, and the failure noted.
void Writer::write_batches() {
  const uint64_t size_before = increment_.size;
  while (written_batches_ < batches_.size()) {
    Batch& batch = batches_[written_batches_];
    const uint64_t at = increment_.size;
    if (auto done = write_batch(batch, increment_); !done) {
      set_failure(State::kWriteFailed, done.error().code, 0);
      // Part of a batch would be a torn end to whoever starts behind a kill, who has no room to keep it.
      if (!flusher_.busy()) (void)cut_increment();
      break;
    }
    batch.file_at = at;
    written_ = batch.end();
    ++written_batches_;
  }
  fill_ahead(increment_.size - size_before);
  drop_released_batches();
}

// The sync that makes the length durable makes it so for many batches. Filler is no promise: where there is
// no room for it, the file grows as the batches come.
void Writer::fill_ahead(uint64_t written_bytes) {
  if (mode_ != SyncMode::kAlways || failure_ || written_bytes == 0 || written_bytes > kLongestFilled) return;
  if (increment_.size < std::max(increment_.fill_at, options_.filled_from_bytes)) return;
  const uint64_t size = std::min(increment_.size, kMostFiller) & ~uint64_t{1};
  increment_.fill_at = increment_.size + size;
  const auto filled = write_filler(*increment_.file, increment_.size, size);
  if (!filled && !flusher_.busy()) (void)increment_.file->truncate(increment_.size);
}

// What a write left that failed, and filler.
IoResult<void> Writer::cut_increment() {
  increment_.fill_at = increment_.size;
  return increment_.file->truncate(increment_.size);
}

// One write for the records and their annotation. The increment's size moves only if all of it was written,
// so that the next attempt lands on top of what a failed one left.
IoResult<void> Writer::write_batch(Batch& batch, Increment& increment) {
  SLUICE_CHECK(synced_ <= batch.start,
               "what says that it was on disk before it was written cannot be loaded");
  batch.bytes.resize(batch.length);
  Annotation numbers;
  numbers.length = batch.length;
  numbers.offset = batch.end();
  numbers.synced = synced_;
  Bytes line;
  append_annotation(line, numbers, batch.bytes, increment.seed);
  batch.bytes.append(line);
  end_evenly(batch.bytes, increment.size);
  count_buffer(batch);
  if (auto written = write_at(*increment.file, batch.bytes, increment.size); !written) return written;
  increment.size += batch.bytes.size();
  return {};
}

void Writer::want_sync(int64_t now_us, Left left) {
  if (state_ != State::kHealthy && state_ != State::kWriteFailed) return;
  if (rotating_ || mode_ == SyncMode::kNo || written_ <= sync_requested_ || flusher_.failed()) return;
  if (mode_ == SyncMode::kEverysec && sync_awaited_ <= sync_requested_) {
    if (now_us - last_sync_us_ < kSyncIntervalUs) return;
    if (flusher_.busy()) ++delayed_syncs_;
  }
  last_sync_us_ = now_us;
  sync_requested_ = written_;
  if (mode_ == SyncMode::kAlways && left == Left::kNothing) {
    // Nobody is told anything before.
    if (flusher_.request_or_sync(increment_.file, written_)) take_results(now_us);
  } else {
    flusher_.request(increment_.file, written_);
  }
}

void Writer::take_results(int64_t now_us) {
  // The failure is read first: once it is set, done() does not move any more.
  const int failed = flusher_.failure_code();
  const uint64_t done = flusher_.done();
  switch (state_) {
    case State::kHealthy:
    case State::kWriteFailed:
      synced_ = std::max(synced_, done);
      drop_released_batches();
      if (failed != 0) set_failure(State::kSyncFailed, failed, now_us);
      break;
    case State::kProving:
      if (failed != 0) {
        give_up_new_increment(failed, now_us);
      } else if (done >= sync_requested_) {
        switch_manifest(now_us);
      }
      break;
    case State::kSyncFailed:
    case State::kSwitching:
      break;  // what the flusher says is known
  }
}

void Writer::drop_released_batches() {
  while (written_batches_ > 0 && (mode_ == SyncMode::kNo || batches_.front().end() <= synced_)) {
    retained_bytes_ -= batches_.front().length;
    buffer_bytes_ -= batches_.front().counted;
    recycle(std::move(batches_.front().bytes));
    batches_.pop_front();
    --written_batches_;
  }
}

void Writer::count_buffer(Batch& batch) {
  buffer_bytes_ += batch.bytes.capacity() - batch.counted;
  batch.counted = batch.bytes.capacity();
}

size_t Writer::memory_bytes() const {
  size_t bytes = buffer_bytes_ + current_.bytes.capacity();
  for (const Bytes& spare : spare_) bytes += spare.capacity();
  return bytes;
}

void Writer::recycle(Bytes buffer) {
  if (spare_.size() >= kSpareBuffers || buffer.capacity() > kSpareBufferBytes) return;
  buffer.clear();
  spare_.push_back(std::move(buffer));
}

void Writer::set_failure(State state, int code, int64_t now_us) {
  state_ = state;
  failure_ = std::generic_category().message(code);
  retry_at_us_ = now_us + kRetryIntervalUs;
}

void Writer::recover(int64_t now_us) {
  switch (state_) {
    case State::kWriteFailed: {
      // Cutting a file while it is being synced would leave open what that sync covered.
      if (flusher_.busy()) return;
      if (auto cut = cut_increment(); !cut) {
        set_failure(State::kWriteFailed, cut.error().code, now_us);
        return;
      }
      state_ = State::kHealthy;
      failure_.reset();
      write_batches();
      if (failure_) retry_at_us_ = now_us + kRetryIntervalUs;
      break;
    }
    case State::kSyncFailed:
      if (auto moved = rewrite_to_new_increment(); !moved) give_up_new_increment(moved.error().code, now_us);
      break;
    case State::kSwitching:
      switch_manifest(now_us);
      break;
    case State::kHealthy:
    case State::kProving:
      break;
  }
}

IoResult<void> Writer::rewrite_to_new_increment() {
  flusher_.restart();
  moved_to_.clear();
  const bool none = batches_.empty();
  auto opened = none ? open_increment(written_, current_.db)
                     : open_increment(batches_.front().start, batches_.front().db);
  if (!opened) return opened.error();
  successor_ = std::move(*opened);
  for (Batch& batch : batches_) {
    moved_to_.push_back(successor_.size);
    if (auto written = write_batch(batch, successor_); !written) return written;
  }
  // At the beginning of the journal the flusher's word would be no news: it has synced up to 0 already.
  if (none) {
    if (auto synced = successor_.file->fdatasync(); !synced) return synced;
  }
  if (auto durable = fs_.fsync_dir(options_.place.log_dir()); !durable) return durable;
  sync_requested_ = none ? written_ : batches_.back().end();
  flusher_.request(successor_.file, sync_requested_);
  state_ = State::kProving;
  return {};
}

void Writer::give_up_new_increment(int code, int64_t now_us) {
  abandon(successor_);
  set_failure(State::kSyncFailed, code, now_us);
}

void Writer::switch_manifest(int64_t now_us) {
  Manifest next = manifest_;
  if (listed_) next.increments.push_back(successor_.entry);
  next.unfinished = unfinished();
  if (!listed_) next.unfinished.push_back(successor_.entry.name);
  if (auto switched = write_manifest(fs_, options_.place, next); !switched) {
    // Old or new may be what a crash would find; both files are complete, so a loader reads either.
    set_failure(State::kSwitching, switched.error().code, now_us);
    return;
  }
  // Not needed for correctness, since a loader skips by offset; it only keeps the old file from lying about.
  if (increment_.file != nullptr) {
    (void)increment_.file->truncate(written_batches_ > 0 ? batches_.front().file_at : increment_.size);
  }
  manifest_ = std::move(next);
  if (!listed_) unlisted_.push_back(successor_.entry);
  closed_bytes_ += increment_.size;
  increment_ = std::exchange(successor_, Increment{});
  ++next_seq_;
  written_batches_ = moved_to_.size();
  for (size_t i = 0; i < moved_to_.size(); ++i) batches_[i].file_at = moved_to_[i];
  written_ = synced_ = std::max(synced_, sync_requested_);
  state_ = State::kHealthy;
  failure_.reset();
  drop_released_batches();
  write_batches();
  if (failure_) retry_at_us_ = now_us + kRetryIntervalUs;
}

}  // namespace sluice::aof
