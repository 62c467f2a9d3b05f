#include "base/random.h"

#include <bit>

#include <sys/random.h>

#include "base/check.h"

namespace sluice::base {

namespace {

// SplitMix64, the seeding function the authors of xoshiro recommend: no seed leads to the all-zero state.
uint64_t split_mix(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(uint64_t seed) : state_() {
  for (uint64_t& word : state_) word = split_mix(seed);
}

uint64_t Random::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::below(uint64_t bound) {
  SLUICE_CHECK(bound > 0, "an empty range has no member");
  // Lemire's multiply-shift; the rejection keeps it exactly uniform.
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{next()} * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold) product = Wide{next()} * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

uint64_t Random::entropy() {
  uint64_t word = 0;
  SLUICE_CHECK(getrandom(&word, sizeof word, 0) == sizeof word, "the kernel always has entropy once booted");
  return word;
}

}  // namespace sluice::base
