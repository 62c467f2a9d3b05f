// A B+tree of items under growing stream ids: the pending entries of a group (PendingSlot, 24 bytes each),
// those of one consumer (OwnSlot, 12 bytes), in how many groups each is pending (CountSlot), and mere ids
// (BareSlot, 8 bytes). Where items have a time key, every inner node knows the
// smallest ones below each child: so the first item from some id on that is old enough, and the oldest of
// all, are found in O(log n), without a second tree by time.
//
//   inner   [ first id, min times | first id, min times | ... ]     31 children at most
//   leaf    [ {id, time, deliveries, consumer} ... ]                62 slots at most
//
// Ids that arrive in order leave full leaves behind. Leaves announce their changes to the epoch
// (ds/node.h) under the name of `container`, and are copied when a snapshot has pinned them. The tree owns
// its nodes and hands out copies of items only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ds/node.h"
#include "types/id_node.h"
#include "types/stream_id.h"

namespace sluice::types {

template <class Slot>
class IdTree {
 public:
  using Item = typename Slot::Item;
  using Leaf = IdLeaf<Slot>;

  IdTree(const ds::Epoch& epoch, const void* container) : epoch_(&epoch), container_(container) {}
  IdTree(const IdTree&) = delete;
  IdTree& operator=(const IdTree&) = delete;
  ~IdTree();  // A big tree is emptied by drop_leaves() first, slice by slice.

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t memory_bytes() const { return node_bytes_; }  // Of the nodes.

  [[nodiscard]] std::optional<Item> find(const StreamId& id) const;
  // The first with at least this id.
  [[nodiscard]] std::optional<Item> first_from(const StreamId& id) const;
  // The one with the highest id.
  [[nodiscard]] std::optional<Item> last() const;
  // False when the id is there already.
  bool insert(const Item& item);
  // Puts an item in the place of the one with the same id. False when there is none.
  bool update(const Item& item);
  // Returns what it was.
  std::optional<Item> erase(const StreamId& id);

  // Of trees whose items have a time. The first with at least this id and at most this key.
  [[nodiscard]] std::optional<Item> first_until(const StreamId& id, int64_t max_key) const;
  // The one with the smallest key that does not lie below a band (KeyMins), of several the one with the
  // lowest id.
  [[nodiscard]] std::optional<Item> first_in_time(size_t band = 0) const;

  // Walks items by their keys, and by their ids where these are equal. Dies with the next change.
  class TimeWalk {
   public:
    explicit TimeWalk(const IdTree& tree);
    std::optional<Item> next();

   private:
    // A subtree by what comes first in it, or, without a node, an item.
    struct Place {
      int64_t key;
      StreamId id;
      const void* node;
      size_t level;
    };
    static bool comes_later(const Place& left, const Place& right) {
      return left.key != right.key ? left.key > right.key : left.id > right.id;
    }
    void push(const Place& place);
    void open(const Place& place);

    const IdTree* tree_;
    std::vector<Place> places_;  // a heap: what comes next is on top
  };

  // Frees whole leaves, from the last one back, until at least `max` items went or none is left.
  void drop_leaves(size_t max);

  // For a snapshot: all leaves, in order. They may be pinned, and must not be changed.
  template <class Visit>
  void for_each_leaf(Visit&& visit) const {
    if (root_ != nullptr) visit_leaves(root_, 0, visit);
  }

  // Checks every invariant of the structure; for tests.
  [[nodiscard]] bool consistent() const;

 private:
  using Inner = IdInner<Slot::kTimed>;
  static constexpr size_t kMaxHeight = 24;  // nodes of four children on average would hold 2^48
  struct Step {
    Inner* node = nullptr;
    size_t index = 0;
  };
  struct Path {
    std::array<Step, kMaxHeight> steps;  // Root first; height_ of them are used.
    Leaf* leaf = nullptr;
    size_t index = 0;
  };

  [[nodiscard]] Path path_to(const StreamId& id) const;
  [[nodiscard]] bool is_rightmost(const Path& path, size_t levels) const;
  [[nodiscard]] std::optional<Item> search(const void* node, size_t level, const StreamId& from,
                                           int64_t max_key) const;
  [[nodiscard]] IdChild child_of(void* node, size_t level) const;
  template <class Visit>
  void visit_leaves(void* node, size_t level, Visit& visit) const;

  Leaf* new_leaf(size_t slots, bool wide, uint32_t window);
  void free_leaf(Leaf* leaf);
  Inner* new_inner();
  void free_inner(Inner* inner);
  void replace_leaf(Path& path, size_t slots, bool wide);
  void make_writable(Path& path, size_t slots, const Item& arriving);
  void insert_into_full(Path& path, const Item& item);
  void add_child(Path& path, IdChild child);
  void add_root(const IdChild& right);
  void remove_child(Path& path, size_t level);
  void refresh(Path& path, size_t levels);
  void settle_leaf(Path& path);
  bool merge_leaf(Path& path, size_t left);
  void settle_inner(Path& path, size_t level);
  bool merge_inner(Path& path, size_t level, size_t left);
  [[nodiscard]] bool check(const void* node, size_t level, size_t& items,
                           std::optional<StreamId>& previous) const;

  const ds::Epoch* epoch_;
  const void* container_;
  void* root_ = nullptr;  // A leaf when height_ is 0, an Inner otherwise; null when empty.
  uint32_t height_ = 0;   // Inner levels above the leaves.
  size_t size_ = 0;
  size_t node_bytes_ = 0;
};

template <class Slot>
template <class Visit>
void IdTree<Slot>::visit_leaves(void* node, size_t level, Visit& visit) const {
  if (level == height_) {
    visit(*static_cast<Leaf*>(node));
    return;
  }
  const Inner& inner = *static_cast<Inner*>(node);
  for (size_t i = 0; i < inner.count; ++i) visit_leaves(inner.children[i], level + 1, visit);
}

using PendingTree = IdTree<PendingSlot>;
using OwnTree = IdTree<OwnSlot>;
using BareTree = IdTree<BareSlot>;

extern template class IdTree<PendingSlot>;
extern template class IdTree<OwnSlot>;
extern template class IdTree<BareSlot>;
extern template class IdTree<CountSlot>;

}  // namespace sluice::types
