#include <vector>

#include <doctest/doctest.h>

#include "types/stream.h"
#include "unit/types/fixture.h"

namespace sluice::types {

TEST_CASE_FIXTURE(Fixture, "Stream: groups are copied with it, counted and freed in slices") {
  const base::ByteView fields[] = {"k", "v"};
  Stream stream(context);
  REQUIRE(stream.append({5, 0}, fields).ok());
  const size_t bytes = stream.memory_bytes();
  StreamGroup* group = stream.add_group("g", {5, 0}, 1);
  CHECK(stream.add_group("g", {}, 0) == nullptr);
  StreamConsumer& consumer = group->add_consumer("c", 0);
  for (uint64_t i = 1; i <= 100; ++i) group->add_pending({i, 0}, {&consumer, 1, 1});
  CHECK(stream.memory_bytes() > bytes + 1000);
  Stream copy = stream.clone();
  REQUIRE(copy.find_group("g") != nullptr);
  CHECK(copy.find_group("g")->pending_count() == 100);
  CHECK(stream.find_group("h") == nullptr);
  CHECK(stream.remove_group("h") == nullptr);
  CHECK(stream.remove_group("g")->pending_count() == 100);
  CHECK(stream.groups().empty());
  int slices = 1;
  while (copy.release_slice(30)) ++slices;
  CHECK(slices >= 4);
  CHECK(copy.groups().empty());
}

TEST_CASE_FIXTURE(Fixture, "Stream: an entry is needed while a group has not read it, or has it pending") {
  const base::ByteView fields[] = {"k", "v"};
  Stream stream(context);
  for (uint64_t i = 1; i <= 5; ++i) REQUIRE(stream.append({i, 0}, fields).ok());
  CHECK_FALSE(stream.needed({5, 0}));
  StreamGroup* g = stream.add_group("g", {3, 0}, 3);
  StreamConsumer& c = g->add_consumer("c", 0);
  CHECK(g->add_pending({2, 0}, {&c, 1, 1}));
  CHECK_FALSE(stream.needed({1, 0}));
  CHECK(stream.needed({2, 0}));
  CHECK_FALSE(stream.needed({3, 0}));
  CHECK(stream.needed({4, 0}));
  g->set_last_id({4, 0});
  CHECK_FALSE(stream.needed({4, 0}));
  StreamGroup* h = stream.add_group("h", {1, 0}, 1);
  CHECK(stream.needed({3, 0}));
  h->set_last_id({5, 0});
  CHECK_FALSE(stream.needed({3, 0}));
  CHECK(h->add_released({2, 0}, 1));
  CHECK(stream.needed({2, 0}));
  CHECK(g->acknowledge({2, 0}));
  CHECK(stream.needed({2, 0}));
  g->add_pending({2, 0}, {&c, 1, 1});
  CHECK(stream.purge_pending({2, 0}) == std::vector<base::ByteView>{"g", "h"});
  CHECK(stream.purge_pending({2, 0}).empty());
  CHECK_FALSE(stream.needed({2, 0}));
  g->set_last_id({2, 0});
  CHECK(stream.needed({3, 0}));
  stream.remove_group("g");
  CHECK_FALSE(stream.needed({3, 0}));
}

TEST_CASE_FIXTURE(Fixture, "Stream: how many entries lie up to an id is told where no deletion hides it") {
  const base::ByteView fields[] = {"k", "v"};
  Stream stream(context);
  CHECK(stream.entries_up_to({1, 0}) == 0);
  for (uint64_t i = 1; i <= 5; ++i) REQUIRE(stream.append({i, 0}, fields).ok());
  CHECK(stream.entries_up_to({0, 0}) == 0);
  CHECK(stream.entries_up_to({1, 0}) == 1);
  CHECK(stream.entries_up_to({3, 0}) == StreamGroup::kUnknown);
  CHECK(stream.entries_up_to({5, 0}) == 5);
  CHECK(stream.entries_up_to({9, 0}) == StreamGroup::kUnknown);
  stream.remove({1, 0});
  CHECK(stream.entries_up_to({2, 0}) == 2);
  stream.remove({4, 0});
  CHECK(stream.entries_up_to({2, 0}) == StreamGroup::kUnknown);
  for (const uint64_t id : {2, 3, 5}) stream.remove({id, 0});
  CHECK(stream.entries_up_to({3, 0}) == 5);
}

TEST_CASE_FIXTURE(Fixture, "Stream: counts at the end of all numbers stay there, and are never negative") {
  const base::ByteView fields[] = {"k", "v"};
  Stream stream(context);
  for (uint64_t i = 1; i <= 2; ++i) REQUIRE(stream.append({i, 0}, fields).ok());
  stream.set_entries_added(INT64_MAX);
  REQUIRE(stream.append({3, 0}, fields).ok());
  CHECK(stream.entries_added() == INT64_MAX);
  CHECK(stream.entries_up_to({3, 0}) == INT64_MAX);
  CHECK(stream.entries_up_to({0, 0}) == INT64_MAX - 3);
  stream.set_entries_added(UINT64_MAX);
  CHECK(stream.entries_up_to({3, 0}) == INT64_MAX);
  stream.set_entries_added(1);  // fewer than there are, as a file may say
  CHECK(stream.entries_up_to({0, 0}) == 0);
}

}  // namespace sluice::types
