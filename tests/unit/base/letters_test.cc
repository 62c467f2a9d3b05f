#include "base/letters.h"

#include <doctest/doctest.h>

namespace sluice::base {

TEST_CASE("letters: only those of ASCII change their case") {
  CHECK(to_lower("LPush_[@`{\xc0\xe0") == "lpush_[@`{\xc0\xe0");
  CHECK(to_upper("LPush_[@`{\xc0\xe0") == "LPUSH_[@`{\xc0\xe0");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool upper = byte >= 'A' && byte <= 'Z';
    const bool lower = byte >= 'a' && byte <= 'z';
    CHECK(to_lower(c) == static_cast<char>(upper ? byte + 32 : byte));
    CHECK(to_upper(c) == static_cast<char>(lower ? byte - 32 : byte));
  }
}

TEST_CASE("letters: words are the same in any case, and only whole") {
  CHECK(same_word("", ""));
  CHECK(same_word("get", "GeT"));
  CHECK_FALSE(same_word("get", "gets"));
  CHECK_FALSE(same_word("get", "got"));
  CHECK_FALSE(same_word("a@", "a`"));
  CHECK_FALSE(same_word("a[", "a{"));
  CHECK(same_word(ByteView("a\0B", 3), ByteView("A\0b", 3)));
}

}  // namespace sluice::base
