#include "types/pending_index.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "types/stream.h"

namespace sluice::types {
namespace {

struct Fixture {
  ds::HashSeed seed{1};
  ds::Epoch epoch;
  ValueContext context{seed, epoch};
  Stream stream{context};

  StreamGroup& add(base::ByteView name, const StreamId& last_id = kMaxStreamId) {
    StreamGroup* group = stream.add_group(name, last_id, StreamGroup::kUnknown);
    group->add_consumer("c", 0);
    return *group;
  }
  static void add_pending(StreamGroup& group, uint64_t id) {
    REQUIRE(group.add_pending({id, 0}, {group.find_consumer("c"), 1, 1}));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "PendingIndex: one group that has anything pending is not counted, others are") {
  StreamGroup& a = add("a");
  StreamGroup& b = add("b");
  const size_t before = stream.memory_bytes() - a.memory_bytes() - b.memory_bytes();
  const auto counts_bytes = [&] {
    return stream.memory_bytes() - a.memory_bytes() - b.memory_bytes() - before;
  };
  for (uint64_t i = 1; i <= 1000; ++i) add_pending(a, i);
  CHECK(counts_bytes() == 0);
  CHECK(stream.needed({7, 0}));
  for (uint64_t i = 1; i <= 1000; ++i) add_pending(b, i);
  CHECK(counts_bytes() > 16'000);
  CHECK(counts_bytes() < 20'000);
  for (uint64_t i = 1; i <= 1000; ++i) a.acknowledge({i, 0});
  CHECK(stream.needed({7, 0}));
  for (uint64_t i = 1; i <= 1000; ++i) b.acknowledge({i, 0});
  CHECK(counts_bytes() == 0);
  CHECK_FALSE(stream.needed({7, 0}));
  // Whoever comes first now is the one that is not counted.
  for (uint64_t i = 1; i <= 1000; ++i) add_pending(b, i);
  CHECK(counts_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture, "PendingIndex: the lowest of the last delivered ids follows every group") {
  CHECK_FALSE(stream.needed({1, 0}));
  StreamGroup& a = add("a", {5, 0});
  StreamGroup& b = add("b", {5, 0});
  CHECK_FALSE(stream.needed({5, 0}));
  CHECK(stream.needed({5, 1}));
  a.set_last_id({9, 0});
  CHECK(stream.needed({5, 1}));
  b.set_last_id({7, 0});
  CHECK_FALSE(stream.needed({7, 0}));
  CHECK(stream.needed({8, 0}));
  b.set_last_id({2, 0});
  CHECK(stream.needed({3, 0}));
  stream.remove_group("b");
  CHECK_FALSE(stream.needed({9, 0}));
  CHECK(stream.needed({10, 0}));
}

TEST_CASE_FIXTURE(Fixture,
                  "PendingIndex: a group that is destroyed and freed in slices needs nothing any more") {
  StreamGroup& a = add("a");
  StreamGroup& b = add("b");
  StreamGroup& c = add("c");
  for (uint64_t i = 1; i <= 300; ++i) {
    add_pending(a, i);
    add_pending(b, i);
    if (i % 2 == 0) add_pending(c, i);
  }
  while (a.pending_count() > 0) a.acknowledge(a.next_pending({})->id);
  auto left = stream.remove_group("b");
  CHECK_FALSE(stream.needed({7, 0}));
  CHECK(stream.needed({8, 0}));
  while (left->release_slice(50)) {
    CHECK_FALSE(stream.needed({7, 0}));
    CHECK(stream.needed({8, 0}));
  }
  left.reset();
  CHECK_FALSE(stream.needed({7, 0}));
  CHECK(stream.needed({8, 0}));
  stream.remove_group("c").reset();
  CHECK_FALSE(stream.needed({8, 0}));
}

TEST_CASE_FIXTURE(Fixture, "PendingIndex: a group may outlive its stream") {
  std::unique_ptr<StreamGroup> left;
  {
    Stream other(context);
    for (const char* name : {"a", "b"}) {
      StreamGroup* group = other.add_group(name, kMaxStreamId, 0);
      StreamConsumer& consumer = group->add_consumer("c", 0);
      for (uint64_t i = 1; i <= 200; ++i) group->add_pending({i, 0}, {&consumer, 1, 1});
    }
    left = other.remove_group("b");
  }
  CHECK(left->release_slice(50));
  CHECK(left->pending_count() > 0);
}

TEST_CASE_FIXTURE(Fixture, "PendingIndex: random changes of many groups agree with a look at each") {
  base::Random random(11);
  std::vector<std::unique_ptr<StreamGroup>> leaving;
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = "g" + std::to_string(random.below(4));
    StreamGroup* group = stream.find_group(name);
    const StreamId id{1 + random.below(60), 0};
    if (group == nullptr) {
      add(name, {20 + random.below(40), 0});
    } else if (random.below(200) == 0) {
      leaving.push_back(stream.remove_group(name));
    } else if (random.below(100) == 0) {
      GroupPolicy policy = group->policy();
      policy.dead_letters = policy.dead_letters.empty() ? "dead" : "";
      group->set_policy(policy);
    } else if (random.below(20) == 0) {
      group->set_last_id({20 + random.below(40), 0});
    } else if (random.below(200) == 0) {
      group->remove_consumer(*group->find_consumer("c"));
      group->add_consumer("c", 0);
    } else if (group->find_pending(id)) {
      const uint64_t kind = random.below(3);
      if (kind == 0) group->release(id, 1);
      if (kind > 0) group->acknowledge(id);
    } else if (random.below(2) == 0) {
      REQUIRE(group->add_released(id, 1));
    } else {
      add_pending(*group, id.ms);
    }
    if (!leaving.empty() && random.below(30) == 0 && !leaving.front()->release_slice(3)) {
      leaving.erase(leaving.begin());
    }
    if (step == 10'000) stream = stream.clone();
    const StreamId asked{1 + random.below(60), 0};
    bool needed = false;
    std::vector<base::ByteView> holders;
    std::vector<base::ByteView> keepers;
    for (const auto& [held, each] : stream.groups()) {
      needed = needed || asked > each->last_id() || each->find_pending(asked);
      if (each->find_pending(asked)) holders.emplace_back(held);
      if (!each->policy().dead_letters.empty()) keepers.emplace_back(held);
    }
    std::vector<base::ByteView> known;
    for (const auto& [held, each] : stream.letter_keepers()) known.push_back(held);
    REQUIRE(known == keepers);
    REQUIRE(stream.needed(asked) == needed);
    if (step % 50 == 0) REQUIRE(stream.consistent());
    if (random.below(40) == 0) REQUIRE(stream.purge_pending(asked) == holders);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "PendingIndex: what one of 1,000 groups has pending is found without asking them all") {
  const base::Bytes name = "g";
  const auto index = std::make_shared<PendingIndex>(epoch);
  std::vector<std::unique_ptr<StreamGroup>> groups;
  for (uint64_t i = 0; i < 1000; ++i) {
    groups.push_back(std::make_unique<StreamGroup>(epoch, kMinStreamId, 0));
    groups.back()->called = &name;
    groups.back()->join(index);
    groups.back()->add_released({i + 1, 0}, 1);
    groups.back()->add_released({5000, 0}, 1);
  }
  for (uint64_t i = 0; i < 1000; ++i) {
    const PendingIndex::Holders found = index->holders({i + 1, 0});
    REQUIRE(found.groups == std::vector<StreamGroup*>{groups[i].get()});
    REQUIRE(found.looked_at <= 2);
  }
  CHECK(index->holders({1001, 0}).looked_at <= 1);
  CHECK(index->holders({5000, 0}).groups.size() == 1000);
  // Of two the one that is left is known again.
  groups[3]->add_released({900, 0}, 1);
  CHECK(index->holders({900, 0}).groups.size() == 2);
  groups[899]->acknowledge({900, 0});
  CHECK(index->holders({900, 0}).looked_at <= 2);
  // One that is destroyed, and not freed yet, has nothing.
  groups[3]->leave();
  CHECK(index->holders({900, 0}).groups.empty());
  CHECK(index->holders({5000, 0}).groups.size() == 999);
}

TEST_CASE_FIXTURE(Fixture,
                  "PendingIndex: of a stream that goes the places of many groups are freed in slices") {
  for (int i = 0; i < 500; ++i) add("g" + std::to_string(i));
  CHECK(stream.part_count() >= 1000);
  int slices = 1;
  while (stream.release_slice(100)) ++slices;
  CHECK(slices >= 14);  // 500 places, groups and consumers
  CHECK(stream.groups().empty());
}

}  // namespace sluice::types
