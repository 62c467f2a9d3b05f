#include "ds/rank_tree.h"

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::ds {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// A tree beside the plain ordered set it has to agree with. Owns the items.
class Pair {
 public:
  ~Pair() {
    for (const auto& entry : items_) RankItem::destroy(entry.second);
  }

  bool add(double score, const std::string& member) {
    if (items_.count(member) != 0) return false;
    RankItem* item = RankItem::create(score, member);
    items_[member] = item;
    model_.emplace(score, member);
    tree.insert(item);
    return true;
  }
  void remove(const std::string& member) {
    RankItem* item = items_.at(member);
    tree.erase(*item);
    forget(item);
  }
  void move(const std::string& member, double score) {
    RankItem* item = items_.at(member);
    model_.erase({item->score(), member});
    model_.emplace(score, member);
    tree.update_score(*item, score);
  }
  size_t cut(size_t rank, size_t max) {
    RankTree::CutItems out;
    const size_t count = tree.cut(rank, max, out);
    auto expected = std::next(model_.begin(), static_cast<std::ptrdiff_t>(rank));
    for (size_t i = 0; i < count; ++i) {
      REQUIRE(expected->second == out[i]->member());
      ++expected;
      forget(out[i]);
    }
    return count;
  }
  [[nodiscard]] std::string any(base::Random& random) const {
    auto it = items_.lower_bound(std::to_string(random.below(100000)));
    return it == items_.end() ? items_.begin()->first : it->first;
  }

  void check_all() const {
    REQUIRE(tree.consistent());
    REQUIRE(tree.size() == model_.size());
    size_t rank = 0;
    RankTree::Cursor cursor = tree.at(0);
    for (const auto& [score, member] : model_) {
      REQUIRE(cursor.valid());
      REQUIRE(cursor.item().member() == member);
      REQUIRE(cursor.item().score() == score);
      REQUIRE(tree.rank_of(cursor.item()) == rank);
      REQUIRE(&tree.at(rank).item() == &cursor.item());
      cursor.next();
      ++rank;
    }
    REQUIRE_FALSE(cursor.valid());
    if (rank == 0) return;
    cursor = tree.at(rank - 1);
    for (auto it = model_.rbegin(); it != model_.rend(); ++it) {
      REQUIRE(cursor.item().member() == it->second);
      cursor.prev();
    }
    REQUIRE_FALSE(cursor.valid());
  }
  void check_bounds(double score) const {
    size_t below = 0;
    size_t up_to = 0;
    for (const auto& entry : model_) {
      below += entry.first < score ? 1 : 0;
      up_to += entry.first <= score ? 1 : 0;
    }
    REQUIRE(tree.count_below_score(score, false) == below);
    REQUIRE(tree.count_below_score(score, true) == up_to);
  }

  Epoch epoch;
  RankTree tree{epoch};

 private:
  void forget(RankItem* item) {
    const std::string member(item->member());
    model_.erase({item->score(), member});
    items_.erase(member);
    RankItem::destroy(item);
  }

  std::map<std::string, RankItem*> items_;
  std::set<std::pair<double, std::string>> model_;
};

}  // namespace

TEST_CASE("RankTree: an empty tree has no ranks and no memory") {
  const Epoch epoch;
  RankTree tree(epoch);
  CHECK(tree.empty());
  CHECK_FALSE(tree.at(0).valid());
  CHECK(tree.count_below_score(kInf, true) == 0);
  CHECK(tree.memory_bytes() == 0);
  CHECK(tree.consistent());
}

TEST_CASE("RankTree: equal scores are ordered by the bytes of the member") {
  Pair pair;
  const std::string high("\xff", 1);
  const std::string nul("a\0b", 3);
  for (const auto& member :
       {std::string("b"), high, std::string("a"), nul, std::string(), std::string("ab")}) {
    pair.add(1, member);
  }
  std::vector<std::string> order;
  for (auto cursor = pair.tree.at(0); cursor.valid(); cursor.next())
    order.emplace_back(cursor.item().member());
  CHECK(order == std::vector<std::string>{"", "a", nul, "ab", "b", high});
  CHECK(pair.tree.count_below_member("ab", false) == 3);
  CHECK(pair.tree.count_below_member("ab", true) == 4);
  CHECK(pair.tree.count_below_member("aa", true) == 3);
}

TEST_CASE("RankTree: infinities stand at the ends") {
  Pair pair;
  pair.add(kInf, "top");
  pair.add(-kInf, "bottom");
  pair.add(0, "middle");
  CHECK(pair.tree.at(0).item().member() == "bottom");
  CHECK(pair.tree.at(2).item().member() == "top");
  CHECK(pair.tree.count_below_score(-kInf, true) == 1);
  CHECK(pair.tree.count_below_score(kInf, false) == 2);
}

TEST_CASE("RankTree: scores that only grow, or only shrink, leave the leaves full") {
  for (const double direction : {1.0, -1.0}) {
    Pair pair;
    const int count = 20000;
    for (int i = 0; i < count; ++i) pair.add(direction * i, std::to_string(i));
    pair.check_all();
    CHECK(pair.tree.memory_bytes() < count * 19);
  }
}

TEST_CASE("RankTree: random order keeps a node's share below that of a skiplist") {
  Pair pair;
  base::Random random(3);
  const size_t count = 20000;
  while (pair.tree.size() < count) pair.add(random.unit(), std::to_string(random.next()));
  pair.check_all();
  CHECK(pair.tree.memory_bytes() < count * 28);
}

TEST_CASE("RankTree: a set of a few members takes a few slots") {
  Pair pair;
  pair.add(1, "a");
  CHECK(pair.tree.memory_bytes() < 200);
}

TEST_CASE("RankTree: agrees with a plain ordered set under random changes") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    base::Random random(seed);
    Pair pair;
    const bool few_scores = seed % 2 == 0;
    const auto score = [&] {
      return few_scores ? static_cast<double>(random.below(7))
                        : static_cast<double>(random.below(100000)) / 8 - 3000;
    };
    for (int step = 0; step < 12000; ++step) {
      const uint64_t dice = random.below(20);
      const bool growing = (step / 3000) % 2 == 0;
      if (pair.tree.empty() || dice < (growing ? 12U : 4U)) {
        pair.add(score(), std::to_string(random.below(100000)));
      } else if (dice < 15) {
        pair.remove(pair.any(random));
      } else if (dice < 19) {
        const std::string member = pair.any(random);
        pair.move(member, score());
      } else {
        pair.cut(random.below(pair.tree.size()), 1 + random.below(growing ? 4 : 100));
      }
      if (step % 97 == 0) pair.check_bounds(score());
      if (step % 1500 == 0) pair.check_all();
    }
    pair.check_all();
  }
}

TEST_CASE("RankTree: popping from either end empties it") {
  for (const bool front : {true, false}) {
    Pair pair;
    base::Random random(9);
    for (int i = 0; i < 5000; ++i) pair.add(static_cast<double>(random.below(1000)), std::to_string(i));
    while (!pair.tree.empty()) {
      const std::string member(pair.tree.at(front ? 0 : pair.tree.size() - 1).item().member());
      pair.remove(member);
      if (pair.tree.size() % 500 == 0) pair.check_all();
    }
    CHECK(pair.tree.memory_bytes() == 0);
  }
}

TEST_CASE("RankTree: cut takes at most one leaf at a time and in the end everything") {
  Pair pair;
  for (int i = 0; i < 3000; ++i) pair.add(i, std::to_string(i));
  size_t slices = 0;
  while (!pair.tree.empty()) {
    REQUIRE(pair.cut(pair.tree.size() / 2, 1000) <= RankTree::kLeafItems);
    ++slices;
    if (slices % 20 == 0) pair.check_all();
  }
  CHECK(slices >= 3000 / RankTree::kLeafItems);
}

TEST_CASE("RankTree: a leaf is announced once an epoch, before its items change, and new leaves not at all") {
  struct Recorder : NodeHook {
    void before_change(NodeHeader& node, const void*) override {
      REQUIRE(node.epoch < 7);
      ++calls;
    }
    size_t calls = 0;
  };
  Pair pair;
  for (int i = 0; i < 640; ++i) pair.add(i, std::to_string(i));
  Recorder recorder;
  pair.epoch.current = 7;
  pair.epoch.hook = &recorder;
  pair.remove("5");
  pair.remove("6");
  CHECK(recorder.calls == 1);
  for (int i = 640; i < 2000; ++i) pair.add(i, std::to_string(i));
  CHECK(recorder.calls == 2);
  while (!pair.tree.empty()) pair.cut(0, 1000);
  CHECK(recorder.calls == 10);
}

TEST_CASE("RankTree: a moved tree leaves an empty one behind") {
  Pair pair;
  for (int i = 0; i < 500; ++i) pair.add(i, std::to_string(i));
  RankTree other(std::move(pair.tree));
  CHECK(other.size() == 500);
  CHECK(other.consistent());
  CHECK(pair.tree.empty());
  CHECK(pair.tree.consistent());
  pair.tree = std::move(other);
  pair.check_all();
}

}  // namespace sluice::ds
