#include "base/counters.h"

#include <doctest/doctest.h>

using sluice::base::RateSampler;

TEST_CASE("RateSampler: a steady counter shows its rate after sixteen samples") {
  RateSampler rate;
  for (int i = 0; i <= 16; ++i) rate.sample(i * 100'000, static_cast<uint64_t>(i) * 50);
  CHECK(rate.per_second() == 500);
}

TEST_CASE("RateSampler: what lies more than sixteen samples back is forgotten") {
  RateSampler rate;
  rate.sample(0, 0);
  rate.sample(100'000, 1'600'000);
  CHECK(rate.per_second() == 1'000'000);
  for (int i = 0; i < 16; ++i) rate.sample(200'000 + i * 100'000, 1'600'000);
  CHECK(rate.per_second() == 0);
}

TEST_CASE("RateSampler: the first sample and a counter set back give no rate") {
  RateSampler rate;
  rate.sample(1'000'000, 1'000'000);
  CHECK(rate.per_second() == 0);
  rate.sample(2'000'000, 5);
  CHECK(rate.per_second() == 0);
  rate.sample(3'000'000, 5 + 16);
  CHECK(rate.per_second() == 1);
}
