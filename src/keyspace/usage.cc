#include "keyspace/usage.h"

#include <algorithm>

namespace sluice::keyspace {

namespace {

constexpr uint64_t kLongestIdleS = (uint64_t{1} << 30) - 1;  // of 31 bits the half that is past

// From one moment to another on a clock that begins anew after `mask`; the nearer half of it lies ahead,
// which is no time at all.
int64_t elapsed(uint32_t from, uint32_t to, uint32_t mask) {
  const uint32_t passed = (to - from) & mask;
  return passed > mask / 2 ? 0 : passed;
}

}  // namespace

Usage Usage::fresh(const UsageRules& rules, int64_t now_s, const Record& record) {
  if (rules.counts) return of_frequency(record.frequency.value_or(kNewFrequency), now_s);
  const uint64_t idle_s = std::min(record.idle_s.value_or(0), kLongestIdleS);
  return at(now_s - static_cast<int64_t>(idle_s));
}

int64_t Usage::idle_s(int64_t now_s) const {
  if ((bits_ & kCounts) == 0) return elapsed(bits_, static_cast<uint32_t>(now_s), ~kCounts);
  return elapsed(bits_ >> 8 & kMinuteMask, static_cast<uint32_t>(now_s / 60), kMinuteMask) * 60;
}

uint8_t Usage::frequency(const UsageRules& rules, int64_t now_s) const {
  const int64_t counter = (bits_ & kCounts) == 0 ? kNewFrequency : bits_ & 0xff;
  if (rules.decay_minutes == 0) return static_cast<uint8_t>(counter);
  return static_cast<uint8_t>(std::max<int64_t>(counter - idle_s(now_s) / 60 / rules.decay_minutes, 0));
}

Usage Usage::counted(const UsageRules& rules, int64_t now_s, base::Random& random) const {
  const uint8_t before = frequency(rules, now_s);
  const double above_new = std::max(before - kNewFrequency, 0);
  const bool rises = before < UINT8_MAX && random.unit() < 1 / (above_new * rules.log_factor + 1);
  return of_frequency(static_cast<uint8_t>(before + (rises ? 1 : 0)), now_s);
}

uint32_t Usage::clock_s(int64_t now_s) const {
  constexpr uint32_t kClockMask = (uint32_t{1} << 24) - 1;
  return static_cast<uint32_t>(now_s - idle_s(now_s)) & kClockMask;
}

}  // namespace sluice::keyspace
