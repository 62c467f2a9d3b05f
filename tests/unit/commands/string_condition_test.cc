#include "commands/string_condition.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::commands {

namespace {

using Kind = StringCondition::Kind;
using types::StringValue;

std::string digest_text(base::ByteView text) {
  const auto digest = digest_of(StringValue::from_text(text));
  return {digest.data(), digest.size()};
}

}  // namespace

TEST_CASE("Digest: XXH3 of the text, sixteen digits, whatever way the text is held") {
  CHECK(digest_text("hello") == "9555e8555c62dcfd");
  CHECK(digest_text("") == "2d06800538d394c2");
  CHECK(digest_text("123") == "404a763b3f4c8c9a");
  CHECK(digest_text("v8") == "0cc76dbb41381419");
  CHECK(digest_text("Hello world") == "b6acb9d84a38ff74");
}

TEST_CASE("Condition: equal or not, an absent key equals nothing") {
  const StringValue seven = StringValue::from_text("7");
  CHECK(StringCondition{Kind::kEqual, "7"}.holds(&seven));
  CHECK_FALSE(StringCondition{Kind::kEqual, "07"}.holds(&seven));
  CHECK(StringCondition{Kind::kDiffers, "07"}.holds(&seven));
  CHECK_FALSE(StringCondition{Kind::kDiffers, "7"}.holds(&seven));
  CHECK_FALSE(StringCondition{Kind::kEqual, ""}.holds(nullptr));
  CHECK(StringCondition{Kind::kDiffers, ""}.holds(nullptr));
  CHECK_FALSE(StringCondition{Kind::kDigestEqual, "2d06800538d394c2"}.holds(nullptr));
  CHECK(StringCondition{Kind::kDigestDiffers, "2d06800538d394c2"}.holds(nullptr));
}

TEST_CASE("Condition: digests in any case; one of another length is none") {
  const StringValue hello = StringValue::from_text("hello");
  CHECK(StringCondition{Kind::kDigestEqual, "9555E8555c62dcfd"}.holds(&hello));
  CHECK_FALSE(StringCondition{Kind::kDigestDiffers, "9555e8555c62dcfd"}.holds(&hello));
  CHECK(StringCondition{Kind::kDigestDiffers, "zzzzzzzzzzzzzzzz"}.holds(&hello));
  CHECK_FALSE(StringCondition{Kind::kDigestEqual, "9555e8555c62dcf"}.is_sound());
  CHECK_FALSE(StringCondition{Kind::kDigestDiffers, ""}.is_sound());
  CHECK(StringCondition{Kind::kEqual, ""}.is_sound());
}

TEST_CASE("Condition: its word in any case") {
  CHECK(parse_condition("ifeq") == Kind::kEqual);
  CHECK(parse_condition("IfNe") == Kind::kDiffers);
  CHECK(parse_condition("IFDEQ") == Kind::kDigestEqual);
  CHECK(parse_condition("IFDNE") == Kind::kDigestDiffers);
  CHECK_FALSE(parse_condition("IF").has_value());
  CHECK_FALSE(parse_condition("").has_value());
}

}  // namespace sluice::commands
