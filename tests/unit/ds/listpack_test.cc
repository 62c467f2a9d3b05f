#include "ds/listpack.h"

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::ds {
namespace {

using base::ByteView;

Packable packed(const std::string& text) {
  return Packable(ByteView(text));
}

std::string text(const Element& element) {
  base::NumberText buffer;
  return std::string(element.to_text(buffer));
}

std::vector<std::string> contents(const Listpack& list) {
  std::vector<std::string> all;
  const ListpackView view = list.view();
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(at))
    all.push_back(text(view.get(at)));
  return all;
}

std::string entry_of(const std::string& value) {
  const Packable packable = packed(value);
  std::string bytes(packable.encoded_bytes(), '\0');
  auto* const start = reinterpret_cast<uint8_t*>(bytes.data());
  REQUIRE(packable.encode(start) == start + bytes.size());
  return bytes;
}

TEST_CASE("Listpack: every encoding has the published bytes") {
  CHECK(entry_of("0") == std::string("\x00\x01", 2));
  CHECK(entry_of("127") == "\x7f\x01");
  CHECK(entry_of("128") == "\xc0\x80\x02");
  CHECK(entry_of("-1") == "\xdf\xff\x02");
  CHECK(entry_of("4095") == "\xcf\xff\x02");
  CHECK(entry_of("-4096") == std::string("\xd0\x00\x02", 3));
  CHECK(entry_of("4096") == std::string("\xf1\x00\x10\x03", 4));
  CHECK(entry_of("-32768") == std::string("\xf1\x00\x80\x03", 4));
  CHECK(entry_of("32768") == std::string("\xf2\x00\x80\x00\x04", 5));
  CHECK(entry_of("-8388608") == std::string("\xf2\x00\x00\x80\x04", 5));
  CHECK(entry_of("8388608") == std::string("\xf3\x00\x00\x80\x00\x05", 6));
  CHECK(entry_of("2147483648") == std::string("\xf4\x00\x00\x00\x80\x00\x00\x00\x00\x09", 10));
  CHECK(entry_of("") == "\x80\x01");
  CHECK(entry_of("abc") ==
        "\x83"
        "abc\x04");
  CHECK(entry_of(std::string(64, 'x')) == "\xe0\x40" + std::string(64, 'x') + "\x42");
  // The length before the last byte takes two bytes from 128 on, the more significant first.
  CHECK(entry_of(std::string(200, 'x')) == "\xe0\xc8" + std::string(200, 'x') + "\x01\xca");
  CHECK(entry_of(std::string(4096, 'x')) ==
        std::string("\xf0\x00\x10\x00\x00", 5) + std::string(4096, 'x') + "\x20\x85");
}

TEST_CASE("Listpack: text that does not print like an integer stays text") {
  for (const char* value :
       {"00", "-0", "+1", "1 ", " 1", "9223372036854775808", "-9223372036854775809", "1.0", "-", ""}) {
    CHECK_FALSE(packed(value).is_int());
    CHECK(packed(value).text_bytes() == std::strlen(value));
  }
  CHECK(packed("9223372036854775807").is_int());
  CHECK(packed("-9223372036854775808").number() == INT64_MIN);
  CHECK(Packable(int64_t{-12}).text_bytes() == 3);
}

TEST_CASE("Listpack: entries of every size read back forwards and backwards") {
  Listpack list;
  std::vector<std::string> values;
  for (const size_t size :
       {0U, 1U, 63U, 64U, 125U, 126U, 127U, 4095U, 4096U, 16376U, 16377U, 16378U, 16379U, 70000U}) {
    values.emplace_back(size, 's');
  }
  for (unsigned bits = 1; bits < 63; ++bits) {
    values.push_back(std::to_string((int64_t{1} << bits) - 1));
    values.push_back(std::to_string(-(int64_t{1} << bits)));
  }
  for (const std::string& value : values) list.append(packed(value));
  CHECK(contents(list) == values);
  CHECK(validate(list.block(), true));
  const ListpackView view = list.view();
  size_t at = view.last();
  for (size_t i = values.size(); i > 0; --i) {
    REQUIRE(at != ListpackView::kNone);
    REQUIRE(text(view.get(at)) == values[i - 1]);
    at = view.prev(at);
  }
  CHECK(at == ListpackView::kNone);
}

TEST_CASE("Listpack: an empty one is seven bytes and has neither first nor last") {
  const Listpack list;
  CHECK(list.block() == ByteView("\x07\x00\x00\x00\x00\x00\xff", 7));
  CHECK(list.view().first() == ListpackView::kNone);
  CHECK(list.view().last() == ListpackView::kNone);
  CHECK(list.view().at(0) == ListpackView::kNone);
  CHECK(list.view().at(-1) == ListpackView::kNone);
}

TEST_CASE("Listpack: find compares values and can skip the ones between keys") {
  Listpack list;
  for (const char* value : {"name", "7", "7", "name", "other", "x"}) list.append(packed(value));
  const ListpackView view = list.view();
  CHECK(view.find(packed("7"), view.first(), 0) == view.at(1));
  CHECK(view.find(packed("7"), view.first(), 1) == view.at(2));
  CHECK(view.find(packed("07"), view.first(), 0) == ListpackView::kNone);
  CHECK(view.find(packed("x"), view.first(), 1) == ListpackView::kNone);
  CHECK(equals(view.get(view.at(1)), "7"));
  CHECK_FALSE(equals(view.get(view.at(1)), "name"));
  CHECK_FALSE(equals(view.get(view.at(0)), "7"));
}

TEST_CASE("Listpack: erase hands memory back and tells what comes next") {
  Listpack list;
  for (int i = 0; i < 200; ++i) list.append(packed("value " + std::to_string(i)));
  const size_t full = list.memory_bytes();
  const size_t next = list.erase(list.view().at(10), 180);
  CHECK(text(list.view().get(next)) == "value 190");
  CHECK(list.memory_bytes() < full / 4);
  CHECK(list.erase(list.view().at(-2), 99) == ListpackView::kNone);
  CHECK(list.size() == 18);
  list.clear();
  CHECK(list.size() == 0);
  CHECK(validate(list.block(), true));
}

TEST_CASE("Listpack: what was reserved stays until it is given back") {
  Listpack list;
  list.append(Packable("text"));
  const size_t needed = list.memory_bytes();
  list.reserve(4000);
  CHECK(list.memory_bytes() >= 4000);
  list.append(Packable("more"));
  CHECK(list.memory_bytes() >= 4000);
  list.tighten();
  CHECK(list.memory_bytes() < needed + 32);
  CHECK(list.size() == 2);
  CHECK(validate(list.block(), true));
}

TEST_CASE("Listpack: several appended at once are as if they had come one by one") {
  Listpack at_once;
  Listpack one_by_one;
  const std::string large(5000, 'x');
  for (size_t size : {0, 1, 9, 70}) {
    std::vector<Packable> values;
    size_t most_bytes = 0;
    for (size_t i = 0; i < size; ++i) {
      const base::ByteView text = base::ByteView(large).substr(0, i % 7 == 0 ? large.size() : i);
      values.push_back(i % 3 == 0 ? Packable(static_cast<int64_t>(i) << (i % 60)) : Packable(text));
      most_bytes += kMostElementOverhead + text.size();
    }
    {
      at_once.reserve(at_once.bytes() + most_bytes);
      REQUIRE(at_once.room() >= most_bytes);
      Listpack::Appender appender(at_once);
      for (const Packable& value : values) appender.add(value);
    }
    for (const Packable& value : values) one_by_one.append(value);
    CHECK(validate(at_once.block(), true));
    CHECK((at_once.block() == one_by_one.block()));
  }
}

TEST_CASE("Listpack: the count is unknown from 65535 on and known again below") {
  Listpack list;
  list.reserve(70000 * 2 + 7);
  for (int i = 0; i < 65540; ++i) list.append(Packable(int64_t{1}));
  CHECK(list.size() == 65540);
  CHECK(static_cast<uint8_t>(list.block()[4]) == 255);
  CHECK(validate(list.block(), true));
  list.erase(list.view().first(), 10);
  CHECK(list.size() == 65530);
  CHECK(validate(list.block(), true));
  CHECK(list.view().at(65529) != ListpackView::kNone);
  CHECK(list.view().at(65530) == ListpackView::kNone);
}

TEST_CASE("Listpack: random changes agree with std::vector and keep the block valid") {
  base::Random random(17);
  Listpack list;
  std::vector<std::string> model;
  const auto value = [&] {
    return random.below(2) == 0
               ? std::to_string(static_cast<int64_t>(random.next()) >> random.below(64))
               : std::string(random.below(8) == 0 ? random.below(5000) : random.below(80), 'r');
  };
  for (int step = 0; step < 20000; ++step) {
    const size_t index = model.empty() ? 0 : random.below(model.size());
    const auto place = model.begin() + static_cast<int64_t>(index);
    const size_t position = list.view().at(static_cast<int64_t>(index));
    const std::string one = value();
    const std::string two = value();
    switch (random.below(model.size() > 60 ? 9 : 5)) {
      case 0:
        list.append(packed(one));
        model.push_back(one);
        break;
      case 1:
        list.insert(list.view().at(0), packed(one));
        model.insert(model.begin(), one);
        break;
      case 2:
        list.insert(position, packed(one));
        model.insert(place, one);
        break;
      case 3:
        list.insert_pair(position, packed(one), packed(two));
        model.insert(place, {one, two});
        break;
      case 4:
        if (model.empty()) break;
        list.replace(position, packed(one));
        *place = one;
        break;
      default: {
        const size_t count = std::min<size_t>(random.below(4), model.size() - index);
        list.erase(position, count);
        model.erase(place, place + static_cast<int64_t>(count));
      }
    }
    REQUIRE(list.size() == model.size());
    if (step % 50 == 0) {
      REQUIRE(validate(list.block(), true));
      REQUIRE(contents(list) == model);
      REQUIRE(contents(Listpack::copy_of(list.block())) == model);
    }
  }
}

TEST_CASE("Listpack: validation refuses damaged blocks without reading past them") {
  CHECK_FALSE(validate("", true));
  CHECK_FALSE(validate(ByteView("\x07\x00\x00\x00\x00\x00", 6), true));
  CHECK_FALSE(validate(ByteView("\x08\x00\x00\x00\x00\x00\xff", 7), true));
  CHECK_FALSE(validate(ByteView("\x07\x00\x00\x00\x01\x00\xff", 7), true));
  CHECK(validate(ByteView("\x07\x00\x00\x00\x01\x00\xff", 7), false));
  CHECK(validate(ByteView("\x07\x00\x00\x00\xff\xff\xff", 7), true));
  // A string that claims more than there is, and first bytes no entry has.
  CHECK_FALSE(validate(ByteView("\x0a\x00\x00\x00\x01\x00\xbf\x61\x02\xff", 10), true));
  CHECK_FALSE(validate(ByteView("\x0a\x00\x00\x00\x01\x00\xf0\xff\xff\xff", 10), true));
  CHECK_FALSE(validate(ByteView("\x09\x00\x00\x00\x01\x00\xf5\x01\xff", 9), true));
}

TEST_CASE("Listpack: a valid verdict on random damage means the block can be walked both ways") {
  base::Random random(23);
  Listpack list;
  for (const char* value : {"", "12", "-4000", "70000", "text", "99999999999"}) list.append(packed(value));
  list.append(packed(std::string(300, 'z')));
  const std::string good(list.block());
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    // An exact heap copy, so that a sanitizer sees every byte read beyond it.
    std::vector<char> bad(good.begin(), good.end());
    for (uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      bad[random.below(bad.size())] = static_cast<char>(random.next());
    }
    const ByteView block(bad.data(), bad.size());
    if (!validate(block, true)) continue;
    ++accepted;
    const ListpackView view(block);
    size_t forward = 0;
    size_t backward = 0;
    for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(at)) ++forward;
    for (size_t at = view.last(); at != ListpackView::kNone; at = view.prev(at)) ++backward;
    REQUIRE(forward == backward);
  }
  CHECK(accepted > 0);
}

}  // namespace
}  // namespace sluice::ds
