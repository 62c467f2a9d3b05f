// GroupPolicy: what a consumer group does by itself (XGROUP SETPOLICY): for how long an entry stays with who
// got it, after how many deliveries it is given up and where it goes then, how long one that failed waits,
// and when a consumer that is not seen any more is removed. All of it is off by default.
//
// Times and durations are milliseconds, 0 standing for none. Plain figures: the group keeps them and answers
// what is due next, whoever owns the clock carries it out.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sluice::types {

// Ten years: longer than anybody waits, and nowhere near the end of time.
inline constexpr int64_t kMostPolicyMs = int64_t{10} * 365 * 24 * 60 * 60 * 1000;
inline constexpr uint64_t kMostPolicyDeliveries = 1'000'000'000;
inline constexpr double kDefaultBackoffFactor = 2;

struct GroupPolicy {
  int64_t lease_ms = 0;         // an entry is released so long after its delivery
  uint64_t max_deliveries = 0;  // with so many, an entry that comes free goes to the dead letters
  int64_t backoff_ms = 0;       // what failed (XNACK FAIL) once is released so much later,
  double backoff_factor = kDefaultBackoffFactor;  // with each further delivery so many times as late,
  int64_t backoff_most_ms = 0;                    // and never later than this
  base::Bytes dead_letters;                       // the key of the stream for them; empty: none
  uint64_t most_dead_letters = 0;                 // how many entries that may have; 0: any number
  int64_t consumer_ttl_ms = 0;                    // a consumer not seen for so long is removed

  bool operator==(const GroupPolicy&) const = default;

  // How long an entry waits that failed after so many deliveries; 0: not at all.
  [[nodiscard]] int64_t delay_ms(uint64_t deliveries) const;
};

}  // namespace sluice::types
