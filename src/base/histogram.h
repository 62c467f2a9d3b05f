// Counts of values in log-linear buckets, for latencies: percentiles within 1.6 % at a fixed small cost per
// value. Values are plain numbers; the unit (nanoseconds, mostly) is the owner's. Memory grows with the
// largest value seen, to 16 KiB at most. Not for sharing between threads.
//
//   bucket     0 .. 127    one value each
//   then 64 buckets for each power of two: 128, 130, 132, .. 254 | 256, 260, .. 508 | ..
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::base {

class Histogram {
 public:
  // Larger values are counted as this one: 68 seconds in nanoseconds.
  static constexpr uint64_t kLargest = (uint64_t{1} << 36) - 1;

  void record(uint64_t value);
  void reset();

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t max() const { return max_; }  // exact
  // The largest value of the bucket in which `percent` (0 to 100) of all values are reached, at most max(); 0
  // when nothing was recorded.
  [[nodiscard]] uint64_t percentile(double percent) const;
  // How many values lie in buckets that end at or below `value`.
  [[nodiscard]] uint64_t count_up_to(uint64_t value) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace sluice::base
