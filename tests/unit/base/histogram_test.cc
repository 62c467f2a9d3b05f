#include "base/histogram.h"

#include <doctest/doctest.h>

#include "base/random.h"

using sluice::base::Histogram;

TEST_CASE("Histogram: empty, it answers zero") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.percentile(99) == 0);
  CHECK(histogram.count_up_to(UINT64_MAX) == 0);
}

TEST_CASE("Histogram: small values are exact") {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  CHECK(histogram.percentile(50) == 50);
  CHECK(histogram.percentile(99) == 99);
  CHECK(histogram.percentile(0) == 1);
  CHECK(histogram.percentile(100) == 100);
  CHECK(histogram.count_up_to(42) == 42);
}

TEST_CASE("Histogram: every value is reported within 1.6 percent and never too small") {
  sluice::base::Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t value = random.next() >> (28 + random.below(36));
    Histogram histogram;
    histogram.record(value);
    histogram.record(Histogram::kLargest);
    const uint64_t shown = histogram.percentile(50);
    REQUIRE(shown >= value);
    REQUIRE(static_cast<double>(shown - value) <= 0.016 * static_cast<double>(value));
    REQUIRE(histogram.count_up_to(shown) >= 1);
  }
}

TEST_CASE("Histogram: values beyond the largest count as the largest") {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  CHECK(histogram.max() == Histogram::kLargest);
  CHECK(histogram.percentile(50) == Histogram::kLargest);
  CHECK(histogram.count_up_to(Histogram::kLargest) == 1);
}

TEST_CASE("Histogram: a percentile never exceeds the largest value recorded") {
  Histogram histogram;
  histogram.record(1'000'003);
  CHECK(histogram.percentile(100) == 1'000'003);
}

TEST_CASE("Histogram: reset forgets everything") {
  Histogram histogram;
  histogram.record(7);
  histogram.reset();
  CHECK(histogram.count() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.count_up_to(10) == 0);
}
