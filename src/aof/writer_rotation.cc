// The part of the Writer that makes increments and bases take each other's place: how an increment begins,
// and how the last one ends; what a rewrite needs, which is a moment between two of them and a new base for
// what lies before it; and the log that has no base of its own before a first rewrite gives it one.
#include <cerrno>
#include <system_error>
#include <utility>

#include "aof/file_io.h"
#include "aof/leftovers.h"
#include "aof/writer.h"
#include "base/check.h"

namespace sluice::aof {

using base::Error;
using base::IoResult;
using base::Result;

// Under number next_seq_, which goes on to one that no file has: whatever is there under a name that the
// manifest lost, or never had, is somebody's.
IoResult<Writer::Increment> Writer::open_increment(uint64_t start, uint32_t db) {
  SLUICE_CHECK(synced_ <= start, "what says that it was on disk before it was written cannot be loaded");
  Increment increment;
  increment.seed = random_.next();
  for (;; ++next_seq_) {
    increment.entry = {options_.place.increment_name(next_seq_), next_seq_};
    auto file = fs_.open(options_.place.path(increment.entry.name),
                         base::kOpenRead | base::kOpenWrite | base::kOpenCreate | base::kOpenExclusive);
    if (!file && file.error().code == EEXIST) continue;
    if (!file) return file.error();
    increment.file = std::move(*file);
    break;
  }
  Bytes header;
  append_header(header, {increment.seed, start, synced_, db});
  if (auto written = write_at(*increment.file, header, 0); !written) {
    abandon(increment);
    return written.error();
  }
  increment.size = header.size();
  return increment;
}

// REQUIRES: no manifest names it, nor may one that a crash finds.
void Writer::abandon(Increment& increment) {
  if (increment.file == nullptr) return;
  (void)fs_.unlink(options_.place.path(increment.entry.name));
  increment = Increment{};
}

Result<void> Writer::start_beside(StartPoint start) {
  SLUICE_CHECK(start.offset > 0, "durable() is below every offset while nothing is durable");
  listed_ = false;
  auto ready = open_first(start);
  if (ready) {
    unlisted_ = {increment_.entry};
    manifest_.unfinished = unfinished();
    ready = write_manifest(fs_, options_.place, manifest_);
  }
  if (ready) return {};
  // At most a header: nobody takes it for more, should it stay behind.
  abandon(increment_);
  return Error{ready.error().message};
}

// The manifest first: where installing a base was tried and failed, the one on disk may name these files.
void Writer::discard() {
  SLUICE_CHECK(!listed_, "a crash would find these files");
  increment_ = Increment{};
  successor_ = Increment{};
  manifest_.unfinished = unfinished();
  if (write_manifest(fs_, options_.place, manifest_).ok()) (void)clear_leftovers(fs_, options_.place);
}

std::vector<std::string> Writer::unfinished() const {
  std::vector<std::string> names;
  for (const ManifestFile& file : unlisted_) names.push_back(file.name);
  if (next_base_) names.push_back(next_base_->name);
  return names;
}

void Writer::prepare_rotation() {
  if (std::exchange(rotating_, true)) return;
  // While a failed sync is being made good, the flusher works for the new increment alone.
  if (state_ != State::kHealthy || written_ == synced_ || flusher_.failed()) return;
  sync_requested_ = written_;
  flusher_.request(increment_.file, written_);
}

// While a sync runs its error would be told to one of two callers only: the other would take it for success.
bool Writer::rotation_ready() const {
  return rotating_ && state_ == State::kHealthy && !flusher_.busy() && !flusher_.failed();
}

Result<uint64_t> Writer::rotate(const ManifestFile& base, int64_t now_us) {
  SLUICE_CHECK(rotation_ready(), "a rotation has to be prepared");
  rotating_ = false;
  next_base_ = base;
  close_batch();
  write_batches();
  if (failure_) {
    retry_at_us_ = now_us + kRetryIntervalUs;
    return Error{*failure_};
  }
  if (auto synced = increment_.file->fdatasync(); !synced) {
    set_failure(State::kSyncFailed, synced.error().code, now_us);
    return Error{synced.error().message};
  }
  synced_ = sync_requested_ = written_;
  drop_released_batches();
  if (auto prepared = prepare_successor(); !prepared) {
    abandon(successor_);
    return Error{prepared.error().message};
  }
  const uint64_t seq = successor_.entry.seq;
  // From here on a crash may find a manifest that names the new increment: nothing may be written to the old
  // one any more, which is what this state means.
  state_ = State::kSwitching;
  switch_manifest(now_us);
  if (failure_) return Error{*failure_};
  return seq;
}

// The name before the manifest: one that survives a power cut must not name a file that did not.
IoResult<void> Writer::prepare_successor() {
  moved_to_.clear();
  auto opened = open_increment(offset_, db_);
  if (!opened) return opened.error();
  successor_ = std::move(*opened);
  if (auto synced = successor_.file->fdatasync(); !synced) return synced;
  return fs_.fsync_dir(options_.place.log_dir());
}

ManifestFile Writer::next_base() const {
  constexpr int kMostTried = 10'000;  // on a disk that fails every name may seem to be taken
  ManifestFile file;
  file.seq = manifest_.base ? manifest_.base->seq : 0;
  for (int tried = 0; tried < kMostTried; ++tried) {
    file.name = options_.place.base_name(++file.seq, true);
    if (!fs_.exists(options_.place.path(file.name))) break;
  }
  return file;
}

IoResult<void> Writer::install_base(const ManifestFile& base, uint64_t from_seq) {
  SLUICE_CHECK(!failure_, "one change of the manifest at a time");
  Manifest next = manifest_;
  if (next.base) next.history.push_back(*next.base);
  next.base = base;
  next.increments.insert(next.increments.end(), unlisted_.begin(), unlisted_.end());
  std::vector<ManifestFile> kept;
  for (ManifestFile& file : next.increments) (file.seq < from_seq ? next.history : kept).push_back(file);
  next.increments = std::move(kept);
  next.unfinished.clear();
  if (auto written = write_manifest(fs_, options_.place, next); !written) return written;
  manifest_ = std::move(next);
  listed_ = true;
  unlisted_.clear();
  next_base_.reset();
  return {};
}

void Writer::forget_history() {
  if (manifest_.history.empty() || failure_) return;
  manifest_.history.clear();
  (void)write_manifest(fs_, options_.place, manifest_);
}

Result<void> Writer::close() {
  take_results(retry_at_us_);
  close_batch();
  if (state_ == State::kHealthy) write_batches();
  if (state_ != State::kHealthy && state_ != State::kProving) recover(retry_at_us_);
  if (state_ == State::kProving) {
    flusher_.request(successor_.file, sync_requested_);  // the thread may have ended before it came to it
    (void)flusher_.run_pending();
    take_results(retry_at_us_);
  }
  if (failure_) {
    // What was asked of the thread before it was stopped may not have been done: to be asked for again.
    if (state_ != State::kSwitching && state_ != State::kProving) sync_requested_ = synced_;
    return Error{*failure_};
  }
  IoResult<void> done = increment_.file->fdatasync();
  if (done) {
    synced_ = written_;
    drop_released_batches();  // should the seal fail, what is synced must not be written again
    // An empty batch whose annotation says that everything before it was synced: from now on damage to the
    // last batch cannot pass for a torn tail.
    Batch seal;
    seal.start = written_;
    done = write_batch(seal, increment_);
    // Behind it there is nothing to come. Filler that stays does no harm.
    if (done) (void)cut_increment();
    if (done) done = increment_.file->fdatasync();
  }
  if (!done) {
    set_failure(State::kSyncFailed, done.error().code, retry_at_us_);
    return Error{done.error().message};
  }
  return {};
}

}  // namespace sluice::aof
