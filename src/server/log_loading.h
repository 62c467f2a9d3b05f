// LogLoading: the log read back at start, slice by slice between turns, each record replayed by the executor
// as a client that nobody sees; or, where there is no log, the snapshot. Owns the loader; knows files only
// through it and through SnapshotLoading.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "aof/first_base.h"
#include "aof/loader.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/client.h"
#include "exec/executor.h"
#include "server/snapshot_loading.h"

namespace sluice::server {

// Read and replayed between two looks at the sockets: so many bytes, and no longer than this, which is looked
// at after each piece. What bytes cost differs a hundredfold, with what they were compressed from and how
// many commands they hold.
inline constexpr size_t kLoadSliceBytes = size_t{1} << 20;
inline constexpr int64_t kLoadSliceUs = 1000;
inline constexpr size_t kLoadPieceBytes = size_t{32} << 10;

class LogLoading final : public aof::LoadSink {
 public:
  struct Parts {
    base::Fs& fs;
    exec::Executor& executor;
    keyspace::Keyspace& keyspace;
    const base::Clock& clock;
    base::Log& log;
  };
  LogLoading(const Parts& parts, const aof::LoaderOptions& options);
  LogLoading(const Parts& parts, std::string snapshot_path);

  // At a start, before the first step(): what is there without a log becomes the base of one, and the time
  // that takes is part of the loading.
  void adopt_first_base(const aof::LogPlace& place, const std::string& snapshot_path);

  // One slice; true when all is loaded. An error is for the operator: the server must not start.
  base::Result<bool> step(size_t budget_bytes = kLoadSliceBytes);
  // Entries of a snapshot count as records. What is copied first counts until all is loaded.
  [[nodiscard]] aof::LoadProgress progress() const;
  // Of a snapshot that was loaded to its end, alone or as a base.
  struct SnapshotKeys {
    uint64_t loaded = 0;
    uint64_t expired = 0;
  };
  [[nodiscard]] const SnapshotKeys& snapshot_keys() const { return snapshot_keys_; }
  [[nodiscard]] bool is_log() const { return loader_.has_value(); }
  // Where the log goes on. REQUIRES: is_log(), step() said true.
  [[nodiscard]] aof::StartPoint take_start() { return std::move(start_); }

  void begin_file() override;
  base::Result<void> apply(std::span<const base::ByteView> words) override;
  base::Result<void> extension(base::ByteView payload) override;
  base::Result<aof::RdbProgress> rdb_base(const aof::RdbBase& rdb, size_t budget_bytes) override;

 private:
  base::Result<bool> piece(size_t bytes);
  base::Result<bool> adopt_piece(size_t bytes);
  base::Result<bool> end_log();
  void report_findings();
  [[nodiscard]] SnapshotLoading::Into into(SnapshotLoading::Expired expired) const;
  base::Result<bool> step_snapshot(size_t bytes);
  base::Result<void> open_snapshot(const std::string& path, SnapshotLoading::Into into);

  const Parts parts_;
  const aof::LoaderOptions options_;
  client::Client client_;
  std::optional<aof::FirstBase> first_base_;
  bool adopting_ = false;
  std::optional<aof::Loader> loader_;
  aof::StartPoint start_;
  std::string snapshot_path_;                  // without a log
  std::unique_ptr<SnapshotLoading> snapshot_;  // it, or the base of the log while that is being read
  SnapshotKeys snapshot_keys_;
  size_t reported_ = 0;
};

}  // namespace sluice::server
