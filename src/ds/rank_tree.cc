#include "ds/rank_tree.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/check.h"
#include "ds/rank_node.h"

namespace sluice::ds {

namespace {

// Nodes below these try to merge with a neighbour.
constexpr size_t kMinLeafItems = RankTree::kLeafItems / 4;
constexpr size_t kMinInnerChildren = kRankInnerChildren / 4;
constexpr size_t kFirstLeafItems = 8;

int compare(double score_a, base::ByteView member_a, double score_b, base::ByteView member_b) {
  if (score_a != score_b) return score_a < score_b ? -1 : 1;
  return member_a.compare(member_b);
}

}  // namespace

RankTree::RankTree(RankTree&& other) noexcept
    : epoch_(other.epoch_),
      root_(std::exchange(other.root_, nullptr)),
      height_(std::exchange(other.height_, 0)),
      size_(std::exchange(other.size_, 0)),
      node_bytes_(std::exchange(other.node_bytes_, 0)) {}

RankTree& RankTree::operator=(RankTree&& other) noexcept {
  std::swap(epoch_, other.epoch_);
  std::swap(root_, other.root_);
  std::swap(height_, other.height_);
  std::swap(size_, other.size_);
  std::swap(node_bytes_, other.node_bytes_);
  return *this;
}

RankTree::~RankTree() {
  if (root_ != nullptr) free_subtree(root_, 0);
}

void RankTree::free_subtree(void* node, size_t level) {
  if (level == height_) {
    free_leaf(static_cast<RankLeaf*>(node));
    return;
  }
  auto* inner = static_cast<RankInner*>(node);
  for (size_t i = 0; i < inner->count; ++i) free_subtree(inner->children[i], level + 1);
  delete inner;
}

size_t RankTree::memory_bytes() const {
  return node_bytes_;
}

RankLeaf* RankTree::new_leaf(size_t capacity) {
  void* memory = std::malloc(RankLeaf::bytes(capacity));
  SLUICE_CHECK(memory != nullptr, "out of memory");
  auto* leaf = new (memory) RankLeaf;
  leaf->header.epoch = epoch_->current;
  leaf->capacity = static_cast<uint32_t>(capacity);
  node_bytes_ += RankLeaf::bytes(capacity);
  return leaf;
}

void RankTree::free_leaf(RankLeaf* leaf) {
  SLUICE_CHECK(!is_pinned(leaf->header), "a pinned tree leaf");
  node_bytes_ -= RankLeaf::bytes(leaf->capacity);
  leaf->~RankLeaf();
  std::free(leaf);
}

void RankTree::changing(RankLeaf& leaf) {
  announce_change(*epoch_, leaf.header, this);
}

// --- finding
// ---------------------------------------------------------------------------------------------------

RankTree::Path RankTree::path_to(double score, base::ByteView member) const {
  Path path;
  void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    auto* inner = static_cast<RankInner*>(node);
    // The last child whose first key is not above the wanted one; what is below all of them belongs to child
    // 0.
    size_t low = 1;
    size_t high = inner->count;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      const double at = inner->scores[middle];
      const bool above = at != score ? at > score : inner->items[middle]->member() > member;
      if (above) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    path.steps[level] = {inner, low - 1};
    node = inner->children[low - 1];
  }
  path.leaf = static_cast<RankLeaf*>(node);
  const RankLeaf::Slot* slots = path.leaf->slots();
  const auto* found = std::partition_point(slots, slots + path.leaf->count, [&](const RankLeaf::Slot& slot) {
    return slot.score != score ? slot.score < score : slot.item->member() < member;
  });
  path.index = static_cast<size_t>(found - slots);
  return path;
}

RankTree::Path RankTree::path_to_item(const RankItem& item) const {
  SLUICE_CHECK(root_ != nullptr, "an item sought in an empty tree");
  Path path = path_to(item.score(), item.member());
  SLUICE_CHECK(path.index < path.leaf->count && path.leaf->slots()[path.index].item == &item,
               "an item that is not in the tree");
  return path;
}

RankTree::Path RankTree::path_to_rank(size_t rank) const {
  SLUICE_CHECK(rank < size_, "a rank beyond the last");
  Path path;
  void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    auto* inner = static_cast<RankInner*>(node);
    size_t index = 0;
    while (rank >= inner->sizes[index]) rank -= inner->sizes[index++];
    path.steps[level] = {inner, index};
    node = inner->children[index];
  }
  path.leaf = static_cast<RankLeaf*>(node);
  path.index = rank;
  return path;
}

size_t RankTree::rank_of(const RankItem& item) const {
  const Path path = path_to_item(item);
  size_t rank = path.index;
  for (size_t level = 0; level < height_; ++level) {
    const Step& step = path.steps[level];
    for (size_t i = 0; i < step.index; ++i) rank += step.node->sizes[i];
  }
  return rank;
}

RankTree::Cursor RankTree::at(size_t rank) const {
  if (rank >= size_) return {};
  const Path path = path_to_rank(rank);
  return {path.leaf, path.index};
}

// The items for which below(score, item) holds form a prefix; counts it.
template <class Below>
size_t RankTree::count_while(Below below) const {
  if (root_ == nullptr) return 0;
  size_t count = 0;
  const void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    const auto* inner = static_cast<const RankInner*>(node);
    size_t low = 1;
    size_t high = inner->count;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (below(inner->scores[middle], inner->items[middle])) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (size_t i = 0; i + 1 < low; ++i) count += inner->sizes[i];
    node = inner->children[low - 1];
  }
  const auto* leaf = static_cast<const RankLeaf*>(node);
  const RankLeaf::Slot* slots = leaf->slots();
  const auto* end = std::partition_point(
      slots, slots + leaf->count, [&](const RankLeaf::Slot& slot) { return below(slot.score, slot.item); });
  return count + static_cast<size_t>(end - slots);
}

size_t RankTree::count_below_score(double score, bool or_equal) const {
  if (or_equal) return count_while([&](double at, const RankItem*) { return at <= score; });
  return count_while([&](double at, const RankItem*) { return at < score; });
}

size_t RankTree::count_below_member(base::ByteView member, bool or_equal) const {
  if (or_equal) return count_while([&](double, const RankItem* item) { return item->member() <= member; });
  return count_while([&](double, const RankItem* item) { return item->member() < member; });
}

NodeHeader* RankTree::first_leaf() const {
  if (size_ == 0) return nullptr;
  return &path_to_rank(0).leaf->header;
}

NodeHeader* RankTree::leaf_above(double score, base::ByteView member) const {
  if (size_ == 0) return nullptr;
  const Path path = path_to(score, member);
  size_t index = path.index;
  if (index < path.leaf->count) {
    const RankLeaf::Slot& slot = path.leaf->slots()[index];
    if (slot.score == score && slot.item->member() == member) ++index;
  }
  RankLeaf* const leaf = index < path.leaf->count ? path.leaf : path.leaf->next;
  return leaf == nullptr ? nullptr : &leaf->header;
}

// --- inserting
// -------------------------------------------------------------------------------------------------

void RankTree::insert(RankItem* item) {
  if (root_ == nullptr) root_ = new_leaf(kFirstLeafItems);
  Path path = path_to(item->score(), item->member());
  if (path.leaf->count == path.leaf->capacity) {
    if (path.leaf->capacity < kLeafItems) {
      changing(*path.leaf);
      grow_root_leaf();
    } else {
      split_leaf(path, *item);
    }
    path = path_to(item->score(), item->member());
  }
  RankLeaf& leaf = *path.leaf;
  changing(leaf);
  RankLeaf::Slot* slot = leaf.slots() + path.index;
  std::move_backward(slot, leaf.slots() + leaf.count, leaf.slots() + leaf.count + 1);
  *slot = {item->score(), item};
  ++leaf.count;
  ++size_;
  for (size_t level = 0; level < height_; ++level) ++path.steps[level].node->sizes[path.steps[level].index];
  if (path.index == 0) first_key_changed(path, height_, item->score(), item);
}

// A tree of one leaf begins small and doubles it: most sorted sets with one long member stay that small.
void RankTree::grow_root_leaf() {
  auto* old = static_cast<RankLeaf*>(root_);
  RankLeaf* leaf = new_leaf(std::min(kLeafItems, old->capacity * size_t{2}));
  leaf->count = old->count;
  std::copy(old->slots(), old->slots() + old->count, leaf->slots());
  free_leaf(old);
  root_ = leaf;
}

// Makes room in a full leaf. Halves it, except at the two ends of the tree: scores that only grow (or only
// shrink) are how queues use sorted sets, and there the old leaf stays full.
void RankTree::split_leaf(Path& path, const RankItem& arriving) {
  RankLeaf* left = path.leaf;
  changing(*left);
  size_t keep = left->count / 2;
  if (left->next == nullptr && path.index == left->count) keep = left->count;
  if (left->prev == nullptr && path.index == 0) keep = 0;
  RankLeaf* right = new_leaf(kLeafItems);
  std::copy(left->slots() + keep, left->slots() + left->count, right->slots());
  right->count = static_cast<uint32_t>(left->count - keep);
  left->count = static_cast<uint32_t>(keep);
  right->prev = left;
  right->next = left->next;
  if (right->next != nullptr) right->next->prev = right;
  left->next = right;
  RankChild child{right, right->count, arriving.score(), const_cast<RankItem*>(&arriving)};
  if (right->count > 0) {
    child.score = right->slots()[0].score;
    child.item = right->slots()[0].item;
  }
  add_child(path, height_, child);
}

// Puts `child` right after the node that the path goes through at `level`, whose items it took over.
void RankTree::add_child(Path& path, size_t level, const RankChild& child) {
  if (level == 0) {
    add_root(child);
    return;
  }
  Step& step = path.steps[level - 1];
  RankInner* node = step.node;
  node->sizes[step.index] -= child.size;
  if (node->count < kRankInnerChildren) {
    node->insert(step.index + 1, child);
    return;
  }
  auto* right = new RankInner;
  node_bytes_ += sizeof(RankInner);
  if (step.index + 1 == node->count) {
    right->insert(0, child);
    add_child(path, level - 1, {right, child.size, child.score, child.item});
    return;
  }
  size_t moved = node->move_tail(kRankInnerChildren / 2, *right);
  if (step.index + 1 <= node->count) {
    node->insert(step.index + 1, child);
  } else {
    right->insert(step.index + 1 - node->count, child);
    moved += child.size;
  }
  add_child(path, level - 1, {right, moved, right->scores[0], right->items[0]});
}

void RankTree::add_root(const RankChild& right) {
  SLUICE_CHECK(height_ + 1 < kMaxHeight, "a rank tree grew too high");
  auto* root = new RankInner;
  node_bytes_ += sizeof(RankInner);
  // Nothing reads the first key of child 0 as a bound; the one of its sibling stands in until an insert or a
  // removal at the front of the tree writes the true one.
  RankChild left{root_, size_ - right.size, right.score, right.item};
  if (height_ > 0) {
    const auto* old = static_cast<const RankInner*>(root_);
    left.score = old->scores[0];
    left.item = old->items[0];
  } else if (const auto* leaf = static_cast<const RankLeaf*>(root_); leaf->count > 0) {
    left.score = leaf->slots()[0].score;
    left.item = leaf->slots()[0].item;
  }
  root->insert(0, left);
  root->insert(1, right);
  root_ = root;
  ++height_;
}

// The node at `level` of the path begins with another item now: every ancestor it is the first child of says
// so.
void RankTree::first_key_changed(Path& path, size_t level, double score, RankItem* item) {
  for (size_t i = level; i > 0; --i) {
    const Step& step = path.steps[i - 1];
    step.node->scores[step.index] = score;
    step.node->items[step.index] = item;
    if (step.index != 0) return;
  }
}

// --- removing
// --------------------------------------------------------------------------------------------------

void RankTree::erase(const RankItem& item) {
  Path path = path_to_item(item);
  remove_run(path, 1);
}

size_t RankTree::cut(size_t rank, size_t max, CutItems& out) {
  Path path = path_to_rank(rank);
  const size_t count = std::min(max, path.leaf->count - path.index);
  SLUICE_CHECK(count > 0, "a cut of nothing");
  for (size_t i = 0; i < count; ++i) out[i] = path.leaf->slots()[path.index + i].item;
  remove_run(path, count);
  return count;
}

// A new score that leaves the item between its neighbours in the leaf is written in place; job queues move
// deadlines by a little far more often than across the set.
void RankTree::update_score(RankItem& item, double score) {
  Path path = path_to_item(item);
  RankLeaf& leaf = *path.leaf;
  if (path.index > 0 && path.index + 1 < leaf.count) {
    const RankLeaf::Slot& before = leaf.slots()[path.index - 1];
    const RankLeaf::Slot& after = leaf.slots()[path.index + 1];
    if (compare(before.score, before.item->member(), score, item.member()) < 0 &&
        compare(score, item.member(), after.score, after.item->member()) < 0) {
      changing(leaf);
      leaf.slots()[path.index].score = score;
      item.set_score(score);
      return;
    }
  }
  remove_run(path, 1);
  item.set_score(score);
  insert(&item);
}

void RankTree::remove_run(Path& path, size_t count) {
  RankLeaf* leaf = path.leaf;
  changing(*leaf);
  RankLeaf::Slot* first = leaf->slots() + path.index;
  std::move(first + count, leaf->slots() + leaf->count, first);
  leaf->count -= static_cast<uint32_t>(count);
  size_ -= count;
  for (size_t level = 0; level < height_; ++level)
    path.steps[level].node->sizes[path.steps[level].index] -= count;
  if (leaf->count == 0) {
    unlink(leaf);
    free_leaf(leaf);
    if (height_ == 0) {
      root_ = nullptr;
      return;
    }
    remove_child(path, height_, path.steps[height_ - 1].index);
  } else {
    if (path.index == 0) first_key_changed(path, height_, leaf->slots()[0].score, leaf->slots()[0].item);
    if (leaf->count < kMinLeafItems && height_ > 0) merge_leaf(path);
  }
  while (height_ > 0 && static_cast<RankInner*>(root_)->count == 1) {
    auto* old = static_cast<RankInner*>(root_);
    root_ = old->children[0];
    --height_;
    node_bytes_ -= sizeof(RankInner);
    delete old;
  }
}

void RankTree::unlink(RankLeaf* leaf) {
  if (leaf->prev != nullptr) leaf->prev->next = leaf->next;
  if (leaf->next != nullptr) leaf->next->prev = leaf->prev;
}

// Drops the entry `index` of the inner node above `level`; the node it named is gone already.
void RankTree::remove_child(Path& path, size_t level, size_t index) {
  RankInner* node = path.steps[level - 1].node;
  node->erase(index);
  if (node->count == 0) {
    SLUICE_CHECK(level > 1, "a root without children");
    node_bytes_ -= sizeof(RankInner);
    delete node;
    remove_child(path, level - 1, path.steps[level - 2].index);
    return;
  }
  if (index == 0) first_key_changed(path, level - 1, node->scores[0], node->items[0]);
  if (level > 1 && node->count < kMinInnerChildren) merge_inner(path, level - 1);
}

// Merging stops well short of a full node, so that a set that breathes does not split and merge by turns.
void RankTree::merge_leaf(Path& path) {
  const Step& step = path.steps[height_ - 1];
  for (const size_t left_index : {step.index, step.index - 1}) {
    if (left_index == SIZE_MAX || left_index + 1 >= step.node->count) continue;
    auto* left = static_cast<RankLeaf*>(step.node->children[left_index]);
    auto* right = static_cast<RankLeaf*>(step.node->children[left_index + 1]);
    if (left->count + right->count > kLeafItems * 3 / 4) continue;
    changing(*left);
    changing(*right);
    std::copy(right->slots(), right->slots() + right->count, left->slots() + left->count);
    left->count += right->count;
    step.node->sizes[left_index] += right->count;
    unlink(right);
    free_leaf(right);
    remove_child(path, height_, left_index + 1);
    return;
  }
}

void RankTree::merge_inner(Path& path, size_t level) {
  const Step& step = path.steps[level - 1];
  for (const size_t left_index : {step.index, step.index - 1}) {
    if (left_index == SIZE_MAX || left_index + 1 >= step.node->count) continue;
    auto* left = static_cast<RankInner*>(step.node->children[left_index]);
    auto* right = static_cast<RankInner*>(step.node->children[left_index + 1]);
    if (left->count + right->count > kRankInnerChildren * 3 / 4) continue;
    step.node->sizes[left_index] += right->move_tail(0, *left);
    node_bytes_ -= sizeof(RankInner);
    delete right;
    remove_child(path, level, left_index + 1);
    return;
  }
}

}  // namespace sluice::ds
