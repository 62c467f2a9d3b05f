#include "keyspace/deadlines.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

TEST_CASE("Deadlines: a random one is any of those set") {
  Fixture f;
  base::Random random(1);
  f.keyspace.deadlines().set_expiry(f.db(), f.add_list("a"), 100);
  f.keyspace.deadlines().set_expiry(f.db(), f.add_list("b"), 200);
  int first = 0;
  for (int i = 0; i < 1000; ++i) {
    first += f.keyspace.deadlines().random_key(random).entry->key() == "a" ? 1 : 0;
  }
  CHECK(first > 400);
  CHECK(first < 600);
}

TEST_CASE("Deadlines: set, moved and cleared, the earliest in front") {
  Fixture f;
  Deadlines& deadlines = f.keyspace.deadlines();
  Entry& a = f.add_list("a");
  Entry& b = f.add_list("b");
  CHECK_FALSE(deadlines.next_ms().has_value());
  CHECK(a.deadline == kNoDeadline);
  deadlines.set_expiry(f.db(), a, 200);
  deadlines.set_expiry(f.db(), b, 300);
  CHECK(deadlines.expiry_ms(a) == 200);
  CHECK(deadlines.next_ms() == 200);
  CHECK(deadlines.front().entry == &a);
  CHECK(deadlines.front().db == &f.db());
  CHECK(f.db().volatile_size() == 2);
  deadlines.set_expiry(f.db(), a, 400);
  CHECK(deadlines.size() == 2);
  CHECK(f.db().volatile_size() == 2);
  CHECK(deadlines.front().entry == &b);
  deadlines.clear_expiry(b);
  deadlines.clear_expiry(b);
  CHECK(b.deadline == kNoDeadline);
  CHECK(deadlines.front().entry == &a);
  deadlines.clear_expiry(a);
  CHECK(deadlines.size() == 0);
  CHECK(f.db().volatile_size() == 0);
}

TEST_CASE("Deadlines: moments in the past and at the ends of time are kept as given") {
  Fixture f;
  Entry& entry = f.add_list("a");
  for (const int64_t when : {int64_t{-5}, int64_t{0}, INT64_MAX}) {
    f.keyspace.deadlines().set_expiry(f.db(), entry, when);
    CHECK(f.keyspace.deadlines().expiry_ms(entry) == when);
  }
  f.keyspace.deadlines().clear_expiry(entry);
}

TEST_CASE("Deadlines: a hash is filed under the next deadline of its fields, and never later") {
  Fixture f;
  Deadlines& deadlines = f.keyspace.deadlines();
  Entry& entry = f.add_hash("h", {300, 200});
  auto& hash = *get_if<types::Hash>(entry.value);
  CHECK(deadlines.next_ms() == 200);
  CHECK(deadlines.front().entry == &entry);
  CHECK(deadlines.front().kind == DeadlineKind::kHashFields);
  CHECK(f.db().volatile_size() == 0);
  deadlines.set_expiry(f.db(), entry, 250);
  hash.set_deadline("1", 400);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.size() == 2);
  CHECK(deadlines.next_ms() == 250);
  CHECK(deadlines.front().kind == DeadlineKind::kKeyExpiry);
  deadlines.clear_expiry(entry);
  CHECK(deadlines.next_ms() == 300);
  hash.set_deadline("0", types::kNeverExpires);
  hash.erase("1");
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.size() == 0);
  hash.set_deadline("0", 7);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.next_ms() == 7);
  deadlines.forget(entry);
  deadlines.forget(entry);
  CHECK(deadlines.size() == 0);
  deadlines.follow_value(f.db(), f.add_list("q"));
  CHECK(deadlines.size() == 0);
}

TEST_CASE("Deadlines: a hash that is overwritten, removed or flushed is filed no more") {
  Fixture f;
  Deadlines& deadlines = f.keyspace.deadlines();
  f.add_hash("a", {100});
  Entry& b = f.add_hash("b", {200});
  f.keyspace.store(f.access, "a", Value(types::StringValue(1)), events::set);
  CHECK(deadlines.next_ms() == 200);
  f.keyspace.remove(f.access, b, events::del);
  CHECK(deadlines.size() == 0);
  f.add_hash("c", {100});
  f.changes.clear();
  f.keyspace.flush(0);
  CHECK(deadlines.size() == 1);
  while (f.keyspace.graveyard().step(1, deadlines)) {
  }
  CHECK(deadlines.size() == 0);
}

TEST_CASE("Deadlines: a stream is filed under its next moment, until it has none or leaves its key") {
  Fixture f;
  Deadlines& deadlines = f.keyspace.deadlines();
  Entry& entry = f.keyspace.store(f.access, "s", Value(f.keyspace.make<types::Stream>()), events::xadd);
  f.changes.clear();
  auto& stream = *get_if<types::Stream>(entry.value);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.size() == 0);
  stream.agenda().file_own(300);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.next_ms() == 300);
  CHECK(deadlines.front().entry == &entry);
  CHECK(deadlines.front().kind == DeadlineKind::kStream);
  stream.agenda().file_own(200);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.next_ms() == 200);
  CHECK(deadlines.size() == 1);
  stream.agenda().file_own(types::kNeverExpires);
  deadlines.follow_value(f.db(), entry);
  CHECK(deadlines.size() == 0);
  stream.agenda().file_own(100);
  deadlines.follow_value(f.db(), entry);
  f.keyspace.store(f.access, "s", Value(types::StringValue(1)), events::set);
  CHECK(deadlines.size() == 0);
}

}  // namespace sluice::keyspace
