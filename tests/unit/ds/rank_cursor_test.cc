#include "ds/rank_cursor.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ds/rank_tree.h"

namespace sluice::ds {

namespace {

// A tree of `count` items with scores 0, 1, 2 ...; owns them.
struct Counted {
  explicit Counted(size_t count) : tree(epoch) {
    for (size_t i = 0; i < count; ++i) {
      items.push_back(RankItem::create(static_cast<double>(i), "m" + std::to_string(i)));
      tree.insert(items.back());
    }
  }
  ~Counted() {
    for (RankItem* item : items) RankItem::destroy(item);
  }

  Epoch epoch{};
  RankTree tree;
  std::vector<RankItem*> items;
};

}  // namespace

TEST_CASE("RankCursor: walks over the borders of leaves both ways, and ends for good past either end") {
  const Counted made(RankTree::kLeafItems * 3 + 1);
  RankCursor up = made.tree.at(0);
  for (const RankItem* item : made.items) {
    REQUIRE(up.valid());
    CHECK(&up.item() == item);
    up.next();
  }
  CHECK_FALSE(up.valid());
  RankCursor down = made.tree.at(made.items.size() - 1);
  for (auto item = made.items.rbegin(); item != made.items.rend(); ++item) {
    REQUIRE(down.valid());
    CHECK(&down.item() == *item);
    down.prev();
  }
  CHECK_FALSE(down.valid());
  CHECK_FALSE(RankCursor().valid());
}

TEST_CASE("Leaves: read one after another they hold every item once, lowest first") {
  const Counted made(RankTree::kLeafItems * 3 + 1);
  std::vector<const RankItem*> seen;
  const NodeHeader* leaf = made.tree.first_leaf();
  while (leaf != nullptr) {
    REQUIRE(rank_leaf_size(*leaf) > 0);
    for (size_t i = 0; i < rank_leaf_size(*leaf); ++i) seen.push_back(&rank_leaf_item(*leaf, i));
    leaf = made.tree.leaf_above(seen.back()->score(), seen.back()->member());
  }
  CHECK(std::equal(seen.begin(), seen.end(), made.items.begin(), made.items.end()));
}

}  // namespace sluice::ds
