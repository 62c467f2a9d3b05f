#include "ds/rank_cursor.h"

#include "ds/rank_node.h"

namespace sluice::ds {

RankItem& RankCursor::item() const {
  return *leaf_->slots()[index_].item;
}

void RankCursor::next() {
  if (++index_ < leaf_->count) return;
  leaf_ = leaf_->next;
  index_ = 0;
}

void RankCursor::prev() {
  if (index_-- > 0) return;
  leaf_ = leaf_->prev;
  index_ = leaf_ == nullptr ? 0 : leaf_->count - 1;
}

size_t rank_leaf_size(const NodeHeader& leaf) {
  return reinterpret_cast<const RankLeaf&>(leaf).count;
}

const RankItem& rank_leaf_item(const NodeHeader& leaf, size_t index) {
  return *reinterpret_cast<const RankLeaf&>(leaf).slots()[index].item;
}

}  // namespace sluice::ds
