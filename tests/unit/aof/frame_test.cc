#include "aof/frame.h"

#include <string>

#include <doctest/doctest.h>

using namespace sluice::aof;

namespace {

std::string annotation_line(const Annotation& numbers, ByteView batch, uint64_t seed) {
  Bytes line;
  append_annotation(line, numbers, batch, seed);
  return line;
}

}  // namespace

TEST_CASE("Frame: an annotation reads back as written") {
  const std::string line = annotation_line({0, 5, 105, 90}, "batch", 42);
  REQUIRE(line.ends_with("\r\n"));
  const auto parsed = parse_annotation(ByteView(line).substr(0, line.size() - 2));
  REQUIRE(parsed);
  CHECK(parsed->length == 5);
  CHECK(parsed->offset == 105);
  CHECK(parsed->start() == 100);
  CHECK(parsed->synced == 90);
  CHECK(parsed->hash == annotation_hash(*parsed, "batch", 42));
  CHECK(parsed->hash != annotation_hash(*parsed, "batcg", 42));
  CHECK(parsed->hash != annotation_hash(*parsed, "batch", 43));
}

TEST_CASE("Frame: every changed byte of an annotation is noticed") {
  const std::string line = annotation_line({0, 5, 105, 90}, "batch", 42);
  for (size_t at = 0; at + 2 < line.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = line.substr(0, line.size() - 2);
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto parsed = parse_annotation(changed);
      const bool holds = parsed && parsed->hash == annotation_hash(*parsed, "batch", 42);
      CHECK_FALSE(holds);
    }
  }
}

TEST_CASE("Frame: an annotation has one spelling") {
  const std::string hash = "0123456789abcdef";
  CHECK(parse_annotation("#XXH3:" + hash + ":5:105:90"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":05:105:90"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":+5:105:90"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":5:105"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":5:105:90:1"));
  CHECK_FALSE(parse_annotation("#XXH3:0123456789ABCDEF:5:105:90"));
  CHECK_FALSE(parse_annotation("#XXH3:0123:5:105:90"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":106:105:0"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":5:105:101"));
  CHECK_FALSE(parse_annotation("#XXH3:" + hash + ":5:18446744073709551616:90"));
}

TEST_CASE("Frame: the longest annotation stays below what Redis reads as a line") {
  const std::string line = annotation_line({0, UINT64_MAX, UINT64_MAX, 0}, "", 1);
  CHECK(line.size() < kMaxLine);
}

TEST_CASE("Frame: a header reads back, and its SELECT is part of it") {
  Bytes bytes;
  append_header(bytes, {0xfeed, 1000, 900, 15});
  CHECK(bytes.size() <= kMaxHeader);
  CHECK(bytes.ends_with("*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n"));
  const auto check = check_header(bytes + "*1\r\n");
  REQUIRE(check.state == HeaderState::kOurs);
  CHECK(check.header.seed == 0xfeed);
  CHECK(check.header.start == 1000);
  CHECK(check.header.synced == 900);
  CHECK(check.header.db == 15);
  CHECK(check.size == bytes.size());
}

TEST_CASE("Frame: every changed byte of a header is noticed, and every cut of it") {
  Bytes bytes;
  append_header(bytes, {0xfeed, 1000, 900, 3});
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      CHECK(check_header(changed + "*3\r\n$3\r\nSET\r\n").state == HeaderState::kBroken);
    }
    const HeaderState cut = check_header(ByteView(bytes).substr(0, at)).state;
    CHECK(cut == (at == 0 ? HeaderState::kEmpty : HeaderState::kTorn));
  }
}

TEST_CASE("Frame: what Redis begins a file with is told from our header") {
  CHECK(check_header("*2\r\n$6\r\nSELECT\r\n").state == HeaderState::kForeign);
  CHECK(check_header("#TS:1795385078\r\n").state == HeaderState::kForeign);
  CHECK(check_header("REDIS0010").state == HeaderState::kBroken);
  CHECK(check_header(std::string(64, '\0')).state == HeaderState::kBroken);
}
