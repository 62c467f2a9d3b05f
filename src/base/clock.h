// The only source of time. Everything that needs the hour is handed a Clock; tests hand out one they move by
// hand. Two readings, never mixed: unix time (deadlines, ids, TIME) may be stepped by the administrator;
// monotonic time (durations, timeouts of blocked clients, intervals) never goes back.
#pragma once

#include <cstdint>

namespace sluice::base {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual int64_t unix_us() const = 0;
  [[nodiscard]] virtual int64_t monotonic_us() const = 0;
  // Lets that much time pass before it returns: for DEBUG SLEEP.
  virtual void sleep_us(int64_t for_us) const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] int64_t unix_us() const override;
  [[nodiscard]] int64_t monotonic_us() const override;
  void sleep_us(int64_t for_us) const override;
};

// A clock that stands still until it is told to move, or moves by a step after each reading of the monotonic
// time: for code that watches the time by itself. Both readings move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t start_unix_us) : unix_us_(start_unix_us) {}
  [[nodiscard]] int64_t unix_us() const override { return unix_us_; }
  [[nodiscard]] int64_t monotonic_us() const override {
    const int64_t now_us = monotonic_us_;
    advance(step_us_);
    return now_us;
  }
  void sleep_us(int64_t for_us) const override { advance(for_us); }
  void advance_us(int64_t by_us) { advance(by_us); }
  void step_with_each_reading(int64_t step_us) { step_us_ = step_us; }

 private:
  void advance(int64_t by_us) const {
    unix_us_ += by_us;
    monotonic_us_ += by_us;
  }

  mutable int64_t unix_us_;
  mutable int64_t monotonic_us_ = 0;
  int64_t step_us_ = 0;
};

}  // namespace sluice::base
