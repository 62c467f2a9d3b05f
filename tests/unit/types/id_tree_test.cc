#include "types/id_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {
namespace {

const ds::Epoch kEpoch;

bool same(const PendingItem& left, const PendingItem& right) {
  return left.id == right.id && left.time_key == right.time_key && left.deliveries == right.deliveries &&
         left.consumer == right.consumer;
}

// The same by a map and a set.
class Model {
 public:
  std::map<StreamId, PendingItem> items;
  std::set<std::pair<int64_t, StreamId>> times;

  void put(const PendingItem& item) {
    erase(item.id);
    items[item.id] = item;
    times.emplace(item.time_key, item.id);
  }
  void erase(const StreamId& id) {
    const auto at = items.find(id);
    if (at == items.end()) return;
    times.erase({at->second.time_key, id});
    items.erase(at);
  }
  [[nodiscard]] std::optional<PendingItem> first_until(const StreamId& from, int64_t max_key) const {
    for (auto at = items.lower_bound(from); at != items.end(); ++at) {
      if (at->second.time_key <= max_key) return at->second;
    }
    return std::nullopt;
  }
};

void check_same(const std::optional<PendingItem>& found, const std::optional<PendingItem>& expected) {
  REQUIRE(found.has_value() == expected.has_value());
  if (found) REQUIRE(same(*found, *expected));
}

void check_looks(const PendingTree& tree, const Model& model, const StreamId& id, int64_t key) {
  const auto at = model.items.find(id);
  check_same(tree.find(id), at == model.items.end() ? std::nullopt : std::optional(at->second));
  const auto from = model.items.lower_bound(id);
  check_same(tree.last(), model.items.empty() ? std::nullopt : std::optional(model.items.rbegin()->second));
  check_same(tree.first_from(id), from == model.items.end() ? std::nullopt : std::optional(from->second));
  check_same(tree.last(), model.items.empty() ? std::nullopt : std::optional(model.items.rbegin()->second));
  check_same(tree.first_until(id, key), model.first_until(id, key));
  for (size_t band = 0; band < KeyMins::kBands.size(); ++band) {
    const auto first = model.times.lower_bound({KeyMins::kBands[band], kMinStreamId});
    check_same(tree.first_in_time(band),
               first == model.times.end() ? std::nullopt : std::optional(model.items.at(first->second)));
  }
}

void check_whole(const PendingTree& tree, const Model& model) {
  REQUIRE(tree.consistent());
  REQUIRE(tree.size() == model.items.size());
  auto at = model.items.begin();
  tree.for_each_leaf([&](const PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i, ++at) REQUIRE(same(leaf.item(i), at->second));
  });
  PendingTree::TimeWalk walk(tree);
  for (const auto& [key, id] : model.times) check_same(walk.next(), model.items.at(id));
  REQUIRE_FALSE(walk.next());
}

// How ids are chosen: close together, over several windows of narrow leaves, or anything.
struct Ids {
  uint64_t milliseconds;
  uint64_t window;
  uint64_t sequences;
};

StreamId some_id(base::Random& random, const Ids& ids) {
  return {(random.below(4) == 0 ? ids.window : 0) + random.below(ids.milliseconds),
          random.below(ids.sequences)};
}

PendingItem some_item(base::Random& random, const StreamId& id) {
  const auto low = static_cast<int64_t>(random.below(60)) - 20;
  const int64_t key = low + (random.below(4) == 0 ? KeyMins::kBands[2] : 0);
  const uint64_t deliveries = random.below(50) == 0 ? UINT64_MAX - random.below(3) : random.below(9);
  return {id, key, deliveries, static_cast<uint32_t>(random.below(5))};
}

void run(uint64_t seed, const Ids& ids, size_t steps) {
  base::Random random(seed);
  PendingTree tree(kEpoch, nullptr);
  Model model;
  bool growing = true;
  for (size_t step = 0; step < steps; ++step) {
    if (random.below(steps / 8) == 0) growing = !growing;
    const StreamId id = some_id(random, ids);
    const PendingItem item = some_item(random, id);
    const bool there = model.items.count(id) != 0;
    if (random.below(10) < (growing ? 7u : 3u)) {
      REQUIRE(tree.insert(item) == !there);
      if (!there) model.put(item);
    } else if (random.below(3) == 0) {
      REQUIRE(tree.update(item) == there);
      if (there) model.put(item);
    } else {
      const auto next = model.items.lower_bound(id);
      const StreamId gone = next == model.items.end() ? id : next->first;
      REQUIRE(tree.erase(gone).has_value() == (next != model.items.end()));
      model.erase(gone);
    }
    REQUIRE(tree.consistent());
    check_looks(tree, model, some_id(random, ids), static_cast<int64_t>(random.below(60)) - 20);
    if (step % 256 == 0) check_whole(tree, model);
  }
  check_whole(tree, model);
  while (!model.items.empty()) {
    const StreamId id = model.items.begin()->first;
    REQUIRE(tree.erase(id));
    model.erase(id);
    REQUIRE(tree.consistent());
  }
  CHECK(tree.empty());
  CHECK(tree.memory_bytes() == 0);
}

TEST_CASE("IdTree: random changes agree with a map, invariants checked after each") {
  run(1, {3000, 0, 1}, 12000);
  run(2, {40, 0, 100}, 12000);
  run(3, {500, uint64_t{1} << 32, 3}, 8000);
  run(4, {500, UINT64_MAX - 600, uint64_t{1} << 40}, 8000);
  run(5, {8, 0, 4}, 2000);
}

TEST_CASE("IdTree: ids in order fill every leaf, and a tree drained from its front keeps no sparse ones") {
  PendingTree tree(kEpoch, nullptr);
  OwnTree own(kEpoch, nullptr);
  BareTree bare(kEpoch, nullptr);
  constexpr uint64_t kItems = 20'000;
  for (uint64_t i = 0; i < kItems; ++i) {
    REQUIRE(tree.insert({{1'700'000'000'000 + i / 10, i % 10}, static_cast<int64_t>(i), 1, 1}));
    REQUIRE(own.insert({{1'700'000'000'000 + i / 10, i % 10}, static_cast<int64_t>(1'700'000'000'000 + i)}));
    REQUIRE(bare.insert({{1'700'000'000'000 + i / 10, i % 10}}));
  }
  CHECK(tree.consistent());
  CHECK(own.consistent());
  CHECK(tree.memory_bytes() < kItems * 26);
  CHECK(own.memory_bytes() < kItems * 14);
  CHECK(bare.memory_bytes() < kItems * 9);
  CHECK(own.find({1'700'000'000'001, 3})->time_key == 1'700'000'000'013);
  CHECK_FALSE(own.first_until({}, 1'699'999'999'999));
  for (uint64_t i = 0; i + 100 < kItems; ++i) {
    REQUIRE(tree.erase({1'700'000'000'000 + i / 10, i % 10}));
    REQUIRE(own.erase({1'700'000'000'000 + i / 10, i % 10}));
    if (i % 500 == 0) REQUIRE((tree.consistent() && own.consistent()));
  }
  CHECK(tree.size() == 100);
  CHECK(tree.memory_bytes() < 10'000);
  CHECK(own.memory_bytes() < 5'000);
}

TEST_CASE("IdTree: what is taken out at random gives its memory back") {
  PendingTree tree(kEpoch, nullptr);
  for (uint64_t i = 0; i < 20'000; ++i) tree.insert({{i, 0}, 1, 1, 1});
  const size_t full_bytes = tree.memory_bytes();
  for (uint64_t i = 0; i < 20'000; ++i) {
    if (i % 16 != 0) tree.erase({i, 0});
  }
  CHECK(tree.consistent());
  CHECK(tree.size() == 1250);
  CHECK(tree.memory_bytes() < full_bytes / 4);
}

TEST_CASE("IdTree: a few items take little") {
  PendingTree tree(kEpoch, nullptr);
  CHECK(tree.memory_bytes() == 0);
  tree.insert({{5, 0}, 1, 1, 1});
  CHECK(tree.memory_bytes() <= 48);
  for (uint64_t i = 10; i < 60; ++i) tree.insert({{i, 0}, 1, 1, 1});
  for (uint64_t i = 11; i < 60; ++i) tree.erase({i, 0});
  CHECK(tree.size() == 2);
  CHECK(tree.memory_bytes() <= 256);
}

TEST_CASE("IdTree: it is freed leaf by leaf") {
  BareTree tree(kEpoch, nullptr);
  for (uint64_t i = 0; i < 1000; ++i) tree.insert({{i, 0}});
  tree.drop_leaves(100);
  CHECK(tree.size() <= 900);
  CHECK(tree.size() > 800);
  CHECK(tree.consistent());
  CHECK(tree.find({10, 0}));
  tree.drop_leaves(SIZE_MAX);
  CHECK(tree.empty());
  CHECK(tree.consistent());
}

// Pins every leaf that is older than the epoch, as a snapshot does.
struct PinningHook final : ds::NodeHook {
  std::vector<PendingLeaf*> pinned;
  const void* container = nullptr;
  void before_change(ds::NodeHeader& node, const void* of) override {
    container = of;
    ds::pin(node);
    pinned.push_back(static_cast<PendingLeaf*>(&node));
  }
};

TEST_CASE("IdTree: leaves that a snapshot pinned stay as they were, whatever happens to the tree") {
  base::Random random(8);
  PinningHook hook;
  ds::Epoch epoch;
  const int container = 0;
  PendingTree tree(epoch, &container);
  std::vector<PendingItem> before;
  for (uint64_t i = 0; i < 2000; ++i) {
    before.push_back(some_item(random, {i, 0}));
    tree.insert(before.back());
  }
  std::vector<const PendingLeaf*> leaves;
  tree.for_each_leaf([&](const PendingLeaf& leaf) { leaves.push_back(&leaf); });
  ++epoch.current;
  epoch.hook = &hook;
  for (size_t step = 0; step < 3000; ++step) {
    const StreamId id{random.below(2500), random.below(2)};
    switch (random.below(3)) {
      case 0:
        tree.insert(some_item(random, id));
        break;
      case 1:
        tree.update(some_item(random, id));
        break;
      default:
        tree.erase(id);
        break;
    }
    REQUIRE(tree.consistent());
  }
  tree.drop_leaves(SIZE_MAX);
  epoch.hook = nullptr;
  CHECK(hook.container == &container);
  REQUIRE(hook.pinned.size() == leaves.size());
  size_t at = 0;
  for (const PendingLeaf* leaf : leaves) {
    for (size_t i = 0; i < leaf->count(); ++i, ++at) REQUIRE(same(leaf->item(i), before[at]));
  }
  CHECK(at == before.size());
  for (PendingLeaf* leaf : hook.pinned) {
    CHECK(leaf->refs == 1);
    PendingLeaf::unpin(leaf);
  }
}

}  // namespace
}  // namespace sluice::types
