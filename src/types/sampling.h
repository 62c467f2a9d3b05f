// Choosing distinct elements of a container at random, for HRANDFIELD, SRANDMEMBER, ZRANDMEMBER and SPOP. The
// container offers size(), for_each(visit) and random(random); it is handed in, never kept. Owns only what it
// has drawn; must not know a type.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace sluice::types {

// One pass over `total` elements that keeps exactly `wanted` of them, every subset being equally likely:
// asked for each element in turn, take() says whether it is one. REQUIRES: wanted <= total.
class SelectionSampler {
 public:
  SelectionSampler(size_t total, size_t wanted) : left_(total), wanted_(wanted) {}

  bool take(base::Random& random) {
    if (wanted_ == 0) return false;
    const bool taken = random.below(left_) < wanted_;
    --left_;
    if (taken) --wanted_;
    return taken;
  }

 private:
  size_t left_;
  size_t wanted_;
};

// Below this share of a table (1 in n), drawing again after a duplicate is cheaper than one pass over
// everything.
inline constexpr size_t kSparseSampleShare = 3;

}  // namespace sluice::types
