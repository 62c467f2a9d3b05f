#include "keyspace/write_hook.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/keyspace/fixture.h"

namespace sluice::keyspace {

namespace {

// Notes what it is told, as "<key>:<elements>" at the moment it is told.
class Recorder final : public WriteHook {
 public:
  void before_change(const Database& db, Entry& entry) override {
    seen.push_back(std::to_string(db.index()) + ":" + std::string(entry.key()) + ":" +
                   std::to_string(element_count(entry.value)));
  }
  bool keep(Value& value) override {
    if (!wants) return false;
    kept_values.push_back(std::move(value));
    return true;
  }
  bool keep(std::unique_ptr<Database>& database) override {
    if (!wants) return false;
    kept_databases.push_back(std::move(database));
    return true;
  }

  bool wants = false;
  std::vector<std::string> seen;
  std::vector<Value> kept_values;
  std::vector<std::unique_ptr<Database>> kept_databases;
};

struct HookFixture : Fixture {
  Recorder hook;

  // What is there now belongs to the snapshot.
  void begin_epoch() {
    ++keyspace.gate().epoch.current;
    keyspace.gate().hook = &hook;
  }
  ~HookFixture() { keyspace.gate().hook = nullptr; }
};

using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE("WriteHook: an edit announces its entry once, before the first change") {
  HookFixture f;
  f.add_list("q", 2);
  f.begin_epoch();
  for (int i = 0; i < 2; ++i) {
    auto edited = edit_existing<types::List>(f.keyspace, f.access, "q");
    (*edited)->push_back("a");
    (*edited)->push_back("b");
    edited->commit(events::rpush);
  }
  CHECK(f.hook.seen == Seen{"0:q:2"});
}

TEST_CASE("WriteHook: looking through an edit announces nothing") {
  HookFixture f;
  f.add_list("q", 2);
  f.begin_epoch();
  auto edited = edit_existing<types::List>(f.keyspace, f.access, "q");
  CHECK(edited->peek().size() == 2);
  CHECK(f.hook.seen.empty());
}

TEST_CASE("WriteHook: an entry made after the epoch began is not announced") {
  HookFixture f;
  f.begin_epoch();
  Entry& entry = f.add_list("q", 2);
  f.keyspace.remove(f.access, entry, events::del);
  CHECK(f.hook.seen.empty());
}

TEST_CASE("WriteHook: removing, storing over and expiring announce the entry as it was") {
  HookFixture f;
  Entry& removed = f.add_list("removed", 1);
  f.add_list("stored", 2);
  Entry& expiring = f.add_list("expired", 3);
  f.keyspace.deadlines().set_expiry(f.db(), expiring, kNowMs + 5);
  f.begin_epoch();
  f.keyspace.remove(f.access, removed, events::del);
  f.keyspace.store(f.access, "stored", types::StringValue::from_text("x"), events::set);
  f.keyspace.expire(f.access, expiring);
  CHECK(f.hook.seen == Seen{"0:removed:1", "0:stored:2", "0:expired:3"});
}

TEST_CASE("WriteHook: a new expiry, and one that goes, announce the entry") {
  HookFixture f;
  Entry& first = f.add_list("first");
  Entry& second = f.add_list("second");
  f.keyspace.deadlines().set_expiry(f.db(), second, kNowMs + 5);
  f.begin_epoch();
  f.keyspace.deadlines().set_expiry(f.db(), first, kNowMs + 5);
  f.keyspace.deadlines().clear_expiry(second);
  CHECK(f.hook.seen == Seen{"0:first:1", "0:second:1"});
}

TEST_CASE("WriteHook: what would be freed can be kept") {
  HookFixture f;
  Entry& entry = f.add_list("q", kFreeAtOnceElements + 1);
  f.add_list("other", 3);
  f.begin_epoch();
  f.hook.wants = true;
  f.keyspace.remove(f.access, entry, events::del);
  f.changes.clear();
  REQUIRE(f.hook.kept_values.size() == 1);
  CHECK(element_count(f.hook.kept_values[0]) == kFreeAtOnceElements + 1);
  f.keyspace.flush(0);
  REQUIRE(f.hook.kept_databases.size() == 1);
  CHECK(f.hook.kept_databases[0]->find("other") != nullptr);
  CHECK(f.keyspace.graveyard().empty());
}

}  // namespace sluice::keyspace
