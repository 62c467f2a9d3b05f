#include "ds/hash_seed.h"

#include <array>
#include <string>
#include <unordered_set>

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

TEST_CASE("HashSeed: the same seed gives the same hashes, another seed others, at every key length") {
  const HashSeed one(1);
  const HashSeed again(1);
  const HashSeed two(2);
  for (size_t length = 0; length < 600; ++length) {
    const std::string key(length, 'k');
    REQUIRE(one.hash(key) == again.hash(key));
    REQUIRE(one.hash(key) != two.hash(key));
  }
}

TEST_CASE("HashSeed: keys that differ little spread over all bits") {
  const HashSeed seed(5);
  std::unordered_set<uint64_t> distinct;
  std::array<int, 64> ones = {};
  constexpr int kKeys = 10000;
  for (int i = 0; i < kKeys; ++i) {
    const uint64_t hash = seed.hash("job:" + std::to_string(i));
    distinct.insert(hash);
    for (size_t bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(hash >> bit & 1);
  }
  CHECK(distinct.size() == kKeys);
  // 10,000 throws of a coin stay within six deviations (50 each) of the mean.
  for (const int count : ones) CHECK(std::abs(count - kKeys / 2) < 300);
}

}  // namespace
}  // namespace sluice::ds
