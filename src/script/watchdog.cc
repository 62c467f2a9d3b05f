#include "script/watchdog.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::script {

Watchdog::Watchdog(const base::Clock& clock, int64_t limit_us, std::function<void()> alarm)
    : clock_(clock), alarm_(std::move(alarm)), limit_us_(limit_us), thread_([this] { loop(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::set_limit(int64_t limit_us) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    limit_us_ = limit_us;
    limit_changed_ = true;
  }
  wake_.notify_one();
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
  constexpr int64_t kLongestNapUs =
      3'600'000'000;  // A limit of "never" overflows where time is counted finer.
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    // Says that it sleeps before it looks, so that a run beginning in between either is seen or wakes it.
    asleep_.store(true);
    wake_.wait(lock, [this] { return stopping_ || begun_us_.load() != kNoRun; });
    asleep_.store(false);
    int64_t begun_us = begun_us_.load();
    if (stopping_ || begun_us == kNoRun) continue;
    limit_changed_ = false;
    int64_t left_us = begun_us + limit_us_ - clock_.monotonic_us();
    if (left_us > 0) {
      wake_.wait_for(lock, std::chrono::microseconds(std::min(left_us, kLongestNapUs)),
                     [this] { return stopping_ || limit_changed_; });
      continue;
    }
    alarm_();
    wake_.wait_for(lock, std::chrono::microseconds(std::clamp(limit_us_, kShortestNapUs, kLongestNapUs)),
                   [this] { return stopping_ || limit_changed_; });
  }
}

}  // namespace sluice::script
