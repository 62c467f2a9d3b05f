#include "types/sorted_set.h"

#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
using Outcome = AddResult::Outcome;
using Scored = std::pair<double, std::string>;

std::vector<Scored> listed(const SortedSet& set, RankRange range, bool reverse = false) {
  std::vector<Scored> all;
  set.for_each(range, reverse,
               [&](const ds::Element& member, double score) { all.emplace_back(score, str(member)); });
  return all;
}

std::vector<Scored> listed(const SortedSet& set) {
  return listed(set, {0, set.size()});
}

// Rows of the same tests in both forms: a packed set, and one that converted before its first member.
void in_both_forms(void (*test)(SortedSet&)) {
  Fixture fixture;
  SortedSet packed(fixture.context);
  test(packed);
  CHECK(std::string(packed.encoding()) == "listpack");
  fixture.context.sorted_set.max_listpack_entries = 0;
  SortedSet table(fixture.context);
  test(table);
  CHECK(std::string(table.encoding()) == "skiplist");
}

}  // namespace

TEST_CASE("SortedSet: orders by score, then by bytes") {
  in_both_forms([](SortedSet& set) {
    set.add("b", 1);
    set.add("a", 1);
    set.add("10", 1);
    set.add("9", 1);
    set.add("z", -kInf);
    set.add("c", 0.5);
    CHECK(listed(set) ==
          std::vector<Scored>{{-kInf, "z"}, {0.5, "c"}, {1, "10"}, {1, "9"}, {1, "a"}, {1, "b"}});
    CHECK(listed(set, {1, 3}, true) == std::vector<Scored>{{1, "9"}, {1, "10"}, {0.5, "c"}});
    CHECK(set.rank("10") == 2);
    CHECK_FALSE(set.rank("x").has_value());
    CHECK(set.score("c") == 0.5);
  });
}

TEST_CASE("SortedSet: the rules of ZADD") {
  in_both_forms([](SortedSet& set) {
    AddRule nx;
    nx.only_new = true;
    AddRule xx;
    xx.only_existing = true;
    AddRule gt;
    gt.only_greater = true;
    AddRule lt;
    lt.only_less = true;
    CHECK(set.add("m", 5, xx).outcome == Outcome::kRefused);
    CHECK(set.empty());
    CHECK(set.add("m", 5, nx).outcome == Outcome::kAdded);
    CHECK(set.add("m", 6, nx).outcome == Outcome::kRefused);
    CHECK(set.add("m", 5, xx).outcome == Outcome::kUnchanged);
    CHECK(set.add("m", 5, gt).outcome == Outcome::kRefused);
    CHECK(set.add("m", 4, gt).outcome == Outcome::kRefused);
    CHECK(set.add("m", 6, gt).outcome == Outcome::kUpdated);
    CHECK(set.add("m", 7, lt).outcome == Outcome::kRefused);
    CHECK(set.add("m", 2, lt).outcome == Outcome::kUpdated);
    CHECK(set.add("new", 1, gt).outcome == Outcome::kAdded);
    CHECK(set.score("m") == 2);
    CHECK(set.add("m", std::numeric_limits<double>::quiet_NaN()).outcome == Outcome::kNaN);
  });
}

TEST_CASE("SortedSet: increments, and refuses the ones that give no number") {
  in_both_forms([](SortedSet& set) {
    AddRule increment;
    increment.increment = true;
    CHECK(set.add("m", 2.5, increment).score == 2.5);
    const AddResult sum = set.add("m", -4, increment);
    CHECK(sum.outcome == Outcome::kUpdated);
    CHECK(sum.score == -1.5);
    set.add("m", kInf);
    CHECK(set.add("m", -kInf, increment).outcome == Outcome::kNaN);
    CHECK(set.score("m") == kInf);
    increment.only_greater = true;
    CHECK(set.add("m", -1, increment).outcome == Outcome::kRefused);
  });
}

TEST_CASE("SortedSet: ranges by score and by name are ranges of ranks") {
  in_both_forms([](SortedSet& set) {
    for (int i = 1; i <= 5; ++i) set.add(std::string(1, static_cast<char>('a' + i - 1)), i);
    const auto range = [&](double min, double max, bool min_ex, bool max_ex) {
      const RankRange found = set.range_by_score({min, max, min_ex, max_ex});
      return std::make_pair(found.first, found.count);
    };
    CHECK(range(2, 4, false, false) == std::make_pair(size_t{1}, size_t{3}));
    CHECK(range(2, 4, true, true) == std::make_pair(size_t{2}, size_t{1}));
    CHECK(range(-kInf, kInf, false, false).second == 5);
    CHECK(range(4, 2, false, false).second == 0);
    CHECK(range(3, 3, true, false).second == 0);
    CHECK(range(3, 3, false, true).second == 0);
    CHECK(range(9, kInf, false, false).second == 0);
  });
  in_both_forms([](SortedSet& set) {
    for (const char* member : {"a", "b", "c", "d", "12"}) set.add(member, 0);
    using Kind = LexBound::Kind;
    const auto count = [&](LexBound min, LexBound max) { return set.range_by_lex({min, max}).count; };
    const LexBound low{Kind::kLowest, {}};
    const LexBound high{Kind::kHighest, {}};
    CHECK(count(low, high) == 5);
    CHECK(count(high, low) == 0);
    CHECK(count({Kind::kInclusive, "b"}, {Kind::kInclusive, "c"}) == 2);
    CHECK(count({Kind::kExclusive, "b"}, {Kind::kInclusive, "c"}) == 1);
    CHECK(count({Kind::kInclusive, "b"}, {Kind::kExclusive, "c"}) == 1);
    CHECK(count({Kind::kExclusive, "b"}, {Kind::kExclusive, "c"}) == 0);
    CHECK(count({Kind::kInclusive, "aa"}, high) == 3);
    CHECK(count(low, {Kind::kExclusive, "a"}) == 1);
  });
}

TEST_CASE("RankRange: LIMIT counts from the end it is read from") {
  const RankRange range{10, 5};
  const auto limited = [&](size_t offset, size_t limit, bool reverse) {
    const RankRange kept = range.limited(offset, limit, reverse);
    return std::make_pair(kept.first, kept.count);
  };
  CHECK(limited(0, 2, false) == std::make_pair(size_t{10}, size_t{2}));
  CHECK(limited(1, 2, false) == std::make_pair(size_t{11}, size_t{2}));
  CHECK(limited(1, 2, true) == std::make_pair(size_t{12}, size_t{2}));
  CHECK(limited(4, SIZE_MAX, true) == std::make_pair(size_t{10}, size_t{1}));
  CHECK(limited(5, 1, false).second == 0);
}

TEST_CASE("SortedSet: converts past the limits and never back, keeping every score") {
  Fixture fixture;
  fixture.context.sorted_set = {3, 8};
  SortedSet set(fixture.context);
  set.add("a", 0.1);
  set.add("b", 12345678901234567890.0);
  set.add("c", -kInf);
  CHECK(std::string(set.encoding()) == "listpack");
  CHECK(set.add("c", -3).outcome == Outcome::kUpdated);
  CHECK(std::string(set.encoding()) == "listpack");
  set.add("d", kInf);
  CHECK(std::string(set.encoding()) == "skiplist");
  CHECK(listed(set) ==
        std::vector<Scored>{{-3, "c"}, {0.1, "a"}, {12345678901234567890.0, "b"}, {kInf, "d"}});
  set.remove("a");
  set.remove("b");
  CHECK(std::string(set.encoding()) == "skiplist");
  SortedSet long_member(fixture.context);
  long_member.add("123456789", 1);
  CHECK(std::string(long_member.encoding()) == "skiplist");
}

TEST_CASE("SortedSet: agrees with a plain ordered set under random changes, in both forms") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Fixture fixture;
    base::Random random(seed);
    SortedSet set(fixture.context);
    std::map<std::string, double> scores;
    std::set<Scored> order;
    const auto random_score = [&]() -> double {
      switch (random.below(4)) {
        case 0:
          return static_cast<double>(random.below(20));
        case 1:
          return static_cast<double>(random.below(1000)) / 7 - 50;
        case 2:
          return 1e17 * random.unit();
        default:
          return random.below(2) == 0 ? kInf : -kInf;
      }
    };
    const auto forget = [&](const std::string& member) {
      order.erase({scores.at(member), member});
      scores.erase(member);
    };
    for (int step = 0; step < 4000; ++step) {
      const std::string member = random_member(random, step < 300 ? 90 : 1200, seed % 2 == 0 && step > 300);
      const uint64_t dice = random.below(20);
      if (dice < 14) {
        const double score = random_score();
        const AddResult result = set.add(member, score);
        const bool known = scores.count(member) == 1;
        REQUIRE((result.outcome == Outcome::kAdded) == !known);
        if (known) REQUIRE((result.outcome == Outcome::kUnchanged) == (scores.at(member) == score));
        if (known) forget(member);
        scores[member] = score;
        order.emplace(score, member);
      } else if (dice < 18) {
        REQUIRE(set.remove(member) == (scores.count(member) == 1));
        if (scores.count(member) == 1) forget(member);
      } else if (!order.empty() && dice == 18) {
        const RankRange range{random.below(order.size()), 1 + random.below(3)};
        const RankRange fitting{range.first, std::min(range.count, order.size() - range.first)};
        for (const auto& [score, gone] : listed(set, fitting)) forget(gone);
        REQUIRE(set.remove_range(fitting) == fitting.count);
      }
      REQUIRE(set.size() == order.size());
      if (scores.count(member) == 1) {
        REQUIRE(set.score(member) == scores.at(member));
        const auto place = order.find({scores.at(member), member});
        REQUIRE(set.rank(member) == static_cast<size_t>(std::distance(order.begin(), place)));
      }
      if (step == 290) REQUIRE(std::string(set.encoding()) == "listpack");
      if (step % 200 != 99) continue;
      REQUIRE(listed(set) == std::vector<Scored>(order.begin(), order.end()));
      const auto backwards = listed(set, {0, set.size()}, true);
      REQUIRE(backwards == std::vector<Scored>(order.rbegin(), order.rend()));
      const double min = random_score();
      const double max = random_score();
      size_t within = 0;
      for (const auto& entry : order) within += entry.first > min && entry.first <= max ? 1 : 0;
      REQUIRE(set.range_by_score({min, max, true, false}).count == within);
    }
    CHECK(std::string(set.encoding()) == "skiplist");
  }
}

TEST_CASE("SortedSet: sample and scan reach every member, in both forms") {
  for (const int count : {50, 2000}) {
    Fixture fixture;
    base::Random random(3);
    SortedSet set(fixture.context);
    for (int i = 0; i < count; ++i) set.add("m" + std::to_string(i), i);
    for (const size_t wanted : {size_t{0}, size_t{1}, size_t{7}, set.size() / 2, set.size()}) {
      std::set<std::string> chosen;
      set.sample(wanted, random, [&](const ds::Element& member, double score) {
        REQUIRE(str(member) == "m" + std::to_string(static_cast<int>(score)));
        chosen.insert(str(member));
      });
      CHECK(chosen.size() == wanted);
    }
    std::set<std::string> seen;
    uint64_t cursor = 0;
    size_t pages = 0;
    do {
      cursor = set.scan(cursor, 10,
                        [&](const ds::Element& member, double) { REQUIRE(seen.insert(str(member)).second); });
      ++pages;
    } while (cursor != 0);
    CHECK(seen.size() == set.size());
    CHECK((pages == 1) == (count == 50));
  }
}

TEST_CASE("SortedSet: a member takes far less than in a skiplist, and all go in slices") {
  Fixture fixture;
  SortedSet set(fixture.context);
  base::Random random(1);
  const int count = 20000;
  for (int i = 0; i < count; ++i) set.add("member:" + std::to_string(1000000 + i), random.unit());
  // 14 bytes of member: an allocation of 32, a slot of the table, and its share of the tree.
  CHECK(set.memory_bytes() < count * 73);
  CHECK(set.memory_bytes() > count * 50);
  int slices = 1;
  while (set.release_slice(1000)) ++slices;
  CHECK(slices >= 40);
  CHECK(slices <= 41);
  CHECK(set.empty());
}

TEST_CASE("SortedSet: a clone has the same order and encoding, and a life of its own") {
  Fixture fixture;
  for (const int count : {0, 5, 500}) {
    SortedSet set(fixture.context);
    for (int i = 0; i < count; ++i) set.add("m" + std::to_string(i), (i * 37) % 100 + 0.5);
    SortedSet copy = set.clone();
    CHECK(copy.size() == static_cast<size_t>(count));
    CHECK(std::string(copy.encoding()) == set.encoding());
    std::vector<std::pair<std::string, double>> expected;
    std::vector<std::pair<std::string, double>> copied;
    set.for_each([&](const ds::Element& member, double score) { expected.emplace_back(str(member), score); });
    copy.for_each([&](const ds::Element& member, double score) { copied.emplace_back(str(member), score); });
    CHECK(copied == expected);
    copy.add("m0", -1);
    copy.remove("m1");
    if (count > 0) {
      CHECK(set.score("m0") == 0.5);
      CHECK(set.score("m1").has_value());
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "SortedSet: a listpack is taken over in order, whatever order it has") {
  const auto pack_of = [](std::initializer_list<base::ByteView> texts) {
    ds::Listpack pack;
    for (const base::ByteView text : texts) pack.append(ds::Packable(text));
    return pack;
  };
  SortedSet ordered(context);
  CHECK(ordered.adopt(pack_of({"a", "1", "b", "1", "c", "2.5"})));
  CHECK(ordered.encoding() == std::string("listpack"));
  CHECK(ordered.rank("c") == 2);
  SortedSet sorted(context);
  CHECK(sorted.adopt(pack_of({"b", "1", "a", "1", "c", "-inf"})));
  CHECK(sorted.encoding() == std::string("listpack"));
  CHECK(sorted.rank("c") == 0);
  CHECK(sorted.rank("b") == 2);
  context.sorted_set.max_listpack_entries = 1;
  SortedSet tree(context);
  CHECK(tree.adopt(pack_of({"a", "1", "b", "0.5"})));
  CHECK(tree.encoding() == std::string("skiplist"));
  CHECK(tree.rank("a") == 1);
  SortedSet refused(context);
  CHECK_FALSE(refused.adopt(pack_of({"a", "1", "a", "2"})));
  CHECK_FALSE(refused.adopt(pack_of({"a", "1", "b"})));
  CHECK_FALSE(refused.adopt(pack_of({"a", "x"})));
  CHECK_FALSE(refused.adopt(pack_of({"a", "nan"})));
  CHECK(refused.empty());
}

}  // namespace sluice::types
