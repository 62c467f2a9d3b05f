// The only source of randomness: a small seedable generator (xoshiro256**, Blackman and Vigna) for sampling
// and ids, and the operating system's entropy for seeds and secrets. Tests pass a fixed seed. Each owner has
// its own generator, and lends it for a call; never shared between threads.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::base {

class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t next();
  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t below(uint64_t bound);
  // Uniform in [0, 1).
  double unit();

  // 64 bits from the operating system, for seeds and hash secrets.
  static uint64_t entropy();

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace sluice::base
