// Rates for INFO's instantaneous_* fields: the average over the last sixteen samples of a counter that only
// grows. The server's cron samples; whoever counts keeps the counter itself. One sampler for one counter, not
// shared between threads; knows no name and no unit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace sluice::base {

class RateSampler {
 public:
  static constexpr size_t kSamples = 16;

  // The first call, and one after the counter was reset, only remember where counting starts.
  void sample(int64_t monotonic_us, uint64_t reading) {
    const int64_t elapsed_us = monotonic_us - last_us_;
    if (started_ && reading >= last_reading_ && elapsed_us > 0) {
      const double rate =
          static_cast<double>(reading - last_reading_) * 1e6 / static_cast<double>(elapsed_us);
      samples_[next_] = static_cast<uint64_t>(rate);
      next_ = (next_ + 1) % kSamples;
    }
    started_ = true;
    last_us_ = monotonic_us;
    last_reading_ = reading;
  }

  [[nodiscard]] uint64_t per_second() const {
    return std::accumulate(samples_.begin(), samples_.end(), uint64_t{0}) / kSamples;
  }

 private:
  std::array<uint64_t, kSamples> samples_{};
  size_t next_ = 0;
  int64_t last_us_ = 0;
  uint64_t last_reading_ = 0;
  bool started_ = false;
};

}  // namespace sluice::base
