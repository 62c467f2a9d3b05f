// The item that a sorted set's two structures share: ds/rank_tree orders it by score, a table finds it by
// member. It belongs to the sorted set, which frees it once both have let go. Must not know what a score or a
// member means to a client.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sluice::ds {

// One member with its score: a header and, right behind it, the member's bytes. Lives in one allocation.
class RankItem {
 public:
  // The caller owns what create returns and hands it to destroy.
  static RankItem* create(double score, base::ByteView member);
  static void destroy(RankItem* item);
  static constexpr size_t allocation_bytes(size_t length) { return kHeaderBytes + length; }

  [[nodiscard]] double score() const { return score_; }
  [[nodiscard]] base::ByteView member() const {
    return {reinterpret_cast<const char*>(this) + kHeaderBytes, length_};
  }
  // Only while the item is in no tree; RankTree::update_score is the way for one that is.
  void set_score(double score) { score_ = score; }

 private:
  static constexpr size_t kHeaderBytes = sizeof(double) + sizeof(uint32_t);

  RankItem(double score, uint32_t length) : score_(score), length_(length) {}

  double score_;
  uint32_t length_;
};

}  // namespace sluice::ds
