#include "base/random.h"

#include <doctest/doctest.h>

namespace sluice::base {

TEST_CASE("Random: the same seed gives the same sequence") {
  Random a(42);
  Random b(42);
  Random c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t x = a.next();
    CHECK(x == b.next());
    differs |= x != c.next();
  }
  CHECK(differs);
}

TEST_CASE("Random: below stays below its bound and reaches every member") {
  Random random(1);
  bool seen[7] = {};
  for (int i = 0; i < 1000; ++i) {
    const uint64_t x = random.below(7);
    REQUIRE(x < 7);
    seen[x] = true;
  }
  for (const bool hit : seen) CHECK(hit);
  CHECK(random.below(1) == 0);
}

TEST_CASE("Random: unit lies in [0, 1)") {
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    const double x = random.unit();
    CHECK(x >= 0.0);
    CHECK(x < 1.0);
  }
}

}  // namespace sluice::base
