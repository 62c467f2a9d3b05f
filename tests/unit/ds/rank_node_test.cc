#include "ds/rank_node.h"

#include <doctest/doctest.h>

namespace sluice::ds {

TEST_CASE("RankInner: keeps its parallel arrays in step through inserts, removals and moves") {
  RankItem* item = RankItem::create(0, "m");
  int nodes[4] = {};
  RankInner left;
  left.insert(0, {&nodes[3], 40, 4, item});
  left.insert(0, {&nodes[0], 10, 1, item});
  left.insert(1, {&nodes[2], 30, 3, item});
  left.insert(1, {&nodes[1], 20, 2, item});
  REQUIRE(left.count == 4);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(left.children[i] == &nodes[i]);
    CHECK(left.sizes[i] == 10 * (i + 1));
    CHECK(left.scores[i] == static_cast<double>(i + 1));
  }
  left.erase(1);
  RankInner right;
  CHECK(left.move_tail(1, right) == 70);
  CHECK(left.count == 1);
  REQUIRE(right.count == 2);
  CHECK(right.children[0] == &nodes[2]);
  CHECK(right.children[1] == &nodes[3]);
  RankItem::destroy(item);
}

}  // namespace sluice::ds
