// What the loader does where an increment cannot be read on: decide between a torn tail and damage, cut, and
// make what is left durable before anything says that it is.
#include <algorithm>
#include <utility>

#include "aof/file_io.h"
#include "aof/loader.h"

namespace sluice::aof {

using base::Error;
using base::Result;

Result<void> Loader::cut_on(size_t& budget) {
  auto done = tail_cut_->step(std::min(budget, kReadChunk));
  if (!done) return to_error(done.error());
  spend(budget, kReadChunk);
  if (*done) phase_ = Phase::kRead;
  return {};
}

// The process before may have had a sync fail and died: the kernel then shows bytes that are not on disk and
// that no later sync writes. Writing them again makes them dirty again, so that the sync below means what it
// says.
Result<void> Loader::rewrite_on(size_t& budget) {
  uint64_t& at = reading_.unsynced_at;
  const uint64_t left = end_of_part() - at;
  auto bytes = read_exactly(*file_, at, static_cast<size_t>(std::min<uint64_t>(left, kReadChunk)));
  if (!bytes) return to_error(bytes.error());
  if (auto written = write_at(*file_, *bytes, at); !written) return to_error(written.error());
  at += bytes->size();
  spend(budget, bytes->size());
  if (at == end_of_part()) phase_ = Phase::kRead;
  return {};
}

// Counts the tail into the journal, and seals one that stands behind batches of ours, so that from now on
// damage to it is found.
Result<void> Loader::finish_tail() {
  const Reading& r = reading_;
  const uint64_t end = file_offset(r.whole);
  if (!r.tail || end == r.tail_at) return {};
  Annotation numbers;
  numbers.length = end - r.tail_at;
  numbers.synced = *offset_;
  *offset_ += numbers.length;
  numbers.offset = *offset_;
  if (!ours()) return {};
  add_finding(FindingKind::kUnannotated, r.tail_at, numbers.length,
              std::to_string(numbers.length) + " bytes" +
                  " of records without an annotation were loaded: another server appended "
                  "them, or this one was stopped while it wrote");
  if (r.tail_granted || !part().last || !options_.repair) return {};
  // The seal will say that what stands before the tail is on disk, so that must be true before it is written.
  if (auto synced = file_->fdatasync(); !synced) return to_error(synced.error());
  Bytes line;
  append_annotation(line, numbers, ByteView(r.buffer).substr(r.batch, numbers.length),
                    part().header.header.seed);
  if (auto written = write_at(*file_, line, end); !written) return to_error(written.error());
  return {};
}

Result<void> Loader::broken(const std::string& why, Torn torn) {
  if (ours() && !reading_.tail) return broken_batch(why, false);
  const uint64_t at = file_offset(reading_.whole);
  const bool cuttable = part().last && (ours() || torn == Torn::kYes);
  if (cuttable) return cut_at(at, why);
  return damage(at, why);
}

Result<void> Loader::broken_batch(const std::string& why, bool annotated) {
  const LogPart& from = part();
  if (from.limit && *offset_ == *from.limit) return end_at_limit();
  const BreakPoint point{file_offset(reading_.batch), *offset_, from.header.header.seed};
  reading_.why = why;
  reading_.annotated = annotated;
  probe_.emplace(*file_, from.size, point);
  phase_ = Phase::kProbe;
  return {};
}

Result<void> Loader::probe_on(size_t& budget) {
  auto done = probe_->step(std::min(budget, kReadChunk));
  if (!done) return to_error(done.error());
  spend(budget, kReadChunk);
  return *done ? probed() : Result<void>{};
}

Result<void> Loader::probed() {
  Reading& r = reading_;
  const auto synced = probe_->synced();
  const bool gave_up = probe_->gave_up();
  const bool annotated = r.annotated || probe_->own_annotation();
  probe_.reset();
  phase_ = Phase::kRead;
  const uint64_t at = file_offset(r.batch);
  // Synced offsets are ends of batches: one above this batch's beginning covers all of it.
  if (gave_up || (synced && *synced > *offset_)) {
    return damage(at, r.why + ", and it was on disk before: later batches say so");
  }
  if (synced || annotated) {
    if (part().last) return cut_at(at, r.why);
    return damage(at, r.why + ", although increments follow");
  }
  r.tail = true;
  r.tail_at = at;
  r.scan = r.whole = r.batch;
  r.in_group = r.continued = false;
  r.wanted = 0;
  return {};
}

Result<void> Loader::cut_at(uint64_t file_at, const std::string& why) {
  if (!options_.load_truncated) {
    return Error{path() + ": offset " + std::to_string(file_at) + ": " + why +
                 ". With 'aof-load-truncated yes' the file is cut there and the rest kept beside it"};
  }
  reading_.cut = file_at;
  reading_.why = why;
  reading_.ready = static_cast<size_t>(file_at - reading_.buffer_at);
  reading_.ended = true;
  return {};
}

}  // namespace sluice::aof
