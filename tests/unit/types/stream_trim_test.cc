#include "types/stream_trim.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "types/stream.h"
#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

using Parts = std::vector<base::ByteView>;

void add(Stream& stream, StreamId id) {
  REQUIRE(stream.append(id, Parts{"f", "v"}).ok());
}

std::vector<uint64_t> left(const Stream& stream) {
  std::vector<uint64_t> all;
  for (auto at = stream.seek(kMinStreamId); at.valid(); at.next()) all.push_back(at.entry().id.ms);
  return all;
}

StreamTrim acked(uint64_t max_length) {
  StreamTrim rule;
  rule.max_length = max_length;
  rule.policy = DeletePolicy::kAcked;
  return rule;
}

// Hands the entries from..to out to one consumer.
StreamConsumer& deliver(StreamGroup& group, uint64_t from, uint64_t to) {
  StreamConsumer* consumer = group.find_consumer("c");
  if (consumer == nullptr) consumer = &group.add_consumer("c", 0);
  for (uint64_t i = from; i <= to; ++i) group.add_pending({i, 0}, {consumer, 1, 1});
  group.set_last_id({to, 0});
  return *consumer;
}

}  // namespace

TEST_CASE("Stream trim: by ACKED it goes past needed entries, and says what went from behind them") {
  Fixture fixture;
  fixture.context.stream = {0, 4};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 20; ++i) add(stream, {i, 0});
  StreamGroup& group = *stream.add_group("g", {}, 0);
  CHECK(stream.trim(acked(0)).gone == 0);
  deliver(group, 1, 12);
  for (const uint64_t id : {1, 2, 5, 6, 7, 8, 10}) group.acknowledge({id, 0});
  const StreamRemoval removal = stream.trim(acked(0));
  CHECK(removal.gone == 7);
  CHECK(removal.by_id == std::vector<StreamId>{{5, 0}, {6, 0}, {7, 0}, {8, 0}, {10, 0}});
  CHECK(left(stream) == std::vector<uint64_t>{3, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
  CHECK(stream.max_deleted_id() == StreamId{10, 0});
  CHECK(stream.size() == 13);
  CHECK(stream.block_count() == 4);
  CHECK(stream.entries_after({4, 0}) == 11);
}

TEST_CASE("Stream trim: by ACKED only the excess goes, oldest first") {
  Fixture fixture;
  fixture.context.stream = {0, 4};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 20; ++i) add(stream, {i, 0});
  StreamGroup& group = *stream.add_group("g", {20, 0}, 0);
  StreamConsumer& consumer = group.add_consumer("c", 0);
  group.add_pending({2, 0}, {&consumer, 1, 1});
  CHECK(stream.trim(acked(17)).gone == 3);
  CHECK(left(stream).front() == 2);
  CHECK(left(stream)[1] == 5);
  StreamTrim rule = acked(0);
  rule.approximate = true;
  rule.limit = 2;
  CHECK(stream.trim(rule).gone == 2);
  CHECK(left(stream)[1] == 7);
  rule = acked(0);
  rule.keep = StreamTrim::Keep::kMinId;
  rule.min_id = {10, 0};
  rule.approximate = true;  // the block of 9 to 12 stays
  CHECK(stream.trim(rule).gone == 2);
  CHECK(left(stream)[1] == 9);
  rule.approximate = false;
  CHECK(stream.trim(rule).gone == 1);
  CHECK(left(stream)[1] == 10);
  group.acknowledge({2, 0});
  CHECK(stream.trim(rule).gone == 1);
  CHECK(left(stream).front() == 10);
}

TEST_CASE("Stream trim: a hundred thousand unacknowledged entries at the head are looked at once") {
  Fixture fixture;
  Stream stream(fixture.context);
  constexpr uint64_t kUnacked = 100'000;
  for (uint64_t i = 1; i <= kUnacked; ++i) add(stream, {i, 0});
  StreamGroup& group = *stream.add_group("g", {}, 0);
  StreamConsumer& consumer = deliver(group, 1, kUnacked);
  CHECK(stream.trim(acked(100)).looked_at == kUnacked);
  uint64_t looked_at = 0;
  uint64_t gone = 0;
  for (uint64_t i = kUnacked + 1; i <= kUnacked + 1000; ++i) {
    add(stream, {i, 0});
    group.add_pending({i, 0}, {&consumer, 1, 1});
    group.set_last_id({i, 0});
    if (i % 2 == 0) group.acknowledge({i, 0});
    const StreamRemoval removal = stream.trim(acked(100));
    looked_at += removal.looked_at;
    gone += removal.gone;
  }
  CHECK(gone == 500);
  CHECK(looked_at == 1000);
  // An acknowledgement far below is met without going over the rest again.
  group.acknowledge({777, 0});
  const StreamRemoval removal = stream.trim(acked(100));
  CHECK(removal.gone == 1);
  CHECK(removal.looked_at == 1);
  CHECK_FALSE(stream.contains({777, 0}));
}

TEST_CASE("Stream trim: more acknowledgements than are remembered are all met") {
  Fixture fixture;
  Stream stream(fixture.context);
  const uint64_t count = 3 * TrimMemory::kMostIds;
  for (uint64_t i = 1; i <= count; ++i) add(stream, {i, 0});
  StreamGroup& group = *stream.add_group("g", {}, 0);
  deliver(group, 1, count);
  CHECK(stream.trim(acked(0)).gone == 0);
  for (uint64_t i = 2; i <= count; ++i) group.acknowledge({i, 0});
  CHECK(stream.trim(acked(0)).gone == count - 1);
  CHECK(left(stream) == std::vector<uint64_t>{1});
}

TEST_CASE("Stream trim: what a consumer, a group or an id set back no longer needs goes") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 10; ++i) add(stream, {i, 0});
  StreamGroup& first = *stream.add_group("first", {}, 0);
  StreamGroup& second = *stream.add_group("second", {}, 0);
  StreamConsumer& consumer = deliver(first, 1, 10);
  second.set_last_id({10, 0});
  CHECK(stream.trim(acked(0)).gone == 0);
  second.set_last_id({3, 0});
  first.remove_consumer(consumer);
  CHECK(stream.trim(acked(0)).gone == 3);
  second.set_last_id({6, 0});
  CHECK(stream.trim(acked(0)).gone == 3);
  stream.remove_group("second");
  CHECK(stream.trim(acked(0)).gone == 4);
  CHECK(stream.empty());
}

TEST_CASE("Stream trim: an approximate one by ACKED looks at a bounded number at a time, and gets through") {
  constexpr uint64_t kMany = 35'000;
  Fixture fixture;
  fixture.context.stream = {0, 100};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= kMany; ++i) add(stream, {i, 0});
  StreamGroup& group = *stream.add_group("g", {}, 0);
  deliver(group, 1, kMany);
  // What may go lies behind what is needed.
  for (uint64_t i = kMany - 499; i <= kMany; ++i) group.acknowledge({i, 0});
  StreamTrim rule = acked(100);
  rule.approximate = true;
  rule.limit = 10'000;
  uint64_t gone = 0;
  for (int trims = 0; trims < 4; ++trims) {
    const StreamRemoval removal = stream.trim(rule);
    CHECK(removal.looked_at <= 10'100);
    gone += removal.gone;
  }
  CHECK(gone == 500);
  // Without a limit all of it is looked at.
  StreamGroup& other = *stream.add_group("h", {}, 0);
  other.set_last_id({kMany, 0});
  rule.limit = 0;
  stream.remove_group("h");
  CHECK(stream.trim(rule).looked_at == kMany - 500);
}

TEST_CASE("Stream trim: by DELREF what is pending goes along, of every group") {
  for (const bool approximate : {false, true}) {
    Fixture fixture;
    fixture.context.stream = {0, 4};
    Stream stream(fixture.context);
    for (uint64_t i = 1; i <= 10; ++i) add(stream, {i, 0});
    StreamGroup& first = *stream.add_group("first", {}, 0);
    StreamGroup& second = *stream.add_group("second", {}, 0);
    deliver(first, 1, 10);
    deliver(second, 4, 5);
    stream.remove({2, 0});
    StreamTrim rule;
    rule.max_length = 5;
    rule.policy = DeletePolicy::kDelRef;
    rule.approximate = approximate;
    const StreamRemoval removal = stream.trim(rule);
    CHECK(removal.gone == (approximate ? 3 : 4));
    // The entry that had gone before leaves its reference where it is.
    CHECK(first.find_pending({2, 0}));
    CHECK_FALSE(first.find_pending({1, 0}));
    CHECK_FALSE(second.find_pending({4, 0}));
    CHECK(second.find_pending({5, 0}).has_value() == approximate);
    CHECK(removal.purged.size() == (approximate ? 4 : 6));
    CHECK(removal.purged.back().group == "second");
  }
}

TEST_CASE("Stream trim: by KEEPREF, and without groups by any policy, pending entries stay") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 10; ++i) add(stream, {i, 0});
  CHECK(stream.trim(acked(9)).gone == 1);
  StreamGroup& group = *stream.add_group("g", {}, 0);
  deliver(group, 2, 10);
  StreamTrim rule;
  rule.max_length = 1;
  CHECK(stream.trim(rule).gone == 8);
  CHECK(group.pending_count() == 9);
}

TEST_CASE("Stream trim: of a million entries the blocks are set aside, and freed in slices") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 1'000'000; ++i) add(stream, {i, 0});
  const size_t blocks = stream.block_count();
  StreamTrim rule;
  rule.max_length = 10;
  StreamRemoval removal = stream.trim(rule);
  CHECK(removal.gone == 999'990);
  CHECK(stream.memory_bytes() < 100'000);
  REQUIRE(removal.remains != nullptr);
  CHECK(removal.remains->block_count() > blocks - 100);
  size_t slices = 1;
  while (removal.remains->release_slice(100)) ++slices;
  CHECK(slices == (blocks - 65 + 99) / 100);
}

TEST_CASE("Stream trim: agrees with a naive one under deliveries, acknowledgements and trims by ACKED") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Fixture fixture;
    base::Random random(seed);
    fixture.context.stream = {0, 1 + random.below(12)};
    Stream stream(fixture.context);
    std::set<uint64_t> entries;
    std::map<std::string, std::set<uint64_t>> pending;
    std::map<std::string, uint64_t> delivered;
    uint64_t last = 0;
    uint64_t gone = 0;
    const auto is_needed = [&](uint64_t id) {
      for (const auto& [name, ids] : pending) {
        if (id > delivered[name] || ids.count(id) > 0) return true;
      }
      return false;
    };
    for (int step = 0; step < 3000; ++step) {
      const std::string name(1, static_cast<char>('a' + random.below(3)));
      StreamGroup* group = stream.find_group(name);
      const uint64_t dice = random.below(100);
      if (dice < 35) {
        add(stream, {++last, 0});
        entries.insert(last);
      } else if (dice < 37 && group == nullptr) {
        const uint64_t from = random.below(last + 1);
        stream.add_group(name, {from, 0}, StreamGroup::kUnknown);
        pending[name] = {};
        delivered[name] = from;
      } else if (dice == 37 && group != nullptr) {
        stream.remove_group(name);
        pending.erase(name);
        delivered.erase(name);
      } else if (dice == 38 && group != nullptr) {
        delivered[name] = random.below(last + 1);
        group->set_last_id({delivered[name], 0});
      } else if (dice < 60 && group != nullptr) {
        const auto next = entries.upper_bound(delivered[name]);
        if (next == entries.end()) continue;
        delivered[name] = *next;
        group->set_last_id({*next, 0});
        if (random.below(4) == 0) continue;  // NOACK
        StreamConsumer* consumer = group->find_consumer("c");
        if (consumer == nullptr) consumer = &group->add_consumer("c", 0);
        group->add_pending({*next, 0}, {consumer, 1, 1});
        pending[name].insert(*next);
      } else if (dice < 80 && group != nullptr) {
        if (pending[name].empty()) continue;
        auto at = pending[name].begin();
        std::advance(at, random.below(pending[name].size()));
        CHECK(group->acknowledge({*at, 0}));
        pending[name].erase(at);
      } else if (dice < 82) {
        const uint64_t id = random.below(last + 1);
        CHECK(stream.remove({id, 0}) == (entries.erase(id) > 0));
      } else if (dice >= 82) {
        StreamTrim rule = acked(random.below(entries.size() + 1));
        if (random.below(2) == 0) rule.keep = StreamTrim::Keep::kMinId;
        rule.min_id = {random.below(last + 1), 0};
        rule.limit = random.below(3) == 0 ? 1 + random.below(5) : 0;
        uint64_t expected = 0;
        const std::set<uint64_t> before = entries;
        for (const uint64_t id : before) {
          const bool by_length = rule.keep == StreamTrim::Keep::kMaxLength;
          if (by_length && entries.size() <= rule.max_length) break;
          if (!by_length && id >= rule.min_id.ms) break;
          if (rule.limit != 0 && expected == rule.limit) break;
          if (is_needed(id)) continue;
          entries.erase(id);
          ++expected;
        }
        if (pending.empty()) {
          // Nobody needs anything: an ordinary trim, whose limit counts blocks.
          rule.limit = 0;
          entries = before;
          while (!entries.empty() &&
                 (rule.keep == StreamTrim::Keep::kMaxLength ? entries.size() > rule.max_length
                                                            : *entries.begin() < rule.min_id.ms)) {
            entries.erase(entries.begin());
          }
          expected = before.size() - entries.size();
        }
        const StreamRemoval removal = stream.trim(rule);
        REQUIRE(removal.gone == expected);
        gone += removal.gone;
        REQUIRE(left(stream) == std::vector<uint64_t>(entries.begin(), entries.end()));
        for (const StreamId& id : removal.by_id) REQUIRE(id > stream.first_id());
      }
      REQUIRE(stream.size() == entries.size());
    }
    CHECK(gone > 100);
  }
}

TEST_CASE("Stream trim: entries under ids set back are looked at, whatever was found needed before") {
  Fixture fixture;
  Stream stream(fixture.context);
  add(stream, {10, 0});
  add(stream, {12, 0});
  StreamGroup& group = *stream.add_group("g", {}, 0);
  deliver(group, 10, 12);
  CHECK(stream.trim(acked(0)).gone == 0);
  for (const uint64_t id : {10, 11, 12}) group.acknowledge({id, 0});
  CHECK(stream.trim(acked(0)).gone == 2);
  stream.set_last_id({2, 0});
  add(stream, {3, 0});
  CHECK(stream.trim(acked(0)).gone == 1);
}

TEST_CASE(
    "Stream trim: what lies above an id is told exactly after one by ACKED behind a block without entries") {
  Fixture fixture;
  fixture.context.stream = {0, 3};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 6; ++i) add(stream, {i, 0});
  stream.remove({3, 0});
  stream.add_group("g", {6, 0}, 6);
  StreamTrim rule;
  rule.keep = StreamTrim::Keep::kMinId;
  rule.min_id = {3, 0};
  CHECK(stream.trim(rule).gone == 2);
  CHECK(stream.block_count() == 2);
  rule.min_id = {5, 0};
  rule.policy = DeletePolicy::kAcked;
  CHECK(stream.trim(rule).gone == 1);
  CHECK(left(stream) == std::vector<uint64_t>{5, 6});
  CHECK(stream.entries_after({2, 0}) == 2);
  CHECK(stream.entries_after({4, 0}) == 2);
  CHECK(stream.entries_after({5, 0}) == 1);
}

}  // namespace sluice::types
