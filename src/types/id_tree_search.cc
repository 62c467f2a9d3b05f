// How IdTree is looked through, and checked. Changing it is types/id_tree.cc's.
#include <algorithm>

#include "types/id_tree.h"

namespace sluice::types {

// --- looking

template <class Slot>
auto IdTree<Slot>::find(const StreamId& id) const -> std::optional<Item> {
  const Path path = path_to(id);
  if (path.leaf == nullptr || !path.leaf->holds(path.index, id)) return std::nullopt;
  return path.leaf->item(path.index);
}

template <class Slot>
auto IdTree<Slot>::first_from(const StreamId& id) const -> std::optional<Item> {
  const Path path = path_to(id);
  if (path.leaf == nullptr) return std::nullopt;
  if (path.index < path.leaf->count()) return path.leaf->item(path.index);
  // It is the first of the next leaf, which is below the next child of the lowest node that has one.
  for (size_t level = height_; level-- > 0;) {
    const Step& step = path.steps[level];
    if (step.index + 1 == step.node->count) continue;
    void* node = step.node->children[step.index + 1];
    for (size_t below = level + 1; below < height_; ++below) node = static_cast<Inner*>(node)->children[0];
    return static_cast<Leaf*>(node)->item(0);
  }
  return std::nullopt;
}

template <class Slot>
auto IdTree<Slot>::last() const -> std::optional<Item> {
  if (root_ == nullptr) return std::nullopt;
  void* node = root_;
  for (size_t level = 0; level < height_; ++level) {
    const Inner& inner = *static_cast<Inner*>(node);
    node = inner.children[inner.count - 1];
  }
  const Leaf& leaf = *static_cast<Leaf*>(node);
  return leaf.item(leaf.count() - 1);
}

// At most one node of each level is looked through in vain: the one that `from` cuts in two.
template <class Slot>
auto IdTree<Slot>::search(const void* node, size_t level, const StreamId& from, int64_t max_key) const
    -> std::optional<Item> {
  if constexpr (Slot::kTimed) {
    if (level == height_) {
      const Leaf& leaf = *static_cast<const Leaf*>(node);
      for (size_t i = leaf.lower_bound(from); i < leaf.count(); ++i) {
        if (leaf.key(i) <= max_key) return leaf.item(i);
      }
      return std::nullopt;
    }
    const Inner& inner = *static_cast<const Inner*>(node);
    for (size_t i = inner.child_for(from); i < inner.count; ++i) {
      if (inner.mins[i].of[0] > max_key) continue;
      if (auto found = search(inner.children[i], level + 1, from, max_key)) return found;
    }
  }
  return std::nullopt;
}

template <class Slot>
auto IdTree<Slot>::first_until(const StreamId& id, int64_t max_key) const -> std::optional<Item> {
  if (root_ == nullptr) return std::nullopt;
  return search(root_, 0, id, max_key);
}

template <class Slot>
auto IdTree<Slot>::first_in_time(size_t band) const -> std::optional<Item> {
  if constexpr (Slot::kTimed) {
    if (root_ == nullptr) return std::nullopt;
    const int64_t least = child_of(root_, 0).mins.of[band];
    if (least == KeyMins::kNoKey) return std::nullopt;
    const void* node = root_;
    for (size_t level = 0; level < height_; ++level) {
      const Inner& inner = *static_cast<const Inner*>(node);
      size_t index = 0;
      while (inner.mins[index].of[band] != least) ++index;
      node = inner.children[index];
    }
    const Leaf& leaf = *static_cast<const Leaf*>(node);
    size_t index = 0;
    while (leaf.key(index) != least) ++index;
    return leaf.item(index);
  }
  return std::nullopt;
}

template <class Slot>
IdTree<Slot>::TimeWalk::TimeWalk(const IdTree& tree) : tree_(&tree) {
  if (tree.root_ == nullptr) return;
  const IdChild whole = tree.child_of(tree.root_, 0);
  push({whole.mins.of[0], whole.first, whole.node, 0});
}

template <class Slot>
void IdTree<Slot>::TimeWalk::push(const Place& place) {
  places_.push_back(place);
  std::push_heap(places_.begin(), places_.end(), comes_later);
}

template <class Slot>
void IdTree<Slot>::TimeWalk::open(const Place& place) {
  if constexpr (Slot::kTimed) {
    if (place.level == tree_->height_) {
      const auto& leaf = *static_cast<const Leaf*>(place.node);
      for (size_t i = 0; i < leaf.count(); ++i) push({leaf.key(i), leaf.id(i), nullptr, 0});
      return;
    }
    const auto& inner = *static_cast<const Inner*>(place.node);
    for (size_t i = 0; i < inner.count; ++i) {
      push({inner.mins[i].of[0], inner.firsts[i], inner.children[i], place.level + 1});
    }
  }
}

template <class Slot>
auto IdTree<Slot>::TimeWalk::next() -> std::optional<Item> {
  while (!places_.empty()) {
    const Place place = places_.front();
    std::pop_heap(places_.begin(), places_.end(), comes_later);
    places_.pop_back();
    if (place.node == nullptr) return tree_->find(place.id);
    open(place);
  }
  return std::nullopt;
}

// --- checking

template <class Slot>
bool IdTree<Slot>::check(const void* node, size_t level, size_t& items,
                         std::optional<StreamId>& previous) const {
  if (level == height_) {
    const Leaf& leaf = *static_cast<const Leaf*>(node);
    if (leaf.count() == 0 || leaf.count() > leaf.capacity() || leaf.refs == 0) return false;
    for (size_t i = 0; i < leaf.count(); ++i) {
      if (previous && leaf.id(i) <= *previous) return false;
      previous = leaf.id(i);
    }
    items += leaf.count();
    return true;
  }
  const Inner& inner = *static_cast<const Inner*>(node);
  if (inner.count == 0 || (level == 0 && inner.count == 1)) return false;
  for (size_t i = 0; i < inner.count; ++i) {
    if (!(child_of(inner.children[i], level + 1) == inner.get(i))) return false;
    if (!check(inner.children[i], level + 1, items, previous)) return false;
  }
  return true;
}

template <class Slot>
bool IdTree<Slot>::consistent() const {
  if (root_ == nullptr) return size_ == 0 && height_ == 0 && node_bytes_ == 0;
  size_t items = 0;
  std::optional<StreamId> previous;
  return check(root_, 0, items, previous) && items == size_;
}

template std::optional<PendingItem> IdTree<PendingSlot>::find(const StreamId&) const;
template std::optional<PendingItem> IdTree<PendingSlot>::first_from(const StreamId&) const;
template std::optional<PendingItem> IdTree<PendingSlot>::last() const;
template bool IdTree<PendingSlot>::consistent() const;
template bool IdTree<PendingSlot>::check(const void*, size_t, size_t&, std::optional<StreamId>&) const;
template std::optional<OwnItem> IdTree<OwnSlot>::find(const StreamId&) const;
template std::optional<OwnItem> IdTree<OwnSlot>::first_from(const StreamId&) const;
template std::optional<OwnItem> IdTree<OwnSlot>::last() const;
template bool IdTree<OwnSlot>::consistent() const;
template bool IdTree<OwnSlot>::check(const void*, size_t, size_t&, std::optional<StreamId>&) const;
template std::optional<BareItem> IdTree<BareSlot>::find(const StreamId&) const;
template std::optional<BareItem> IdTree<BareSlot>::first_from(const StreamId&) const;
template std::optional<BareItem> IdTree<BareSlot>::last() const;
template bool IdTree<BareSlot>::consistent() const;
template bool IdTree<BareSlot>::check(const void*, size_t, size_t&, std::optional<StreamId>&) const;
template std::optional<CountItem> IdTree<CountSlot>::find(const StreamId&) const;
template std::optional<CountItem> IdTree<CountSlot>::first_from(const StreamId&) const;
template std::optional<CountItem> IdTree<CountSlot>::last() const;
template bool IdTree<CountSlot>::consistent() const;
template bool IdTree<CountSlot>::check(const void*, size_t, size_t&, std::optional<StreamId>&) const;
template std::optional<PendingItem> IdTree<PendingSlot>::first_until(const StreamId&, int64_t) const;
template std::optional<PendingItem> IdTree<PendingSlot>::first_in_time(size_t) const;
template std::optional<PendingItem> IdTree<PendingSlot>::search(const void*, size_t, const StreamId&,
                                                                int64_t) const;
template std::optional<OwnItem> IdTree<OwnSlot>::first_until(const StreamId&, int64_t) const;
template std::optional<OwnItem> IdTree<OwnSlot>::search(const void*, size_t, const StreamId&, int64_t) const;
template class IdTree<PendingSlot>::TimeWalk;

}  // namespace sluice::types
