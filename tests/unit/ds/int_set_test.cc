#include "ds/int_set.h"

#include <limits>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::ds {

TEST_CASE("IntSet: keeps members different and ascending") {
  IntSet set;
  CHECK(set.insert(5));
  CHECK(set.insert(-3));
  CHECK_FALSE(set.insert(5));
  CHECK(set.size() == 2);
  CHECK(set.at(0) == -3);
  CHECK(set.at(1) == 5);
  CHECK_FALSE(set.erase(4));
  CHECK(set.erase(-3));
  CHECK_FALSE(set.contains(-3));
}

TEST_CASE("IntSet: widens when a member needs it, and the block says how wide it is") {
  IntSet set;
  set.insert(-7);
  CHECK(set.block() == base::ByteView("\x02\0\0\0\x01\0\0\0\xf9\xff", 10));
  set.insert(70000);
  CHECK(set.block().size() == 8 + 2 * 4);
  CHECK(set.at(0) == -7);
  set.insert(std::numeric_limits<int64_t>::min());
  set.insert(std::numeric_limits<int64_t>::max());
  CHECK(set.block().size() == 8 + 4 * 8);
  CHECK(set.at(0) == std::numeric_limits<int64_t>::min());
  CHECK(set.at(1) == -7);
  CHECK(set.at(2) == 70000);
  CHECK(set.at(3) == std::numeric_limits<int64_t>::max());
}

TEST_CASE("IntSet: agrees with std::set under random changes") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    base::Random random(seed);
    IntSet set;
    std::set<int64_t> model;
    for (int step = 0; step < 6000; ++step) {
      const auto bits = static_cast<unsigned>(64 - 8 - random.below(step < 3000 ? 8 : 56));
      const auto value = static_cast<int64_t>(random.next()) >> bits;
      if (random.below(3) != 0) {
        REQUIRE(set.insert(value) == model.insert(value).second);
      } else {
        REQUIRE(set.erase(value) == (model.erase(value) == 1));
      }
      REQUIRE(set.contains(value) == (model.count(value) == 1));
      REQUIRE(set.size() == model.size());
    }
    std::vector<int64_t> members;
    for (size_t i = 0; i < set.size(); ++i) members.push_back(set.at(i));
    CHECK(members == std::vector<int64_t>(model.begin(), model.end()));
    while (!set.empty()) set.erase(set.at(set.size() / 2));
    CHECK(set.memory_bytes() <= 16);
  }
}

TEST_CASE("IntSet: a block from outside is copied if it is laid out right, and refused if not") {
  IntSet set;
  for (const int64_t value : {-5, 3, 70'000}) set.insert(value);
  const base::Bytes block(set.block());
  const auto copy = IntSet::checked_copy(block);
  REQUIRE(copy);
  CHECK(copy->block() == block);
  CHECK(copy->contains(70'000));
  for (size_t size = 0; size < block.size(); ++size) CHECK_FALSE(IntSet::checked_copy(block.substr(0, size)));
  base::Bytes disorder = block;
  disorder[8] = 100;
  disorder[11] = 1;
  CHECK_FALSE(IntSet::checked_copy(disorder));
  base::Bytes odd_width = block;
  odd_width[0] = 3;
  CHECK_FALSE(IntSet::checked_copy(odd_width));
}

}  // namespace sluice::ds
