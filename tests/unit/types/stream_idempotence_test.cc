#include "types/stream_idempotence.h"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {

namespace {

std::vector<std::string> listed(const IdempotenceTable& table) {
  std::vector<std::string> all;
  table.for_each([&](base::ByteView pid, base::ByteView iid, const StreamId& id) {
    all.push_back(std::string(pid) + "/" + std::string(iid) + "=" + std::string(StreamIdText(id).view()));
  });
  return all;
}

}  // namespace

TEST_CASE("Idempotence table: each producer has names of its own") {
  IdempotenceTable table({100, 100});
  table.add("p", "1", {10, 0}, 10);
  table.add("q", "1", {10, 1}, 10);
  table.add("p", std::string("\0", 1), {11, 0}, 11);
  CHECK(table.find("p", "1", 11) == StreamId{10, 0});
  CHECK(table.find("q", "1", 11) == StreamId{10, 1});
  CHECK(table.find("p", std::string("\0", 1), 11) == StreamId{11, 0});
  CHECK_FALSE(table.find("q", "2", 11));
  CHECK_FALSE(table.find("r", "1", 11));
  CHECK(table.added() == 3);
  CHECK(table.tracked(11).producers == 2);
  CHECK(table.tracked(11).ids == 3);
}

TEST_CASE("Idempotence table: a name is known for its time, counted from its entry") {
  IdempotenceTable table({2, 100});
  table.add("p", "1", {1000, 0}, 1000);
  CHECK(table.find("p", "1", 2999));
  CHECK(table.find("p", "1", 0));
  CHECK_FALSE(table.find("p", "1", 3000));
  CHECK(table.find_any("p", "1") == StreamId{1000, 0});
  CHECK(table.tracked(2999).ids == 1);
  CHECK(table.tracked(3000).ids == 0);
  CHECK(table.tracked(3000).producers == 0);
  // Sent again: it is another entry now.
  table.add("p", "1", {3000, 0}, 3000);
  CHECK(table.find("p", "1", 3000) == StreamId{3000, 0});
  CHECK(table.size() == 1);
  CHECK(table.added() == 2);
  // An entry from the far past is forgotten at once, one from the far future is not.
  table.add("old", "1", {5, 0}, 3000);
  CHECK_FALSE(table.find_any("old", "1"));
  table.add("late", "1", {UINT64_MAX, 0}, 3000);
  CHECK(table.find("late", "1", UINT64_MAX));
}

TEST_CASE("Idempotence table: of one producer the oldest names go when there are too many") {
  IdempotenceTable table({100, 3});
  for (uint64_t i = 1; i <= 4; ++i) table.add("p", std::to_string(i), {i, 0}, i);
  table.add("q", "1", {5, 0}, 5);
  CHECK(listed(table) == std::vector<std::string>{"p/2=2-0", "p/3=3-0", "p/4=4-0", "q/1=5-0"});
  CHECK(table.added() == 5);
}

TEST_CASE("Idempotence table: what is too old leaves memory, some with each one added") {
  IdempotenceTable table({1, 10});
  for (uint64_t i = 0; i < 1000; ++i) table.add("p" + std::to_string(i), "x", {1, i}, 1);
  const size_t bytes = table.memory_bytes();
  CHECK(bytes > 100'000);
  for (uint64_t i = 0; i < 100; ++i) table.add("p", "x", {5000 + i, 0}, 5000 + i);
  CHECK(table.size() == 1);
  CHECK(table.memory_bytes() < 1000);
}

TEST_CASE("Idempotence table: a clone knows the same, and is freed in slices") {
  IdempotenceTable table({100, 1000});
  for (uint64_t i = 0; i < 500; ++i) table.add(i % 2 == 0 ? "p" : "q", std::to_string(i), {i, 0}, i);
  table.count_duplicate();
  const auto copy = table.clone();
  CHECK(listed(*copy) == listed(table));
  CHECK(copy->added() == 500);
  CHECK(copy->duplicates() == 1);
  CHECK(copy->memory_bytes() == table.memory_bytes());
  CHECK_FALSE(copy->put("p", "0", {7, 7}));
  int slices = 1;
  while (copy->release_slice(100)) ++slices;
  CHECK(slices == 5);
  CHECK(copy->size() == 0);
  CHECK(table.size() == 500);
}

TEST_CASE("Idempotence table: agrees with a naive one") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    base::Random random(seed);
    const IdempotenceLimits limits{1, static_cast<uint32_t>(1 + random.below(5))};
    IdempotenceTable table(limits);
    std::map<std::string, std::map<std::string, StreamId>> model;
    uint64_t now_ms = 0;
    for (int step = 0; step < 5000; ++step) {
      now_ms += random.below(100);
      const std::string pid(1, static_cast<char>('a' + random.below(4)));
      const std::string iid = std::to_string(random.below(12));
      auto& own = model[pid];
      for (auto at = own.begin(); at != own.end();) {
        at = now_ms - at->second.ms >= 1000 ? own.erase(at) : std::next(at);
      }
      const auto known = own.find(iid);
      const auto found = table.find(pid, iid, now_ms);
      REQUIRE(found.has_value() == (known != own.end()));
      if (found) {
        REQUIRE(*found == known->second);
        continue;
      }
      const StreamId id{now_ms, static_cast<uint64_t>(step)};
      table.add(pid, iid, id, now_ms);
      own[iid] = id;
      if (own.size() > limits.max_ids) {
        auto oldest = own.begin();
        for (auto at = own.begin(); at != own.end(); ++at) {
          if (at->second < oldest->second) oldest = at;
        }
        own.erase(oldest);
      }
    }
  }
}

}  // namespace sluice::types
