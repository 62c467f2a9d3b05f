#include "keyspace/changes.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

TEST_CASE("ChangeLog: keeps what happened in order, and counts apart") {
  Fixture f;
  Entry& entry = f.add_list("q");
  CHECK(f.changes.empty());
  f.changes.created(f.db(), entry, &events::lpush);
  f.changes.touched(f.db(), entry, &events::expire);
  f.changes.count_dirty(3);
  REQUIRE(f.changes.size() == 2);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kCreated);
  CHECK(f.changes.changes()[0].event == &events::lpush);
  CHECK(f.changes.changes()[0].db == &f.db());
  CHECK(f.changes.changes()[1].kind == ChangeKind::kTouched);
  CHECK(f.changes.dirty() == 3);
  f.changes.clear();
  CHECK(f.changes.empty());
  CHECK(f.changes.dirty() == 0);
}

TEST_CASE("ChangeLog: a count without a key is a change, too") {
  Fixture f;
  f.changes.count_dirty(1);
  CHECK_FALSE(f.changes.empty());
}

TEST_CASE("ChangeLog: removed entries live until it is cleared, big ones then in the graveyard") {
  Fixture f;
  Entry& small = f.add_list("small");
  Entry& big = f.add_list("big", 1000);
  const base::ByteView key = big.key();
  f.changes.removed(f.db(), f.db().detach(small), &events::del);
  f.changes.expired(f.db(), f.db().detach(big));
  CHECK(key == "big");
  CHECK(f.changes.changes()[1].kind == ChangeKind::kExpired);
  CHECK(f.changes.changes()[1].event == &events::expired);
  CHECK(f.keyspace.graveyard().pending() == 0);
  f.changes.clear();
  CHECK(f.keyspace.graveyard().pending() == 1);
}

TEST_CASE("ChangeLog: fields that expire one behind the other are one change of their key") {
  Fixture f;
  Entry& a = f.add_hash("a", {1});
  Entry& b = f.add_hash("b", {1});
  f.changes.field_expired(f.db(), a, "x");
  f.changes.field_expired(f.db(), a, "y");
  f.changes.field_expired(f.db(), b, "z");
  f.changes.fields_expired(f.db(), b);
  f.changes.field_expired(f.db(), b, "w");
  REQUIRE(f.changes.size() == 4);
  CHECK(f.changes.changes()[0].fields == 2);
  CHECK(f.changes.changes()[0].event == &events::hexpired);
  CHECK(f.changes.changes()[1].entry == &b);
  CHECK(f.changes.changes()[2].fields == 0);
  CHECK(f.changes.changes()[3].kind == ChangeKind::kFieldsExpired);
  REQUIRE(f.changes.expired_fields().size() == 4);
  CHECK(f.changes.expired_fields()[1] == "y");
  CHECK(f.changes.dirty() == 0);
  f.changes.clear();
  CHECK(f.changes.expired_fields().empty());
}

}  // namespace sluice::keyspace
