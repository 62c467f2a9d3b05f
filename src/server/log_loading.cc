#include "server/log_loading.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "aof/item.h"

namespace sluice::server {

LogLoading::LogLoading(const Parts& parts, const aof::LoaderOptions& options)
    : parts_(parts), options_(options), client_(0) {
  client_.set(client::kLoader);
  loader_.emplace(parts.fs, options, *this);
}

LogLoading::LogLoading(const Parts& parts, std::string snapshot_path)
    : parts_(parts), client_(0), snapshot_path_(std::move(snapshot_path)) {}

base::Result<bool> LogLoading::step(size_t budget_bytes) {
  parts_.executor.refresh_clock();
  const int64_t end_us = parts_.clock.monotonic_us() + kLoadSliceUs;
  for (;;) {
    const size_t bytes = std::min(budget_bytes, kLoadPieceBytes);
    base::Result<bool> done = piece(bytes);
    if (!done.ok() || *done) return done;
    budget_bytes -= bytes;
    if (budget_bytes == 0 || parts_.clock.monotonic_us() >= end_us) return false;
  }
}

base::Result<bool> LogLoading::piece(size_t bytes) {
  if (adopting_) return adopt_piece(bytes);
  if (loader_) {
    base::Result<bool> done = loader_->step(bytes);
    report_findings();
    if (done.ok() && *done) return end_log();
    if (!done.ok() && first_base_) return first_base_->refuse(done.error());
    return done;
  }
  if (snapshot_ == nullptr) {
    auto opened = open_snapshot(snapshot_path_, into(SnapshotLoading::Expired::kDrop));
    if (!opened.ok()) return opened.error();
  }
  auto done = step_snapshot(bytes);
  if (!done.ok()) return base::Error{snapshot_path_ + ": " + done.error().message};
  return done;
}

void LogLoading::adopt_first_base(const aof::LogPlace& place, const std::string& snapshot_path) {
  first_base_.emplace(parts_.fs, place, snapshot_path);
  adopting_ = true;
}

base::Result<bool> LogLoading::adopt_piece(size_t bytes) {
  const base::Result<bool> done = first_base_->step(bytes);
  if (!done.ok()) return done.error();
  adopting_ = !*done;
  if (*done && first_base_->adopted() == aof::Adopted::kSingleFile) {
    parts_.log.notice("There is no log in parts yet: the log in one file was moved and is its first base");
  } else if (*done && first_base_->adopted() == aof::Adopted::kSnapshot) {
    aof::LoaderOptions options = options_;
    options.manifest = first_base_->to_load();
    loader_.emplace(parts_.fs, std::move(options), *this);
  }
  return false;
}

// All of it is loaded.
base::Result<bool> LogLoading::end_log() {
  start_ = loader_->take_start();
  if (!first_base_) return true;
  if (auto settled = first_base_->settle(start_.manifest); !settled) return settled.error();
  if (first_base_->adopted() == aof::Adopted::kSnapshot) {
    parts_.log.notice("There is no log yet: the snapshot was copied and is its first base");
  }
  first_base_.reset();
  return true;
}

aof::LoadProgress LogLoading::progress() const {
  if (loader_) {
    aof::LoadProgress progress = loader_->progress();
    if (!first_base_) return progress;
    // Before the loader has looked, it is about to load what is copied.
    progress.total_bytes = std::max(progress.total_bytes, first_base_->total_bytes());
    progress.total_bytes += first_base_->total_bytes();
    progress.loaded_bytes += first_base_->copied_bytes();
    return progress;
  }
  if (snapshot_ == nullptr) return {};
  return {snapshot_->loaded_bytes(), snapshot_->total_bytes(), snapshot_->entries(), 0};
}

SnapshotLoading::Into LogLoading::into(SnapshotLoading::Expired expired) const {
  return {parts_.keyspace, expired, parts_.clock.unix_us() / 1000};
}

base::Result<void> LogLoading::open_snapshot(const std::string& path, SnapshotLoading::Into into) {
  auto opened = SnapshotLoading::open(parts_.fs, path, into);
  if (!opened.ok()) return opened.error();
  snapshot_ = std::move(*opened);
  return {};
}

base::Result<bool> LogLoading::step_snapshot(size_t bytes) {
  auto done = snapshot_->step(bytes);
  if (done.ok() && *done) {
    snapshot_keys_ = {snapshot_->entries() - snapshot_->expired(), snapshot_->expired()};
  }
  return done;
}

void LogLoading::report_findings() {
  const auto& findings = loader_->findings();
  for (; reported_ < findings.size(); ++reported_) parts_.log.warning(findings[reported_].text);
}

void LogLoading::begin_file() {
  client_.db = 0;
}

base::Result<void> LogLoading::apply(std::span<const base::ByteView> words) {
  return parts_.executor.replay(client_, words);
}

base::Result<void> LogLoading::extension(base::ByteView payload) {
  std::vector<base::ByteView> words;
  if (!payload.empty()) {
    const aof::Item item = aof::next_item(payload, words);
    if (item.kind == aof::ItemKind::kRecord && item.size == payload.size()) return apply(words);
  }
  return base::Error{"an extension record of a kind this version does not know: '" +
                     std::string(payload.substr(0, 32)) + "'"};
}

base::Result<aof::RdbProgress> LogLoading::rdb_base(const aof::RdbBase& rdb, size_t budget_bytes) {
  if (snapshot_ == nullptr) {
    SnapshotLoading::Into place = into(SnapshotLoading::Expired::kKeep);
    place.more_follows = rdb.log_follows;
    auto opened = open_snapshot(rdb.path, place);
    if (!opened.ok()) return opened.error();
  }
  const auto done = step_snapshot(budget_bytes);
  if (!done.ok()) return done.error();
  const aof::RdbProgress progress{snapshot_->loaded_bytes(), *done};
  if (*done) snapshot_.reset();
  return progress;
}

}  // namespace sluice::server
