#include "snapshot/lzf.h"

#include <string>

#include <doctest/doctest.h>
#include <liblzf/lzf.h>

#include "base/random.h"
#include "unit/snapshot/bytes.h"

using namespace sluice;
using snapshot::hex;

namespace {

// What it unpacks to, with whatever the slack holds left out; "(refused)" if it is.
std::string unpacked(const std::string& packed, size_t size) {
  std::string into(size + snapshot::kLzfSlack, '#');
  // An exact copy: a read behind the end is a read behind an allocation.
  const std::string exact(packed);
  if (!snapshot::lzf_unpack(exact, into.data(), size)) return "(refused)";
  return into.substr(0, size);
}

}  // namespace

TEST_CASE("LZF: literals, short and long repeats, and repeats that overlap themselves") {
  CHECK(unpacked(hex("02 61 62 63"), 3) == "abc");
  CHECK(unpacked(hex("02 61 62 63 20 02"), 6) == "abcabc");
  CHECK(unpacked(hex("00 61 e0 0a 00"), 20) == std::string(20, 'a'));
  CHECK(unpacked(hex("01 61 62 40 01"), 6) == "ababab");
}

TEST_CASE("LZF: what reaches outside, stops early or makes another size is refused") {
  CHECK(unpacked(hex("02 61 62"), 3) == "(refused)");
  CHECK(unpacked(hex("02 61 62 63"), 2) == "(refused)");
  CHECK(unpacked(hex("02 61 62 63"), 4) == "(refused)");
  CHECK(unpacked(hex("02 61 62 63 20 03"), 6) == "(refused)");
  CHECK(unpacked(hex("02 61 62 63 20"), 6) == "(refused)");
  CHECK(unpacked(hex("00 61 e0"), 20) == "(refused)");
  CHECK(unpacked(hex("00 61 e0 0a 00"), 19) == "(refused)");
}

TEST_CASE("LZF: what the library packs comes back, and damaged bytes stay inside") {
  base::Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    while (text.size() < 40 + random.below(3000)) {
      if (!text.empty() && random.below(2) == 0) {
        const size_t from = random.below(text.size());
        text += text.substr(from, random.below(300));
      } else {
        text.push_back(static_cast<char>('a' + random.below(26)));
      }
    }
    std::string packed(text.size(), '\0');
    const unsigned size = lzf_compress(text.data(), static_cast<unsigned>(text.size()), packed.data(),
                                       static_cast<unsigned>(text.size()) - 4);
    if (size == 0) continue;
    packed.resize(size);
    REQUIRE(unpacked(packed, text.size()) == text);
    packed[random.below(size)] = static_cast<char>(random.below(256));
    const std::string damaged = unpacked(packed, text.size());
    CHECK((damaged == "(refused)" || damaged.size() == text.size()));
  }
}
