#include "client/outbox.h"

#include <deque>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::client {

namespace {

void put(Outbox& outbox, base::ByteView text, uint64_t tag) {
  outbox.bytes().append(text);
  outbox.tag(tag);
}

}  // namespace

TEST_CASE("Outbox: bytes leave once the watermark has reached their tag") {
  Outbox outbox;
  put(outbox, "first", 10);
  put(outbox, "second", 20);
  CHECK(outbox.sendable(9).empty());
  CHECK(outbox.held_bytes() == 11);
  CHECK(outbox.sendable(10) == "first");
  CHECK(outbox.held_bytes() == 6);
  CHECK(outbox.sendable(19) == "first");
  CHECK(outbox.sendable(25) == "firstsecond");
  CHECK(outbox.held_bytes() == 0);
  CHECK(outbox.last_tag() == 20);
}

TEST_CASE("Outbox: one that waits for the sync goes by it, up to the unit in which that was switched off") {
  Outbox outbox;
  CHECK(outbox.watermark(30, 10) == 30);
  outbox.wait_for_sync(true);
  put(outbox, "durable", 20);
  CHECK(outbox.watermark(30, 10) == 10);
  outbox.wait_for_sync(false);
  CHECK(outbox.watermark(30, 20) == 20);
  put(outbox, "last", 25);
  put(outbox, "next", 30);
  CHECK(outbox.watermark(30, 24) == 24);
  CHECK(outbox.watermark(30, 25) == 30);
  outbox.wait_for_sync(true);
  outbox.wait_for_sync(false);
  outbox.wait_for_sync(true);
  put(outbox, "again", 40);
  CHECK(outbox.watermark(50, 40) == 40);
}

TEST_CASE("Outbox: what is not tagged yet does not leave") {
  Outbox outbox;
  outbox.bytes().append("open");
  CHECK(outbox.sendable(UINT64_MAX).empty());
  outbox.tag(0);
  CHECK(outbox.sendable(0) == "open");
}

TEST_CASE("Outbox: tags never decrease, so nothing overtakes") {
  Outbox outbox;
  put(outbox, "write", 30);
  put(outbox, "read", 5);
  CHECK(outbox.sendable(29).empty());
  CHECK(outbox.sendable(30) == "writeread");
}

TEST_CASE("Outbox: a tag of nothing is nothing") {
  Outbox outbox;
  outbox.tag(50);
  CHECK(outbox.last_tag() == 0);
  put(outbox, "a", 1);
  CHECK(outbox.sendable(1) == "a");
}

TEST_CASE("Outbox: what was sent is gone, also when only a part was") {
  Outbox outbox;
  put(outbox, "abcdef", 1);
  CHECK(outbox.sendable(1) == "abcdef");
  outbox.sent(2);
  CHECK(outbox.unsent_bytes() == 4);
  put(outbox, "gh", 2);
  CHECK(outbox.sendable(1) == "cdef");
  CHECK(outbox.sendable(2) == "cdefgh");
  outbox.sent(6);
  CHECK(outbox.empty());
}

TEST_CASE("Outbox: an answer that is not wanted is taken back") {
  Outbox outbox;
  put(outbox, "kept", 1);
  const size_t mark = outbox.mark();
  outbox.bytes().append("unwanted");
  outbox.take_back(mark);
  outbox.tag(2);
  CHECK(outbox.sendable(9) == "kept");
  CHECK(outbox.last_tag() == 1);
}

TEST_CASE("Outbox: an idle client's holds no memory") {
  Outbox outbox;
  put(outbox, base::Bytes(100'000, 'x'), 1);
  outbox.sendable(1);
  outbox.sent(100'000);
  CHECK(outbox.memory_bytes() <= 64);
}

TEST_CASE("Outbox: one that never runs empty does not grow with what it has sent") {
  Outbox outbox;
  put(outbox, base::Bytes(1000, 'x'), 1);
  for (uint64_t i = 2; i < 2000; ++i) {
    put(outbox, base::Bytes(1000, 'y'), i);
    REQUIRE(outbox.sendable(i).size() >= 1000);
    outbox.sent(1000);
  }
  CHECK(outbox.unsent_bytes() == 1000);
  CHECK(outbox.memory_bytes() < 1'000'000);
}

TEST_CASE("Outbox: behaves as a queue of tagged bytes") {
  base::Random random(7);
  Outbox outbox;
  std::deque<std::pair<char, uint64_t>> model;
  uint64_t tag = 0;
  uint64_t watermark = 0;
  char next = 'a';
  for (int step = 0; step < 50'000; ++step) {
    if (random.below(2) == 0) {
      const size_t count = random.below(random.below(50) == 0 ? 30'000 : 20);
      tag += random.below(3);
      for (size_t i = 0; i < count; ++i) {
        outbox.bytes().push_back(next);
        model.emplace_back(next, tag);
        next = next == 'z' ? 'a' : static_cast<char>(next + 1);
      }
      outbox.tag(tag);
    } else {
      watermark = std::max(watermark, random.below(tag + 1));
      const base::ByteView ready = outbox.sendable(watermark);
      size_t expected = 0;
      while (expected < model.size() && model[expected].second <= watermark) ++expected;
      REQUIRE(ready.size() == expected);
      const size_t count = random.below(ready.size() + 1);
      for (size_t i = 0; i < count; ++i) {
        REQUIRE(ready[i] == model.front().first);
        model.pop_front();
      }
      outbox.sent(count);
      REQUIRE(outbox.unsent_bytes() == model.size());
    }
  }
}

}  // namespace sluice::client
