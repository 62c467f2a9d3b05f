// The two kinds of node of ds/rank_tree, and moving things about inside one. Only the tree includes this: it
// knows which node is which from the level it stands on, and keeps every count and first key true. The tree
// owns the nodes; they must not know of commands or values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ds/node.h"
#include "ds/rank_item.h"

namespace sluice::ds {

inline constexpr size_t kRankInnerChildren = 32;

// A header and, right behind it, room for `capacity` slots in the same allocation.
struct RankLeaf {
  struct Slot {
    double score;
    RankItem* item;
  };

  NodeHeader header;
  uint32_t count = 0;
  uint32_t capacity = 0;
  RankLeaf* prev = nullptr;
  RankLeaf* next = nullptr;

  Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  [[nodiscard]] const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }
  static size_t bytes(size_t capacity) { return sizeof(RankLeaf) + capacity * sizeof(Slot); }
};

// What an inner node knows of one child.
struct RankChild {
  void* node;
  size_t size;
  double score;
  RankItem* item;
};

struct RankInner {
  uint32_t count = 0;
  std::array<double, kRankInnerChildren> scores;  // With items: the first key below each child.
  std::array<RankItem*, kRankInnerChildren> items;
  std::array<size_t, kRankInnerChildren> sizes;
  std::array<void*, kRankInnerChildren> children;

  void put(size_t index, const RankChild& child);
  void insert(size_t index, const RankChild& child);
  void erase(size_t index);
  // Moves the children from `index` on to the end of `to`; returns how many items stand below them.
  size_t move_tail(size_t index, RankInner& to);
};

}  // namespace sluice::ds
