// Saving: who writes the keyspace out, and when: BGSAVE and save points, the rewrite of the log asked for or
// due, SAVE and the last save of a shutdown. One at a time; what is asked for meanwhile waits its turn. It
// works in slices at the end of turns, where no unit is half done, and keeps what INFO tells of it. Knows no
// connection; the log it rewrites is attached when there is one. A log without a base of its own, which was
// switched on, is rewritten at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aof/rewrite.h"
#include "aof/writer.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/memory.h"
#include "exec/control.h"
#include "exec/stats.h"
#include "keyspace/keyspace.h"
#include "server/options.h"
#include "snapshot/recorder.h"

namespace sluice::server {

// After a failure by itself: the next save point waits so long, the next rewrite twice as long each time.
inline constexpr int64_t kSaveRetryUs = 5'000'000;
inline constexpr int64_t kBaseRetryUs = 5'000'000;  // while a log waits for its first base
inline constexpr int64_t kFirstRewriteRetryUs = 60'000'000;
inline constexpr int64_t kLastRewriteRetryUs = 3'600'000'000;

class Saving {
 public:
  struct Parts {
    keyspace::Keyspace& keyspace;
    base::Fs& fs;
    const base::Clock& clock;
    base::Log& log;
    const base::MemoryMeter& memory;
    exec::Stats& stats;
  };
  // `wake` may be called from another thread: step() has something to do.
  Saving(Parts parts, std::function<void()> wake);
  ~Saving();

  void set_options(SavingOptions options) { options_ = std::move(options); }
  // The worker thread is started with the first snapshot; without one (tests), run_pending() does its work.
  void use_thread() { uses_thread_ = true; }
  bool run_pending() { return recorder_.run_pending(); }

  // The log there is now, with `bytes` on disk from before; until detach_log(). One that is not listed gets
  // a base as soon as can be.
  void attach_log(aof::Writer& writer, const aof::LogPlace& place, uint64_t bytes);
  // Gives a rewrite under way up, and waits for that.
  void detach_log();

  // BGSAVE and BGREWRITEAOF: the status to answer, or the error.
  base::Result<std::string> ask_save(bool schedule);
  base::Result<std::string> ask_rewrite();
  // SAVE: blocks until the file is there, at the pace of the disk. REQUIRES: no value is half changed.
  base::Result<void> save_now();
  // Whether a rewrite is wanted or under way.
  [[nodiscard]] bool rewrites() const { return rewrite_wanted_ || (rewrite_ && rewrite_->active()); }
  // At a start: deletes what killed servers left of snapshots in the directory, and answers its paths.
  // Several servers without a log may share one, so a file is named after the process that writes it.
  std::vector<std::string> clear_temporary();
  // Whether a shutdown saves when it is not told.
  [[nodiscard]] bool saves_at_shutdown() const { return !options_.points.empty(); }
  // A shutdown: what is under way is given up, and that is waited for.
  void give_up();

  // A snapshot was loaded: for facts().
  void note_load(uint64_t keys, uint64_t expired_keys) {
    loaded_keys_ = keys;
    load_expired_keys_ = expired_keys;
  }

  // The end of a turn. `may_take`: no unit is half done. True when there is more to do at once.
  bool step(bool may_take);
  // Ten times a second or so: save points, growth of the log.
  void cron();

  [[nodiscard]] exec::SavingFacts facts() const;
  // Memory held for the one under way, beside the keyspace.
  [[nodiscard]] size_t held_bytes() const { return recorder_.active() ? recorder_.held_bytes() : 0; }
  // Whether writes are refused since the last snapshot failed.
  [[nodiscard]] bool refuses_writes() const {
    return options_.stop_writes_on_error && !options_.points.empty() && !last_save_ok_;
  }

 private:
  void start_thread();
  bool run_pending_here();
  enum class Pace : uint8_t { kLimited, kFull };
  void begin_save(Pace pace);
  void begin_rewrite();
  void end_save(const base::Result<void>& end);
  void end_rewrite(const base::Result<void>& end);
  void wait_for_recorder();
  [[nodiscard]] bool busy() const { return saving_ || (rewrite_ && rewrite_->active()); }
  [[nodiscard]] bool save_point_is_due() const;
  [[nodiscard]] bool rewrite_is_due() const;
  [[nodiscard]] bool base_is_due() const;
  [[nodiscard]] uint64_t log_bytes() const;
  [[nodiscard]] snapshot::FileJob file_job() const;
  // Of a snapshot before it has its own.
  [[nodiscard]] std::string temporary_name(int64_t process) const;
  [[nodiscard]] snapshot::FileFacts file_facts() const;
  [[nodiscard]] int64_t now_s() const { return parts_.clock.unix_us() / 1'000'000; }

  const Parts parts_;
  SavingOptions options_;
  snapshot::Recorder recorder_;
  bool uses_thread_ = false;
  bool thread_runs_ = false;

  bool save_wanted_ = false;
  bool saving_ = false;
  bool save_cancelled_ = false;
  uint64_t changes_at_save_ = 0;
  int64_t save_began_s_ = 0;
  int64_t save_ended_s_ = 0;  // the last that worked, or the start
  int64_t save_took_s_ = -1;
  int64_t next_save_point_us_ = 0;
  bool last_save_ok_ = true;
  uint64_t saves_ = 0;

  uint64_t loaded_keys_ = 0;
  uint64_t load_expired_keys_ = 0;

  aof::Writer* writer_ = nullptr;
  std::unique_ptr<aof::Rewrite> rewrite_;
  bool rewrite_wanted_ = false;
  bool rewrite_given_up_ = false;
  int64_t rewrite_began_s_ = 0;
  int64_t rewrite_took_s_ = -1;
  int64_t next_rewrite_us_ = 0;
  uint64_t rewrite_failures_ = 0;  // in a row
  uint64_t rewrites_ = 0;
  bool last_rewrite_ok_ = true;
  uint64_t older_bytes_ = 0;          // of the log, beside what the writer counts
  uint64_t bytes_after_rewrite_ = 0;  // or at the start
  size_t held_peak_bytes_ = 0;
  size_t last_save_held_bytes_ = 0;
  size_t last_rewrite_held_bytes_ = 0;
};

}  // namespace sluice::server
