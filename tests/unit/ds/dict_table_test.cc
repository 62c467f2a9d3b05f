#include "ds/dict_table.h"

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

TEST_CASE("DictBucket: matches marks exactly the slots with that fingerprint") {
  DictBucket bucket{};
  // Neighbours that differ in the lowest or highest bit only are what bit tricks get wrong.
  const uint8_t fingerprints[DictBucket::kSlots] = {1, 0, 128, 129, 255, 1, 127};
  for (unsigned i = 0; i < DictBucket::kSlots; ++i) bucket.fingerprints[i] = fingerprints[i];
  for (unsigned passed : {0U, 1U, 255U}) {
    bucket.passed = static_cast<uint8_t>(passed);
    for (unsigned wanted = 0; wanted < 256; ++wanted) {
      uint64_t expected = 0;
      for (unsigned i = 0; i < DictBucket::kSlots; ++i) {
        if (fingerprints[i] == wanted) expected |= uint64_t{0x80} << (8 * i);
      }
      REQUIRE(bucket.matches(static_cast<uint8_t>(wanted)) == expected);
    }
  }
}

TEST_CASE("DictSegment: header and buckets are whole cache lines, so a full segment fills its allocation") {
  CHECK(sizeof(DictBucket) == 64);
  CHECK(sizeof(DictSegment) == 64);
  CHECK(sizeof(DictSegment) + 63 * sizeof(DictBucket) == 4096);
}

}  // namespace
}  // namespace sluice::ds
