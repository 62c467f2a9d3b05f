#include "types/list.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::types {
namespace {

using End = ds::End;

struct Fixture {
  ds::HashSeed seed{1};
  ds::Epoch epoch;
  ValueContext context{seed, epoch};

  List list_of(const std::vector<std::string>& values) {
    List list(context);
    list.push_all(End::kBack, values);
    return list;
  }
};

std::string text(const ds::Element& element) {
  base::NumberText buffer;
  return std::string(element.to_text(buffer));
}

std::vector<std::string> contents(const List& list) {
  std::vector<std::string> all;
  for (auto at = list.cursor_at(0); at.valid(); at.next()) all.push_back(text(at.get()));
  return all;
}

using Strings = std::vector<std::string>;

TEST_CASE_FIXTURE(Fixture, "List: pop_front on one element empties the list") {
  List list = list_of({"a"});
  list.pop_front();
  CHECK(list.empty());
  CHECK(list.size() == 0);
}

TEST_CASE_FIXTURE(Fixture, "List: push_all keeps the order of LPUSH and RPUSH") {
  List list(context);
  list.push_all(End::kFront, Strings{"1", "2", "3"});
  list.push_all(End::kBack, Strings{"4", "5"});
  CHECK(contents(list) == Strings{"3", "2", "1", "4", "5"});
}

TEST_CASE_FIXTURE(Fixture, "List: get and set take negative indexes and refuse what is not there") {
  List list = list_of({"a", "b", "c"});
  CHECK(text(*list.get(0)) == "a");
  CHECK(text(*list.get(-1)) == "c");
  CHECK_FALSE(list.get(3).has_value());
  CHECK_FALSE(list.get(-4).has_value());
  CHECK_FALSE(list.get(INT64_MIN).has_value());
  CHECK(list.set(-2, "B"));
  CHECK_FALSE(list.set(3, "x"));
  CHECK(contents(list) == Strings{"a", "B", "c"});
}

TEST_CASE_FIXTURE(Fixture, "List: insert goes beside the first pivot and reports a missing one") {
  List list = list_of({"a", "7", "b", "7"});
  CHECK(list.insert(End::kFront, "7", "before"));
  CHECK(list.insert(End::kBack, "7", "after"));
  CHECK_FALSE(list.insert(End::kBack, "07", "never"));
  CHECK(contents(list) == Strings{"a", "before", "7", "after", "b", "7"});
}

TEST_CASE_FIXTURE(Fixture, "List: remove counts from the end its sign says") {
  const Strings values = {"x", "a", "x", "b", "x", "c", "x"};
  List front = list_of(values);
  CHECK(front.remove(2, "x") == 2);
  CHECK(contents(front) == Strings{"a", "b", "x", "c", "x"});
  List back = list_of(values);
  CHECK(back.remove(-3, "x") == 3);
  CHECK(contents(back) == Strings{"x", "a", "b", "c"});
  List all = list_of(values);
  CHECK(all.remove(0, "x") == 4);
  CHECK(all.remove(0, "x") == 0);
  CHECK(contents(all) == Strings{"a", "b", "c"});
  List smallest = list_of({"x", "x"});
  CHECK(smallest.remove(INT64_MIN, "x") == 2);
  CHECK(smallest.remove(1, "x") == 0);
}

TEST_CASE_FIXTURE(Fixture, "List: range cuts indexes to what there is") {
  const List list = list_of({"a", "b", "c", "d"});
  const auto check = [&](int64_t first, int64_t last, uint64_t from, uint64_t count) {
    const List::Range range = list.range(first, last);
    CHECK(range.count == count);
    if (count > 0) CHECK(range.first == from);
  };
  check(0, -1, 0, 4);
  check(-100, 100, 0, 4);
  check(1, 2, 1, 2);
  check(-2, -1, 2, 2);
  check(3, 1, 0, 0);
  check(4, 9, 0, 0);
  check(0, -5, 0, 0);
  check(INT64_MIN, INT64_MAX, 0, 4);
}

TEST_CASE_FIXTURE(Fixture, "List: trim keeps the range, and nothing when it is empty") {
  List list = list_of({"a", "b", "c", "d"});
  list.trim(1, -2);
  CHECK(contents(list) == Strings{"b", "c"});
  list.trim(5, 9);
  CHECK(list.empty());
}

TEST_CASE_FIXTURE(Fixture, "List: what trim drops comes back in bulk") {
  List list(context);
  for (int i = 0; i < 10000; ++i) list.push_back("value " + std::to_string(i));
  const List::Trimmed dropped = list.trim(5000, 5009);
  CHECK(list.size() == 10);
  CHECK(text(list.front()) == "value 5000");
  CHECK(dropped.front.size() > 4000);
  CHECK(dropped.back.size() > 4000);
}

TEST_CASE_FIXTURE(Fixture, "List: positions follow rank, count and maxlen of LPOS") {
  const List list = list_of({"a", "b", "c", "1", "2", "3", "c", "c"});
  using Positions = std::vector<uint64_t>;
  CHECK(list.positions("c", {}) == Positions{2});
  CHECK(list.positions("c", {2, 1, 0}) == Positions{6});
  CHECK(list.positions("c", {-1, 1, 0}) == Positions{7});
  CHECK(list.positions("c", {1, 0, 0}) == Positions{2, 6, 7});
  CHECK(list.positions("c", {-1, 2, 0}) == Positions{7, 6});
  CHECK(list.positions("c", {1, 0, 7}) == Positions{2, 6});
  CHECK(list.positions("c", {-2, 0, 2}) == Positions{6});
  CHECK(list.positions("c", {4, 0, 0}).empty());
  CHECK(list.positions("3", {}) == Positions{5});
  CHECK(list.positions("x", {1, 0, 0}).empty());
}

std::string encoding(const List& list) {
  return list.encoding();
}

TEST_CASE_FIXTURE(Fixture, "List: the encoding grows past the byte limit and shrinks at half of it") {
  List list(context);
  const std::string value(100, 'e');  // 103 bytes each; 7 + 79 * 103 + 100 = 8244 is too much
  for (int i = 0; i < 79; ++i) list.push_back(value);
  CHECK(encoding(list) == "listpack");
  list.push_back(value);
  CHECK(encoding(list) == "quicklist");
  while (7 + list.nodes().entry_bytes() > 4096) {
    CHECK(encoding(list) == "quicklist");
    list.pop_back();
  }
  CHECK(encoding(list) == "listpack");
  list.push_back(value);
  CHECK(encoding(list) == "listpack");
}

TEST_CASE_FIXTURE(Fixture, "List: the encoding follows the number of entries when that is the limit") {
  context.list.limits.max_listpack_size = 10;
  List list(context);
  for (int i = 0; i < 10; ++i) list.push_back("v");
  CHECK(encoding(list) == "listpack");
  list.push_back("v");
  CHECK(encoding(list) == "quicklist");
  // Two nodes of ten and one: only when one is left, with at most half, is it a listpack again.
  list.trim(0, 5);
  CHECK(encoding(list) == "quicklist");
  list.remove(1, "v");
  CHECK(encoding(list) == "listpack");
  list.push_all(End::kBack, Strings(6, "v"));
  CHECK(encoding(list) == "quicklist");
}

TEST_CASE_FIXTURE(Fixture, "List: one command's values decide together, a big value decides alone") {
  List list(context);
  list.push_all(End::kFront, Strings(80, std::string(103, 'x')));
  CHECK(encoding(list) == "quicklist");
  List big(context);
  big.push_owned(End::kBack, base::Bytes(9000, 'B'));
  CHECK(encoding(big) == "quicklist");
  CHECK(big.set(0, "small"));
  CHECK(encoding(big) == "listpack");
}

TEST_CASE_FIXTURE(Fixture, "List: settle_encoding decides as for a list built anew") {
  List list(context);
  for (int i = 0; i < 85; ++i) list.push_back(std::string(100, 'x'));
  while (7 + list.nodes().entry_bytes() > 8000) list.pop_back();
  CHECK(encoding(list) == "quicklist");
  list.settle_encoding();
  CHECK(encoding(list) == "listpack");
  context.list.limits.max_listpack_size = 5;
  list.settle_encoding();
  CHECK(encoding(list) == "quicklist");
}

TEST_CASE_FIXTURE(Fixture, "List: a clone has the same values and encoding and its own nodes") {
  List list(context);
  for (int i = 0; i < 3000; ++i) list.push_back(std::to_string(i * 7));
  list.push_back(std::string(20000, 'L'));
  List copy = list.clone();
  CHECK(contents(copy) == contents(list));
  CHECK(encoding(copy) == encoding(list));
  copy.pop_front();
  copy.set(5, "changed");
  CHECK(text(*list.get(0)) == "0");
  CHECK(text(*list.get(6)) == "42");
}

TEST_CASE_FIXTURE(Fixture, "List: random operations agree with std::deque") {
  base::Random random(31);
  for (const int32_t limit : {-2, 3, 50}) {
    context.list.limits.max_listpack_size = limit;
    List list(context);
    std::deque<std::string> model;
    for (int step = 0; step < 5000; ++step) {
      const std::string value =
          random.below(2) == 0 ? std::to_string(random.below(30)) : std::string(random.below(90), 'q');
      const auto count = static_cast<int64_t>(random.below(7)) - 3;
      switch (random.below(9)) {
        case 0:
        case 1:
        case 2:
          list.push_back(value);
          model.push_back(value);
          break;
        case 3:
          list.push_front(value);
          model.push_front(value);
          break;
        case 4: {
          const auto at = std::find(model.begin(), model.end(), value);
          REQUIRE(list.insert(End::kBack, value, "inserted") == (at != model.end()));
          if (at != model.end()) model.insert(at + 1, "inserted");
          break;
        }
        case 5: {
          uint64_t removed = 0;
          const uint64_t most = count == 0 ? UINT64_MAX : static_cast<uint64_t>(count < 0 ? -count : count);
          if (count < 0) std::reverse(model.begin(), model.end());
          for (auto at = model.begin(); at != model.end() && removed < most;) {
            if (*at == value) {
              at = model.erase(at);
              ++removed;
            } else {
              ++at;
            }
          }
          if (count < 0) std::reverse(model.begin(), model.end());
          REQUIRE(list.remove(count, value) == removed);
          break;
        }
        case 6:
          if (model.empty()) break;
          REQUIRE(list.set(-1, value));
          model.back() = value;
          break;
        case 7:
          if (random.below(40) != 0) break;
          list.trim(2, -4);
          if (model.size() <= 5) {
            model.clear();
          } else {
            model.erase(model.end() - 3, model.end());
            model.erase(model.begin(), model.begin() + 2);
          }
          break;
        default:
          if (model.empty()) break;
          REQUIRE(text(list.front()) == model.front());
          list.pop_front();
          model.pop_front();
      }
      REQUIRE(list.size() == model.size());
      if (step % 100 == 0) REQUIRE(contents(list) == Strings(model.begin(), model.end()));
    }
  }
}

}  // namespace
}  // namespace sluice::types
