#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::base {

namespace {

constexpr uint64_t kStepBits = 6;  // 64 buckets for each power of two
constexpr uint64_t kSteps = uint64_t{1} << kStepBits;

// Values below 2 * kSteps are their own bucket; above, the top seven bits choose it.
size_t bucket_of(uint64_t value) {
  if (value < 2 * kSteps) return static_cast<size_t>(value);
  const auto shift = static_cast<uint64_t>(std::bit_width(value)) - (kStepBits + 1);
  return static_cast<size_t>(shift * kSteps + (value >> shift));
}

uint64_t last_of(size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const uint64_t shift = bucket / kSteps - 1;
  return ((bucket - shift * kSteps + 1) << shift) - 1;
}

}  // namespace

void Histogram::record(uint64_t value) {
  value = std::min(value, kLargest);
  const size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::reset() {
  *this = Histogram();
}

uint64_t Histogram::percentile(double percent) const {
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const uint64_t wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return std::min(last_of(bucket), max_);
  }
  return max_;
}

uint64_t Histogram::count_up_to(uint64_t value) const {
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size() && last_of(bucket) <= value; ++bucket)
    seen += buckets_[bucket];
  return seen;
}

}  // namespace sluice::base
