// The reactor's side of the log. Collects the record bytes of units into a batch, writes the batch with its
// annotation at the end of the turn, asks the flusher to sync as `appendfsync` says, and keeps two
// watermarks: *written* (a crash of the process loses nothing below it) and *synced* (nor does a power cut).
// Batches stay in memory until synced (until written under `no`), so that a disk that fails and comes back
// loses nothing. Owns the open increment and the manifest; everything runs on the reactor, nothing here
// blocks except the few calls that open an increment, and short syncs under `always` (aof/flusher). Knows no
// commands and no clients.
//
// When the disk fails, failure() answers and writes are to be refused:
//   a write failed  -> at tick(): cut the file to its last whole batch, write the rest again
//   a sync failed   -> at tick(): write what is not synced to a new increment, have that synced, switch the
//                      manifest to it, cut the old increment where the new one begins
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aof/flusher.h"
#include "aof/frame.h"
#include "aof/manifest.h"
#include "base/fs.h"
#include "base/random.h"
#include "base/result.h"

namespace sluice::aof {

enum class SyncMode { kAlways, kEverysec, kNo };  // `appendfsync`

// A batch is closed at a unit's end before it grows past this, so that a reader's memory is bounded by this
// or by one unit, whichever is bigger.
inline constexpr size_t kBatchLimit = size_t{16} * 1024 * 1024;
inline constexpr int64_t kSyncIntervalUs = 1'000'000;  // everysec
inline constexpr int64_t kRetryIntervalUs = 500'000;   // between attempts on a failing disk
// Under `always`: how long an increment is before filler is written ahead of its batches (aof/filler).
inline constexpr uint64_t kFilledFromBytes = uint64_t{64} * 1024;
inline constexpr size_t kSpareBuffers = 4;                // batch buffers kept for the next turn
inline constexpr size_t kSpareBufferBytes = 1024 * 1024;  // and how big one may be

struct WriterOptions {
  LogPlace place;
  SyncMode mode = SyncMode::kEverysec;
  size_t retention_limit_bytes = size_t{256} * 1024 * 1024;
  uint64_t filled_from_bytes = kFilledFromBytes;
};

// Where the log goes on: what the loader found, or nothing at a first start.
struct StartPoint {
  Manifest manifest;                   // its history entries are deleted by start()
  std::vector<ManifestFile> obsolete;  // no longer listed: to be deleted, their numbers not used again
  uint64_t offset = 0;                 // journal offset reached, all of it on disk
};

class Writer {
 public:
  Writer(base::Fs& fs, base::Random& random, Flusher& flusher, WriterOptions options);

  // Opens a new increment and makes it, its directory and the manifest durable. Blocks. Where a log is there
  // and the disk is full it succeeds with a failure(), and tick() opens the increment.
  [[nodiscard]] base::Result<void> start(StartPoint start);
  // The log is switched on over data that it does not hold, beside what may be there of an earlier one: opens
  // a new increment that is not part of the log yet. A crash leaves what was there, until install_base() puts
  // a base and the increments behind it in its place. REQUIRES: start.offset is above 0.
  [[nodiscard]] base::Result<void> start_beside(StartPoint start);
  // Whether a crash would find what is written here: true but between start_beside() and install_base().
  [[nodiscard]] bool listed() const { return listed_; }
  // Instead of close(): takes start_beside() back, and what was written since. REQUIRES: !listed(), the
  // flusher's thread is stopped, and no rewrite is at work.
  void discard();

  // Adds a unit's bytes (SELECT, MULTI and EXEC included) and answers the journal offset behind them, the tag
  // for every reply and push the unit made. `db_after` is the database selected once the unit was read: a
  // batch that has to move to a new increment is preceded by what it needs.
  uint64_t append(ByteView unit, uint32_t db_after);
  // Whether anything was, since the end of the last turn.
  [[nodiscard]] bool has_open_batch() const { return current_.length > 0; }
  // Under `always`, while a sync runs: nobody is told of what comes now before the next one, which takes all
  // of it in one write.
  [[nodiscard]] bool gathers() const {
    return mode_ == SyncMode::kAlways && state_ == State::kHealthy && sync_requested_ > synced_ &&
           written_batches_ == batches_.size();
  }
  // What is left to execute when a turn ends. With more of it at hand even a short sync is the thread's.
  enum class Left : uint8_t { kNothing, kMore };
  // Writes what was appended, but not while gathers(). `now_us` is monotonic time, here and below.
  void end_turn(int64_t now_us, Left left = Left::kNothing);
  // The same, whether a sync runs or not: for who reads the log.
  void write_out(int64_t now_us, Left left = Left::kNothing);
  // Somebody waits until the log is synced to `offset`: under everysec that is not left to the second.
  void sync_soon(uint64_t offset, int64_t now_us);
  // Takes the flusher's results and works on recovery. When the flusher woke the loop, and every 100 ms.
  void tick(int64_t now_us);

  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] uint64_t written() const { return written_; }
  [[nodiscard]] uint64_t synced() const { return synced_; }
  // What a power cut leaves: synced(), and nothing as long as a crash would not find it.
  [[nodiscard]] uint64_t durable() const { return listed_ ? synced_ : 0; }
  // Replies tagged up to here may leave.
  [[nodiscard]] uint64_t released() const { return mode_ == SyncMode::kAlways ? synced_ : written_; }

  [[nodiscard]] SyncMode mode() const { return mode_; }
  // Takes effect at the next end_turn or tick; a change to `always` holds only replies tagged afterwards.
  void set_mode(SyncMode mode) { mode_ = mode; }
  // Takes effect at once.
  void set_retention_limit(size_t bytes) { options_.retention_limit_bytes = bytes; }

  // The system's text for what is wrong ("No space left on device"), while something is: for MISCONF.
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
  // Bytes held until they are synced, or written under `no`.
  [[nodiscard]] size_t retained_bytes() const { return retained_bytes_ + current_.length; }
  // Memory that takes, with room to grow.
  [[nodiscard]] size_t memory_bytes() const;
  [[nodiscard]] bool past_retention_limit() const {
    return retained_bytes() > options_.retention_limit_bytes;
  }

  // For a rewrite, which needs a moment between two increments. prepare_rotation() has what is written so far
  // synced and then asks for no further sync; once rotation_ready(), rotate() ends the increment and opens
  // the next one, where everything appended from now on goes. Both are durable when it returns; it blocks for
  // a few syncs of little. The manifest notes `base` as being made. Answers the number of the new increment.
  // An error leaves the log as it was, or with a failure() that tick() works on.
  void prepare_rotation();
  void drop_rotation() { rotating_ = false; }
  [[nodiscard]] bool rotation_ready() const;
  [[nodiscard]] base::Result<uint64_t> rotate(const ManifestFile& base, int64_t now_us);
  // A name for the next base that no file has.
  [[nodiscard]] ManifestFile next_base() const;
  // `base` holds all that the increments before number `from_seq` did, and is on disk: it takes their place.
  // They, and the base before, become history; an error says that a crash may find the old set or the new
  // one, both of which must stay until a later attempt succeeds. REQUIRES: no failure().
  [[nodiscard]] base::IoResult<void> install_base(const ManifestFile& base, uint64_t from_seq);
  // History was deleted. If the manifest cannot be written, the next start forgets it.
  void forget_history();

  // The last turn: writes, syncs and seals with an annotation that says so. Blocks. An error leaves the log
  // as a crash would, with a failure() that tick() works on, should it go on after all. REQUIRES: the
  // flusher's thread is stopped.
  [[nodiscard]] base::Result<void> close();

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] uint64_t increment_bytes() const { return increment_.size; }
  // Of the increments opened since the start that came to their end.
  [[nodiscard]] uint64_t closed_bytes() const { return closed_bytes_; }
  // A sync was wanted but the one before it still ran (`aof_delayed_fsync`).
  [[nodiscard]] uint64_t delayed_syncs() const { return delayed_syncs_; }

 private:
  enum class State {
    kHealthy,
    kWriteFailed,
    kSyncFailed,
    kProving,   // a new increment holds the retained batches and is being synced
    kSwitching  // it is; the manifest could not be switched yet
  };

  struct Batch {
    Bytes bytes;           // records, then the annotation once written
    size_t length = 0;     // of the records
    uint64_t start = 0;    // journal offset of the first byte
    uint64_t file_at = 0;  // where it begins in its increment, once written
    uint32_t db = 0;       // selected when it begins
    size_t counted = 0;    // of its buffer, once closed: in buffer_bytes_

    [[nodiscard]] uint64_t end() const { return start + length; }
  };

  struct Increment {
    std::shared_ptr<base::File> file;
    ManifestFile entry;
    uint64_t seed = 0;
    uint64_t size = 0;     // of the header and the whole batches
    uint64_t fill_at = 0;  // the size at which filler is to be written again
  };

  [[nodiscard]] base::IoResult<void> open_first(StartPoint& start);
  [[nodiscard]] base::Result<void> start_failed(const base::IoError& why);
  [[nodiscard]] std::vector<std::string> unfinished() const;
  [[nodiscard]] base::IoResult<void> prepare_successor();
  void close_batch();
  void count_buffer(Batch& batch);
  void write_batches();
  base::IoResult<void> write_batch(Batch& batch, Increment& increment);
  void fill_ahead(uint64_t written_bytes);
  base::IoResult<void> cut_increment();
  base::IoResult<Increment> open_increment(uint64_t start, uint32_t db);
  void abandon(Increment& increment);
  void want_sync(int64_t now_us, Left left = Left::kNothing);
  void take_results(int64_t now_us);
  void drop_released_batches();
  void recycle(Bytes buffer);
  void set_failure(State state, int code, int64_t now_us);

  void recover(int64_t now_us);
  base::IoResult<void> rewrite_to_new_increment();
  void give_up_new_increment(int code, int64_t now_us);
  void switch_manifest(int64_t now_us);

  base::Fs& fs_;
  base::Random& random_;
  Flusher& flusher_;
  WriterOptions options_;
  SyncMode mode_;

  Manifest manifest_;
  bool listed_ = true;
  std::vector<ManifestFile> unlisted_;     // increments that are not part of the log yet
  std::optional<ManifestFile> next_base_;  // being made
  Increment increment_;
  uint64_t next_seq_ = 1;

  Batch current_;              // what this turn appended
  std::deque<Batch> batches_;  // closed: the first written_batches_ are written but not synced
  size_t written_batches_ = 0;
  size_t retained_bytes_ = 0;
  size_t buffer_bytes_ = 0;  // of all closed batches
  std::vector<Bytes> spare_;

  uint64_t offset_ = 0;
  uint64_t written_ = 0;
  uint64_t synced_ = 0;
  uint32_t db_ = 0;

  uint64_t closed_bytes_ = 0;
  bool rotating_ = false;  // no sync is asked for
  uint64_t sync_requested_ = 0;
  uint64_t sync_awaited_ = 0;  // somebody waits for a sync up to here
  int64_t last_sync_us_ = 0;
  uint64_t delayed_syncs_ = 0;

  State state_ = State::kHealthy;
  std::optional<std::string> failure_;
  int64_t retry_at_us_ = 0;
  Increment successor_;             // while kProving or kSwitching
  std::vector<uint64_t> moved_to_;  // where in it the retained batches begin
};

}  // namespace sluice::aof
