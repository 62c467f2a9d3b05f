#include "snapshot/frozen_stream.h"

#include <array>

#include "base/random.h"
#include "types/delayed_entries.h"
#include "unit/snapshot/written.h"

namespace sluice::snapshot {

using keyspace::Entry;
using keyspace::Value;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;

namespace {

void append(Stream& stream, uint64_t from, uint64_t to) {
  const std::array<base::ByteView, 2> fields = {"field", "value"};
  for (uint64_t i = from; i < to; ++i) REQUIRE(stream.append({i, 0}, fields).ok());
}

// A stream of one block or many, with a big group, some of it released, a small one and an empty one.
Entry& add_stream(SnapshotDesk& desk, uint64_t entries) {
  Value value(desk.keyspace.make<Stream>());
  Stream& stream = *keyspace::get_if<Stream>(value);
  append(stream, 1, 1 + entries);
  StreamGroup* big = stream.add_group("big", {entries, 0}, static_cast<int64_t>(entries));
  StreamConsumer* workers[] = {&big->add_consumer("a", 100), &big->add_consumer("b", 200),
                               &big->add_consumer("idle", 300)};
  for (uint64_t i = 1; i <= 3000; ++i) {
    const uint64_t deliveries = i % 500 == 0 ? uint64_t{INT64_MAX} : i % 7;
    big->add_pending({i, i % 3}, {workers[i % 2], static_cast<int64_t>(1000 + i % 50), deliveries});
  }
  for (uint64_t i = 2900; i > 2500; i -= 3) big->release({i, i % 3}, i % 2 == 0 ? INT64_MAX : 1);
  StreamGroup* small = stream.add_group("small", {5, 0}, 5);
  StreamConsumer& one = small->add_consumer("one", 5);
  small->add_pending({2, 0}, {&one, 9, 1});
  small->add_released({1, 0}, 2);
  stream.add_group("zero", {}, StreamGroup::kUnknown);
  Entry& entry = desk.keyspace.store(desk.access, "big", std::move(value), keyspace::events::set);
  desk.changes.clear();
  CHECK(needs_freezing(entry.value));
  return entry;
}

void change_groups(Stream& stream) {
  StreamGroup* big = stream.find_group("big");
  StreamConsumer& other = big->add_consumer("other", 1);
  base::Random random(5);
  for (uint64_t i = 1; i <= 3000; ++i) {
    const types::StreamId id{i, i % 3};
    switch (random.below(5)) {
      case 0:
        big->acknowledge(id);
        break;
      case 1:
        big->deliver(id, {&other, 99'999, 77});
        break;
      case 2:
        big->release(id, 5);
        break;
      default:
        break;
    }
  }
  for (uint64_t i = 1; i < 300; ++i) big->add_pending({i * 10, 9}, {&other, 1, 1});
  big->remove_consumer(*big->find_consumer("a"));
  StreamGroup* small = stream.find_group("small");
  small->acknowledge({2, 0});
  small->acknowledge({1, 0});
}

template <class Change>
void check_frozen(uint64_t entries, Change change) {
  SnapshotDesk before;
  add_stream(before, entries);
  before.begin();
  const Lines expected = before.written();
  REQUIRE(expected.size() == 1);
  CHECK(expected[0].find("released 2900-2x9223372036854775807 released 2897-2x1") != std::string::npos);
  for (const size_t steps : {size_t{0}, size_t{1}, size_t{8}}) {
    SnapshotDesk desk;
    Entry& entry = add_stream(desk, entries);
    desk.begin();
    for (size_t i = 0; i < steps; ++i) (void)desk.recorder.step(4000);
    desk.db().before_change(entry);
    change(*keyspace::get_if<Stream>(entry.value));
    CHECK(desk.written() == expected);
  }
}

// A stream with many entries that are to come, some of them appended and gone again, and many that go.
Entry& add_delaying_stream(SnapshotDesk& desk) {
  Value value(desk.keyspace.make<Stream>());
  Stream& stream = *keyspace::get_if<Stream>(value);
  append(stream, 1, 300);
  types::DelayedEntries& delayed = stream.delayed_entries();
  const std::array<base::ByteView, 2> fields = {"field", "value"};
  for (int64_t i = 0; i < 3000; ++i) {
    types::DelayedRules rules;
    rules.due_ms = i * 7919 % 3000;
    rules.ttl_ms = i % 2;
    REQUIRE(delayed.add(rules, i % 2 == 0 ? "t" + std::to_string(i) : "", fields).ok());
    delayed.set_expiry({static_cast<uint64_t>(i % 1000), 0}, i);
  }
  for (int i = 0; i < 500; ++i) delayed.take(*delayed.next(types::kMinStreamId));
  Entry& entry = desk.keyspace.store(desk.access, "big", std::move(value), keyspace::events::set);
  desk.changes.clear();
  CHECK(needs_freezing(entry.value));
  return entry;
}

void change_delayed(Stream& stream) {
  types::DelayedEntries& delayed = stream.delayed_entries();
  const std::array<base::ByteView, 2> fields = {"other", "value"};
  base::Random random(5);
  for (int i = 0; i < 2000; ++i) {
    types::DelayedRules rules;
    rules.due_ms = static_cast<int64_t>(random.below(4000));
    auto place = delayed.next({random.below(4000), 0});
    if (!place) place = delayed.next(types::kMinStreamId);
    delayed.take(*place);
    if (i % 3 == 0) REQUIRE(delayed.add(rules, {}, fields).ok());
    delayed.set_expiry({random.below(2000), 0}, 77);
    delayed.clear_expiry({random.below(2000), 0});
  }
}

}  // namespace

TEST_CASE("Frozen stream: what is delayed is written as it was, while all of it changes") {
  SnapshotDesk before;
  add_delaying_stream(before);
  before.begin();
  const Lines expected = before.written();
  REQUIRE(expected.size() == 1);
  CHECK(expected[0].find("{arrived 3000 [500-") != std::string::npos);
  CHECK(expected[0].find(" goes 999-0@2999}") != std::string::npos);
  for (const size_t steps : {size_t{0}, size_t{1}, size_t{8}, size_t{30}, size_t{60}}) {
    SnapshotDesk desk;
    Entry& entry = add_delaying_stream(desk);
    desk.begin();
    for (size_t i = 0; i < steps; ++i) (void)desk.recorder.step(4000);
    desk.db().before_change(entry);
    change_delayed(*keyspace::get_if<Stream>(entry.value));
    CHECK(desk.written() == expected);
  }
  SnapshotDesk desk;
  Entry& entry = add_delaying_stream(desk);
  desk.begin();
  (void)desk.recorder.step(4000);
  desk.remove(entry);
  CHECK(desk.written() == expected);
}

TEST_CASE("Frozen stream: freezing a million delayed entries encodes none of them at once") {
  SnapshotDesk desk;
  Value value(desk.keyspace.make<Stream>());
  types::DelayedEntries& delayed = keyspace::get_if<Stream>(value)->delayed_entries();
  constexpr int64_t kEntries = 1'000'000;
  const std::array<base::ByteView, 2> fields = {"field", "value"};
  for (int64_t i = 1; i <= kEntries; ++i) {
    types::DelayedRules rules;
    rules.due_ms = i;
    REQUIRE(delayed.add(rules, {}, fields).ok());
    delayed.set_expiry({static_cast<uint64_t>(i), 0}, i);
  }
  EntryHeads::Entry head;
  head.key = "key";
  const auto frozen = freeze(value, head, 1);
  // A part of 32 bytes per block of up to 100 entries, and per leaf of 62 expiries.
  CHECK(frozen->memory_bytes() < static_cast<size_t>(kEntries) * 2);
}

TEST_CASE("Frozen stream: what is pending is written as it was, whatever becomes of it") {
  check_frozen(10, change_groups);
  check_frozen(1000, change_groups);
}

TEST_CASE(
    "Frozen stream: groups that are destroyed meanwhile, at once or in slices, are written as they were") {
  check_frozen(10, [](Stream& stream) {
    stream.remove_group("big");
    stream.remove_group("small");
    stream.add_group("big", {}, 0)->add_consumer("a", 1);
  });
  check_frozen(1000, [](Stream& stream) {
    const auto big = stream.remove_group("big");
    while (big->release_slice(100)) {
    }
  });
}

TEST_CASE("Frozen stream: a removed stream is written as it was") {
  SnapshotDesk before;
  add_stream(before, 500);
  before.begin();
  const Lines expected = before.written();
  SnapshotDesk desk;
  Entry& entry = add_stream(desk, 500);
  desk.begin();
  (void)desk.recorder.step(4000);
  desk.remove(entry);
  CHECK(desk.written() == expected);
}

TEST_CASE("Frozen stream: what is given up half-way gives every leaf back") {
  for (const size_t steps : {size_t{0}, size_t{1}, size_t{5}, size_t{9}}) {
    SnapshotDesk desk;
    Entry& entry = add_stream(desk, 1000);
    desk.begin();
    for (size_t i = 0; i < steps; ++i) (void)desk.recorder.step(4000);
    Stream& stream = *keyspace::get_if<Stream>(entry.value);
    desk.db().before_change(entry);
    stream.find_group("big")->acknowledge({1, 1});
    desk.recorder.cancel();
    CHECK_FALSE(desk.finish().ok());
    const StreamGroup& big = *stream.find_group("big");
    big.for_each_leaf([](const types::PendingLeaf& leaf) { CHECK(leaf.refs == 1); });
    for (const auto& item : big.consumers()) {
      item.second->for_each_leaf([](const types::OwnLeaf& leaf) { CHECK(leaf.refs == 1); });
    }
  }
}

TEST_CASE("Frozen stream: blocks and leaves of what is delayed come back when it is given up half-way") {
  for (const size_t steps : {size_t{0}, size_t{1}, size_t{20}, size_t{50}}) {
    SnapshotDesk desk;
    Entry& entry = add_delaying_stream(desk);
    desk.begin();
    for (size_t i = 0; i < steps; ++i) (void)desk.recorder.step(4000);
    Stream& stream = *keyspace::get_if<Stream>(entry.value);
    desk.db().before_change(entry);
    stream.delayed_entries().take(*stream.delayed()->next(types::kMinStreamId));
    stream.delayed_entries().set_expiry({1, 0}, 5);
    desk.recorder.cancel();
    CHECK_FALSE(desk.finish().ok());
    const types::DelayedEntries& delayed = *stream.delayed();
    for (size_t i = 0; i < delayed.held().block_count(); ++i) CHECK(delayed.held().block(i).refs == 1);
    delayed.expiries().for_each_leaf([](const types::PendingLeaf& leaf) { CHECK(leaf.refs == 1); });
  }
}

TEST_CASE("Frozen stream: freezing a million pending entries encodes none of them at once") {
  SnapshotDesk desk;
  Value value(desk.keyspace.make<Stream>());
  StreamGroup* group = keyspace::get_if<Stream>(value)->add_group("g", {}, 0);
  StreamConsumer& worker = group->add_consumer("c", 0);
  constexpr uint64_t kEntries = 1'000'000;
  for (uint64_t i = 1; i <= kEntries; ++i) group->add_pending({i, 0}, {&worker, 1, 1});
  EntryHeads::Entry head;
  head.key = "key";
  const auto frozen = freeze(value, head, 1);
  // A part of 32 bytes per leaf of 62 entries, of the group and of the consumer.
  CHECK(frozen->memory_bytes() < kEntries * 3);
}

}  // namespace sluice::snapshot
