#include "base/glob.h"

#include <doctest/doctest.h>

using sluice::base::Bytes;
using sluice::base::ByteView;
using sluice::base::glob_match;
using sluice::base::GlobCase;

TEST_CASE("glob_match: stars and question marks") {
  CHECK(glob_match("*", "anything"));
  CHECK(glob_match("h?llo", "hello"));
  CHECK_FALSE(glob_match("h?llo", "hllo"));
  CHECK(glob_match("h*llo", "hllo"));
  CHECK(glob_match("h*llo", "heeeello"));
  CHECK(glob_match("*a*b*", "xxaxxb"));
  CHECK(glob_match("**a**", "a"));
  CHECK(glob_match("a*", "a"));
  CHECK_FALSE(glob_match("a*?", "a"));
  CHECK_FALSE(glob_match("a", "ab"));
  CHECK_FALSE(glob_match("ab", "a"));
  CHECK(glob_match("*aab", "aaaab"));
  CHECK(glob_match("rq:worker:*", "rq:worker:7f"));
}

TEST_CASE("glob_match: an empty text is matched by an empty pattern alone") {
  CHECK(glob_match("", ""));
  CHECK_FALSE(glob_match("*", ""));
  CHECK_FALSE(glob_match("", "a"));
}

TEST_CASE("glob_match: classes, ranges and their inversion") {
  CHECK(glob_match("h[ae]llo", "hello"));
  CHECK_FALSE(glob_match("h[ae]llo", "hillo"));
  CHECK(glob_match("h[^e]llo", "hallo"));
  CHECK_FALSE(glob_match("h[^e]llo", "hello"));
  CHECK(glob_match("[a-c]", "b"));
  CHECK(glob_match("[c-a]", "b"));
  CHECK_FALSE(glob_match("[a-c]", "d"));
  CHECK(glob_match("[\\]]", "]"));
  CHECK_FALSE(glob_match("[]", "]"));
  CHECK(glob_match("[^]", "a"));
  CHECK(glob_match("[a-]b]", "bb]") == false);
  CHECK(glob_match("[\x80-\xff]", "\x90"));
  CHECK(glob_match("[a-\xff]", "Z"));
  CHECK_FALSE(glob_match("[a-\xff]", "z"));
}

TEST_CASE("glob_match: a class that is never closed ends with the pattern") {
  CHECK(glob_match("[abc", "a"));
  CHECK_FALSE(glob_match("[abc", "x"));
  CHECK(glob_match("[^", "a"));
  CHECK_FALSE(glob_match("[", "["));
  CHECK(glob_match("[a-", "-"));
  CHECK(glob_match("[\\", "\\"));
}

TEST_CASE("glob_match: a backslash takes the next byte as it is") {
  CHECK(glob_match("\\*", "*"));
  CHECK_FALSE(glob_match("\\*", "a"));
  CHECK(glob_match("a\\", "a\\"));
  CHECK(glob_match("\\[a]", "[a]"));
}

TEST_CASE("glob_match: letters of both cases are alike when asked") {
  CHECK(glob_match("MAX*", "maxmemory", GlobCase::kIgnore));
  CHECK_FALSE(glob_match("MAX*", "maxmemory"));
  CHECK(glob_match("[A-C]x", "bX", GlobCase::kIgnore));
  CHECK_FALSE(glob_match("[\\A]", "a", GlobCase::kIgnore));
}

TEST_CASE("glob_match: patterns and texts are binary") {
  CHECK(glob_match(ByteView("a\0*", 3), ByteView("a\0b", 3)));
  CHECK_FALSE(glob_match(ByteView("a\0b", 3), ByteView("a\0c", 3)));
}

TEST_CASE("glob_match: a pattern made to take for ever is given up") {
  Bytes pattern;
  for (int i = 0; i < 20'000; ++i) pattern += "*a";
  pattern += "b";
  CHECK_FALSE(glob_match(pattern, Bytes(40'000, 'a')));
  // The product of the lengths is far above the bound, yet there is a match.
  CHECK_FALSE(glob_match("*" + Bytes(20'000, 'a') + "b", Bytes(60'000, 'a') + "b"));
}

TEST_CASE("glob_match: a long text with an ordinary pattern is matched in full") {
  CHECK(glob_match("*needle*", Bytes(5'000'000, 'x') + "needle"));
}
