#include "types/hash.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

std::map<std::string, std::string> contents(const Hash& hash) {
  std::map<std::string, std::string> all;
  hash.for_each([&](const ds::Element& field, const ds::Element& value) {
    REQUIRE(all.emplace(str(field), str(value)).second);
  });
  return all;
}

}  // namespace

TEST_CASE("Hash: keeps the order of insertion while packed, and numbers as their text") {
  Fixture fixture;
  Hash hash(fixture.context);
  CHECK(hash.set("b", "1"));
  CHECK(hash.set("a", "007"));
  CHECK_FALSE(hash.set("b", "-12"));
  std::vector<std::string> order;
  hash.for_each([&](const ds::Element& field, const ds::Element& value) {
    order.push_back(str(field));
    order.push_back(str(value));
  });
  CHECK(order == std::vector<std::string>{"b", "-12", "a", "007"});
  CHECK(hash.value_length("b") == 3);
  CHECK(hash.value_length("none") == 0);
  CHECK_FALSE(hash.contains("-12"));
}

TEST_CASE("Hash: converts when a field or a value is long, or there are many, and never back") {
  Fixture fixture;
  fixture.context.hash = {4, 10};
  Hash by_value(fixture.context);
  by_value.set("f", std::string(10, 'v'));
  CHECK(std::string(by_value.encoding()) == "listpack");
  by_value.set("f", std::string(11, 'v'));
  CHECK(std::string(by_value.encoding()) == "hashtable");
  CHECK(by_value.size() == 1);
  by_value.erase("f");
  by_value.set("g", "1");
  CHECK(std::string(by_value.encoding()) == "hashtable");

  Hash by_field(fixture.context);
  by_field.set(std::string(11, 'f'), "v");
  CHECK(std::string(by_field.encoding()) == "hashtable");

  Hash by_count(fixture.context);
  for (int i = 0; i < 4; ++i) by_count.set(std::to_string(i), "v");
  CHECK(std::string(by_count.encoding()) == "listpack");
  by_count.set("3", "again");
  CHECK(std::string(by_count.encoding()) == "listpack");
  by_count.set("4", "v");
  CHECK(std::string(by_count.encoding()) == "hashtable");
  CHECK(by_count.size() == 5);
}

TEST_CASE("Hash: agrees with std::map under random changes, in both forms") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Fixture fixture;
    base::Random random(seed);
    Hash hash(fixture.context);
    std::map<std::string, std::string> model;
    const bool long_ones = seed % 2 == 0;
    for (int step = 0; step < 6000; ++step) {
      const std::string field = random_member(random, step < 300 ? 200 : 2000, long_ones && step > 300);
      if (random.below(3) != 0) {
        const std::string value = random_member(random, 1000, long_ones && step > 300);
        REQUIRE(hash.set(field, value) == (model.count(field) == 0));
        model[field] = value;
      } else {
        REQUIRE(hash.erase(field) == (model.erase(field) == 1));
      }
      const auto found = hash.get(field);
      REQUIRE(found.has_value() == (model.count(field) == 1));
      if (found) REQUIRE(str(*found) == model[field]);
      REQUIRE(hash.size() == model.size());
      if (step % 500 == 299) REQUIRE(contents(hash) == model);
      if (step == 299) REQUIRE(std::string(hash.encoding()) == "listpack");
    }
    CHECK(std::string(hash.encoding()) == "hashtable");
    REQUIRE(contents(hash) == model);
  }
}

TEST_CASE("Hash: scan shows a packed hash at once and a table page by page, every field once") {
  Fixture fixture;
  Hash hash(fixture.context);
  const auto scan_all = [&](size_t& pages) {
    std::set<std::string> seen;
    uint64_t cursor = 0;
    pages = 0;
    do {
      cursor = hash.scan(cursor, 10, [&](const ds::Element& field, const ds::Element& value) {
        REQUIRE(seen.insert(str(field)).second);
        REQUIRE(str(value) == "v" + str(field));
      });
      ++pages;
    } while (cursor != 0);
    return seen.size();
  };
  size_t pages = 0;
  for (int i = 0; i < 500; ++i) hash.set(std::to_string(i), "v" + std::to_string(i));
  CHECK(scan_all(pages) == 500);
  CHECK(pages == 1);
  for (int i = 500; i < 2000; ++i) hash.set(std::to_string(i), "v" + std::to_string(i));
  CHECK(scan_all(pages) == 2000);
  CHECK(pages > 50);
}

TEST_CASE("Hash: random reaches every field, sample gives different ones, in both forms") {
  for (const int count : {20, 1000}) {
    Fixture fixture;
    base::Random random(11);
    Hash hash(fixture.context);
    for (int i = 0; i < count; ++i) hash.set("f" + std::to_string(i), std::to_string(i));
    std::set<std::string> hit;
    for (int i = 0; i < count * 12; ++i) {
      const auto [field, value] = hash.random(random);
      REQUIRE(str(field) == "f" + str(value));
      hit.insert(str(field));
    }
    CHECK(hit.size() == static_cast<size_t>(count));
    for (const size_t wanted : {size_t{0}, size_t{3}, hash.size() / 2, hash.size()}) {
      std::set<std::string> chosen;
      hash.sample(wanted, random, [&](const ds::Element& field, const ds::Element& value) {
        REQUIRE(str(field) == "f" + str(value));
        chosen.insert(str(field));
      });
      CHECK(chosen.size() == wanted);
    }
  }
}

TEST_CASE("Hash: a table costs little more than its bytes, and is freed in slices") {
  Fixture fixture;
  Hash hash(fixture.context);
  const int count = 10000;
  for (int i = 0; i < count; ++i) hash.set("field:" + std::to_string(100000 + i), std::string(28, 'v'));
  CHECK(hash.memory_bytes() > count * 48);
  CHECK(hash.memory_bytes() < count * (48 + 16));
  int slices = 1;
  while (hash.release_slice(1000)) ++slices;
  CHECK(slices == 10);
  CHECK(hash.empty());
  CHECK(hash.memory_bytes() < 1000);
}

TEST_CASE("Hash: a moved hash keeps its fields") {
  Fixture fixture;
  Hash from(fixture.context);
  from.set("a", "1");
  Hash to(std::move(from));
  CHECK(str(*to.get("a")) == "1");
  Hash other(fixture.context);
  other = std::move(to);
  CHECK(str(*other.get("a")) == "1");
}

TEST_CASE("Hash: a clone has the same fields and encoding, and a life of its own") {
  Fixture fixture;
  for (const int count : {0, 3, 600}) {
    Hash hash(fixture.context);
    for (int i = 0; i < count; ++i) hash.set("f" + std::to_string(i), std::to_string(i));
    Hash copy = hash.clone();
    CHECK(copy.size() == static_cast<size_t>(count));
    CHECK(std::string(copy.encoding()) == hash.encoding());
    CHECK(copy.memory_bytes() > 0);
    for (int i = 0; i < count; ++i) REQUIRE(str(*copy.get("f" + std::to_string(i))) == std::to_string(i));
    copy.set("f0", "changed");
    copy.erase("f1");
    if (count > 0) {
      CHECK(str(*hash.get("f0")) == "0");
      CHECK(hash.contains("f1"));
    }
  }
}

TEST_CASE_FIXTURE(
    Fixture, "Hash: a listpack is taken over, as a table if it is too long, and refused with a field twice") {
  ds::Listpack pack;
  for (const base::ByteView text : {"a", "1", "b", "1"}) pack.append(ds::Packable(text));
  Hash hash(context);
  CHECK(hash.adopt(ds::Listpack::copy_of(pack.block())));
  CHECK(hash.encoding() == std::string("listpack"));
  CHECK(str(*hash.get("b")) == "1");
  context.hash.max_listpack_entries = 1;
  Hash longer(context);
  CHECK(longer.adopt(ds::Listpack::copy_of(pack.block())));
  CHECK(longer.encoding() == std::string("hashtable"));
  CHECK(str(*longer.get("a")) == "1");
  pack.append(ds::Packable(base::ByteView("a")));
  Hash refused(context);
  CHECK_FALSE(refused.adopt(ds::Listpack::copy_of(pack.block())));
  pack.append(ds::Packable(base::ByteView("2")));
  CHECK_FALSE(refused.adopt(ds::Listpack::copy_of(pack.block())));
  CHECK(refused.empty());
}

TEST_CASE_FIXTURE(Fixture, "Hash: one that expects many fields is a table from the start") {
  Hash hash(context);
  hash.expect(context.hash.max_listpack_entries);
  CHECK(hash.packed() != nullptr);
  hash.expect(context.hash.max_listpack_entries + 1);
  CHECK(hash.packed() == nullptr);
  CHECK(hash.set("f", "v"));
}

namespace {

struct TimedValue {
  std::string value;
  int64_t deadline_ms = kNeverExpires;
};
using Model = std::map<std::string, TimedValue>;

void check_same(const Hash& hash, const Model& model, int64_t now_ms) {
  REQUIRE(hash.size() == model.size());
  Model seen;
  hash.for_each([&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
    REQUIRE(seen.emplace(str(field), TimedValue{str(value), deadline_ms}).second);
  });
  size_t timed = 0;
  size_t due = 0;
  int64_t next_ms = kNeverExpires;
  for (const auto& [field, wanted] : model) {
    REQUIRE(seen[field].value == wanted.value);
    REQUIRE(seen[field].deadline_ms == wanted.deadline_ms);
    REQUIRE(hash.deadline_ms(field) == wanted.deadline_ms);
    next_ms = std::min(next_ms, wanted.deadline_ms);
    if (wanted.deadline_ms != kNeverExpires) ++timed;
    if (wanted.deadline_ms <= now_ms) ++due;
  }
  REQUIRE(hash.next_deadline_ms() == next_ms);
  REQUIRE(hash.has_deadlines() == (timed > 0));
  REQUIRE(hash.timed_size() == timed);
  REQUIRE(hash.due_size(now_ms) == due);
  REQUIRE(hash.all_due(now_ms) == (due > 0 && due == model.size()));
}

void expire_both(Hash& hash, Model& model, int64_t now_ms, size_t max) {
  size_t expected = 0;
  for (const auto& field : model) expected += field.second.deadline_ms <= now_ms ? 1 : 0;
  const size_t gone = hash.expire(now_ms, max, [&](base::ByteView field) {
    const auto found = model.find(std::string(field));
    REQUIRE(found != model.end());
    REQUIRE(found->second.deadline_ms <= now_ms);
    model.erase(found);
  });
  REQUIRE(gone == std::min(expected, max));
}

}  // namespace

TEST_CASE("Hash: fields with deadlines are as in a naive model, while it grows from packed to a table") {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    Fixture fixture;
    fixture.context.hash.max_listpack_entries = seed % 2 == 0 ? 20 : 400;
    base::Random random(seed);
    Hash hash(fixture.context);
    Model model;
    for (int step = 0; step < 6000; ++step) {
      const std::string field = random_member(random, 60, seed == 4 && step > 3000);
      const auto deadline_ms = static_cast<int64_t>(random.below(100));
      const bool known = model.count(field) == 1;
      switch (random.below(8)) {
        case 0:
        case 1:
          CHECK(hash.set(field, std::to_string(step)) == !known);
          model[field] = {std::to_string(step), kNeverExpires};
          break;
        case 2:
          CHECK(hash.set_keeping_deadline(field, std::to_string(step)) == !known);
          model[field].value = std::to_string(step);
          break;
        case 3:
          CHECK(hash.erase(field) == known);
          model.erase(field);
          break;
        case 4:
          expire_both(hash, model, deadline_ms / 4, random.below(4));
          break;
        case 5:
          if (known) hash.set_deadline(field, kNeverExpires);
          if (known) model[field].deadline_ms = kNeverExpires;
          break;
        default:
          if (known) hash.set_deadline(field, deadline_ms);
          if (known) model[field].deadline_ms = deadline_ms;
          break;
      }
      if (step % 20 == 0) check_same(hash, model, 50);
      if (step % 500 == 0) check_same(hash.clone(), model, 50);
    }
    const bool table = std::string(hash.encoding()) == "hashtable";
    CHECK(table == (seed % 2 == 0 || seed == 4));
    expire_both(hash, model, 99, SIZE_MAX);
    check_same(hash, model, 99);
    CHECK_FALSE(hash.has_deadlines());
  }
}

TEST_CASE_FIXTURE(Fixture, "Hash: a packed one that had a deadline says so, and is filed anew when cloned") {
  Hash hash(context);
  hash.set("a", "1");
  hash.set_deadline("a", kNeverExpires);
  CHECK(std::string(hash.encoding()) == "listpack");
  CHECK(hash.ticket() == nullptr);
  hash.set_deadline("a", 5);
  CHECK(std::string(hash.encoding()) == "listpackex");
  REQUIRE(hash.ticket() != nullptr);
  *hash.ticket() = 7;
  CHECK(*hash.clone().ticket() == UINT32_MAX);
  context.hash.max_listpack_entries = 0;
  hash.set("b", "2");
  CHECK(std::string(hash.encoding()) == "hashtable");
  CHECK(*hash.ticket() == 7);
  CHECK(hash.deadline_ms("a") == 5);
}

TEST_CASE_FIXTURE(Fixture, "Hash: a listpack is taken over with the deadlines of its fields") {
  ds::Listpack pack;
  for (const base::ByteView text : {"a", "1", "b", "2"}) pack.append(ds::Packable(text));
  Hash hash(context);
  REQUIRE(hash.adopt(ds::Listpack::copy_of(pack.block()), {kNeverExpires, 8}));
  CHECK(hash.deadline_ms("a") == kNeverExpires);
  CHECK(hash.deadline_ms("b") == 8);
  Hash none(context);
  REQUIRE(none.adopt(ds::Listpack::copy_of(pack.block()), {kNeverExpires, kNeverExpires}));
  CHECK(std::string(none.encoding()) == "listpack");
  context.hash.max_listpack_entries = 1;
  Hash table(context);
  REQUIRE(table.adopt(ds::Listpack::copy_of(pack.block()), {9, 8}));
  CHECK(std::string(table.encoding()) == "hashtable");
  CHECK(table.next_deadline_ms() == 8);
  CHECK(table.timed_size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "Hash: deadlines cost nothing before there is one, and go with what is freed") {
  Hash hash(context);
  for (int i = 0; i < 1000; ++i) hash.set("field:" + std::to_string(i), std::string(20, 'v'));
  const size_t before = hash.memory_bytes();
  for (int i = 0; i < 500; ++i) hash.set_deadline("field:" + std::to_string(i), i);
  CHECK(hash.memory_bytes() > before + 500 * 16);
  for (int i = 0; i < 500; ++i) hash.set_deadline("field:" + std::to_string(i), kNeverExpires);
  CHECK(hash.memory_bytes() < before + 500 * 16);
  hash.set_deadline("field:1", 1);
  int slices = 1;
  while (hash.release_slice(100)) ++slices;
  CHECK(slices == 10);
  CHECK_FALSE(hash.has_deadlines());
}

}  // namespace sluice::types
