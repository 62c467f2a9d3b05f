#include "types/set.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

std::vector<std::string> listed(const Set& set) {
  std::vector<std::string> all;
  set.for_each([&](const ds::Element& member) { all.push_back(str(member)); });
  return all;
}

}  // namespace

TEST_CASE("Set: integers ascend, packed strings keep the order of insertion") {
  Fixture fixture;
  Set set(fixture.context);
  for (const char* member : {"30", "-2", "7"}) set.add(member);
  CHECK(std::string(set.encoding()) == "intset");
  CHECK(listed(set) == std::vector<std::string>{"-2", "7", "30"});
  set.add("x");
  CHECK(std::string(set.encoding()) == "listpack");
  set.add("1");
  CHECK(listed(set) == std::vector<std::string>{"-2", "7", "30", "x", "1"});
  CHECK_FALSE(set.add("30"));
  CHECK_FALSE(set.contains("030"));
}

TEST_CASE("Set: an integer too many makes a set of integers a table, not a listpack") {
  Fixture fixture;
  fixture.context.set.max_intset_entries = 5;
  Set set(fixture.context);
  for (int i = 0; i < 5; ++i) set.add(std::to_string(i));
  CHECK(std::string(set.encoding()) == "intset");
  CHECK_FALSE(set.add("4"));
  set.add("5");
  CHECK(std::string(set.encoding()) == "hashtable");
  CHECK(set.size() == 6);
}

TEST_CASE("Set: a string makes integers a listpack only where all of them and itself fit one") {
  Fixture fixture;
  fixture.context.set = {512, 4, 5};
  const auto joined = [&](const std::vector<std::string>& members, const std::string& newcomer) {
    Set set(fixture.context);
    for (const auto& member : members) set.add(member);
    REQUIRE(set.add(newcomer));
    REQUIRE(set.size() == members.size() + 1);
    return std::string(set.encoding());
  };
  CHECK(joined({"1", "2", "3"}, "x") == "listpack");
  CHECK(joined({"1", "2", "3", "4"}, "x") == "hashtable");
  CHECK(joined({"1"}, "toolong") == "hashtable");
  CHECK(joined({"1", "123456"}, "x") == "hashtable");
  CHECK(joined({"-12345", "1"}, "x") == "hashtable");
}

TEST_CASE("Set: a listpack becomes a table when it is full or a member is long, and never turns back") {
  Fixture fixture;
  fixture.context.set = {512, 3, 5};
  Set full(fixture.context);
  for (const char* member : {"a", "b", "c"}) full.add(member);
  CHECK(std::string(full.encoding()) == "listpack");
  CHECK_FALSE(full.add("c"));
  CHECK(std::string(full.encoding()) == "listpack");
  full.add("d");
  CHECK(std::string(full.encoding()) == "hashtable");
  for (const char* member : {"a", "b", "c"}) CHECK(full.remove(member));
  CHECK(std::string(full.encoding()) == "hashtable");
  Set long_one(fixture.context);
  long_one.add("abcdef");
  CHECK(std::string(long_one.encoding()) == "hashtable");
}

TEST_CASE("Set: expecting very many members chooses the table at once") {
  Fixture fixture;
  const auto expecting = [&](size_t count, const char* first, const std::vector<std::string>& members) {
    Set set(fixture.context);
    for (const auto& member : members) set.add(member);
    set.expect(count, first);
    return std::string(set.encoding());
  };
  CHECK(expecting(512, "1", {}) == "intset");
  CHECK(expecting(513, "1", {}) == "hashtable");
  CHECK(expecting(128, "a", {}) == "listpack");
  CHECK(expecting(129, "a", {}) == "hashtable");
  CHECK(expecting(129, "a", {"1"}) == "intset");
  CHECK(expecting(513, "a", {"1"}) == "hashtable");
  CHECK(expecting(128, "a", {"b"}) == "listpack");
  CHECK(expecting(129, "a", {"b"}) == "hashtable");
}

TEST_CASE("Set: agrees with std::set under random changes, in every form") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Fixture fixture;
    base::Random random(seed);
    Set set(fixture.context);
    std::set<std::string> model;
    for (int step = 0; step < 5000; ++step) {
      std::string member = random_member(random, step < 200 ? 100 : 1500, seed % 2 == 0 && step > 200);
      if (step < 100) member = std::to_string(random.below(60));
      if (random.below(3) != 0) {
        REQUIRE(set.add(member) == model.insert(member).second);
      } else {
        REQUIRE(set.remove(member) == (model.erase(member) == 1));
      }
      REQUIRE(set.contains(member) == (model.count(member) == 1));
      REQUIRE(set.size() == model.size());
      if (step == 99) REQUIRE(std::string(set.encoding()) == "intset");
      if (step == 190) REQUIRE(std::string(set.encoding()) == "listpack");
      if (step % 450 != 99) continue;
      const auto all = listed(set);
      REQUIRE(all.size() == model.size());
      REQUIRE(std::set<std::string>(all.begin(), all.end()) == model);
    }
    CHECK(std::string(set.encoding()) == "hashtable");
  }
}

TEST_CASE("Set: random, sample and scan reach every member, in every form") {
  const auto fill = [](Set& set, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) set.add(prefix + std::to_string(i));
  };
  for (int form = 0; form < 3; ++form) {
    Fixture fixture;
    base::Random random(3);
    Set set(fixture.context);
    fill(set, form == 0 ? "" : "m", form == 2 ? 1000 : 50);
    std::set<std::string> hit;
    for (size_t i = 0; i < set.size() * 12; ++i) hit.insert(str(set.random(random)));
    CHECK(hit.size() == set.size());
    for (const size_t wanted : {size_t{0}, size_t{5}, set.size() - 1, set.size()}) {
      std::set<std::string> chosen;
      set.sample(wanted, random, [&](const ds::Element& member) { chosen.insert(str(member)); });
      CHECK(chosen.size() == wanted);
    }
    std::set<std::string> seen;
    uint64_t cursor = 0;
    size_t pages = 0;
    do {
      cursor =
          set.scan(cursor, 10, [&](const ds::Element& member) { REQUIRE(seen.insert(str(member)).second); });
      ++pages;
    } while (cursor != 0);
    CHECK(seen == hit);
    CHECK((pages == 1) == (form != 2));
  }
}

TEST_CASE("Set: members take their bytes and one more, and go in slices") {
  Fixture fixture;
  Set set(fixture.context);
  const int count = 10000;
  for (int i = 0; i < count; ++i) set.add("member:" + std::to_string(10000000 + i));
  CHECK(set.memory_bytes() > count * 16);
  CHECK(set.memory_bytes() < count * 31);
  int slices = 1;
  while (set.release_slice(999)) ++slices;
  CHECK(slices == 11);
  CHECK(set.empty());
}

TEST_CASE("SetItem: short and long members come back whole") {
  for (const size_t length : {0, 1, 254, 255, 256, 70000}) {
    const std::string member(length, 'm');
    SetItem* item = SetItem::create(member);
    CHECK(item->member() == member);
    SetItem::destroy(item);
  }
}

TEST_CASE("Set: a clone has the same members and encoding, and a life of its own") {
  Fixture fixture;
  const auto filled = [&](int count, const std::string& prefix) {
    Set set(fixture.context);
    for (int i = 0; i < count; ++i) set.add(prefix + std::to_string(i));
    return set;
  };
  for (const std::string prefix : {"", "m"}) {
    for (const int count : {1, 100, 1000}) {
      Set set = filled(count, prefix);
      Set copy = set.clone();
      CHECK(copy.size() == static_cast<size_t>(count));
      CHECK(std::string(copy.encoding()) == set.encoding());
      for (int i = 0; i < count; ++i) REQUIRE(copy.contains(prefix + std::to_string(i)));
      copy.remove(prefix + "0");
      CHECK(set.contains(prefix + "0"));
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "Set: integers and listpacks are taken over, as a table if they are too many") {
  ds::IntSet integers;
  integers.insert(1);
  integers.insert(2);
  ds::Listpack pack;
  for (const base::ByteView text : {"a", "7"}) pack.append(ds::Packable(text));
  Set set(context);
  set.adopt(*ds::IntSet::checked_copy(integers.block()));
  CHECK(set.encoding() == std::string("intset"));
  Set packed(context);
  CHECK(packed.adopt(ds::Listpack::copy_of(pack.block())));
  CHECK(packed.encoding() == std::string("listpack"));
  CHECK(packed.contains("7"));
  context.set.max_intset_entries = 1;
  context.set.max_listpack_entries = 1;
  Set table(context);
  table.adopt(*ds::IntSet::checked_copy(integers.block()));
  CHECK(table.encoding() == std::string("hashtable"));
  CHECK(table.contains("2"));
  Set other(context);
  CHECK(other.adopt(ds::Listpack::copy_of(pack.block())));
  CHECK(other.encoding() == std::string("hashtable"));
  pack.append(ds::Packable(base::ByteView("a")));
  CHECK_FALSE(Set(context).adopt(ds::Listpack::copy_of(pack.block())));
}

}  // namespace sluice::types
