#include "ds/deadline_heap.h"

#include <map>
#include <memory>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::ds {

TEST_CASE("DeadlineHeap: gives elements back in order of time") {
  DeadlineHeap<int> heap;
  for (const int time : {50, 10, 40, 20, 30}) heap.push(time, time * 2);
  for (int time = 10; time <= 50; time += 10) {
    CHECK(heap.top_time_ms() == time);
    CHECK(heap.top() == time * 2);
    CHECK(heap.remove(heap.top_handle()) == time * 2);
  }
  CHECK(heap.empty());
}

TEST_CASE("DeadlineHeap: a handle follows its element through updates of itself and of others") {
  DeadlineHeap<char> heap;
  const auto a = heap.push(10, 'a');
  const auto b = heap.push(20, 'b');
  const auto c = heap.push(-5, 'c');
  heap.update(c, 100);
  heap.update(b, 1);
  CHECK(heap.top_handle() == b);
  CHECK(heap.time_of(a) == 10);
  CHECK(heap.time_of(b) == 1);
  CHECK(heap.time_of(c) == 100);
  CHECK(heap.payload_of(c) == 'c');
}

TEST_CASE("DeadlineHeap: a removed payload is let go at once and its slot is used again") {
  DeadlineHeap<std::shared_ptr<int>> heap;
  auto payload = std::make_shared<int>(7);
  const auto handle = heap.push(1, payload);
  CHECK(payload.use_count() == 2);
  CHECK(heap.remove(handle) == payload);
  CHECK(payload.use_count() == 1);
  CHECK(heap.push(2, nullptr) == handle);
}

TEST_CASE("DeadlineHeap: agrees with a multimap under random pushes, updates and removals") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    base::Random random(seed);
    DeadlineHeap<uint64_t> heap;
    std::map<uint32_t, std::pair<int64_t, uint64_t>> model;  // handle -> (time, payload)
    std::multimap<int64_t, uint32_t> by_time;
    const auto forget = [&](uint32_t handle) {
      auto range = by_time.equal_range(model.at(handle).first);
      for (auto it = range.first; it != range.second; ++it) {
        if (it->second != handle) continue;
        by_time.erase(it);
        break;
      }
    };
    for (int step = 0; step < 20000; ++step) {
      const bool growing = step < 10000;
      const uint64_t dice = random.below(10);
      const auto time = static_cast<int64_t>(random.below(5000)) - 1000;
      if (model.empty() || dice < (growing ? 6 : 2)) {
        const uint64_t payload = random.next();
        const auto handle = heap.push(time, payload);
        REQUIRE(model.emplace(handle, std::make_pair(time, payload)).second);
        by_time.emplace(time, handle);
      } else {
        auto it = model.lower_bound(static_cast<uint32_t>(random.below(model.rbegin()->first + 1)));
        const uint32_t handle = it->first;
        forget(handle);
        if (dice < 7) {
          heap.update(handle, time);
          it->second.first = time;
          by_time.emplace(time, handle);
        } else {
          REQUIRE(heap.remove(handle) == it->second.second);
          model.erase(it);
        }
      }
      REQUIRE(heap.size() == model.size());
      if (model.empty()) continue;
      REQUIRE(heap.top_time_ms() == by_time.begin()->first);
      REQUIRE(model.at(heap.top_handle()).second == heap.top());
    }
    for (const auto& [handle, expected] : model) {
      REQUIRE(heap.time_of(handle) == expected.first);
      REQUIRE(heap.payload_of(handle) == expected.second);
    }
  }
}

TEST_CASE("DeadlineHeap: releases its memory in slices and can be used again") {
  DeadlineHeap<int> heap;
  for (int i = 0; i < 10000; ++i) heap.push(i, i);
  const size_t full = heap.memory_bytes();
  CHECK(full >= 10000 * 24);
  CHECK(full <= 10000 * 40);
  int slices = 1;
  while (heap.release_slice(4)) ++slices;
  CHECK(slices >= 5);
  CHECK(heap.empty());
  const auto handle = heap.push(3, 9);
  CHECK(heap.payload_of(handle) == 9);
  CHECK(heap.top_time_ms() == 3);
}

TEST_CASE("DeadlineHeap: the payloads at all positions are all that is there") {
  DeadlineHeap<int> heap;
  for (int i = 0; i < 100; ++i) heap.push((i * 37) % 100, i);
  heap.remove(heap.top_handle());
  std::set<int> seen;
  for (size_t i = 0; i < heap.size(); ++i) seen.insert(heap.payload_at(i));
  CHECK(seen.size() == 99);
  CHECK(seen.count(0) == 0);
}

}  // namespace sluice::ds
