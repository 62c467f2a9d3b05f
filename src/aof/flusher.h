// The thread that syncs, so that the reactor does not wait for a disk that is slow; under `always` it makes
// short syncs itself, and learns from the first long one that they no longer are. The thread sees files and
// offsets, nothing else: no entries, no clients. The reactor asks with request(), reads the results whenever
// it likes (they are atomics), and is woken after each sync. While one sync runs, requests pile up into one:
// this is what makes groups of commits by themselves. A failed sync stops everything until restart(): no
// later sync of that file may pass for success, since the kernel has dropped the pages it could not write.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/fs.h"

namespace sluice::aof {

class Flusher {
 public:
  // `wake` is called from the flusher's thread (or from run_pending) after each sync made there; it must be
  // thread-safe. With a clock it knows how long syncs take; without one all are the thread's.
  explicit Flusher(std::function<void()> wake, const base::Clock* clock = nullptr)
      : wake_(std::move(wake)), clock_(clock) {}
  ~Flusher() { stop(); }
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // Without start() what request() asks for waits for run_pending(). Not before the process has daemonized.
  void start();
  // Finishes the sync under way, drops a request not yet begun, joins. Safe to call twice.
  void stop();

  // Sync `file`, which holds the journal up to `offset`. Replaces a request not yet begun. Ignored after a
  // failure.
  void request(std::shared_ptr<base::File> file, uint64_t offset);
  // The same for whoever can tell nobody anything before it is done: while syncs are short it is made here
  // and now, which costs less than two threads waking each other, and answers true, without a wake.
  bool request_or_sync(std::shared_ptr<base::File> file, uint64_t offset);
  // Returns when the sync under way or asked for has ended, or after `max_us`.
  void wait(int64_t max_us) const;
  // One pending sync in the calling thread; false if there was none. REQUIRES: no thread runs.
  bool run_pending();

  // The highest offset whose sync succeeded since restart(); 0 before.
  [[nodiscard]] uint64_t done() const { return done_.load(std::memory_order_acquire); }
  [[nodiscard]] bool failed() const { return failure_code_.load(std::memory_order_acquire) != 0; }
  // errno of the failure, 0 without one.
  [[nodiscard]] int failure_code() const { return failure_code_.load(std::memory_order_acquire); }
  // A sync runs or waits to.
  [[nodiscard]] bool busy() const;

  // Forgets the failure and done(): the next requests are for another file. REQUIRES: !busy().
  void restart();

 private:
  // Above this, or before any was seen, the reactor has better things to do than to wait.
  static constexpr int64_t kShortSyncUs = 3000;

  struct Request {
    std::shared_ptr<base::File> file;
    uint64_t offset = 0;
  };

  void run();
  void sync(const Request& request);

  std::function<void()> wake_;
  const base::Clock* clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  mutable std::condition_variable ended_;
  Request pending_;       // guarded by mutex_
  bool syncing_ = false;  // guarded by mutex_
  bool stop_ = false;     // guarded by mutex_
  // What the last syncs took, longer ones counting at once; guarded by mutex_.
  int64_t usual_us_ = 0;
  bool measured_ = false;  // guarded by mutex_
  std::atomic<uint64_t> done_{0};
  std::atomic<int> failure_code_{0};
  std::thread thread_;
};

}  // namespace sluice::aof
