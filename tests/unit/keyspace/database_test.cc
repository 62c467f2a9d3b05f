#include "keyspace/database.h"

#include <doctest/doctest.h>

#include "keyspace/deadlines.h"
#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

TEST_CASE("Database: holds entries by key, and they never move") {
  Fixture f;
  Entry& first = f.db().insert("first", Value(types::StringValue(1)));
  for (int i = 0; i < 5000; ++i) f.db().insert("k" + std::to_string(i), Value(types::StringValue(i)));
  CHECK(f.db().size() == 5001);
  CHECK(f.db().find("first") == &first);
  CHECK(first.key() == "first");
  CHECK(f.db().find("absent") == nullptr);
  CHECK(f.db().find("") == nullptr);
  CHECK(f.db().table_bytes() > 5000 * 8);
}

TEST_CASE("Database: a detached entry is handed over and says so") {
  Fixture f;
  Entry& entry = f.db().insert("k", Value(types::StringValue(7)));
  Entry* const detached = f.db().detach(entry);
  CHECK(detached == &entry);
  const bool says_so = detached->detached;
  CHECK(says_so);
  CHECK(f.db().find("k") == nullptr);
  CHECK(f.db().size() == 0);
  Entry::destroy(detached);
}

TEST_CASE("Database: knows how long its volatile keys have to live on average") {
  Fixture f;
  CHECK(f.db().average_ttl_ms(0) == 0);
  f.db().expiry_added(10'500);
  f.db().expiry_added(20'001);
  CHECK(f.db().volatile_size() == 2);
  CHECK(f.db().average_ttl_ms(10'000) == 5250);
  CHECK(f.db().average_ttl_ms(50'000) == 0);
  f.db().expiry_removed(10'500);
  CHECK(f.db().average_ttl_ms(10'000) == 10'001);
  f.db().expiry_removed(20'001);
  CHECK(f.db().volatile_size() == 0);
}

TEST_CASE("Database: far deadlines and many of them do not overflow the average") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.db().expiry_added(INT64_MAX / 2);
  CHECK(f.db().average_ttl_ms(0) == doctest::Approx(static_cast<double>(INT64_MAX / 2)));
}

TEST_CASE("Database: a buried one is freed in slices, big values in the middle") {
  Fixture f;
  for (int i = 0; i < 100; ++i) f.add_list("k" + std::to_string(i), 10);
  f.add_list("big", 20'000);
  f.keyspace.deadlines().set_expiry(f.db(), *f.db().find("k3"), kNowMs + 5);
  f.db().bury();
  CHECK(f.db().buried());
  int slices = 1;
  while (f.db().release_slice(100, f.keyspace.deadlines())) ++slices;
  CHECK(slices > 10);
  CHECK(f.db().size() == 0);
  CHECK(f.keyspace.deadlines().size() == 0);
}

TEST_CASE("Database: a buried sorted set goes in slices to its last member, not only its tree") {
  Fixture f;
  auto set = f.keyspace.make<types::SortedSet>();
  for (int i = 0; i < 20'000; ++i) set.add("member" + std::to_string(i), i);
  f.keyspace.store(f.access, "big", std::move(set), events::zadd);
  f.changes.clear();
  f.db().bury();
  int slices = 1;
  while (f.db().release_slice(100, f.keyspace.deadlines())) ++slices;
  CHECK(slices > 300);
}

TEST_CASE("Database: one that goes in the middle of a slice leaves nothing behind") {
  Fixture f;
  f.add_list("big", 20'000);
  f.db().bury();
  CHECK(f.db().release_slice(10, f.keyspace.deadlines()));
  // A sanitizer tells whether the half-freed value went with its database.
}

}  // namespace sluice::keyspace
