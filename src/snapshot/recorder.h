// Recorder: snapshots into files, one at a time: the walker on this side, the worker thread on the other, the
// queue between them. Whoever starts one keeps calling step() between turns, and hears how it ended. A failed
// or cancelled one leaves no file behind. Knows neither what the file is for nor when it is wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/result.h"
#include "keyspace/keyspace.h"
#include "snapshot/chunk_queue.h"
#include "snapshot/walker.h"
#include "snapshot/worker.h"

namespace sluice::snapshot {

class Recorder {
 public:
  // `wake` may be called from another thread: step() has something to do.
  Recorder(keyspace::Keyspace& keyspace, base::Fs& fs, const base::Clock& clock, std::function<void()> wake)
      : walker_(keyspace, queue_), worker_(fs, clock, queue_, std::move(wake)) {}
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Without it nothing is written until run_pending().
  void start_thread() { worker_.start(); }
  // Gives up what is under way.
  void stop_thread() { worker_.stop(); }

  // The keyspace as it is now goes into a file. REQUIRES: !active(), no unit is half done.
  void begin(FileJob job, const FileFacts& facts);
  // A slice of work. True when there is more to do at once; else a wake follows.
  bool step(size_t budget_bytes = kSliceBytes);
  // Until the end was taken, below.
  [[nodiscard]] bool active() const { return active_; }
  // How it ended, once. Success: the file is in its place, durably.
  [[nodiscard]] std::optional<base::Result<void>> take_end();
  // It will end in a failure.
  void cancel();

  // Deletes files on the worker's thread.
  void remove(std::vector<std::string> paths) { worker_.remove(std::move(paths)); }
  [[nodiscard]] bool has_removed_all() const { return worker_.has_removed_all(); }

  [[nodiscard]] const Walker& walker() const { return walker_; }
  [[nodiscard]] uint64_t written_bytes() const { return worker_.written_bytes(); }
  // Held for the snapshot beside the keyspace: what waits for the worker, copies, rings.
  [[nodiscard]] size_t held_bytes() const { return walker_.held_bytes() + queue_.held_bytes(); }

  // The thread's work in this one, until there is none. REQUIRES: no thread.
  bool run_pending() { return worker_.run_pending(); }

 private:
  void unpin_returned();

  ChunkQueue queue_;
  Walker walker_;
  Worker worker_;
  bool active_ = false;
};

}  // namespace sluice::snapshot
