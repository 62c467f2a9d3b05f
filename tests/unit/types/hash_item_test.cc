#include "types/hash_item.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::types {

TEST_CASE("HashItem: holds field and value, with or without a deadline, and pays for one only with it") {
  const std::string value(100, 'v');
  HashItem plain = HashItem::create("field", value);
  HashItem timed = HashItem::create("field", value, 1234);
  for (const HashItem item : {plain, timed}) {
    CHECK(item.field() == "field");
    CHECK(item.value() == value);
  }
  CHECK_FALSE(plain.has_deadline());
  CHECK(plain.deadline_ms() == kNeverExpires);
  CHECK(timed.has_deadline());
  CHECK(timed.deadline_ms() == 1234);
  CHECK(plain.memory_bytes() == 128);
  CHECK(timed.memory_bytes() == 160);
  CHECK(plain.id() != timed.id());
  CHECK_FALSE(plain == timed);
  timed.set_deadline_ms(99);
  timed.set_place(7);
  CHECK(timed.deadline_ms() == 99);
  CHECK(timed.place() == 7);
  CHECK(timed.value() == value);
  plain.destroy();
  timed.destroy();
}

TEST_CASE("HashItem: empty texts and binary ones") {
  for (const int64_t deadline_ms : {kNeverExpires, int64_t{0}, int64_t{-1}}) {
    HashItem item = HashItem::create("", std::string("\0\xff", 2), deadline_ms);
    CHECK(item.field().empty());
    CHECK(item.value() == base::ByteView("\0\xff", 2));
    CHECK(item.deadline_ms() == deadline_ms);
    item.destroy();
  }
}

}  // namespace sluice::types
