#include "types/id_tree.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::types {

namespace {

// Nodes with fewer than this join a neighbour, when both together leave some room.
template <class Leaf>
constexpr size_t kSparseLeaf = Leaf::kMaxSlots / 4;
template <class Leaf>
constexpr size_t kJoinedLeaf = Leaf::kMaxSlots * 3 / 4;
template <class Inner>
constexpr size_t kSparseInner = Inner::kMaxChildren / 4;
template <class Inner>
constexpr size_t kJoinedInner = Inner::kMaxChildren * 3 / 4;

}  // namespace

// --- nodes

template <class Slot>
IdTree<Slot>::~IdTree() {
  drop_leaves(SIZE_MAX);
}

template <class Slot>
auto IdTree<Slot>::new_leaf(size_t slots, bool wide, uint32_t window) -> Leaf* {
  Leaf* const leaf = Leaf::make(slots, wide, window);
  leaf->epoch = epoch_->current;
  node_bytes_ += leaf->bytes();
  return leaf;
}

// REQUIRES: it was announced.
template <class Slot>
void IdTree<Slot>::free_leaf(Leaf* leaf) {
  node_bytes_ -= leaf->bytes();
  Leaf::unpin(leaf);
}

template <class Slot>
auto IdTree<Slot>::new_inner() -> Inner* {
  node_bytes_ += ds::size_class(sizeof(Inner));
  return new Inner;
}

template <class Slot>
void IdTree<Slot>::free_inner(Inner* inner) {
  node_bytes_ -= ds::size_class(sizeof(Inner));
  delete inner;
}

template <class Slot>
auto IdTree<Slot>::path_to(const StreamId& id) const -> Path {
  Path path;
  void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    auto* const inner = static_cast<Inner*>(node);
    path.steps[level] = {inner, inner->child_for(id)};
    node = inner->children[path.steps[level].index];
  }
  path.leaf = static_cast<Leaf*>(node);
  if (path.leaf != nullptr) path.index = path.leaf->lower_bound(id);
  return path;
}

template <class Slot>
bool IdTree<Slot>::is_rightmost(const Path& path, size_t levels) const {
  for (size_t level = 0; level < levels; ++level) {
    if (path.steps[level].index + 1 != path.steps[level].node->count) return false;
  }
  return true;
}

template <class Slot>
IdChild IdTree<Slot>::child_of(void* node, size_t level) const {
  if (level < height_) {
    const Inner& inner = *static_cast<Inner*>(node);
    return {inner.firsts[0], inner.key_mins(), node};
  }
  const Leaf& leaf = *static_cast<Leaf*>(node);
  if constexpr (Slot::kTimed) return {leaf.id(0), leaf.key_mins(), node};
  return {leaf.id(0), {}, node};
}

// --- changing

// What stands above the leaf, after it or one of the lowest `levels` nodes changed.
template <class Slot>
void IdTree<Slot>::refresh(Path& path, size_t levels) {
  for (size_t level = levels; level-- > 0;) {
    const Step& step = path.steps[level];
    const IdChild child = child_of(step.node->children[step.index], level + 1);
    if (child == step.node->get(step.index)) return;
    step.node->put(step.index, child);
  }
}

// A copy in the leaf's place. REQUIRES: the leaf was announced.
template <class Slot>
void IdTree<Slot>::replace_leaf(Path& path, size_t slots, bool wide) {
  Leaf* const copy = new_leaf(slots, wide, path.leaf->window());
  copy->append(*path.leaf, 0, path.leaf->count());
  free_leaf(path.leaf);
  path.leaf = copy;
  if (height_ == 0) {
    root_ = copy;
  } else {
    path.steps[height_ - 1].node->children[path.steps[height_ - 1].index] = copy;
  }
}

// The leaf announced, not pinned, with room for so many slots, which may hold what arrives.
template <class Slot>
void IdTree<Slot>::make_writable(Path& path, size_t slots, const Item& arriving) {
  ds::announce_change(*epoch_, *path.leaf, container_);
  const bool fits = path.leaf->fits(arriving);
  if (!ds::is_pinned(*path.leaf) && fits && path.leaf->capacity() >= slots) return;
  const size_t room = path.leaf->capacity();
  replace_leaf(path, room < slots ? std::min(2 * slots, Leaf::kMaxSlots) : room, path.leaf->wide() || !fits);
}

template <class Slot>
bool IdTree<Slot>::insert(const Item& item) {
  if (root_ == nullptr) {
    root_ = new_leaf(1, !Slot::fits(item, window_of(item.id)), window_of(item.id));
    static_cast<Leaf*>(root_)->insert(0, item);
    ++size_;
    return true;
  }
  Path path = path_to(item.id);
  if (path.leaf->holds(path.index, item.id)) return false;
  ++size_;
  if (path.leaf->count() == Leaf::kMaxSlots) {
    insert_into_full(path, item);
    return true;
  }
  make_writable(path, path.leaf->count() + 1, item);
  path.leaf->insert(path.index, item);
  if (height_ == 0) return true;
  bool changed = path.index == 0;
  if constexpr (Slot::kTimed) {
    const Step& step = path.steps[height_ - 1];
    changed = changed || step.node->mins[step.index].lowered_by(item.time_key);
  }
  if (changed) refresh(path, height_);
  return true;
}

// Behind the last leaf a new one begins; any other is cut in the middle.
template <class Slot>
void IdTree<Slot>::insert_into_full(Path& path, const Item& item) {
  const size_t count = path.leaf->count();
  if (path.index == count && is_rightmost(path, height_)) {
    const bool wide = !Slot::fits(item, window_of(item.id));
    Leaf* const right = new_leaf(Leaf::kMaxSlots, wide, window_of(item.id));
    right->insert(0, item);
    add_child(path, child_of(right, height_));
    return;
  }
  make_writable(path, count, item);
  const size_t half = count / 2;
  Leaf* const right = new_leaf(Leaf::kMaxSlots, path.leaf->wide(), path.leaf->window());
  right->append(*path.leaf, half, count - half);
  path.leaf->truncate(half);
  if (path.index <= half) {
    path.leaf->insert(path.index, item);
  } else {
    right->insert(path.index - half, item);
  }
  refresh(path, height_);
  add_child(path, child_of(right, height_));
}

template <class Slot>
void IdTree<Slot>::add_root(const IdChild& right) {
  SLUICE_CHECK(height_ < kMaxHeight, "no tree is as high as this");
  Inner* const root = new_inner();
  root->insert(0, child_of(root_, 0));
  root->insert(1, right);
  root_ = root;
  ++height_;
}

// A node right behind the one that the path leads to.
template <class Slot>
void IdTree<Slot>::add_child(Path& path, IdChild child) {
  const size_t height = height_;
  for (size_t level = height; level-- > 0;) {
    Inner& inner = *path.steps[level].node;
    const size_t index = path.steps[level].index + 1;
    if (inner.count < Inner::kMaxChildren) {
      inner.insert(index, child);
      return refresh(path, level);
    }
    Inner* const right = new_inner();
    if (index == inner.count && is_rightmost(path, level)) {
      right->insert(0, child);
    } else {
      const size_t half = inner.count / 2;
      inner.move_tail(half, *right);
      if (index <= half) {
        inner.insert(index, child);
      } else {
        right->insert(index - half, child);
      }
    }
    refresh(path, level);
    child = child_of(right, level);
  }
  add_root(child);
}

template <class Slot>
bool IdTree<Slot>::update(const Item& item) {
  Path path = path_to(item.id);
  if (path.leaf == nullptr || !path.leaf->holds(path.index, item.id)) return false;
  make_writable(path, path.leaf->count(), item);
  [[maybe_unused]] const Item before = path.leaf->item(path.index);
  path.leaf->set(path.index, item);
  if constexpr (Slot::kTimed) {
    if (height_ == 0) return true;
    const Step& step = path.steps[height_ - 1];
    const KeyMins& mins = step.node->mins[step.index];
    if (mins.lowered_by(item.time_key) || mins.hold(before.time_key)) refresh(path, height_);
  }
  return true;
}

template <class Slot>
auto IdTree<Slot>::erase(const StreamId& id) -> std::optional<Item> {
  Path path = path_to(id);
  if (path.leaf == nullptr || !path.leaf->holds(path.index, id)) return std::nullopt;
  const Item item = path.leaf->item(path.index);
  --size_;
  if (path.leaf->count() == 1) {
    ds::announce_change(*epoch_, *path.leaf, container_);
    free_leaf(path.leaf);
    remove_child(path, height_);
    return item;
  }
  make_writable(path, path.leaf->count(), item);
  path.leaf->erase(path.index);
  if (height_ > 0) {
    bool changed = path.index == 0;
    if constexpr (Slot::kTimed) {
      const Step& step = path.steps[height_ - 1];
      changed = changed || step.node->mins[step.index].hold(item.time_key);
    }
    if (changed) refresh(path, height_);
  }
  settle_leaf(path);
  return item;
}

// Takes the node at `level`, which was freed, from the node above it.
template <class Slot>
void IdTree<Slot>::remove_child(Path& path, size_t level) {
  if (level == 0) {
    root_ = nullptr;
    height_ = 0;
    return;
  }
  const Step& step = path.steps[level - 1];
  step.node->erase(step.index);
  if (step.node->count == 0) {
    free_inner(step.node);
    return remove_child(path, level - 1);
  }
  refresh(path, level - 1);
  settle_inner(path, level - 1);
}

// A leaf that lost many items joins a neighbour, or gets smaller.
template <class Slot>
void IdTree<Slot>::settle_leaf(Path& path) {
  const size_t count = path.leaf->count();
  if (count >= kSparseLeaf<Leaf> && path.leaf->capacity() == Leaf::kMaxSlots) return;
  if (height_ > 0) {
    const Step step = path.steps[height_ - 1];
    if (step.index + 1 < step.node->count && merge_leaf(path, step.index)) return;
    if (step.index > 0 && merge_leaf(path, step.index - 1)) return;
  }
  if (count <= path.leaf->capacity() / 4) replace_leaf(path, 2 * count, path.leaf->wide());
}

// The leaves at `left` and right of it, under the lowest node of the path, when there is room.
template <class Slot>
bool IdTree<Slot>::merge_leaf(Path& path, size_t left) {
  Step& step = path.steps[height_ - 1];
  auto* const first = static_cast<Leaf*>(step.node->children[left]);
  auto* const second = static_cast<Leaf*>(step.node->children[left + 1]);
  const size_t together = first->count() + second->count();
  if (together > kJoinedLeaf<Leaf>) return false;
  ds::announce_change(*epoch_, *second, container_);
  step.index = left;
  path.leaf = first;
  ds::announce_change(*epoch_, *first, container_);
  const bool wide = first->wide() || second->wide() || first->window() != second->window();
  if (ds::is_pinned(*first) || first->wide() != wide || first->capacity() < together) {
    replace_leaf(path, Leaf::kMaxSlots, wide);
  }
  path.leaf->append(*second, 0, second->count());
  refresh(path, height_);
  step.index = left + 1;
  free_leaf(second);
  remove_child(path, height_);
  return true;
}

template <class Slot>
void IdTree<Slot>::settle_inner(Path& path, size_t level) {
  Inner* const inner = path.steps[level].node;
  if (level == 0) {
    while (height_ > 0 && static_cast<Inner*>(root_)->count == 1) {
      auto* const only = static_cast<Inner*>(root_);
      root_ = only->children[0];
      --height_;
      free_inner(only);
    }
    return;
  }
  if (inner->count >= kSparseInner<Inner>) return;
  const Step& above = path.steps[level - 1];
  if (above.index + 1 < above.node->count && merge_inner(path, level, above.index)) return;
  if (above.index > 0) (void)merge_inner(path, level, above.index - 1);
}

template <class Slot>
bool IdTree<Slot>::merge_inner(Path& path, size_t level, size_t left) {
  Step& above = path.steps[level - 1];
  auto* const first = static_cast<Inner*>(above.node->children[left]);
  auto* const second = static_cast<Inner*>(above.node->children[left + 1]);
  if (first->count + second->count > kJoinedInner<Inner>) return false;
  second->move_tail(0, *first);
  above.index = left;
  refresh(path, level);
  above.index = left + 1;
  free_inner(second);
  remove_child(path, level);
  return true;
}

template <class Slot>
void IdTree<Slot>::drop_leaves(size_t max) {
  for (size_t gone = 0; root_ != nullptr && gone < max;) {
    Path path = path_to(kMaxStreamId);
    const size_t count = path.leaf->count();
    ds::announce_change(*epoch_, *path.leaf, container_);
    size_ -= count;
    gone += count;
    free_leaf(path.leaf);
    remove_child(path, height_);
  }
}

template class IdTree<PendingSlot>;
template class IdTree<OwnSlot>;
template class IdTree<BareSlot>;
template class IdTree<CountSlot>;

}  // namespace sluice::types
