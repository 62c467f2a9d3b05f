// Reading the leaves of a ds/rank_tree: item by item from where the tree put the cursor, or a leaf as a
// whole, for a snapshot that is told of one by a NodeHook. Owns nothing; any change of the tree kills a
// cursor. Knows neither the inner nodes nor how ranks are found.
#pragma once

#include <cstddef>

#include "ds/node.h"
#include "ds/rank_item.h"

namespace sluice::ds {

struct RankLeaf;

// Stands on one item.
class RankCursor {
 public:
  RankCursor() = default;
  [[nodiscard]] bool valid() const { return leaf_ != nullptr; }
  // REQUIRES, for these three: valid(). Moving past either end makes the cursor invalid.
  [[nodiscard]] RankItem& item() const;
  void next();
  void prev();

 private:
  friend class RankTree;
  RankCursor(const RankLeaf* leaf, size_t index) : leaf_(leaf), index_(index) {}

  const RankLeaf* leaf_ = nullptr;
  size_t index_ = 0;
};

// The items of a leaf, lowest first. `leaf` is the header of one. Never empty.
[[nodiscard]] size_t rank_leaf_size(const NodeHeader& leaf);
[[nodiscard]] const RankItem& rank_leaf_item(const NodeHeader& leaf, size_t index);

}  // namespace sluice::ds
