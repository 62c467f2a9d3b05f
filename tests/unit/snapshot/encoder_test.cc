#include "snapshot/encoder.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/bytes.h"

using namespace sluice;
using namespace sluice::snapshot;

namespace {

template <class Encode>
std::string encoded(Encode encode, bool compress = false) {
  base::Bytes out;
  Encoder encoder(out, compress);
  encode(encoder);
  return to_hex(out);
}

std::string text(std::string_view value, bool compress = false) {
  return encoded([value](Encoder& out) { out.text(value); }, compress);
}

}  // namespace

TEST_CASE("Encoder: a length takes as many bytes as it needs") {
  const auto length = [](uint64_t value) { return encoded([value](Encoder& out) { out.length(value); }); };
  CHECK(length(0) == "00");
  CHECK(length(63) == "3f");
  CHECK(length(64) == "40 40");
  CHECK(length(16383) == "7f ff");
  CHECK(length(16384) == "80 00 00 40 00");
  CHECK(length(UINT32_MAX) == "80 ff ff ff ff");
  CHECK(length(uint64_t{1} << 32) == "81 00 00 00 01 00 00 00 00");
}

TEST_CASE("Encoder: text that is an integer of 32 bits is written as one") {
  CHECK(text("0") == "c0 00");
  CHECK(text("-128") == "c0 80");
  CHECK(text("128") == "c1 80 00");
  CHECK(text("-32769") == "c2 ff 7f ff ff");
  CHECK(text("2147483647") == "c2 ff ff ff 7f");
  CHECK(text("2147483648") == "0a 32 31 34 37 34 38 33 36 34 38");
  CHECK(text("007") == "03 30 30 37");
  CHECK(text("") == "00");
  CHECK(encoded([](Encoder& out) { out.element({true, 12345, {}}); }) == "c1 39 30");
  CHECK(encoded([](Encoder& out) {
          out.element({true, INT64_MIN, {}});
        }) == "14 " + to_hex("-9223372036854775808"));
  CHECK(encoded([](Encoder& out) { out.element({false, 0, "ab"}); }) == "02 61 62");
}

TEST_CASE("Encoder: long text is compressed only where asked for and where it gets shorter") {
  const std::string same(100, 'a');
  CHECK(text(same).substr(0, 5) == "40 64");
  CHECK(text(same, true).substr(0, 2) == "c3");
  CHECK(text(same, true).size() < 3 * 20);
  CHECK(text(std::string(20, 'a'), true).substr(0, 2) == "14");
  const std::string mixed = "q8Zw1~kLx0)vB7rT3!mN5#";
  CHECK(text(mixed, true) == "16 " + to_hex(mixed));
}

TEST_CASE("Encoder: fixed numbers are little-endian, ids are big-endian keys") {
  CHECK(encoded([](Encoder& out) { out.milliseconds(1700000000000); }) == "00 68 e5 cf 8b 01 00 00");
  CHECK(encoded([](Encoder& out) { out.real(1.5); }) == "00 00 00 00 00 00 f8 3f");
  CHECK(encoded([](Encoder& out) { out.id({5, 300}); }) == "05 41 2c");
  CHECK(encoded([](Encoder& out) {
          out.id_bytes({5, 300});
        }) == "10 00 00 00 00 00 00 00 05 00 00 00 00 00 00 01 2c");
}
