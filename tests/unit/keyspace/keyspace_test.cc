#include "keyspace/keyspace.h"

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

namespace {

Value number(int64_t value) {
  return Value(types::StringValue(value));
}
int64_t number_at(Database& db, base::ByteView key) {
  return std::get<types::StringValue>(db.find(key)->value).integer().value_or(-1);
}

}  // namespace

TEST_CASE("Keyspace: find removes what is past its deadline, and records that") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 1);
  CHECK(f.keyspace.find(f.access, "q") == &entry);
  f.access.now_ms = kNowMs + 1;
  CHECK(f.keyspace.find(f.access, "q") == nullptr);
  CHECK(f.db().find("q") == nullptr);
  REQUIRE(f.changes.size() == 1);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kExpired);
  CHECK(f.changes.dirty() == 0);
  CHECK(f.keyspace.deadlines().size() == 0);
}

TEST_CASE("Keyspace: an expired key may be hidden, or seen as if it had no deadline") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs - 1);
  f.access.expiry = Expiry::kHide;
  CHECK(f.keyspace.find(f.access, "q") == nullptr);
  f.access.expiry = Expiry::kIgnore;
  CHECK(f.keyspace.find(f.access, "q") == &entry);
  CHECK(f.changes.empty());
  CHECK(f.db().find("q") == &entry);
}

TEST_CASE("Keyspace: an access is remembered, unless it asks not to be") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.access.now_ms = 5'000'000;
  f.access.touch = false;
  f.keyspace.find(f.access, "q");
  CHECK(entry.usage == Usage::at(1000));
  f.access.touch = true;
  f.keyspace.find(f.access, "q");
  CHECK(entry.usage == Usage::at(5000));
}

TEST_CASE("Keyspace: under rules that count, uses are counted, and a snapshot keeps them") {
  Fixture f;
  f.keyspace.usage_rules().log_factor = 0;
  f.keyspace.usage_rules().counts = true;
  Entry& entry = f.keyspace.store(f.access, "k", number(1), events::set);
  CHECK(entry.usage == Usage::of_frequency(Usage::kNewFrequency, 1000));
  f.keyspace.find(f.access, "k");
  f.keyspace.find(f.access, "k");
  CHECK(entry.usage == Usage::of_frequency(Usage::kNewFrequency + 2, 1000));
  CHECK_FALSE(f.keyspace.record_of_use(entry, 1000).frequency.has_value());
  f.keyspace.usage_rules().recorded = true;
  CHECK(f.keyspace.record_of_use(entry, 1060).frequency == Usage::kNewFrequency + 1);
  CHECK_FALSE(f.keyspace.record_of_use(entry, 1060).idle_s.has_value());
  f.keyspace.usage_rules().counts = false;
  f.keyspace.find(f.access, "k");
  CHECK(f.keyspace.record_of_use(entry, 1060).idle_s == 60);
}

TEST_CASE("Keyspace: a random entry is any of all databases") {
  Fixture f;
  base::Random random(1);
  CHECK(f.keyspace.random_entry(random).entry == nullptr);
  f.add_list("a");
  f.access.db = &f.keyspace.database(1);
  f.keyspace.store(f.access, "b", number(1), events::set);
  f.keyspace.store(f.access, "c", number(1), events::set);
  int in_second = 0;
  constexpr int kDraws = 3000;
  for (int i = 0; i < kDraws; ++i) {
    const Keyspace::Found found = f.keyspace.random_entry(random);
    REQUIRE(found.db->find(found.entry->key()) == found.entry);
    in_second += found.db == &f.keyspace.database(1) ? 1 : 0;
  }
  CHECK(in_second > kDraws * 6 / 10);
  CHECK(in_second < kDraws * 73 / 100);
}

TEST_CASE("Keyspace: store creates, or replaces and clears the deadline unless told not to") {
  Fixture f;
  f.keyspace.store(f.access, "k", number(1), events::set);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kCreated);
  CHECK(f.changes.dirty() == 1);
  f.changes.clear();
  Entry& entry = *f.db().find("k");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 100);
  CHECK(&f.keyspace.store(f.access, "k", number(2), events::set, true) == &entry);
  CHECK(entry.deadline != kNoDeadline);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kTouched);
  f.keyspace.store(f.access, "k", number(3), events::set);
  CHECK(entry.deadline == kNoDeadline);
  CHECK(number_at(f.db(), "k") == 3);
}

TEST_CASE("Keyspace: store over a hidden expired key starts anew") {
  Fixture f;
  Entry& entry = f.add_list("k");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs - 1);
  f.access.expiry = Expiry::kHide;
  f.keyspace.store(f.access, "k", number(1), events::set, true);
  REQUIRE(f.changes.size() == 2);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kExpired);
  CHECK(f.changes.changes()[1].kind == ChangeKind::kCreated);
  CHECK(f.db().find("k")->deadline == kNoDeadline);
}

TEST_CASE("Keyspace: a replaced big value goes to the graveyard") {
  Fixture f;
  f.add_list("k", 1000);
  f.keyspace.store(f.access, "k", number(1), events::set);
  CHECK(f.keyspace.graveyard().pending() == 1);
}

TEST_CASE("Keyspace: remove records the event and the count, and forgets the deadline") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 5);
  f.keyspace.remove(f.access, entry, events::del);
  CHECK(f.db().size() == 0);
  CHECK(f.keyspace.deadlines().size() == 0);
  REQUIRE(f.changes.size() == 1);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kRemoved);
  CHECK(f.changes.changes()[0].event == &events::del);
  CHECK(f.changes.changes()[0].entry->key() == "q");
  CHECK(f.changes.dirty() == 1);
}

TEST_CASE(
    "Keyspace: databases that change places keep their keys and deadlines and take each other's number") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 5);
  Database& moved = f.db();
  f.keyspace.swap(0, 2);
  CHECK(&f.keyspace.database(2) == &moved);
  CHECK(f.keyspace.database(2).index() == 2);
  CHECK(f.keyspace.database(0).index() == 0);
  CHECK(f.keyspace.database(0).size() == 0);
  CHECK(f.keyspace.deadlines().front().db->index() == 2);
}

TEST_CASE("Keyspace: a flushed database is empty at once, and its deadlines name a buried one") {
  Fixture f;
  Entry& entry = f.add_list("q");
  f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 5);
  CHECK(f.keyspace.flush(0) == 1);
  CHECK(f.keyspace.database(0).size() == 0);
  CHECK(f.keyspace.database(0).index() == 0);
  CHECK(f.keyspace.deadlines().front().db->buried());
}

TEST_CASE("Keyspace: what was set aside comes back as it was, or goes for good") {
  for (const bool comes_back : {true, false}) {
    CAPTURE(comes_back);
    Fixture f;
    Entry& entry = f.add_list("q");
    f.keyspace.deadlines().set_expiry(f.db(), entry, kNowMs + 5);
    Keyspace::Databases aside = f.keyspace.set_aside();
    REQUIRE(f.keyspace.database_count() == static_cast<int>(aside.size()));
    CHECK(f.db().find("q") == nullptr);
    f.access.db = &f.db();
    Entry& loaded = f.add_list("q");
    f.keyspace.deadlines().set_expiry(f.db(), loaded, kNowMs + 1);
    if (comes_back) {
      f.keyspace.put_back(std::move(aside));
    } else {
      f.keyspace.discard(std::move(aside));
    }
    CHECK(f.db().find("q") == (comes_back ? &entry : &loaded));
    CHECK(f.keyspace.deadlines().front().db->buried() == comes_back);
    while (f.keyspace.graveyard().step(100, f.keyspace.deadlines())) {
    }
    REQUIRE(f.keyspace.deadlines().size() == 1);
    CHECK(f.keyspace.deadlines().front().entry == f.db().find("q"));
  }
}

TEST_CASE("Keyspace: new values follow the limits in force") {
  Fixture f;
  f.keyspace.value_context().list.limits.max_listpack_size = 2;
  auto list = f.keyspace.make<types::List>();
  for (const char* element : {"a", "b", "c"}) list.push_back(element);
  CHECK(std::string(list.encoding()) == "quicklist");
}

TEST_CASE("Keyspace: tells what its tables take") {
  Fixture f;
  const size_t before = f.keyspace.overhead_bytes();
  for (int i = 0; i < 1000; ++i) f.add_list("k" + std::to_string(i));
  CHECK(f.keyspace.overhead_bytes() >= before + 8000);
}

TEST_CASE(
    "Keyspace: find removes fields past their deadline, some at a time, and the hash with its last one") {
  Fixture f;
  Entry& entry = f.add_hash("h", {kNowMs, kNowMs + 1, types::kNeverExpires});
  CHECK(f.keyspace.find(f.access, "h") == &entry);
  REQUIRE(f.changes.size() == 1);
  CHECK(f.changes.changes()[0].kind == ChangeKind::kFieldsExpired);
  CHECK(f.changes.expired_fields()[0] == "0");
  CHECK(get_if<types::Hash>(entry.value)->size() == 2);
  f.changes.clear();

  Entry& many = f.add_hash("many", std::vector<int64_t>(1000, kNowMs + 1));
  get_if<types::Hash>(many.value)->set("stays", "v");
  f.access.now_ms = kNowMs + 1;
  CHECK(f.keyspace.find(f.access, "many") == &many);
  CHECK(f.changes.expired_fields().size() == kFieldsAtOnce);
  CHECK(get_if<types::Hash>(many.value)->size() == 1001 - kFieldsAtOnce);
  f.changes.clear();

  get_if<types::Hash>(many.value)->erase("stays");
  CHECK(f.keyspace.expired(many, kNowMs + 1));
  CHECK_FALSE(f.keyspace.expired(many, kNowMs));
  CHECK(f.keyspace.find(f.access, "many") == nullptr);
  CHECK(f.db().find("many") == nullptr);
  REQUIRE(f.changes.size() == 2);
  CHECK(f.changes.changes()[0].fields == 0);
  CHECK(f.changes.changes()[1].kind == ChangeKind::kRemoved);
  CHECK(f.changes.changes()[1].event == &events::del);
  CHECK(f.changes.dirty() == 0);
}

TEST_CASE("Keyspace: a hash whose fields are all due may be hidden, or seen as if none was") {
  Fixture f;
  Entry& entry = f.add_hash("h", {kNowMs - 1, kNowMs});
  f.access.expiry = Expiry::kHide;
  CHECK(f.keyspace.find(f.access, "h") == nullptr);
  CHECK(f.access.fields_at_ms() == kNowMs);
  f.access.now_ms = kNowMs - 1;
  CHECK(f.keyspace.find(f.access, "h") == &entry);
  f.access.expiry = Expiry::kIgnore;
  f.access.now_ms = kNowMs;
  CHECK(f.keyspace.find(f.access, "h") == &entry);
  CHECK(f.access.fields_at_ms() == INT64_MIN);
  CHECK(f.changes.empty());
  CHECK(get_if<types::Hash>(entry.value)->size() == 2);
}

}  // namespace sluice::keyspace
