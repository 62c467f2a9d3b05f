// Vectors follow the public description of the RDB format: ziplists and zipmaps byte by byte.
#include "snapshot/packed_codec.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/bytes.h"

using namespace sluice;
using namespace sluice::snapshot;

namespace {

// "aaaaa", then integers of every width, with a string longer than 253 bytes between, so that the entry
// behind it tells its length in five bytes.
std::string every_encoding() {
  const std::string entries = hex("00 05 61 61 61 61 61") +              // text, 6 bits
                              hex("07 f3") +                             // 2
                              hex("02 fe 9c") +                          // -100
                              hex("03 c0 d4 fe") +                       // -300
                              hex("04 f0 c0 bd f0") +                    // -1,000,000
                              hex("05 d0 00 94 35 77") +                 // 2,000,000,000
                              hex("06 e0 00 00 00 00 00 00 00 80") +     // -2^63
                              hex("0a 41 2c") + std::string(300, 'b') +  // text, 14 bits
                              hex("fe 2f 01 00 00 80 00 00 00 01 63") +  // text, 32 bits
                              hex("0b f1") + hex("02 fd");               // 0 and 12
  std::string block(10, '\0');
  block += entries;
  block += '\xff';
  const auto put = [&block](size_t at, size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) block[at + static_cast<size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  put(0, block.size(), 4);
  put(4, block.size() - 3, 4);
  put(8, 11, 2);
  return block;
}

std::string read_all(const std::string& block) {
  const std::string exact(block);
  ZiplistReader reader(exact);
  std::string text;
  while (const auto element = reader.next()) {
    base::NumberText buffer;
    text += std::string(element->to_text(buffer)) + " ";
  }
  return reader.ok() ? text : "(broken)";
}

std::string read_map(const std::string& bytes) {
  const std::string exact = hex(bytes);
  ZipmapReader reader(exact);
  std::string text;
  while (const auto pair = reader.next()) {
    text += std::string(pair->first) + "=" + std::string(pair->second) + " ";
  }
  return reader.ok() ? text : "(broken)";
}

}  // namespace

TEST_CASE("Ziplist: every encoding of text and integers") {
  CHECK(read_all(every_encoding()) ==
        "aaaaa 2 -100 -300 -1000000 2000000000 -9223372036854775808 " + std::string(300, 'b') + " c 0 12 ");
  CHECK(read_all(hex("0b 00 00 00 0a 00 00 00 00 00 ff")).empty());
  const auto pack = listpack_of_ziplist(every_encoding());
  REQUIRE(pack);
  CHECK(pack->size() == 11);
}

TEST_CASE("Ziplist: any cut, and any changed byte of its structure, is refused or stays inside") {
  const std::string block = every_encoding();
  for (size_t size = 0; size < block.size(); ++size) CHECK(read_all(block.substr(0, size)) == "(broken)");
  for (size_t at = 0; at < block.size(); ++at) {
    for (const int flip : {1, 0x40, 0x80, 0xff}) {
      std::string changed = block;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const std::string got = read_all(changed);
      const bool header = at < 10 || at + 1 == block.size();
      if (header) CHECK(got == "(broken)");
    }
  }
  CHECK_FALSE(listpack_of_ziplist(block.substr(1)));
}

TEST_CASE("Zipmap: pairs with unused bytes, short and long, counted or not") {
  CHECK(read_map("02 03 666f6f 03 00 626172 05 68656c6c6f 05 00 776f726c64 ff") == "foo=bar hello=world ");
  CHECK(read_map("01 01 61 02 03 6262 000000 ff") == "a=bb ");
  CHECK(read_map("01 fe 01000000 61 01 00 62 ff") == "a=b ");
  CHECK(read_map("fe 01 61 01 00 62 ff") == "a=b ");
  CHECK(read_map("00 ff").empty());
}

TEST_CASE("Zipmap: what is cut, counted wrongly or reaches outside is refused") {
  const std::string whole = "02 03 666f6f 03 00 626172 05 68656c6c6f 05 00 776f726c64 ff";
  for (size_t size = 0; size < hex(whole).size(); ++size) {
    CHECK(read_map(to_hex(hex(whole).substr(0, size))) == "(broken)");
  }
  CHECK(read_map("03 01 61 01 00 62 ff") == "(broken)");
  CHECK(read_map("01 09 61 01 00 62 ff") == "(broken)");
  CHECK(read_map("01 01 61 01 05 62 ff") == "(broken)");
  CHECK(read_map("01 fe ffffffff 61 01 00 62 ff") == "(broken)");
}
