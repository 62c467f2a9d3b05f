#include "ds/rank_node.h"

#include <algorithm>

namespace sluice::ds {

void RankInner::put(size_t index, const RankChild& child) {
  children[index] = child.node;
  sizes[index] = child.size;
  scores[index] = child.score;
  items[index] = child.item;
}

void RankInner::insert(size_t index, const RankChild& child) {
  const auto open = [&](auto& array) {
    std::move_backward(array.begin() + index, array.begin() + count, array.begin() + count + 1);
  };
  open(scores);
  open(items);
  open(sizes);
  open(children);
  put(index, child);
  ++count;
}

void RankInner::erase(size_t index) {
  const auto close = [&](auto& array) {
    std::move(array.begin() + index + 1, array.begin() + count, array.begin() + index);
  };
  close(scores);
  close(items);
  close(sizes);
  close(children);
  --count;
}

size_t RankInner::move_tail(size_t index, RankInner& to) {
  const auto copy = [&](const auto& from, auto& into) {
    std::copy(from.begin() + index, from.begin() + count, into.begin() + to.count);
  };
  copy(scores, to.scores);
  copy(items, to.items);
  copy(sizes, to.sizes);
  copy(children, to.children);
  size_t moved = 0;
  for (size_t i = index; i < count; ++i) moved += sizes[i];
  to.count += static_cast<uint32_t>(count - index);
  count = static_cast<uint32_t>(index);
  return moved;
}

}  // namespace sluice::ds
