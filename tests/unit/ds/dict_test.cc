#include "ds/dict.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

struct Word {
  std::string text;
  size_t seen = 0;
};

struct WordTraits {
  static base::ByteView key(const Word* word) { return word->text; }
};

using WordDict = Dict<Word*, WordTraits>;

// Owns the words, so that a test's dict and model share them.
class Words {
 public:
  Word* operator[](size_t number) {
    while (words_.size() <= number) {
      words_.push_back(std::make_unique<Word>(Word{"word:" + std::to_string(words_.size()), 0}));
    }
    return words_[number].get();
  }

 private:
  std::vector<std::unique_ptr<Word>> words_;
};

struct Fixture {
  HashSeed seed{1};
  Epoch epoch;
  Words words;
  WordDict dict{seed, epoch};

  void fill(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) dict.insert(words[i]);
  }
  void drain(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) REQUIRE(dict.erase(words[i]->text) == words[i]);
  }
};

TEST_CASE_FIXTURE(Fixture, "Dict: an empty dict finds nothing, scans to its end at once and owns no memory") {
  CHECK(dict.empty());
  CHECK_FALSE(dict.find("word:0").has_value());
  CHECK_FALSE(dict.erase("word:0").has_value());
  CHECK(dict.scan(0, 10, [](Word*) { FAIL("nothing to visit"); }) == 0);
  CHECK(dict.memory_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "Dict: what was inserted is found and what was not is absent, at every size to 20,000") {
  for (size_t i = 0; i < 20000; ++i) {
    REQUIRE_FALSE(dict.find(words[i]->text).has_value());
    dict.insert(words[i]);
    REQUIRE(dict.find(words[i]->text) == words[i]);
    REQUIRE(dict.size() == i + 1);
    if (i % 997 == 0) {
      for (size_t j = 0; j <= i; ++j) REQUIRE(dict.find(words[j]->text) == words[j]);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "Dict: random inserts, erases and replaces agree with std::unordered_map") {
  base::Random random(7);
  std::unordered_map<std::string, Word*> model;
  std::vector<std::unique_ptr<Word>> twins;
  for (int step = 0; step < 200000; ++step) {
    // The size drifts up and down, so that segments split, merge and change size all the time.
    const bool growing = (step / 20000) % 2 == 0;
    Word* word = words[random.below(6000)];
    const uint64_t hash = dict.hash(word->text);
    const auto found = model.find(word->text);
    const auto known = dict.find(word->text, hash);
    REQUIRE(known.has_value() == (found != model.end()));
    if (known) REQUIRE(*known == found->second);
    if (random.below(3) == 0 && known) {
      twins.push_back(std::make_unique<Word>(Word{word->text, 0}));
      dict.replace(*known, twins.back().get(), hash);
      found->second = twins.back().get();
    } else if (known && random.below(growing ? 4 : 1) == 0) {
      REQUIRE(dict.erase(word->text) == found->second);
      model.erase(found);
    } else if (!known && random.below(growing ? 1 : 4) == 0) {
      dict.insert(word, hash);
      model.emplace(word->text, word);
    }
    REQUIRE(dict.size() == model.size());
  }
  size_t visited = 0;
  dict.for_each([&](Word* word) {
    ++visited;
    REQUIRE(model.at(word->text) == word);
  });
  CHECK(visited == model.size());
}

TEST_CASE_FIXTURE(Fixture,
                  "Dict: memory stays below 15 bytes an entry when grown and is given back when emptied") {
  fill(0, 100000);
  CHECK(dict.memory_bytes() < 100000 * 15);
  drain(1000, 100000);
  CHECK(dict.memory_bytes() < 1000 * 40);
  for (size_t i = 0; i < 1000; ++i) REQUIRE(dict.find(words[i]->text) == words[i]);
  drain(0, 1000);
  CHECK(dict.size() == 0);
  CHECK(dict.directory_entries() <= 1);
}

TEST_CASE_FIXTURE(Fixture, "Dict: a scan of a dict at rest visits every entry exactly once") {
  for (const size_t size : {1U, 7U, 8U, 100U, 500U, 5000U}) {
    fill(dict.size(), size);
    std::unordered_set<Word*> seen;
    uint64_t cursor = 0;
    do {
      cursor = dict.scan(cursor, 10, [&](Word* word) { REQUIRE(seen.insert(word).second); });
      REQUIRE(cursor < uint64_t{1} << 53);
    } while (cursor != 0);
    REQUIRE(seen.size() == size);
  }
}

TEST_CASE_FIXTURE(Fixture, "Dict: a scan call gives about COUNT entries, a bucket more at most") {
  fill(0, 20000);
  uint64_t cursor = 0;
  do {
    size_t given = 0;
    cursor = dict.scan(cursor, 10, [&](Word*) { ++given; });
    if (cursor != 0) REQUIRE(given >= 10);
    REQUIRE(given <= 10 + 3 * DictBucket::kSlots);
  } while (cursor != 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "Dict: entries present during a whole scan are all seen while the dict grows and shrinks") {
  base::Random random(11);
  for (int round = 0; round < 12; ++round) {
    WordDict table(seed, epoch);
    const size_t stable = 1 + random.below(2000);
    const size_t volatile_end = stable + 30000;
    for (size_t i = 0; i < stable; ++i) table.insert(words[i]);
    size_t extra = stable;  // volatile words [stable, extra) are in
    if (round % 2 == 1) {
      for (; extra < volatile_end; ++extra) table.insert(words[extra]);
    }
    std::unordered_map<Word*, size_t> seen;
    uint64_t cursor = 0;
    do {
      cursor = table.scan(cursor, 5, [&](Word* word) { ++seen[word]; });
      const bool grow = round % 4 < 2 ? round % 2 == 0 : random.below(2) == 0;
      for (size_t i = random.below(400); i > 0; --i) {
        if (grow && extra < volatile_end) {
          table.insert(words[extra++]);
        } else if (!grow && extra > stable) {
          table.erase(words[--extra]->text);
        }
      }
    } while (cursor != 0);
    for (size_t i = 0; i < stable; ++i) REQUIRE(seen[words[i]] == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "Dict: any number is a harmless cursor") {
  fill(0, 3000);
  base::Random random(3);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t cursor = random.next() >> random.below(64);
    size_t seen = 0;
    const uint64_t next = dict.scan(cursor, 3, [&](Word*) { ++seen; });
    REQUIRE((next == 0 || next > cursor));
  }
  CHECK(dict.scan(UINT64_MAX, SIZE_MAX, [](Word*) { FAIL("beyond the last position"); }) == 0);
}

TEST_CASE_FIXTURE(Fixture, "Dict: random gives every entry the same chance") {
  for (const size_t size : {3U, 50U, 2000U}) {
    WordDict table(seed, epoch);
    for (size_t i = 0; i < size; ++i) {
      table.insert(words[i]);
      words[i]->seen = 0;
    }
    base::Random random(5);
    constexpr size_t kDraws = 100;
    for (size_t i = 0; i < size * kDraws; ++i) ++table.random(random)->seen;
    // Chi-square with size - 1 degrees of freedom: mean size - 1, deviation sqrt(2 * (size - 1)).
    double chi = 0;
    for (size_t i = 0; i < size; ++i) {
      const double off = static_cast<double>(words[i]->seen) - kDraws;
      chi += off * off / kDraws;
    }
    const auto freedom = static_cast<double>(size - 1);
    CHECK(chi < freedom + 5 * std::max(1.0, std::sqrt(2 * freedom)));
  }
}

TEST_CASE_FIXTURE(Fixture, "Dict: random still ends when a big dict has shrunk to a few entries") {
  fill(0, 50000);
  drain(3, 50000);
  base::Random random(9);
  std::unordered_set<Word*> drawn;
  for (int i = 0; i < 1000; ++i) drawn.insert(dict.random(random));
  CHECK(drawn == std::unordered_set<Word*>{words[0], words[1], words[2]});
}

TEST_CASE_FIXTURE(Fixture, "Dict: take_slice hands out every entry once, a bounded number at a time") {
  fill(0, 10000);
  std::unordered_set<Word*> taken;
  size_t slices = 0;
  while (!dict.empty()) {
    const size_t before = taken.size();
    dict.take_slice(64, [&](Word* word) { REQUIRE(taken.insert(word).second); });
    REQUIRE(taken.size() - before <= 64);
    ++slices;
  }
  CHECK(taken.size() == 10000);
  CHECK(slices == (10000 + 63) / 64);
  CHECK(dict.memory_bytes() == 0);
  dict.insert(words[0]);
  CHECK(dict.find("word:0") == words[0]);
}

TEST_CASE_FIXTURE(Fixture, "Dict: a moved dict keeps its entries and leaves an empty one behind") {
  fill(0, 2000);
  WordDict other(std::move(dict));
  CHECK(dict.empty());
  CHECK(other.find("word:1999") == words[1999]);
  dict = std::move(other);
  CHECK(dict.size() == 2000);
  CHECK(dict.find("word:5") == words[5]);
}

TEST_CASE("Dict: another seed gives another order") {
  const HashSeed one(1);
  const HashSeed two(2);
  CHECK(one.hash("queue") != two.hash("queue"));
  CHECK(HashSeed(1).hash("queue") == one.hash("queue"));
}

// Pins every node it hears of, as a walker that has not passed yet does.
class PinningHook final : public NodeHook {
 public:
  ~PinningHook() override {
    for (DictSegment* segment : pinned) WordDict::unpin(segment);
  }
  void before_change(NodeHeader& node, const void* container) override {
    pin(node);
    pinned.push_back(reinterpret_cast<DictSegment*>(&node));
    containers.insert(container);
  }
  std::vector<DictSegment*> pinned;
  std::unordered_set<const void*> containers;
};

TEST_CASE_FIXTURE(Fixture,
                  "Dict: the hook hears of each old segment once and pinned segments keep their entries") {
  fill(0, 5000);
  PinningHook hook;
  epoch.current = 1;
  epoch.hook = &hook;
  drain(0, 2500);
  fill(5000, 9000);
  for (size_t i = 2500; i < 9000; ++i) REQUIRE(dict.find(words[i]->text) == words[i]);
  std::unordered_set<DictSegment*> distinct(hook.pinned.begin(), hook.pinned.end());
  CHECK(distinct.size() == hook.pinned.size());
  CHECK(hook.containers.size() == 1);
  // Every word of the epoch is in exactly one pinned segment, since every old segment was changed since.
  std::map<Word*, int> kept;
  for (DictSegment* segment : hook.pinned) {
    for (unsigned b = 0; b < segment->buckets; ++b) {
      for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
        if (segment->begin()[b].fingerprints[s] != 0)
          ++kept[reinterpret_cast<Word*>(segment->begin()[b].slots[s])];
      }
    }
  }
  CHECK(kept.size() == 5000);
  CHECK(std::all_of(kept.begin(), kept.end(), [](const auto& entry) { return entry.second == 1; }));
  CHECK(kept.count(words[4999]) == 1);
}

TEST_CASE_FIXTURE(Fixture, "Dict: no hook is called for segments made in the present epoch") {
  fill(0, 3000);
  epoch.current = 4;
  drain(0, 3000);
  fill(0, 3000);
  PinningHook hook;
  epoch.hook = &hook;
  drain(0, 1000);
  CHECK(hook.pinned.empty());
}

}  // namespace
}  // namespace sluice::ds
