#include "snapshot/recorder.h"

#include <utility>

#include "base/check.h"

namespace sluice::snapshot {

Recorder::~Recorder() {
  if (active_) cancel();
  worker_.stop();
  queue_.discard();
  unpin_returned();
}

void Recorder::begin(FileJob job, const FileFacts& facts) {
  SLUICE_CHECK(!active_, "one snapshot at a time");
  active_ = true;
  worker_.write_file(std::move(job));
  walker_.begin(facts);
}

bool Recorder::step(size_t budget_bytes) {
  unpin_returned();
  if (!walker_.active()) return false;
  if (worker_.state() == Worker::State::kFailed) walker_.give_up();
  const Walker::Progress progress = walker_.step(budget_bytes);
  worker_.notify();
  return progress == Walker::Progress::kMore;
}

std::optional<base::Result<void>> Recorder::take_end() {
  const Worker::State state = worker_.state();
  const bool over = state == Worker::State::kDone || state == Worker::State::kFailed;
  if (!active_ || walker_.active() || !over) return std::nullopt;
  base::Result<void> end;
  if (state == Worker::State::kFailed) {
    end = base::Error{worker_.failure()};
    queue_.discard();  // what was handed on after the worker had failed
  }
  unpin_returned();
  worker_.settle();
  active_ = false;
  return end;
}

void Recorder::cancel() {
  walker_.give_up();
  worker_.cancel();
}

void Recorder::unpin_returned() {
  for (const Chunk& chunk : queue_.take_returned()) {
    if (chunk.node.header != nullptr) unpin(chunk.node);
  }
}

}  // namespace sluice::snapshot
