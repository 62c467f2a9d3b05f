// RankTree::consistent, apart from the code it checks: order, counts, first keys and the chain of leaves.
#include "ds/rank_node.h"
#include "ds/rank_tree.h"

namespace sluice::ds {

namespace {

bool ordered(const RankItem& before, const RankItem& after) {
  if (before.score() != after.score()) return before.score() < after.score();
  return before.member() < after.member();
}

}  // namespace

const RankItem* RankTree::first_item(const void* node, size_t level) const {
  for (; level < height_; ++level) node = static_cast<const RankInner*>(node)->children[0];
  return static_cast<const RankLeaf*>(node)->slots()[0].item;
}

bool RankTree::check_subtree(const void* node, size_t level, size_t& items, const RankItem*& previous) const {
  if (level < height_) {
    const auto* inner = static_cast<const RankInner*>(node);
    if (inner->count == 0 || inner->count > kRankInnerChildren) return false;
    for (size_t i = 0; i < inner->count; ++i) {
      const size_t items_before = items;
      if (!check_subtree(inner->children[i], level + 1, items, previous)) return false;
      if (items - items_before != inner->sizes[i]) return false;
      if (inner->items[i] != first_item(inner->children[i], level + 1)) return false;
      if (inner->scores[i] != inner->items[i]->score()) return false;
    }
    return true;
  }
  const auto* leaf = static_cast<const RankLeaf*>(node);
  if (leaf->count == 0 || leaf->count > leaf->capacity) return false;
  for (size_t i = 0; i < leaf->count; ++i) {
    const RankItem* item = leaf->slots()[i].item;
    if (leaf->slots()[i].score != item->score()) return false;
    if (previous != nullptr && !ordered(*previous, *item)) {
      return false;
    }
    previous = item;
  }
  items += leaf->count;
  return true;
}

bool RankTree::consistent() const {
  if (root_ == nullptr) return size_ == 0 && height_ == 0 && node_bytes_ == 0;
  size_t items = 0;
  const RankItem* previous = nullptr;
  if (!check_subtree(root_, 0, items, previous) || items != size_) return false;
  size_t linked = 0;
  for (Cursor cursor = at(0); cursor.valid(); cursor.next()) ++linked;
  return linked == size_;
}

}  // namespace sluice::ds
