#include "types/stream_group.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {
namespace {

std::string times(const StreamGroup& group) {
  std::string text;
  auto walk = group.walk_idle();
  while (const auto entry = walk.next()) {
    text += entry->consumer == nullptr ? "free" : std::to_string(entry->delivered_ms);
    text += ":" + std::to_string(entry->id.ms) + " ";
  }
  return text;
}

TEST_CASE("StreamGroup: pending entries are found by id, by time and by consumer") {
  StreamGroup group({5, 0}, 5);
  StreamConsumer& a = group.add_consumer("a", 10);
  StreamConsumer& b = group.add_consumer("b", 11);
  CHECK(group.add_pending({1, 0}, {&a, 300, 1}));
  CHECK(group.add_pending({3, 0}, {&a, 100, 1}));
  CHECK(group.add_pending({2, 0}, {&b, 200, 4}));
  CHECK_FALSE(group.add_pending({2, 0}, {&a, 999, 1}));
  CHECK(times(group) == "100:3 200:2 300:1 ");
  CHECK(a.pending_count() == 2);
  CHECK(a.next_own({}) == StreamId{1, 0});
  CHECK(a.next_own({1, 1}) == StreamId{3, 0});
  CHECK_FALSE(a.next_own({3, 1}));
  CHECK(group.next_pending({1, 1})->id == StreamId{2, 0});
  CHECK_FALSE(group.next_pending({3, 1}));
  CHECK(group.next_idle({1, 0}, 200)->id == StreamId{2, 0});
  CHECK(group.next_idle({1, 0}, 199)->id == StreamId{3, 0});
  CHECK_FALSE(group.next_idle({1, 0}, 99));
  CHECK(group.longest_idle()->id == StreamId{3, 0});
  CHECK(group.earliest_delivery_ms() == 100);
  CHECK(group.find_pending({2, 0})->deliveries == 4);
  CHECK_FALSE(group.find_pending({9, 0}));
  CHECK(group.find_consumer("b") == &b);
  CHECK(group.find_consumer("c") == nullptr);
}

TEST_CASE("StreamGroup: a delivery moves an entry to another consumer and another time") {
  StreamGroup group({}, StreamGroup::kUnknown);
  StreamConsumer& a = group.add_consumer("a", 0);
  StreamConsumer& b = group.add_consumer("b", 0);
  group.add_pending({1, 0}, {&a, 100, 1});
  group.add_pending({2, 0}, {&a, 200, 1});
  group.deliver({1, 0}, {&b, 300, 2});
  CHECK(times(group) == "200:2 300:1 ");
  CHECK(a.pending_count() == 1);
  CHECK(b.pending_count() == 1);
  CHECK(group.find_pending({1, 0})->consumer == &b);
  CHECK(group.acknowledge({1, 0}));
  CHECK_FALSE(group.acknowledge({1, 0}));
  CHECK(b.pending_count() == 0);
  CHECK(times(group) == "200:2 ");
}

TEST_CASE("StreamGroup: a consumer that goes takes what it has pending along") {
  StreamGroup group({}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  StreamConsumer& b = group.add_consumer("b", 0);
  for (uint64_t i = 1; i <= 10; ++i) group.add_pending({i, 0}, {i % 2 == 0 ? &a : &b, 7, 1});
  CHECK(group.remove_consumer(a) == 5);
  CHECK(group.find_consumer("a") == nullptr);
  CHECK(group.pending_count() == 5);
  CHECK(times(group) == "7:1 7:3 7:5 7:7 7:9 ");
}

TEST_CASE("StreamGroup: what is released is nobody's, and comes before all others in the order of release") {
  StreamGroup group({}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  for (uint64_t i = 1; i <= 4; ++i) group.add_pending({i, 0}, {&a, 100 + static_cast<int64_t>(i), 1});
  group.release({3, 0}, 7);
  group.release({2, 0}, UINT64_MAX);
  CHECK(times(group) == "free:3 free:2 101:1 104:4 ");
  group.release({3, 0}, 8);
  CHECK(group.add_released({9, 0}, 0));
  CHECK_FALSE(group.add_released({1, 0}, 0));
  CHECK(times(group) == "free:2 free:3 free:9 101:1 104:4 ");
  CHECK(group.released_count() == 3);
  CHECK(group.pending_count() == 5);
  CHECK(a.pending_count() == 2);
  CHECK(group.find_pending({2, 0})->deliveries == UINT64_MAX);
  CHECK(group.find_pending({2, 0})->delivered_ms == 0);
  CHECK(group.longest_idle()->id == StreamId{2, 0});
  CHECK(group.next_idle({1, 0}, 0)->id == StreamId{2, 0});
  CHECK(group.earliest_delivery_ms() == 101);
  CHECK(times(*group.clone()) == times(group));
  group.deliver({3, 0}, {&a, 50, 9});
  CHECK(times(group) == "free:2 free:9 50:3 101:1 104:4 ");
  CHECK(group.remove_consumer(a) == 3);
  CHECK(group.acknowledge({2, 0}));
  CHECK(times(group) == "free:9 ");
  CHECK(group.released_count() == 1);
}

TEST_CASE("StreamGroup: a copy has consumers of its own") {
  StreamGroup group({5, 5}, 3);
  group.add_consumer("a", 10).active_ms = 9;
  group.add_pending({1, 0}, {group.find_consumer("a"), 100, 2});
  const auto copy = group.clone();
  group.acknowledge({1, 0});
  CHECK(copy->last_id() == StreamId{5, 5});
  CHECK(copy->entries_read == 3);
  CHECK(copy->find_consumer("a")->active_ms == 9);
  CHECK(copy->find_consumer("a") != group.find_consumer("a"));
  CHECK(copy->find_pending({1, 0})->consumer == copy->find_consumer("a"));
  CHECK(copy->find_pending({1, 0})->deliveries == 2);
}

TEST_CASE("StreamGroup: it is freed in slices, and says what it takes") {
  StreamGroup group({}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  const size_t empty_bytes = group.memory_bytes();
  for (uint64_t i = 1; i <= 100; ++i) group.add_pending({i, 0}, {&a, 1, 1});
  CHECK(group.memory_bytes() > empty_bytes + 100 * sizeof(PendingEntry));
  CHECK(group.release_slice(60));
  CHECK(group.pending_count() == 40);
  CHECK_FALSE(group.release_slice(60));
  CHECK(a.pending_count() == 0);
  CHECK(group.memory_bytes() == empty_bytes);
}

TEST_CASE("StreamGroup: random deliveries and acknowledgements keep all orders in step") {
  base::Random random(3);
  StreamGroup group({}, 0);
  StreamConsumer* consumers[] = {&group.add_consumer("a", 0), &group.add_consumer("b", 0),
                                 &group.add_consumer("c", 0)};
  struct Known {
    int64_t time;
    StreamConsumer* consumer;
  };
  std::map<uint64_t, Known> model;
  for (int step = 0; step < 5000; ++step) {
    const uint64_t id = 1 + random.below(200);
    StreamConsumer* const consumer = consumers[random.below(3)];
    const auto time = static_cast<int64_t>(random.below(50));
    if (const auto entry = group.find_pending({id, 0}); !entry) {
      group.add_pending({id, 0}, {consumer, time, 1});
      model[id] = {time, consumer};
    } else if (random.below(2) == 0) {
      group.deliver({id, 0}, {consumer, time, entry->deliveries + 1});
      model[id] = {time, consumer};
    } else {
      group.acknowledge({id, 0});
      model.erase(id);
    }
  }
  size_t owned = 0;
  for (const StreamConsumer* consumer : consumers) owned += consumer->pending_count();
  CHECK(owned == model.size());
  REQUIRE(group.pending_count() == model.size());
  for (const auto& [id, known] : model) {
    const auto entry = group.find_pending({id, 0});
    REQUIRE(entry);
    CHECK(entry->delivered_ms == known.time);
    CHECK(entry->consumer == known.consumer);
    CHECK(known.consumer->next_own({id, 0}) == StreamId{id, 0});
  }
}

}  // namespace
}  // namespace sluice::types
