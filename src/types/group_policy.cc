#include "types/group_policy.h"

#include <algorithm>
#include <cmath>

namespace sluice::types {

int64_t GroupPolicy::delay_ms(uint64_t deliveries) const {
  if (backoff_ms == 0) return 0;
  const int64_t most_ms = backoff_most_ms == 0 ? kMostPolicyMs : backoff_most_ms;
  const double times = deliveries > 1 ? static_cast<double>(deliveries - 1) : 0;
  const double wanted_ms = static_cast<double>(backoff_ms) * std::pow(backoff_factor, times);
  // It may be infinite.
  return wanted_ms < static_cast<double>(most_ms) ? static_cast<int64_t>(wanted_ms) : most_ms;
}

}  // namespace sluice::types
