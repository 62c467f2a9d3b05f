#include "types/field_deadlines.h"

#include <algorithm>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {

TEST_CASE("DeadlineList: knows the next one and counts what is due, whatever is set and erased") {
  base::Random random(5);
  DeadlineList list(std::vector<int64_t>{kNeverExpires, 30, kNeverExpires, 10});
  std::vector<int64_t> model{kNeverExpires, 30, kNeverExpires, 10};
  for (int step = 0; step < 3000; ++step) {
    const int64_t wanted = random.below(3) == 0 ? kNeverExpires : static_cast<int64_t>(random.below(50));
    const size_t at = model.empty() ? 0 : random.below(model.size());
    if (model.size() < 3 || random.below(4) == 0) {
      list.append(wanted);
      model.push_back(wanted);
    } else if (random.below(4) == 0) {
      list.erase(at);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      list.set(at, wanted);
      model[at] = wanted;
    }
    const auto timed =
        std::count_if(model.begin(), model.end(), [](int64_t ms) { return ms != kNeverExpires; });
    REQUIRE(list.timed() == static_cast<size_t>(timed));
    REQUIRE(list.next_ms() == *std::min_element(model.begin(), model.end()));
    const auto due = std::count_if(model.begin(), model.end(), [](int64_t ms) { return ms <= 20; });
    REQUIRE(list.due(20) == static_cast<size_t>(due));
  }
  for (size_t i = 0; i < model.size(); ++i) CHECK(list.at(i) == model[i]);
}

TEST_CASE("DeadlineQueue: hands out the earliest first, over both of its blocks, and counts what is due") {
  base::Random random(6);
  DeadlineQueue queue;
  std::vector<HashItem> items;
  int most = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto deadline_ms = static_cast<int64_t>(random.below(1000));
    const bool grow = random.below(step < 12'000 ? 3 : 5) < 2;
    if (items.empty() || grow) {
      items.push_back(HashItem::create("f" + std::to_string(step), "v", deadline_ms));
      queue.add(items.back());
    } else {
      const size_t at = random.below(items.size());
      if (random.below(3) == 0) {
        queue.move_to(items[at], deadline_ms);
      } else if (random.below(3) == 0) {
        HashItem next = HashItem::create("other", "v", items[at].deadline_ms());
        queue.replace(items[at], next);
        items[at].destroy();
        items[at] = next;
      } else {
        queue.remove(items[at]);
        items[at].destroy();
        items[at] = items.back();
        items.pop_back();
      }
    }
    REQUIRE(queue.size() == items.size());
    most = std::max(most, static_cast<int>(items.size()));
    if (items.empty() || step % 50 != 0) continue;
    std::vector<int64_t> times;
    for (const HashItem item : items) times.push_back(item.deadline_ms());
    std::sort(times.begin(), times.end());
    REQUIRE(queue.next_ms() == times.front());
    const auto due = std::upper_bound(times.begin(), times.end(), 500) - times.begin();
    REQUIRE(queue.due(500) == static_cast<size_t>(due));
    REQUIRE(queue.all_due(times.back()));
    REQUIRE_FALSE(queue.all_due(times.back() - 1));
  }
  CHECK(most > 1000);
  CHECK(queue.memory_bytes() > 1000);
  for (int64_t last = INT64_MIN; queue.size() > 0;) {
    HashItem item = queue.front();
    CHECK(item.deadline_ms() >= last);
    last = item.deadline_ms();
    queue.remove(item);
    item.destroy();
  }
  CHECK(queue.all_due(INT64_MIN));
  CHECK(queue.next_ms() == kNeverExpires);
  CHECK(queue.due(INT64_MAX) == 0);
}

TEST_CASE("DeadlineQueue: the latest is known when the latest go one after the other, or are moved") {
  base::Random random(7);
  DeadlineQueue queue;
  std::map<int64_t, HashItem> items;
  for (int i = 0; i < 5000; ++i) {
    const auto deadline_ms = static_cast<int64_t>(random.below(1'000'000));
    if (items.contains(deadline_ms)) continue;
    const HashItem item = HashItem::create("f" + std::to_string(i), "v", deadline_ms);
    items.emplace(deadline_ms, item);
    queue.add(item);
  }
  while (!items.empty()) {
    auto [deadline_ms, item] = *items.rbegin();
    REQUIRE(queue.all_due(deadline_ms));
    REQUIRE_FALSE(queue.all_due(deadline_ms - 1));
    REQUIRE(queue.next_ms() == items.begin()->first);
    items.erase(deadline_ms);
    const int64_t other_ms = deadline_ms / 2;
    if (random.below(2) == 0 && !items.contains(other_ms)) {
      queue.move_to(item, other_ms);
      items.emplace(other_ms, item);
    } else {
      queue.remove(item);
      item.destroy();
    }
  }
  CHECK(queue.size() == 0);
}

TEST_CASE("DeadlineQueue: lets go of its items in slices") {
  DeadlineQueue queue;
  std::vector<HashItem> items;
  for (int i = 0; i < 3000; ++i) {
    items.push_back(HashItem::create("f" + std::to_string(i), "v", i));
    queue.add(items.back());
  }
  const size_t before = queue.memory_bytes();
  CHECK(queue.release_slice(1000));
  CHECK(queue.size() == 2000);
  CHECK(queue.memory_bytes() < before);
  CHECK(queue.release_slice(1000));
  CHECK_FALSE(queue.release_slice(1000));
  for (HashItem& item : items) item.destroy();
}

}  // namespace sluice::types
