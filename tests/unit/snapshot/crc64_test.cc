#include "snapshot/crc64.h"

#include <string>

#include <doctest/doctest.h>

using sluice::snapshot::crc64;

TEST_CASE("Crc64: the published check value of the polynomial") {
  CHECK(crc64(0, "123456789") == 0xe9c6d914c4b8d9ca);
  CHECK(crc64(0, "") == 0);
}

TEST_CASE("Crc64: bytes in pieces of any size give the checksum of the whole") {
  std::string text;
  for (int i = 0; i < 300; ++i) text.push_back(static_cast<char>(i * 37 + 11));
  const uint64_t whole = crc64(0, text);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(crc64(crc64(0, text.substr(0, cut)), text.substr(cut)) == whole);
  }
}
