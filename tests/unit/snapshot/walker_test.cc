#include "snapshot/walker.h"

#include "unit/snapshot/written.h"

namespace sluice::snapshot {

using keyspace::Entry;

TEST_CASE("Walker: every key of every database is written once, with its expiry") {
  SnapshotDesk desk;
  desk.set("a", "1");
  Entry& lasting = desk.add_list("q", 2);
  desk.keyspace.deadlines().set_expiry(desk.db(), lasting, 5'000'000);
  desk.access.db = &desk.keyspace.database(2);
  desk.set("a", "2");
  desk.begin();
  CHECK(desk.recorder.walker().keys_total() == 3);
  const Lines lines = desk.written();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with("0 a "));
  CHECK(lines[1].starts_with("0 q "));
  CHECK(lines[1].ends_with(" until 5000000"));
  CHECK(lines[2].starts_with("2 a "));
  CHECK(desk.recorder.walker().keys_passed() == 3);
}

TEST_CASE("Walker: how keys were used is written when the policy goes by it") {
  SnapshotDesk desk;
  desk.set("a", "1");
  desk.access.now_ms += 70'000;
  SUBCASE("by nothing") {
    desk.begin();
    CHECK(desk.written() == Lines{"0 a int: 1"});
  }
  SUBCASE("by idle time") {
    desk.keyspace.usage_rules().recorded = true;
    desk.begin();
    CHECK(desk.written() == Lines{"0 a int: 1 idle 70"});
  }
  SUBCASE("by frequency") {
    desk.keyspace.usage_rules().recorded = desk.keyspace.usage_rules().counts = true;
    desk.begin();
    CHECK(desk.written() == Lines{"0 a int: 1 used 4"});
  }
}

TEST_CASE("Walker: what is changed, removed or added after the moment is written as it was") {
  SnapshotDesk before;
  before.set("changed", "1");
  before.set("removed", "1");
  before.begin();
  const Lines expected = before.written();

  SnapshotDesk desk;
  desk.set("changed", "1");
  desk.set("removed", "1");
  desk.begin();
  desk.set("changed", "2");
  desk.remove(*desk.db().find("removed"));
  desk.set("added", "1");
  CHECK(desk.written() == expected);
}

TEST_CASE("Walker: hashes keep the deadlines of their fields in a file of version 10") {
  SnapshotDesk desk;
  const auto add = [&desk](base::ByteView key) {
    auto hash = desk.keyspace.make<types::Hash>();
    hash.set("f", "v");
    hash.set("g", "w");
    hash.set_deadline("f", 5'000'000);
    Entry& entry = desk.keyspace.store(desk.access, key, std::move(hash), keyspace::events::hset);
    desk.keyspace.deadlines().follow_value(desk.db(), entry);
    return &entry;
  };
  add("h");
  Entry* const changed = add("i");
  desk.begin();
  desk.db().before_change(*changed);
  keyspace::get_if<types::Hash>(changed->value)->set_deadline("f", 6'000'000);
  CHECK(desk.written() == Lines{"0 h listpackex f=v@5000000 g=w", "0 i listpackex f=v@5000000 g=w"});
  CHECK(desk.fs.content("./file").substr(0, 9) == "REDIS0010");
}

TEST_CASE("Walker: a slice ends when its work is done") {
  SnapshotDesk desk;
  for (int i = 0; i < 200; ++i) desk.set("key:" + std::to_string(i), "x");
  ChunkQueue queue;
  Walker walker(desk.keyspace, queue);
  walker.begin({});
  CHECK(walker.step(1) == Walker::Progress::kMore);
  CHECK(walker.keys_passed() > 0);
  CHECK(walker.keys_passed() < 60);
  while (walker.step(1) != Walker::Progress::kDone) {
  }
  CHECK(walker.keys_passed() == 200);
  CHECK(!walker.active());
  CHECK(desk.keyspace.gate().hook == nullptr);
  CHECK(desk.keyspace.gate().epoch.hook == nullptr);
}

TEST_CASE("Walker: it waits while the queue is full") {
  SnapshotDesk desk;
  desk.set("a", "1");
  ChunkQueue queue;
  Chunk filler;
  filler.bytes.assign(kQueuedBytes, 'x');
  queue.push(std::move(filler));
  Walker walker(desk.keyspace, queue);
  walker.begin({});
  CHECK(walker.step() == Walker::Progress::kWait);
  CHECK(walker.keys_passed() == 0);
  queue.discard();
  CHECK(walker.step() == Walker::Progress::kDone);
}

TEST_CASE("Walker: a flushed database is kept until it was written, then freed") {
  SnapshotDesk desk;
  for (int i = 0; i < 100; ++i) desk.set("key:" + std::to_string(i), "x");
  desk.begin();
  CHECK(desk.keyspace.flush(0) == 100);
  CHECK(desk.keyspace.graveyard().empty());
  desk.set("new", "1");
  CHECK(desk.written().size() == 100);
  CHECK(!desk.keyspace.graveyard().empty());
}

TEST_CASE("Walker: a database that was flushed before the moment is none of its") {
  SnapshotDesk desk;
  Entry& lasting = desk.add_list("old", 2);
  desk.keyspace.deadlines().set_expiry(desk.db(), lasting, 5'000'000);
  desk.keyspace.flush(0);
  desk.access.db = &desk.keyspace.database(0);
  desk.set("new", "1");
  desk.begin();
  while (desk.keyspace.graveyard().step(1, desk.keyspace.deadlines())) {
  }
  const Lines lines = desk.written();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("0 new "));
}

TEST_CASE("Walker: databases that change places are written under the number they had") {
  SnapshotDesk desk;
  desk.set("a", "1");
  desk.begin();
  desk.keyspace.swap(0, 3);
  const Lines lines = desk.written();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("0 a "));
}

TEST_CASE("Walker: a big value that is dropped is kept until it was written, then freed") {
  SnapshotDesk before;
  before.add_big_set("big");
  before.begin();
  const Lines expected = before.written();

  SnapshotDesk desk;
  Entry& entry = desk.add_big_set("big");
  desk.begin();
  const size_t value_bytes = keyspace::memory_bytes(entry.value);
  desk.remove(entry);
  CHECK(desk.keyspace.graveyard().empty());
  CHECK(desk.recorder.held_bytes() >= value_bytes);
  CHECK(desk.written() == expected);
  CHECK(!desk.keyspace.graveyard().empty());
}

TEST_CASE("Walker: a key that only moves leaves its value where it was for the file") {
  SnapshotDesk desk;
  Entry& entry = desk.add_big_set("from");
  desk.begin();
  desk.db().before_change(entry);
  keyspace::Value value = std::exchange(entry.value, keyspace::Value());
  desk.remove(entry);
  Entry& moved = desk.db().insert("to", std::move(value));
  keyspace::get_if<types::Set>(moved.value)->add("late");
  const Lines lines = desk.written();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("0 from "));
  CHECK(lines[0].find("late") == std::string::npos);
}

TEST_CASE("Walker: what was written once is not owed to the next snapshot's past") {
  SnapshotDesk desk;
  desk.set("a", "1");
  desk.add_big_set("big");
  desk.begin();
  const Lines first = desk.written();
  desk.begin();
  CHECK(desk.written() == first);
}

}  // namespace sluice::snapshot
