#include "types/group_policy.h"

#include <limits>

#include <doctest/doctest.h>

namespace sluice::types {

TEST_CASE("GroupPolicy: what failed waits longer with each delivery, up to the most that was set") {
  GroupPolicy policy;
  CHECK(policy.delay_ms(5) == 0);
  policy.backoff_ms = 100;
  CHECK(policy.delay_ms(0) == 100);
  CHECK(policy.delay_ms(1) == 100);
  CHECK(policy.delay_ms(2) == 200);
  CHECK(policy.delay_ms(5) == 1600);
  policy.backoff_most_ms = 1000;
  CHECK(policy.delay_ms(5) == 1000);
  policy.backoff_factor = 1.5;
  CHECK(policy.delay_ms(3) == 225);
  policy.backoff_factor = 1;
  CHECK(policy.delay_ms(1000) == 100);
}

TEST_CASE("GroupPolicy: delays without a bound of their own end at the longest there is") {
  GroupPolicy policy;
  policy.backoff_ms = 1;
  CHECK(policy.delay_ms(UINT64_MAX) == kMostPolicyMs);
  policy.backoff_factor = std::numeric_limits<double>::max();
  CHECK(policy.delay_ms(3) == kMostPolicyMs);
}

}  // namespace sluice::types
