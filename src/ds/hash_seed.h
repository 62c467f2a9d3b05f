// The secret that makes hash values unpredictable from outside (hash flooding), and the one hash function of
// all tables: XXH3, 64 bits. One seed per process, made at start-up from entropy; tests make theirs from a
// number.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace sluice::ds {

class HashSeed {
 public:
  // REQUIRES, outside tests: `entropy` comes from base::Random::entropy().
  explicit HashSeed(uint64_t entropy);

  [[nodiscard]] uint64_t hash(base::ByteView key) const;

 private:
  alignas(64) std::array<unsigned char, 192> secret_;
};

}  // namespace sluice::ds
