// Notices a script that runs too long, while the reactor is inside it and can notice nothing: a thread that
// sleeps until the limit of the run in progress and then calls `alarm`, from that thread. A run costs two
// atomic stores; the thread is woken only when it had gone to sleep for want of runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace sluice::script {

class Watchdog {
 public:
  // `clock` outlives the watchdog, and so does what `alarm` touches. `alarm` may come once more just after
  // the run ended.
  Watchdog(const base::Clock& clock, int64_t limit_us, std::function<void()> alarm);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void set_limit(int64_t limit_us);
  void begin_run(int64_t now_us);  // Monotonic time.
  void end_run() { begun_us_.store(kNoRun); }

 private:
  static constexpr int64_t kNoRun = -1;

  void loop();

  const base::Clock& clock_;
  std::function<void()> alarm_;
  std::atomic<int64_t> begun_us_{kNoRun};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // Under mutex_, as the two below.
  int64_t limit_us_;
  bool limit_changed_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace sluice::script
