#include "snapshot/crc64.h"

#include <string>

#include <doctest/doctest.h>

using sluice::snapshot::crc64;

namespace {

// As the definition says it, a bit at a time.
uint64_t by_definition(uint64_t crc, const std::string& text) {
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x95ac9329ac4bc9b5 : crc >> 1;
  }
  return crc;
}

}  // namespace

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

TEST_CASE("Crc64: text of any length, whatever came before, has the checksum of the definition") {
  std::string text;
  uint32_t state = 1;
  for (size_t length = 0; length <= 700; ++length) {
    CAPTURE(length);
    CHECK(crc64(0, text) == by_definition(0, text));
    CHECK(crc64(0x0123456789abcdef, text) == by_definition(0x0123456789abcdef, text));
    state = state * 1664525 + 1013904223;
    text.push_back(static_cast<char>(state >> 24));
  }
}
