#include "script/watchdog.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::script {

Watchdog::Watchdog(const base::Clock& clock, int64_t limit_us, std::function<void()> alarm)
    : clock_(clock), limit_us_(limit_us), alarm_(std::move(alarm)), thread_([this] { loop(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::begin_run(int64_t now_us) {
  begun_us_.store(now_us);
  if (!asleep_.load()) return;
  // Under the lock, lest the thread miss it between its look at begun_us_ and its sleep.
  std::lock_guard<std::mutex> lock(mutex_);
  wake_.notify_one();
}

void Watchdog::loop() {
  constexpr int64_t kShortestNapUs = 1000;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    // Says that it sleeps before it looks, so that a run beginning in between either is seen or wakes it.
    asleep_.store(true);
    wake_.wait(lock, [this] { return stopping_ || begun_us_.load() != kNoRun; });
    asleep_.store(false);
    int64_t begun_us = begun_us_.load();
    if (stopping_ || begun_us == kNoRun) continue;
    int64_t left_us = begun_us + limit_us_ - clock_.monotonic_us();
    if (left_us > 0) {
      wake_.wait_for(lock, std::chrono::microseconds(left_us), [this] { return stopping_; });
      continue;
    }
    alarm_();
    wake_.wait_for(lock, std::chrono::microseconds(std::max(limit_us_, kShortestNapUs)),
                   [this] { return stopping_; });
  }
}

}  // namespace sluice::script
