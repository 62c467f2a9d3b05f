// An order-statistics B+tree of (score, member), ordered by score and then by the member's bytes as memcmp
// sees them. It answers "which rank" and "who stands at this rank" in O(log n), for a third of what a
// skiplist takes:
//
//   inner   [ child 0 | child 1 | ... ]   per child: first key below it, how many items below it, pointer
//   leaf    [ {score, item} {score, item} ... ] <-> next leaf
//
// The items are malloc'd once and shared with the table that finds them by name; the tree neither owns nor
// frees them, but it reads them while it compares, so an item leaves the tree before it is freed. Every range
// of scores or names is a range of ranks: count_below_* turn bounds into ranks, cursors and cut() take ranks.
// Leaves announce their changes to the epoch (ds/node.h). They are never pinned: what a leaf holds is
// pointers, so a hook that wants the old state reads it on the spot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "ds/node.h"
#include "ds/rank_cursor.h"
#include "ds/rank_item.h"

namespace sluice::ds {

struct RankInner;
struct RankChild;

class RankTree {
 public:
  static constexpr size_t kLeafItems = 64;

  using Cursor = RankCursor;

  explicit RankTree(const Epoch& epoch) : epoch_(&epoch) {}
  RankTree(RankTree&& other) noexcept;
  RankTree& operator=(RankTree&& other) noexcept;
  ~RankTree();  // Frees the nodes, never the items. A big tree is emptied by cut() first, slice by slice.

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t memory_bytes() const;  // The nodes, without the items.

  // REQUIRES: no item of the same score and member is in the tree; the score is not NaN.
  void insert(RankItem* item);
  // REQUIRES (erase, update_score, rank_of): `item` itself is in the tree.
  void erase(const RankItem& item);
  void update_score(RankItem& item, double score);
  [[nodiscard]] size_t rank_of(const RankItem& item) const;

  // The cursor at a rank counted from the lowest score, or an invalid one when rank >= size().
  [[nodiscard]] Cursor at(size_t rank) const;

  // How many items score less than `score` (or as much, with `or_equal`): the rank of the first that does
  // not.
  [[nodiscard]] size_t count_below_score(double score, bool or_equal) const;
  // The same by name, for trees whose scores are all equal.
  [[nodiscard]] size_t count_below_member(base::ByteView member, bool or_equal) const;

  using CutItems = std::array<RankItem*, kLeafItems>;
  // Takes out up to `max` items from `rank` on, as many as one leaf holds there, into `out`; their owner is
  // the caller again. Returns how many. Range removal and freeing in slices repeat it. REQUIRES: rank <
  // size(), max > 0.
  size_t cut(size_t rank, size_t max, CutItems& out);

  // For a snapshot, which walks leaves in order while others change: the first leaf, and the one with the
  // first item above (score, member). Null without one; ds/rank_cursor.h reads them.
  [[nodiscard]] NodeHeader* first_leaf() const;
  [[nodiscard]] NodeHeader* leaf_above(double score, base::ByteView member) const;

  // Checks every invariant of the structure; for tests.
  [[nodiscard]] bool consistent() const;

 private:
  static constexpr size_t kMaxHeight =
      24;  // RankInner levels; nodes of four children on average would hold 2^48.
  struct Step {
    RankInner* node = nullptr;
    size_t index = 0;
  };
  struct Path {
    std::array<Step, kMaxHeight> steps;  // Root first; height_ of them are used.
    RankLeaf* leaf = nullptr;
    size_t index = 0;
  };

  [[nodiscard]] Path path_to(double score, base::ByteView member) const;
  [[nodiscard]] Path path_to_item(const RankItem& item) const;
  [[nodiscard]] Path path_to_rank(size_t rank) const;
  template <class Below>
  [[nodiscard]] size_t count_while(Below below) const;

  RankLeaf* new_leaf(size_t capacity);
  void free_leaf(RankLeaf* leaf);
  void free_subtree(void* node, size_t level);
  void grow_root_leaf();
  void split_leaf(Path& path, const RankItem& arriving);
  void add_child(Path& path, size_t level, const RankChild& child);
  void add_root(const RankChild& right);
  void remove_run(Path& path, size_t count);
  void remove_child(Path& path, size_t level, size_t index);
  void merge_leaf(Path& path);
  void merge_inner(Path& path, size_t level);
  void first_key_changed(Path& path, size_t level, double score, RankItem* item);
  void changing(RankLeaf& leaf);
  void unlink(RankLeaf* leaf);
  [[nodiscard]] const RankItem* first_item(const void* node, size_t level) const;
  [[nodiscard]] bool check_subtree(const void* node, size_t level, size_t& items,
                                   const RankItem*& previous) const;

  const Epoch* epoch_;
  void* root_ = nullptr;  // A leaf when height_ is 0, an RankInner otherwise; null when empty.
  size_t height_ = 0;     // RankInner levels above the leaves.
  size_t size_ = 0;
  size_t node_bytes_ = 0;
};

}  // namespace sluice::ds
