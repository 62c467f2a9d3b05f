#include "types/stream_agenda.h"

#include <doctest/doctest.h>

#include "types/stream.h"

namespace sluice::types {
namespace {

struct Fixture {
  ds::HashSeed seed{1};
  ds::Epoch epoch;
  ValueContext context{seed, epoch};
  Stream stream{context};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "StreamAgenda: what is filed comes in the order of its moments, each once") {
  StreamGroup& a = *stream.add_group("a", {}, 0);
  StreamGroup& b = *stream.add_group("b", {}, 0);
  StreamAgenda agenda;
  CHECK(agenda.next_ms() == kNeverExpires);
  int64_t a_ms = kNeverExpires;
  int64_t b_ms = kNeverExpires;
  agenda.file(&a, a_ms, 300);
  agenda.file(&b, b_ms, 200);
  agenda.file_own(250);
  CHECK(a_ms == 300);
  CHECK(agenda.next_ms() == 200);
  CHECK(agenda.front() == &b);
  agenda.file(&b, b_ms, 400);
  CHECK(agenda.next_ms() == 250);
  CHECK(agenda.front() == nullptr);
  const size_t bytes = agenda.memory_bytes();
  agenda.file_own(kNeverExpires);
  CHECK(agenda.memory_bytes() < bytes);
  CHECK(agenda.front() == &a);
  agenda.file(&a, a_ms, kNeverExpires);
  agenda.file(&a, a_ms, kNeverExpires);
  agenda.file(&b, b_ms, kNeverExpires);
  CHECK(b_ms == kNeverExpires);
  CHECK(agenda.next_ms() == kNeverExpires);
}

TEST_CASE_FIXTURE(Fixture, "StreamAgenda: a stream has one from its first moment on, which moves with it") {
  CHECK(stream.ticket() == nullptr);
  CHECK(stream.next_deadline_ms() == kNeverExpires);
  stream.agenda().file_own(7);
  *stream.ticket() = 3;
  Stream moved(std::move(stream));
  CHECK(moved.next_deadline_ms() == 7);
  CHECK(*moved.ticket() == 3);
  CHECK(moved.memory_bytes() >= sizeof(StreamAgenda));
}

TEST_CASE_FIXTURE(Fixture, "StreamAgenda: a stream follows its groups, and forgets those that go") {
  StreamGroup& a = *stream.add_group("a", {}, 0);
  StreamGroup& b = *stream.add_group("b", {}, 0);
  stream.follow(a);
  CHECK(stream.ticket() == nullptr);
  a.add_delayed({1, 0}, 1, 300);
  b.add_delayed({1, 0}, 1, 200);
  stream.follow(a);
  stream.follow(b);
  CHECK(stream.next_deadline_ms() == 200);
  Stream copy = stream.clone();
  CHECK(copy.next_deadline_ms() == 200);
  CHECK(stream.remove_group("b") != nullptr);
  CHECK(stream.next_deadline_ms() == 300);
  CHECK(copy.next_deadline_ms() == 200);
  a.acknowledge({1, 0});
  stream.follow(a);
  CHECK(stream.next_deadline_ms() == kNeverExpires);
}

TEST_CASE_FIXTURE(Fixture,
                  "StreamAgenda: of a stream that goes the moments of many groups are forgotten in slices") {
  for (int i = 0; i < 500; ++i) {
    StreamGroup& group = *stream.add_group("g" + std::to_string(i), {}, 0);
    group.add_delayed({1, 0}, 1, 300 + i);
    stream.follow(group);
  }
  CHECK(stream.release_slice(100));
  CHECK(stream.agenda().memory_bytes() > sizeof(StreamAgenda));
  int slices = 2;
  while (stream.release_slice(100)) ++slices;
  CHECK(slices >= 4 + 5 + 10);  // moments; places in the index; groups and what they have pending
}

}  // namespace sluice::types
