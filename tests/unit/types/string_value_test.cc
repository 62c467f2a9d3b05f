#include "types/string_value.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {
namespace {

std::string text(const StringValue& value) {
  base::NumberText buffer;
  return std::string(value.view(buffer));
}

TEST_CASE("StringValue: the encoding is the one Redis reports after SET") {
  CHECK(std::string(StringValue::from_text("12345").encoding()) == "int");
  CHECK(std::string(StringValue::from_text("-9223372036854775808").encoding()) == "int");
  CHECK(std::string(StringValue::from_text("9223372036854775808").encoding()) == "embstr");
  CHECK(std::string(StringValue::from_text("007").encoding()) == "embstr");
  CHECK(std::string(StringValue::from_text("").encoding()) == "embstr");
  CHECK(std::string(StringValue::from_text(std::string(44, 'x')).encoding()) == "embstr");
  CHECK(std::string(StringValue::from_text(std::string(45, 'x')).encoding()) == "raw");
  CHECK(std::string(StringValue::from_plain_text("12").encoding()) == "embstr");
  CHECK(std::string(StringValue(int64_t{7}).encoding()) == "int");
}

TEST_CASE("StringValue: text of every length to 100 comes back as it was, in one small allocation at most") {
  for (size_t length = 0; length <= 100; ++length) {
    const std::string original(length, 'v');
    const StringValue value = StringValue::from_text(original);
    CHECK(text(value) == original);
    CHECK(value.size() == length);
    CHECK(value.memory_bytes() <= (length <= 15 ? 0 : length + 31));
  }
}

TEST_CASE("StringValue: APPEND and SETRANGE make a value raw whatever its length") {
  StringValue number(int64_t{12});
  CHECK(number.append("3") == 3);
  CHECK(text(number) == "123");
  CHECK(std::string(number.encoding()) == "raw");
  CHECK(number.integer() == 123);

  StringValue range = StringValue::from_text("hello world");
  CHECK(range.set_range(6, "redis") == 11);
  CHECK(text(range) == "hello redis");
  CHECK(std::string(range.encoding()) == "raw");

  StringValue padded = StringValue::from_plain_text("");
  CHECK(padded.set_range(3, "x") == 4);
  CHECK(text(padded) == std::string("\0\0\0x", 4));
}

TEST_CASE("StringValue: integers are read from numbers and from exact text only") {
  CHECK(StringValue(int64_t{-5}).integer() == -5);
  CHECK(StringValue::from_plain_text("10").integer() == 10);
  CHECK_FALSE(StringValue::from_text("10 ").integer().has_value());
  CHECK_FALSE(StringValue::from_text("").integer().has_value());
}

TEST_CASE("StringValue: a long buffer is adopted, not copied, and stays editable") {
  base::Bytes big(200000, 'b');
  const char* const buffer = big.data();
  StringValue value = StringValue::adopt(std::move(big));
  base::NumberText unused;
  CHECK(value.view(unused).data() == buffer);
  CHECK(std::string(value.encoding()) == "raw");
  CHECK(value.append("end") == 200003);
  CHECK(value.set_range(0, "start") == 200003);
  CHECK(text(value) == "start" + std::string(199995, 'b') + "end");
  CHECK(std::string(StringValue::adopt("42").encoding()) == "int");
}

TEST_CASE("StringValue: a clone is equal and independent") {
  StringValue edited = StringValue::from_text("short");
  edited.append("!");
  for (StringValue* original : {&edited}) {
    StringValue copy = original->clone();
    CHECK(text(copy) == text(*original));
    CHECK(std::string(copy.encoding()) == original->encoding());
    copy.append("more");
    CHECK(text(*original) == "short!");
  }
  CHECK(StringValue(int64_t{9}).clone().integer() == 9);
}

TEST_CASE("StringValue: moving leaves something that can be destroyed and assigned") {
  StringValue one = StringValue::from_text(std::string(100, 'a'));
  StringValue two = std::move(one);
  one = StringValue::from_text("again");
  CHECK(text(one) == "again");
  CHECK(two.size() == 100);
  two = std::move(one);
  CHECK(text(two) == "again");
}

TEST_CASE("StringValue: random edits agree with std::string") {
  base::Random random(21);
  for (int round = 0; round < 200; ++round) {
    std::string model(random.below(3) == 0 ? random.below(40000) : random.below(60), 's');
    StringValue value = random.below(2) == 0 ? StringValue::adopt(model) : StringValue::from_text(model);
    for (int step = 0; step < 30; ++step) {
      const std::string part(random.below(50), static_cast<char>('a' + step % 26));
      const size_t offset = random.below(model.size() + 40);
      if (random.below(2) == 0) {
        model += part;
        REQUIRE(value.append(part) == model.size());
      } else {
        if (offset + part.size() > model.size()) model.resize(offset + part.size(), '\0');
        model.replace(offset, part.size(), part);
        REQUIRE(value.set_range(offset, part) == model.size());
      }
      REQUIRE(text(value) == model);
    }
  }
}

}  // namespace
}  // namespace sluice::types
