#include "types/stream_group.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {
namespace {

const ds::Epoch kEpoch;

std::string times(const StreamGroup& group) {
  std::string text;
  auto walk = group.walk_idle();
  while (const auto entry = walk.next()) {
    if (entry->delayed()) text += "until ";
    text += entry->released() ? "free" : std::to_string(std::max(entry->delivered_ms, entry->until_ms));
    text += ":" + std::to_string(entry->id.ms) + " ";
  }
  return text;
}

TEST_CASE("StreamGroup: pending entries are found by id, by time and by consumer") {
  StreamGroup group(kEpoch, {5, 0}, 5);
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
  StreamGroup group(kEpoch, {}, StreamGroup::kUnknown);
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
  StreamGroup group(kEpoch, {}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  StreamConsumer& b = group.add_consumer("b", 0);
  for (uint64_t i = 1; i <= 10; ++i) group.add_pending({i, 0}, {i % 2 == 0 ? &a : &b, 7, 1});
  CHECK(group.remove_consumer(a) == 5);
  CHECK(group.find_consumer("a") == nullptr);
  CHECK(group.pending_count() == 5);
  CHECK(times(group) == "7:1 7:3 7:5 7:7 7:9 ");
}

TEST_CASE("StreamGroup: what is released is nobody's, and comes before all others in the order of release") {
  StreamGroup group(kEpoch, {}, 0);
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
  StreamGroup group(kEpoch, {5, 5}, 3);
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
  StreamGroup group(kEpoch, {}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  const size_t empty_bytes = group.memory_bytes();
  for (uint64_t i = 1; i <= 100; ++i) group.add_pending({i, 0}, {&a, 1, 1});
  CHECK(group.memory_bytes() > empty_bytes + 100 * 32);
  int slices = 1;
  while (group.release_slice(30)) ++slices;
  CHECK(slices == 4);
  CHECK(group.pending_count() == 0);
  CHECK(group.memory_bytes() < empty_bytes);
}

TEST_CASE("StreamGroup: many consumers are freed in slices, those with a time to live too") {
  for (const int64_t ttl_ms : {0, 100}) {
    StreamGroup group(kEpoch, {}, 0);
    for (int i = 0; i < 1000; ++i) group.add_consumer("c" + std::to_string(i), 0);
    GroupPolicy policy;
    policy.consumer_ttl_ms = ttl_ms;
    group.set_policy(policy);
    CHECK(group.part_count() == 1000);
    int slices = 1;
    while (group.release_slice(100)) ++slices;
    CHECK(slices == (ttl_ms == 0 ? 10 : 20));
    CHECK(group.part_count() == 0);
  }
}

TEST_CASE("StreamGroup: another time to live reaches many consumers part by part, each once") {
  constexpr size_t kMany = 2 * StreamGroup::kFiledAtOnce + 300;
  StreamGroup group(kEpoch, {}, 0);
  for (size_t i = 0; i < kMany; ++i) group.add_consumer("c" + std::to_string(i), 1000 + static_cast<int>(i));
  GroupPolicy policy;
  policy.consumer_ttl_ms = 50;
  group.set_policy(policy);
  CHECK_FALSE(group.all_filed());
  CHECK(group.next_deadline_ms() == 0);  // the rest is to be filed
  CHECK(group.next_look().at_ms == kNeverExpires);
  // Consumers come and go meanwhile.
  group.remove_consumer(*group.find_consumer("c7"));
  group.remove_consumer(*group.find_consumer("c" + std::to_string(kMany - 1)));
  group.add_consumer("new", 10'000);
  group.add_consumer("newer", 10'001);
  group.add_consumer("newest", 10'002);
  int parts = 0;
  for (; !group.all_filed(); ++parts) group.file_looks(StreamGroup::kFiledAtOnce);
  CHECK(parts == 2);
  CHECK(group.next_deadline_ms() == 1050);
  size_t looks = 0;
  int64_t before_ms = 0;
  for (auto look = group.next_look(); look.at_ms != kNeverExpires; look = group.next_look(), ++looks) {
    REQUIRE(look.at_ms == look.consumer->seen_ms + 50);
    REQUIRE(look.at_ms >= before_ms);
    before_ms = look.at_ms;
    group.remove_consumer(*look.consumer);
  }
  CHECK(looks == kMany + 1);
  CHECK(group.consumers().empty());
  // Without one again nobody is looked at.
  for (size_t i = 0; i < kMany; ++i) group.add_consumer("c" + std::to_string(i), 0);
  group.set_policy({});
  while (!group.all_filed()) group.file_looks(StreamGroup::kFiledAtOnce);
  CHECK(group.next_deadline_ms() == kNeverExpires);
}

TEST_CASE(
    "StreamGroup: a number that a consumer leaves behind is given to another, whose entries stay apart") {
  StreamGroup group(kEpoch, {}, 0);
  StreamConsumer& a = group.add_consumer("a", 0);
  group.add_pending({1, 0}, {&a, 1, 1});
  group.remove_consumer(a);
  StreamConsumer& b = group.add_consumer("b", 0);
  StreamConsumer& c = group.add_consumer("c", 0);
  group.add_pending({2, 0}, {&b, 1, 1});
  group.add_pending({3, 0}, {&c, 1, 1});
  CHECK(group.find_pending({2, 0})->consumer == &b);
  CHECK(group.find_pending({3, 0})->consumer == &c);
}

TEST_CASE("StreamGroup: what is delayed is nobody's and never idle, and comes last in the order of time") {
  StreamGroup group(kEpoch, {5, 0}, 5);
  StreamConsumer& a = group.add_consumer("a", 10);
  for (uint64_t id = 1; id <= 4; ++id) group.add_pending({id, 0}, {&a, 100, 1});
  group.delay({1, 0}, 2, 900);
  group.delay({2, 0}, 1, 800);
  group.release({3, 0}, 1);
  REQUIRE(group.add_delayed({5, 0}, 7, 850));
  CHECK_FALSE(group.add_delayed({5, 0}, 7, 850));
  CHECK(times(group) == "free:3 100:4 until 800:2 until 850:5 until 900:1 ");
  CHECK(group.released_count() == 1);
  CHECK(group.unowned_count() == 4);
  CHECK(a.pending_count() == 1);
  CHECK(group.next_deadline_ms() == 800);
  CHECK(group.next_idle({1, 0}, INT64_MAX)->id == StreamId{3, 0});
  CHECK_FALSE(group.next_idle({5, 0}, INT64_MAX));
  const PendingEntry first = *group.first_delayed();
  CHECK(first.id == StreamId{2, 0});
  CHECK_FALSE(first.released());
  CHECK(first.delivered_ms == 0);
  CHECK(times(*group.clone()) == times(group));
  group.release({2, 0}, 1);
  group.deliver({5, 0}, {&a, 120, 8});
  CHECK(group.first_delayed()->id == StreamId{1, 0});
  CHECK(group.acknowledge({1, 0}));
  CHECK_FALSE(group.first_delayed());
  CHECK(group.next_deadline_ms() == kNeverExpires);
  CHECK(group.unowned_count() == 2);
}

TEST_CASE("StreamGroup: times at the ends of what a number holds are not mistaken for delays") {
  StreamGroup group(kEpoch, {5, 0}, 5);
  StreamConsumer& a = group.add_consumer("a", 10);
  group.add_pending({1, 0}, {&a, INT64_MAX, 1});
  group.add_delayed({2, 0}, 1, INT64_MAX);
  CHECK_FALSE(group.find_pending({1, 0})->delayed());
  CHECK(group.find_pending({2, 0})->delayed());
  CHECK(group.first_delivered()->id == StreamId{1, 0});
  CHECK(group.first_delayed()->id == StreamId{2, 0});
  CHECK(group.next_idle({1, 0}, INT64_MAX)->id == StreamId{1, 0});
}

TEST_CASE("StreamGroup: a lease counts from the longest delivery on, whatever is released") {
  StreamGroup group(kEpoch, {5, 0}, 5);
  StreamConsumer& a = group.add_consumer("a", 10);
  group.add_pending({1, 0}, {&a, 100, 1});
  group.add_pending({2, 0}, {&a, 150, 1});
  CHECK(group.next_deadline_ms() == kNeverExpires);
  GroupPolicy policy;
  policy.lease_ms = 1000;
  group.set_policy(policy);
  CHECK(group.next_deadline_ms() == 1100);
  group.release({1, 0}, 1);
  CHECK(group.next_deadline_ms() == 1150);
  CHECK(group.first_delivered()->id == StreamId{2, 0});
  CHECK(group.clone()->next_deadline_ms() == 1150);
  group.set_policy({});
  CHECK(group.next_deadline_ms() == kNeverExpires);
  CHECK(group.policy() == GroupPolicy{});
}

TEST_CASE("StreamGroup: consumers are looked at in the order in which they may be gone") {
  StreamGroup group(kEpoch, {5, 0}, 5);
  StreamConsumer& a = group.add_consumer("a", 30);
  group.add_consumer("b", 10);
  CHECK(group.next_look().at_ms == kNeverExpires);
  GroupPolicy policy;
  policy.consumer_ttl_ms = 100;
  group.set_policy(policy);
  StreamConsumer& c = group.add_consumer("c", 20);
  CHECK(group.next_look().at_ms == 110);
  CHECK(group.next_deadline_ms() == 110);
  CHECK(group.next_look().consumer == group.find_consumer("b"));
  CHECK(group.clone()->next_deadline_ms() == 110);
  group.remove_consumer(*group.find_consumer("b"));
  CHECK(group.next_look().consumer == &c);
  group.look_again(c, 500, true);
  CHECK(group.next_look().consumer == &a);
  group.look_again(a, 600, false);
  CHECK(group.next_look().asked);
  policy.consumer_ttl_ms = 50;
  group.set_policy(policy);
  CHECK(group.next_look().at_ms == 70);
  CHECK_FALSE(group.next_look().asked);
  group.set_policy({});
  CHECK(group.next_look().consumer == nullptr);
}

constexpr int64_t kDelayed = int64_t{1} << 62;

// What a group should know: entries by id, and where each stands in time.
struct Model {
  struct Known {
    int64_t key;  // below 0: released; from kDelayed on: delayed
    uint64_t deliveries;
    StreamConsumer* consumer;
  };
  std::map<uint64_t, Known> entries;
  int64_t released_ever = 0;

  [[nodiscard]] std::vector<std::pair<int64_t, uint64_t>> in_time() const {
    std::vector<std::pair<int64_t, uint64_t>> order;
    for (const auto& [id, known] : entries) order.emplace_back(known.key, id);
    std::sort(order.begin(), order.end());
    return order;
  }
};

void check_entry(const std::optional<PendingEntry>& entry, uint64_t id, const Model::Known& known) {
  REQUIRE(entry);
  REQUIRE(entry->id == StreamId{id, 0});
  REQUIRE(entry->delivered_ms == (known.key >= kDelayed ? 0 : std::max<int64_t>(known.key, 0)));
  REQUIRE(entry->until_ms == (known.key >= kDelayed ? known.key - kDelayed : PendingEntry::kNotDelayed));
  REQUIRE(entry->deliveries == known.deliveries);
  REQUIRE(entry->consumer == known.consumer);
}

void check(const StreamGroup& group, const Model& model) {
  REQUIRE(group.pending_count() == model.entries.size());
  std::map<const StreamConsumer*, size_t> owned;
  size_t released = 0;
  uint64_t before = 0;
  for (const auto& [id, known] : model.entries) {
    check_entry(group.next_pending({before, 1}), id, known);
    ++owned[known.consumer];
    if (known.key < 0) ++released;
    if (known.consumer != nullptr) REQUIRE(known.consumer->next_own({id, 0}) == StreamId{id, 0});
    before = id;
  }
  REQUIRE(group.released_count() == released);
  REQUIRE(group.unowned_count() == owned[nullptr]);
  for (const auto& [name, consumer] : group.consumers()) {
    REQUIRE(consumer->pending_count() == owned[consumer.get()]);
  }
  auto walk = group.walk_idle();
  std::optional<int64_t> earliest;
  std::optional<int64_t> delayed;
  for (const auto& [key, id] : model.in_time()) {
    check_entry(walk.next(), id, model.entries.at(id));
    if (key >= 0 && key < kDelayed && !earliest) earliest = key;
    if (key >= kDelayed && !delayed) delayed = key - kDelayed;
  }
  REQUIRE_FALSE(walk.next());
  REQUIRE(group.earliest_delivery_ms() == earliest);
  REQUIRE(group.first_delayed().has_value() == delayed.has_value());
  if (delayed) REQUIRE(group.first_delayed()->until_ms == *delayed);
  const int64_t lease_end_ms = earliest ? *earliest + group.policy().lease_ms : kNeverExpires;
  REQUIRE(group.next_deadline_ms() == std::min(lease_end_ms, delayed.value_or(kNeverExpires)));
}

TEST_CASE("StreamGroup: random changes agree with a map, and all orders with each other") {
  base::Random random(3);
  StreamGroup group(kEpoch, {}, 0);
  GroupPolicy policy;
  policy.lease_ms = 20;
  group.set_policy(policy);
  StreamConsumer* consumers[] = {&group.add_consumer("a", 0), &group.add_consumer("b", 0),
                                 &group.add_consumer("c", 0)};
  Model model;
  for (int step = 0; step < 6000; ++step) {
    const uint64_t id = 1 + random.below(400);
    StreamConsumer* const consumer = consumers[random.below(3)];
    const auto time = static_cast<int64_t>(random.below(50));
    const uint64_t deliveries = random.below(20) == 0 ? uint64_t{INT64_MAX} : random.below(5);
    const bool there = model.entries.count(id) != 0;
    const uint64_t kind = random.below(9);
    if (!there && kind < 2) {
      REQUIRE(group.add_released({id, 0}, deliveries));
      model.entries[id] = {INT64_MIN + model.released_ever++, deliveries, nullptr};
    } else if (!there && kind < 3) {
      REQUIRE(group.add_delayed({id, 0}, deliveries, time));
      model.entries[id] = {kDelayed + time, deliveries, nullptr};
    } else if (!there) {
      REQUIRE(group.add_pending({id, 0}, {consumer, time, deliveries}));
      model.entries[id] = {time, deliveries, consumer};
    } else if (kind < 3) {
      group.deliver({id, 0}, {consumer, time, deliveries});
      model.entries[id] = {time, deliveries, consumer};
    } else if (kind < 5) {
      group.release({id, 0}, deliveries);
      model.entries[id] = {INT64_MIN + model.released_ever++, deliveries, nullptr};
    } else if (kind < 6) {
      group.delay({id, 0}, deliveries, time);
      model.entries[id] = {kDelayed + time, deliveries, nullptr};
    } else {
      REQUIRE(group.acknowledge({id, 0}));
      model.entries.erase(id);
    }
    const auto order = model.in_time();
    if (!order.empty()) {
      check_entry(group.longest_idle(), order.front().second, model.entries.at(order.front().second));
    }
    const int64_t latest = static_cast<int64_t>(random.below(60)) - 5;
    auto idle = model.entries.lower_bound(id);
    while (idle != model.entries.end() && idle->second.key > latest && idle->second.key >= 0) ++idle;
    REQUIRE_FALSE((idle != model.entries.end() && idle->second.key >= kDelayed));
    const auto found = group.next_idle({id, 0}, latest);
    REQUIRE(found.has_value() == (idle != model.entries.end()));
    if (found) check_entry(found, idle->first, idle->second);
    if (step % 16 == 0) check(group, model);
  }
  check(group, model);
  CHECK(times(*group.clone()) == times(group));
}

}  // namespace
}  // namespace sluice::types
