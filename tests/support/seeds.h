// How often a property is told, each time from another seed: as often in the daily run as seconds allow (the
// disk's stories 1,500 times, snapshots 40 times), fewer under sanitizers, more in a long one. What fails
// names its seed; SLUICE_SEED=<n> tells that one story alone.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

namespace sluice::testing {

inline bool long_run() {
  return std::getenv("SLUICE_LONG") != nullptr;
}

inline std::optional<uint64_t> asked_seed() {
  const char* asked = std::getenv("SLUICE_SEED");
  if (asked == nullptr) return std::nullopt;
  return std::strtoull(asked, nullptr, 10);
}

struct SeedCount {
  uint64_t daily;
  uint64_t sanitized;   // in the daily run under sanitizers
  uint64_t longer = 1;  // times so many in a long run
};

inline std::vector<uint64_t> seeds(const SeedCount& count) {
  if (const auto asked = asked_seed()) return {*asked};
#ifdef SLUICE_SANITIZED
  uint64_t last = count.sanitized;
#else
  uint64_t last = count.daily;
#endif
  if (long_run()) last *= count.longer;
  std::vector<uint64_t> all;
  for (uint64_t seed = 1; seed <= last; ++seed) all.push_back(seed);
  return all;
}

}  // namespace sluice::testing
