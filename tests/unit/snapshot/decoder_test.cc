#include "snapshot/decoder.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "snapshot/crc64.h"
#include "snapshot/encoder.h"
#include "unit/snapshot/bytes.h"
#include "unit/snapshot/text_source.h"

using namespace sluice;
using namespace sluice::snapshot;

namespace {

std::string text_of(const std::string& bytes) {
  Decoder in(bytes);
  const std::string text(in.text());
  return in.ok() ? text : in.error().message;
}

}  // namespace

TEST_CASE("Decoder: reads every form of length and string") {
  const std::string bytes =
      hex("3f  7f ff  80 00 00 40 00  81 00 00 00 01 00 00 00 00  02 68 69  c0 80  c1 80 00  c2 ff 7f ff ff");
  Decoder in(bytes);
  CHECK(in.length() == 63);
  CHECK(in.length() == 16383);
  CHECK(in.length() == 16384);
  CHECK(in.length() == uint64_t{1} << 32);
  CHECK(in.text() == "hi");
  CHECK(in.text() == "-128");
  CHECK(in.text() == "128");
  CHECK(in.text() == "-32769");
  CHECK(in.left() == 0);
  CHECK(in.ok());
}

TEST_CASE("Decoder: reads fixed numbers and ids") {
  const std::string bytes =
      hex("00 68 e5 cf 8b 01 00 00  00 00 00 00 00 00 f8 3f  05 41 2c  00 00 00 00 00 00 00 05 00 00 00 00 "
          "00 00 01 2c "
          "fe ff ff ff");
  Decoder in(bytes);
  CHECK(in.milliseconds() == 1700000000000);
  CHECK(in.real() == 1.5);
  CHECK(in.id() == types::StreamId{5, 300});
  CHECK(in.id_bytes() == types::StreamId{5, 300});
  CHECK(in.int32() == -2);
  CHECK(in.ok());
}

TEST_CASE("Decoder: the first failure stays, with its offset, and everything after it is empty") {
  const std::string bytes = hex("01 61 05 62");
  Decoder in(bytes);
  CHECK(in.text() == "a");
  CHECK(in.text().empty());
  CHECK(in.length() == 0);
  CHECK(in.byte() == 0);
  in.fail("another reason");
  CHECK(in.error().message == "at offset 3: it ends too early: 5 bytes are wanted and 1 left");
}

TEST_CASE("Decoder: refuses lengths and strings that cannot be") {
  CHECK(text_of(hex("82")) == "at offset 0: no length begins with byte 130");
  CHECK(text_of(hex("c4")) == "at offset 0: a string has the unknown form 4");
  CHECK(text_of(hex("81 00 00 00 02 00 00 00 00")) ==
        "at offset 0: a string of 8589934592 bytes is too long");
  CHECK(text_of(hex("c3 03 41 ff 00 61 e0")) ==
        "at offset 1: a compressed string cannot have 3 bytes for 511");
  CHECK(text_of(hex("c3 03 05 00 61 e0")) == "at offset 0: a compressed string is damaged");
  Decoder special(base::ByteView("\xc0\x01", 2));
  special.length();
  CHECK(special.error().message == "at offset 0: a length is expected, not a string of a special form");
  const std::string few = hex("05 01 02 03");
  Decoder counted(few);
  CHECK(counted.count(1) == 0);
  CHECK(counted.error().message == "at offset 0: 5 items are announced, more than what is left can hold");
}

TEST_CASE("Decoder: from a source it reads the same, in whatever pieces that comes, with its checksum") {
  base::Bytes bytes;
  Encoder out(bytes, true);
  std::string big(700'000, 'x');
  for (size_t i = 0; i < big.size(); i += 7) big[i] = static_cast<char>(i * 31 >> 3);
  for (int i = 0; i < 3000; ++i) {
    out.text("text " + std::to_string(i * 7919));
    out.text(std::string(200, 'c') + std::to_string(i));
  }
  out.text(big);
  out.text("end");
  for (const size_t piece : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
    TextSource source(bytes, piece);
    Decoder in(source, bytes.size());
    bool equal = true;
    for (int i = 0; i < 3000; ++i) {
      equal = equal && in.text() == "text " + std::to_string(i * 7919);
      equal = equal && in.text() == std::string(200, 'c') + std::to_string(i);
    }
    CHECK(equal);
    CHECK(in.text() == big);
    CHECK(in.checksum() == crc64(0, base::ByteView(bytes).substr(0, static_cast<size_t>(in.offset()))));
    CHECK(in.text() == "end");
    CHECK(in.left() == 0);
    CHECK(in.checksum() == crc64(0, bytes));
  }
}

TEST_CASE("Decoder: a source that fails or ends early is a failure") {
  const std::string bytes = hex("0a 61 62");
  TextSource source(bytes, 100);
  Decoder in(source, 11);
  CHECK(in.text().empty());
  CHECK(in.error().message == "at offset 1: the file has become shorter");
  TextSource broken(bytes, 100);
  broken.fail_with("read x: I/O error");
  Decoder failing(broken, 11);
  failing.byte();
  CHECK(failing.error().message == "at offset 0: read x: I/O error");
}
