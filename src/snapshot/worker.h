// Worker: the thread that turns chunks into a file: encodes pinned nodes (compressing, which is most of the
// work), checksums, writes at a limited rate in ranges pushed out as it goes, so that its writeback does not
// hold up the log's, syncs, and puts the file in its place under its final name. It sees owned bytes and
// pinned nodes only: no entries, no clients, no log. One file at a time; between files it deletes what it is
// told to, since unlinking a big file takes as long as reading its map. Runs at nice 19.
//
// The reactor asks with write_file() and remove(), reads state(), and is woken when the queue runs low and
// when a file is done.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "snapshot/chunk_queue.h"

namespace sluice::snapshot {

// Collected before a write, and written out before the kernel is asked to begin with it.
inline constexpr size_t kWriteBytes = size_t{256} << 10;
inline constexpr uint64_t kRangeBytes = uint64_t{4} << 20;

struct FileJob {
  std::string temporary_path;
  std::string final_path;  // in the same directory
  bool new_name = false;   // nothing is there under the final path: a failure leaves nothing there either
  bool compress = true;
  bool checksum = true;
  uint64_t bytes_per_second = 0;  // 0: no limit
};

class Worker {
 public:
  enum class State : uint8_t { kIdle, kWriting, kDone, kFailed };

  // `wake` is called from the worker's thread (or from run_pending); it must be thread-safe.
  Worker(base::Fs& fs, const base::Clock& clock, ChunkQueue& queue, std::function<void()> wake)
      : fs_(fs), clock_(clock), queue_(queue), wake_(std::move(wake)) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Without start() nothing runs until run_pending(). Not before the process has daemonized.
  void start();
  // Gives a file under way up, joins. Safe to call twice.
  void stop();

  // Begins a file: chunks are taken from the queue until one is the last. REQUIRES: state() is kIdle and the
  // queue is empty.
  void write_file(FileJob job);
  // Chunks were pushed.
  void notify() { changed_.notify_one(); }
  // Gives the file under way up: its temporary file goes, queued nodes come back. state() is kFailed soon.
  void cancel();
  // Whether the file is under its final name, durably, or why not. kDone and kFailed last until settle().
  [[nodiscard]] State state() const { return state_.load(std::memory_order_acquire); }
  // The system's words. REQUIRES: kFailed.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] uint64_t written_bytes() const { return written_.load(std::memory_order_relaxed); }
  // Has been told: kIdle again. REQUIRES: kDone or kFailed.
  void settle() { state_.store(State::kIdle, std::memory_order_release); }

  // Deletes files, in time. One that cannot be deleted only takes space.
  void remove(std::vector<std::string> paths);
  [[nodiscard]] bool has_removed_all() const;

  // Everything that can be done now, in the calling thread, as fast as it can; false if there was nothing.
  // REQUIRES: no thread runs.
  bool run_pending();

 private:
  void run();
  bool work_once();
  bool remove_some();
  void open_file();
  base::IoResult<void> take(Chunks& taken);
  void encode_node(const Chunk& chunk);
  base::IoResult<void> flush();
  base::IoResult<void> finish();
  [[nodiscard]] bool rests_until(int64_t due_us);
  void fail(const base::IoError& error);
  void wait(std::unique_lock<std::mutex>& lock);

  base::Fs& fs_;
  const base::Clock& clock_;
  ChunkQueue& queue_;
  std::function<void()> wake_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> unwanted_;  // guarded by mutex_
  bool removing_ = false;              // guarded by mutex_
  std::string failure_;                // guarded by mutex_
  FileJob job_;                        // set while kIdle, then the worker's
  bool stop_ = false;                  // guarded by mutex_
  std::atomic<bool> cancelled_{false};
  std::atomic<State> state_{State::kIdle};
  std::atomic<uint64_t> written_{0};

  // The worker's own.
  std::unique_ptr<base::File> file_;
  base::Bytes buffer_;
  uint64_t checksum_ = 0;
  uint64_t range_start_ = 0;
  int64_t next_write_us_ = 0;
  std::thread thread_;
};

}  // namespace sluice::snapshot
