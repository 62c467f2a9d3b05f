#include "ds/size_class.h"

#include <doctest/doctest.h>

namespace sluice::ds {
namespace {

TEST_CASE("size_class: is the smallest class that holds the bytes, for every size to 1 MiB") {
  for (size_t bytes = 1; bytes <= size_t{1} << 20; ++bytes) {
    const uint8_t code = size_code(bytes);
    REQUIRE(class_bytes(code) >= bytes);
    if (code > 0) REQUIRE(class_bytes(static_cast<uint8_t>(code - 1)) < bytes);
  }
}

TEST_CASE("size_class: classes are the allocator's, a quarter of a doubling apart") {
  CHECK(size_class(0) == 16);
  CHECK(size_class(16) == 16);
  CHECK(size_class(17) == 32);
  CHECK(size_class(129) == 160);
  CHECK(size_class(257) == 320);
  CHECK(size_class(8192) == 8192);
  CHECK(size_class(8193) == 10240);
  CHECK(size_class(65536) == 65536);
  CHECK(size_class(UINT32_MAX) == size_t{1} << 32);
}

}  // namespace
}  // namespace sluice::ds
