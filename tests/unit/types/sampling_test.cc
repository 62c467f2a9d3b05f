#include "types/sampling.h"

#include <array>

#include <doctest/doctest.h>

namespace sluice::types {

TEST_CASE("SelectionSampler: keeps exactly as many as wanted, each as often as the next") {
  base::Random random(5);
  std::array<int, 10> hits{};
  constexpr int kRounds = 20000;
  for (int round = 0; round < kRounds; ++round) {
    SelectionSampler sampler(hits.size(), 3);
    size_t taken = 0;
    for (int& hit : hits) {
      if (!sampler.take(random)) continue;
      ++hit;
      ++taken;
    }
    REQUIRE(taken == 3);
  }
  for (const int hit : hits) {
    CHECK(hit > kRounds * 3 / 10 * 94 / 100);
    CHECK(hit < kRounds * 3 / 10 * 106 / 100);
  }
}

TEST_CASE("SelectionSampler: all of them, or none") {
  base::Random random(5);
  SelectionSampler all(4, 4);
  SelectionSampler none(4, 0);
  for (int i = 0; i < 4; ++i) {
    CHECK(all.take(random));
    CHECK_FALSE(none.take(random));
  }
}

}  // namespace sluice::types
