#include "ds/hash_seed.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

namespace sluice::ds {

HashSeed::HashSeed(uint64_t entropy) : secret_() {
  static_assert(sizeof secret_ >= XXH3_SECRET_SIZE_MIN);
  base::Random random(entropy);
  for (size_t at = 0; at < secret_.size(); at += sizeof(uint64_t)) {
    const uint64_t word = random.next();
    std::memcpy(secret_.data() + at, &word, sizeof word);
  }
}

uint64_t HashSeed::hash(base::ByteView key) const {
  return XXH3_64bits_withSecret(key.data(), key.size(), secret_.data(), secret_.size());
}

}  // namespace sluice::ds
