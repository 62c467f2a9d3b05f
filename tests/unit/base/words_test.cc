#include "base/words.h"

#include <doctest/doctest.h>

#include "base/random.h"

using sluice::base::append_quoted;
using sluice::base::Bytes;
using sluice::base::split_words;
using Words = std::vector<Bytes>;

TEST_CASE("Words: white space of any kind separates, and a blank line has none") {
  CHECK(split_words("  set\tkey \v value\r\n") == Words{"set", "key", "value"});
  CHECK(split_words("") == Words{});
  CHECK(split_words(" \t ") == Words{});
}

TEST_CASE("Words: double quotes know escapes, and an unfinished hex escape is the letter") {
  CHECK(split_words(R"("a b" "\n\r\t\b\a" "\x41\xfF" "\x4" "\q\"\\")") ==
        Words{"a b", "\n\r\t\b\a", "A\xff", "x4", "q\"\\"});
}

TEST_CASE("Words: single quotes know only the escaped quote") {
  CHECK(split_words(R"('it\'s' 'a\nb' '"')") == Words{"it's", R"(a\nb)", "\""});
}

TEST_CASE("Words: an empty pair of quotes is an empty word") {
  CHECK(split_words("a \"\" ''") == Words{"a", "", ""});
}

TEST_CASE("Words: an open quote, or one closed in the middle of a word, is refused") {
  for (const char* line : {"\"abc", "'abc", "\"a\"b", "'a'b", "\"abc\\", "'abc\\'", "a\"b"}) {
    CAPTURE(line);
    CHECK_FALSE(split_words(line).has_value());
  }
}

TEST_CASE("Words: a quote opens in the middle of a word as well") {
  CHECK(split_words("a\"b c\"") == Words{"ab c"});
}

TEST_CASE("Words: bytes outside quotes stand for themselves, NUL and high ones too") {
  CHECK(split_words(Bytes("a\0b\xff c", 6)) == Words{Bytes("a\0b\xff", 4), "c"});
}

TEST_CASE("Words: whatever is quoted reads back equal") {
  sluice::base::Random random(7);
  for (int round = 0; round < 500; ++round) {
    Bytes word;
    for (uint64_t left = random.below(20); left > 0; --left) word.push_back(static_cast<char>(random.next()));
    Bytes quoted;
    append_quoted(quoted, word);
    CAPTURE(quoted);
    CHECK(split_words(quoted) == Words{word});
  }
}

TEST_CASE("Words: quoting shows control bytes by name or in hex") {
  Bytes quoted;
  append_quoted(quoted, Bytes("a\"\\\n\r\t\a\b\0\xfe~", 11));
  CHECK(quoted == R"("a\"\\\n\r\t\a\b\x00\xfe~")");
}
