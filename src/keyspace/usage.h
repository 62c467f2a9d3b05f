// Usage: what an entry remembers of its use, in the four bytes it has for that: when it was used last, or
// how often it is used, as the eviction policy wants to know. One bit tells which, so that neither is ever
// read as the other when the policy changes at run time: a time stands for the frequency of a new key that
// was left alone since, a frequency for the minute of its last use.
//
// The frequency is the logarithmic counter that Redis documents
// (https://redis.io/docs/latest/develop/reference/eviction/): the higher it is the more seldom a use raises
// it, and it sinks with time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"

namespace sluice::keyspace {

// How uses are remembered; the server sets it from the configuration.
struct UsageRules {
  bool counts = false;         // frequencies, not times
  bool recorded = false;       // a policy goes by them: snapshots keep them
  uint32_t log_factor = 10;    // 0: every use counts
  uint32_t decay_minutes = 1;  // after so long it sinks by one; 0: never
};

class Usage {
 public:
  static constexpr uint8_t kNewFrequency = 5;  // So that a new key is not the first to go.

  Usage() = default;
  static Usage at(int64_t now_s) { return Usage(static_cast<uint32_t>(now_s) & ~kCounts); }
  static Usage of_frequency(uint8_t frequency, int64_t now_s) {
    return Usage(kCounts | (static_cast<uint32_t>(now_s / 60) & kMinuteMask) << 8 | frequency);
  }
  // What somebody wrote down of a key elsewhere.
  struct Record {
    std::optional<uint64_t> idle_s;
    std::optional<uint8_t> frequency;
  };
  // Of a key that is created now, or comes back: of its record what the rules can use.
  static Usage fresh(const UsageRules& rules, int64_t now_s, const Record& record = Record());

  // After one more use.
  [[nodiscard]] Usage used(const UsageRules& rules, int64_t now_s, base::Random& random) const {
    return rules.counts ? counted(rules, now_s, random) : at(now_s);
  }
  // Seconds since the last use; 0 if the clock was set back since.
  [[nodiscard]] int64_t idle_s(int64_t now_s) const;
  // What is left of the frequency, 0 to 255.
  [[nodiscard]] uint8_t frequency(const UsageRules& rules, int64_t now_s) const;
  // What Redis shows as the time of the last use, in seconds of its 24-bit clock.
  [[nodiscard]] uint32_t clock_s(int64_t now_s) const;

  bool operator==(const Usage&) const = default;

 private:
  static constexpr uint32_t kCounts = uint32_t{1} << 31;
  static constexpr uint32_t kMinuteMask = (uint32_t{1} << 23) - 1;

  explicit Usage(uint32_t bits) : bits_(bits) {}
  [[nodiscard]] Usage counted(const UsageRules& rules, int64_t now_s, base::Random& random) const;

  // A time: 31 bits of unix seconds. A frequency: kCounts, 23 bits of unix minutes, 8 of the counter.
  uint32_t bits_ = 0;
};

}  // namespace sluice::keyspace
