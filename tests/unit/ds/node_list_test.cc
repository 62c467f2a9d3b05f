#include "ds/node_list.h"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace sluice::ds {
namespace {

std::string text(const Element& element) {
  base::NumberText buffer;
  return std::string(element.to_text(buffer));
}

std::vector<std::string> contents(const NodeList& list) {
  std::vector<std::string> all;
  for (auto at = list.cursor_at(0); at.valid(); at.next()) all.push_back(text(at.get()));
  return all;
}

// What must hold whatever happened before: the ring's sums are right, both directions agree, every node is
// whole.
void check_whole(const NodeList& list) {
  std::vector<std::string> forward = contents(list);
  REQUIRE(forward.size() == list.size());
  std::vector<std::string> backward;
  if (!list.empty()) {
    for (auto at = list.cursor_at(list.size() - 1); at.valid(); at.prev()) backward.push_back(text(at.get()));
  }
  std::reverse(backward.begin(), backward.end());
  REQUIRE(forward == backward);
  uint64_t entries = 0;
  uint64_t bytes = 0;
  for (size_t node = 0; node < list.node_count(); ++node) {
    REQUIRE(list.node_size(node) > 0);
    entries += list.node_size(node);
    if (list.is_large_node(node)) {
      REQUIRE(list.node_size(node) == 1);
      bytes += Packable(list.large_value(node)).encoded_bytes();
      continue;
    }
    base::Bytes block;
    list.append_listpack(node, block);
    REQUIRE(validate(block, true));
    REQUIRE(ListpackView(block).size() == list.node_size(node));
    bytes += block.size() - 7;
  }
  REQUIRE(entries == list.size());
  REQUIRE(bytes == list.entry_bytes());
}

struct Fixture {
  Epoch epoch;
  ListContext context{&epoch, {}};
};

TEST_CASE_FIXTURE(Fixture, "NodeList: an empty list owns no node") {
  const NodeList list(context);
  CHECK(list.empty());
  CHECK(list.node_count() == 0);
  CHECK(list.memory_bytes() == 0);
  CHECK_FALSE(list.cursor_at(0).valid());
}

TEST_CASE_FIXTURE(Fixture, "NodeList: both ends push and pop in order, integers keep their text") {
  NodeList list(context);
  list.push_back("b");
  list.push_front("12");
  list.push_back("-007");
  list.push_front("");
  CHECK(contents(list) == std::vector<std::string>{"", "12", "b", "-007"});
  CHECK(list.at(1).is_int);
  CHECK_FALSE(list.at(3).is_int);
  list.pop_front();
  CHECK(text(list.front()) == "12");
  list.pop_back();
  CHECK(text(list.back()) == "b");
  list.pop_back();
  list.pop_back();
  CHECK(list.empty());
  CHECK(list.node_count() == 0);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: a first value takes one small block") {
  NodeList list(context);
  list.push_back("job");
  CHECK(list.memory_bytes() <= 32);
  CHECK(list.node_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: 100-byte values fill nodes of 8 KiB to within a few percent") {
  NodeList front(context);
  NodeList back(context);
  const std::string value(100, 'x');
  for (int i = 0; i < 10000; ++i) {
    front.push_front(value);
    back.push_back(value);
  }
  for (const NodeList* list : {&front, &back}) {
    CHECK(list->memory_bytes() < 10000 * 112);
    check_whole(*list);
  }
}

TEST_CASE_FIXTURE(Fixture, "NodeList: nodes end where Redis ends them, by bytes and by entries") {
  NodeList list(context);
  // 75 entries of 103 bytes: 7 + 75 * 103 = 7732; one more is reckoned at 108, which fits up to 8192: 78 in
  // all.
  const std::string value(100, 'x');
  while (list.node_count() < 2) list.push_back(value);
  CHECK(list.node_size(0) == 79);

  context.limits.max_listpack_size = 3;
  NodeList counted(context);
  for (int i = 0; i < 10; ++i) counted.push_front("v");
  CHECK(counted.node_count() == 4);
  CHECK(counted.node_size(0) == 1);
  CHECK(counted.node_size(1) == 3);
}

TEST_CASE("ListLimits: levels, counts and the packed threshold follow list-max-listpack-size") {
  ListLimits limits;
  CHECK(limits.node_bytes() == 8192);
  CHECK_FALSE(limits.exceeded_by(8192, 1 << 20));
  CHECK(limits.exceeded_by(8193, 1));
  CHECK(limits.is_large(8193));
  CHECK_FALSE(limits.is_large(8192));
  limits.max_listpack_size = -5;
  CHECK(limits.node_bytes() == 65536);
  limits.max_listpack_size = -9;
  CHECK(limits.node_bytes() == 65536);
  limits.max_listpack_size = -1;
  CHECK(limits.node_bytes() == 4096);
  limits.max_listpack_size = 128;
  CHECK(limits.exceeded_by(100, 129));
  CHECK(limits.exceeded_by(8193, 1));
  CHECK_FALSE(limits.exceeded_by(8192, 128));
  limits.max_listpack_size = 0;
  CHECK_FALSE(limits.exceeded_by(10, 1));
  CHECK(limits.exceeded_by(10, 2));
  limits.packed_threshold = 10;
  CHECK(limits.is_large(10));
  CHECK_FALSE(limits.is_large(9));
}

TEST_CASE_FIXTURE(Fixture, "NodeList: a big value stands alone and its buffer is adopted, not copied") {
  NodeList list(context);
  list.push_back("before");
  base::Bytes big(100000, 'z');
  const char* const buffer = big.data();
  list.push_owned(End::kBack, std::move(big));
  list.push_back("after");
  REQUIRE(list.node_count() == 3);
  CHECK(list.is_large_node(1));
  CHECK(list.large_value(1).data() == buffer);
  CHECK(list.at(1).text.size() == 100000);
  list.push_owned(End::kBack, "small");
  CHECK(list.node_count() == 3);
  CHECK(text(list.back()) == "small");
  check_whole(list);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: values around the node limit are kept whole at both ends") {
  for (const size_t size : {8150U, 8160U, 8165U, 8170U, 8175U, 8180U, 8185U, 8192U, 8193U}) {
    NodeList list(context);
    for (int i = 0; i < 3; ++i) {
      list.push_back(std::string(size, 'a'));
      list.push_front(std::string(size, 'b'));
    }
    list.insert_before(list.cursor_at(3), Packable(base::ByteView("middle")));
    CHECK(list.at(0).text == std::string(size, 'b'));
    CHECK(text(list.at(3)) == "middle");
    check_whole(list);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "NodeList: a queue that is pushed at one end and popped at the other stays small") {
  NodeList list(context);
  const std::string value(90, 'q');
  for (int i = 0; i < 5; ++i) list.push_front(value);
  for (int i = 0; i < 100000; ++i) {
    list.push_front(value);
    list.pop_back();
  }
  CHECK(list.size() == 5);
  CHECK(list.node_count() == 1);
  CHECK(list.memory_bytes() <= 4 * 5 * 93);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: draining a long list to a few values gives the memory back") {
  NodeList list(context);
  for (int i = 0; i < 5000; ++i) list.push_back(std::string(100, 'v'));
  while (list.size() > 2) list.pop_front();
  CHECK(list.memory_bytes() <= 1024);
  check_whole(list);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: cut hands whole nodes back and keeps the rest, in slices if wanted") {
  NodeList list(context);
  for (int i = 0; i < 20000; ++i) list.push_back("value number " + std::to_string(i));
  NodeList removed = list.cut(100, 19800);
  CHECK(list.size() == 200);
  CHECK(text(list.at(99)) == "value number 99");
  CHECK(text(list.at(100)) == "value number 19900");
  check_whole(list);
  check_whole(removed);
  size_t slices = 1;
  for (; !removed.release_slice(4); ++slices) CHECK(removed.size() > 0);
  CHECK(slices > 5);
  CHECK(removed.memory_bytes() == 0);
  CHECK(list.cut(300, 5).empty());
  CHECK(list.cut(0, 0).empty());
}

TEST_CASE_FIXTURE(Fixture, "NodeList: small neighbours are joined when the middle is erased") {
  NodeList list(context);
  for (int i = 0; i < 2000; ++i) list.push_back(std::string(100, 'm'));
  const size_t before = list.node_count();
  auto at = list.cursor_at(0);
  for (int i = 0; at.valid(); ++i) {
    if (i % 10 == 0) {
      at.next();
    } else {
      at = list.erase(at, End::kBack);
    }
  }
  CHECK(list.size() == 200);
  CHECK(list.node_count() < before / 3);
  check_whole(list);
}

// ---- against a model

std::string random_value(base::Random& random) {
  switch (random.below(8)) {
    case 0:
      return std::to_string(static_cast<int64_t>(random.next()) >> random.below(64));
    case 1:
      return std::string(random.below(400), 'a');
    case 2:
      return random.below(30) == 0 ? std::string(7000 + random.below(3000), 'L') : std::string("mid");
    case 3:
      return random.below(60) == 0 ? std::string(60000 + random.below(20000), 'H') : std::string();
    default:
      return "v" + std::to_string(random.below(1000));
  }
}

struct Model {
  NodeList list;
  std::deque<std::string> deque;

  void step(base::Random& random) {
    const std::string value = random_value(random);
    const size_t index = deque.empty() ? 0 : random.below(deque.size());
    const auto at = deque.begin() + static_cast<int64_t>(index);
    switch (random.below(14)) {
      case 0:
      case 1:
      case 2:
        list.push_back(value);
        deque.push_back(value);
        break;
      case 3:
      case 4:
        list.push_front(value);
        deque.push_front(value);
        break;
      case 5:
        list.push_owned(End::kFront, value);
        deque.push_front(value);
        break;
      default:
        if (!deque.empty()) change(random, index, value);
        break;
      case 13:
        if (random.below(20) != 0) break;
        const size_t many = random.below(deque.size() + 2);
        list.cut(index, many);
        deque.erase(at, at + static_cast<int64_t>(std::min(many, deque.size() - index)));
    }
  }

  void change(base::Random& random, size_t index, const std::string& value) {
    const auto at = deque.begin() + static_cast<int64_t>(index);
    const NodeList::Cursor cursor = list.cursor_at(index);
    switch (random.below(7)) {
      case 0:
        list.pop_front();
        deque.pop_front();
        break;
      case 1:
        list.pop_back();
        deque.pop_back();
        break;
      case 2:
        list.insert_before(cursor, Packable(value));
        deque.insert(at, value);
        break;
      case 3:
        list.insert_after(cursor, Packable(value));
        deque.insert(at + 1, value);
        break;
      case 4:
        list.replace(cursor, Packable(value));
        *at = value;
        break;
      case 5: {
        const auto next = list.erase(cursor, End::kBack);
        deque.erase(at);
        REQUIRE(next.valid() == (index < deque.size()));
        if (next.valid()) REQUIRE(text(next.get()) == deque[index]);
        break;
      }
      default: {
        const auto previous = list.erase(cursor, End::kFront);
        deque.erase(at);
        REQUIRE(previous.valid() == (index > 0));
        if (previous.valid()) REQUIRE(text(previous.get()) == deque[index - 1]);
        break;
      }
    }
  }
};

void run_model(const ListContext& context, uint64_t seed, int steps) {
  base::Random random(seed);
  Model model{NodeList(context), {}};
  for (int i = 0; i < steps; ++i) {
    model.step(random);
    REQUIRE(model.list.size() == model.deque.size());
    if (!model.deque.empty()) {
      const size_t index = random.below(model.deque.size());
      REQUIRE(text(model.list.at(index)) == model.deque[index]);
      REQUIRE(text(model.list.front()) == model.deque.front());
      REQUIRE(text(model.list.back()) == model.deque.back());
    }
    if (i % 500 == 0) {
      check_whole(model.list);
      REQUIRE(contents(model.list) == std::vector<std::string>(model.deque.begin(), model.deque.end()));
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "NodeList: random operations agree with std::deque at every node limit") {
  for (const int32_t limit : {-2, -1, -5, 1, 4, 128}) {
    context.limits.max_listpack_size = limit;
    run_model(context, static_cast<uint64_t>(limit) + 100, 6000);
  }
  context.limits = {-2, 50};
  run_model(context, 42, 6000);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: one small node needs nothing beside itself") {
  NodeList list(context);
  CHECK(list.memory_bytes() == 0);
  for (int i = 0; i < 100; ++i) list.push_back("value:" + std::to_string(i));
  REQUIRE(list.node_count() == 1);
  CHECK(list.size() == 100);
  CHECK(list.identity() == nullptr);
  CHECK(list.memory_bytes() == reinterpret_cast<const ListNode&>(list.node(0)).block_bytes());
  CHECK(list.entry_bytes() == reinterpret_cast<const ListNode&>(list.node(0)).used());
  while (!list.empty()) list.pop_front();
  CHECK(list.node_count() == 0);
  CHECK(list.memory_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: a ring stays the same wherever the list goes and however it shrinks") {
  NodeList list(context);
  for (int i = 0; i < 2000; ++i) list.push_back("value:" + std::to_string(i));
  list.set_owner_bit(true);
  const void* const identity = list.identity();
  REQUIRE(identity != nullptr);
  NodeList moved(std::move(list));
  CHECK(list.empty());      // NOLINT: moved from on purpose
  list.push_back("again");  // NOLINT
  CHECK(contents(list) == std::vector<std::string>{"again"});
  CHECK(moved.owner_bit());
  CHECK(moved.size() == 2000);
  while (!moved.empty()) moved.pop_back();
  CHECK(moved.node_count() == 0);
  for (int i = 0; i < 2000; ++i) moved.push_front("value:" + std::to_string(i));
  list = std::move(moved);
  CHECK(list.identity() == identity);
  CHECK(list.size() == 2000);
  check_whole(list);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: the biggest node full of the smallest values is counted right") {
  context.limits.max_listpack_size = -5;
  NodeList list(context);
  uint64_t count = 0;
  while (list.node_count() < 2) {
    list.push_back("1");
    ++count;
    REQUIRE(list.size() == count);
  }
  CHECK(list.node_size(0) == count - 1);
  check_whole(list);
}

// ---- snapshots

// Pins every node it hears of and remembers what the node held.
class PinningHook final : public NodeHook {
 public:
  ~PinningHook() override { release(); }
  void before_change(NodeHeader& node, const void*) override {
    pin(node);
    pinned.push_back(&node);
    before.push_back(bytes_of(node));
  }
  static std::string bytes_of(const NodeHeader& node) {
    if (node.form == NodeForm::kAdopted) return reinterpret_cast<const LargeNode&>(node).value;
    const auto& list_node = reinterpret_cast<const ListNode&>(node);
    return {reinterpret_cast<const char*>(list_node.data()) + list_node.begin, list_node.used()};
  }
  void release() {
    for (NodeHeader* node : pinned) unpin_list_node(node);
    pinned.clear();
  }
  std::vector<NodeHeader*> pinned;
  std::vector<std::string> before;
};

TEST_CASE_FIXTURE(Fixture, "NodeList: pinned nodes keep their bytes whatever is done to the list") {
  base::Random random(77);
  Model model{NodeList(context), {}};
  for (uint32_t round = 1; round < 20; ++round) {
    for (int i = 0; i < 200; ++i) model.step(random);
    PinningHook hook;
    epoch.current = round;
    epoch.hook = &hook;
    for (int i = 0; i < 300; ++i) model.step(random);
    epoch.hook = nullptr;
    std::unordered_set<NodeHeader*> distinct(hook.pinned.begin(), hook.pinned.end());
    REQUIRE(distinct.size() == hook.pinned.size());
    for (size_t i = 0; i < hook.pinned.size(); ++i)
      REQUIRE(PinningHook::bytes_of(*hook.pinned[i]) == hook.before[i]);
    check_whole(model.list);
    REQUIRE(contents(model.list) == std::vector<std::string>(model.deque.begin(), model.deque.end()));
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "NodeList: the hook hears of a node before its first change of an epoch and not again") {
  NodeList list(context);
  for (int i = 0; i < 5; ++i) list.push_back("value");
  PinningHook hook;
  epoch.current = 1;
  epoch.hook = &hook;
  list.push_back("one");
  list.push_back("two");
  list.pop_front();
  CHECK(hook.pinned.size() == 1);
  CHECK(contents(list).size() == 6);
  epoch.current = 2;
  list.pop_back();
  CHECK(hook.pinned.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "NodeList: a moved list keeps its values and leaves an empty one") {
  NodeList list(context);
  for (int i = 0; i < 1000; ++i) list.push_back(std::string(50, 'm'));
  NodeList other(std::move(list));
  CHECK(list.empty());  // NOLINT(bugprone-use-after-move): that is the question
  CHECK(other.size() == 1000);
  list = std::move(other);
  check_whole(list);
  CHECK(list.size() == 1000);
}

TEST_CASE_FIXTURE(Fixture,
                  "NodeList: a listpack from outside becomes a node as it is, or is spread over several") {
  Listpack pack;
  for (int i = 0; i < 50; ++i) pack.append(Packable(base::ByteView("value " + std::to_string(i))));
  NodeList list(context);
  list.push_back("first");
  list.adopt_listpack(pack.block(), pack.size());
  list.adopt_listpack(Listpack().block(), 0);
  check_whole(list);
  CHECK(list.node_count() == 2);
  CHECK(list.size() == 51);
  base::Bytes out;
  list.append_listpack(1, out);
  CHECK(out == pack.block());
  list.push_back("last");
  check_whole(list);
  CHECK(text(list.back()) == "last");

  context.limits.max_listpack_size = 10;
  NodeList spread(context);
  spread.adopt_listpack(pack.block(), pack.size());
  check_whole(spread);
  CHECK(spread.node_count() == 5);
  CHECK(spread.size() == 50);
}

}  // namespace
}  // namespace sluice::ds
