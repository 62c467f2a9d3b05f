#include "types/stream.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

using Parts = std::vector<base::ByteView>;
using Kind = StreamIdRequest::Kind;

std::string shown(const StreamEntry& entry) {
  std::string text(StreamIdText(entry.id).view());
  entry.for_each(
      [&](const ds::Element& name, const ds::Element& value) { text += " " + str(name) + "=" + str(value); });
  return text;
}

std::vector<std::string> listed(const Stream& stream, StreamId from = kMinStreamId,
                                StreamId to = kMaxStreamId) {
  std::vector<std::string> all;
  for (auto cursor = stream.seek(from); cursor.valid() && cursor.entry().id <= to; cursor.next()) {
    all.push_back(shown(cursor.entry()));
  }
  return all;
}

std::vector<std::string> listed_back(const Stream& stream, StreamId from, StreamId to) {
  std::vector<std::string> all;
  for (auto cursor = stream.seek_back(from); cursor.valid() && cursor.entry().id >= to; cursor.prev()) {
    all.push_back(shown(cursor.entry()));
  }
  return all;
}

void add(Stream& stream, StreamId id) {
  REQUIRE(stream.append(id, Parts{"f", "v"}).ok());
}

// The same stream kept naively: blocks of a fixed number of entries, as Redis fills its nodes.
struct Model {
  struct Entry {
    StreamId id;
    std::string text;
    bool deleted = false;
  };
  using Block = std::vector<Entry>;

  void append(StreamId id, std::string text, size_t per_block) {
    if (blocks.empty() || blocks.back().size() >= per_block) blocks.emplace_back();
    blocks.back().push_back({id, std::move(text)});
  }
  static uint64_t live(const Block& block) {
    return static_cast<uint64_t>(
        std::count_if(block.begin(), block.end(), [](const Entry& entry) { return !entry.deleted; }));
  }
  [[nodiscard]] uint64_t length() const {
    uint64_t all = 0;
    for (const Block& block : blocks) all += live(block);
    return all;
  }
  bool remove(StreamId id) {
    for (auto block = blocks.begin(); block != blocks.end(); ++block) {
      for (Entry& entry : *block) {
        if (entry.id != id || entry.deleted) continue;
        entry.deleted = true;
        if (live(*block) == 0) blocks.erase(block);
        return true;
      }
    }
    return false;
  }
  uint64_t trim(const StreamTrim& rule) {
    uint64_t gone = 0;
    const bool by_length = rule.keep == StreamTrim::Keep::kMaxLength;
    while (!blocks.empty() && (!by_length || length() > rule.max_length)) {
      Block& block = blocks.front();
      if (rule.limit != 0 && gone + live(block) > rule.limit) return gone;
      if (by_length ? length() - live(block) >= rule.max_length : block.back().id < rule.min_id) {
        gone += live(block);
        blocks.pop_front();
        continue;
      }
      if (rule.approximate) return gone;
      for (Entry& entry : block) {
        if (by_length ? length() <= rule.max_length : entry.id >= rule.min_id) return gone;
        gone += entry.deleted ? 0 : 1;
        entry.deleted = true;
      }
      return gone;
    }
    return gone;
  }
  [[nodiscard]] std::vector<std::string> range(StreamId from, StreamId to) const {
    std::vector<std::string> all;
    for (const Block& block : blocks) {
      for (const Entry& entry : block) {
        if (!entry.deleted && entry.id >= from && entry.id <= to) all.push_back(entry.text);
      }
    }
    return all;
  }

  std::deque<Block> blocks;
};

}  // namespace

TEST_CASE("Stream: seeking finds the first live entry, from whichever end of a block it starts") {
  for (const uint64_t step : {1, 7}) {
    Fixture fixture;
    fixture.context.stream = {0, 10};
    Stream stream(fixture.context);
    for (uint64_t i = 1; i <= 35; ++i) add(stream, {i * step, i % 3});
    std::vector<StreamId> live;
    for (uint64_t i = 1; i <= 35; ++i) {
      const StreamId id{i * step, i % 3};
      const bool gone = i == 1 || i == 10 || (i >= 17 && i <= 23) || i == 28 || i == 35;
      if (gone) REQUIRE(stream.remove(id));
      if (!gone) live.push_back(id);
    }
    for (uint64_t ms = 0; ms <= 36 * step; ++ms) {
      for (uint64_t seq = 0; seq <= 3; ++seq) {
        const StreamId wanted{ms, seq};
        const auto expected = std::lower_bound(live.begin(), live.end(), wanted);
        const auto cursor = stream.seek(wanted);
        REQUIRE(cursor.valid() == (expected != live.end()));
        if (cursor.valid()) CHECK(cursor.entry().id == *expected);
      }
    }
  }
}

TEST_CASE("Stream: hands out ids that only grow, whatever the clock says") {
  Fixture fixture;
  Stream stream(fixture.context);
  const auto next = [&](StreamIdRequest wanted, uint64_t now_ms) -> std::string {
    const auto id = stream.next_id(wanted, now_ms);
    if (id) return std::string(StreamIdText(*id).view());
    switch (id.error()) {
      case AppendError::kZeroId:
        return "zero";
      case AppendError::kNotGreater:
        return "not greater";
      case AppendError::kExhausted:
        return "exhausted";
      case AppendError::kTooLarge:
        break;
    }
    return "too large";
  };
  CHECK(next({Kind::kNext, {}}, 1000) == "1000-0");
  CHECK(next({Kind::kNextSeq, {0, 0}}, 0) == "0-1");
  CHECK(next({Kind::kNextSeq, {5, 0}}, 0) == "5-0");
  CHECK(next({Kind::kExplicit, {0, 0}}, 0) == "zero");
  add(stream, {1000, 7});
  CHECK(next({Kind::kNext, {}}, 1001) == "1001-0");
  CHECK(next({Kind::kNext, {}}, 1000) == "1000-8");
  CHECK(next({Kind::kNext, {}}, 3) == "1000-8");
  CHECK(next({Kind::kNextSeq, {1000, 0}}, 0) == "1000-8");
  CHECK(next({Kind::kNextSeq, {999, 0}}, 0) == "not greater");
  CHECK(next({Kind::kExplicit, {1000, 7}}, 0) == "not greater");
  CHECK(next({Kind::kExplicit, {1000, 8}}, 0) == "1000-8");
  add(stream, {1000, UINT64_MAX});
  CHECK(next({Kind::kNext, {}}, 1000) == "1001-0");
  CHECK(next({Kind::kNextSeq, {1000, 0}}, 0) == "not greater");
  add(stream, kMaxStreamId);
  CHECK(next({Kind::kNext, {}}, 1) == "exhausted");
  CHECK(next({Kind::kExplicit, {5, 5}}, 1) == "exhausted");
  CHECK(next({Kind::kExplicit, {0, 0}}, 1) == "zero");
}

TEST_CASE("Stream: ids do not repeat after the last entry is gone") {
  Fixture fixture;
  Stream stream(fixture.context);
  add(stream, {5, 0});
  CHECK(stream.remove({5, 0}));
  CHECK(stream.empty());
  CHECK(stream.first_id() == kMinStreamId);
  CHECK(stream.last_id() == StreamId{5, 0});
  CHECK(stream.max_deleted_id() == StreamId{5, 0});
  CHECK(stream.entries_added() == 1);
  CHECK_FALSE(stream.next_id({Kind::kExplicit, {5, 0}}, 0).ok());
}

TEST_CASE("Stream: a block ends at its number of entries, deleted ones counted") {
  Fixture fixture;
  fixture.context.stream = {0, 3};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 3; ++i) add(stream, {i, 0});
  CHECK(stream.block_count() == 1);
  stream.remove({2, 0});
  add(stream, {4, 0});
  CHECK(stream.block_count() == 2);
}

TEST_CASE("Stream: a block ends before the entry that would fill its bytes") {
  Fixture fixture;
  fixture.context.stream = {100, 0};
  Stream stream(fixture.context);
  add(stream, {1, 0});
  // 6 + 1 bytes of frame, 5 master elements and 5 of the entry: 29 in all, so 70 more fit and 71 do not.
  const size_t used = 29;
  const std::string fits(100 - used - 1 - 1, 'x');
  Stream other(fixture.context);
  add(other, {1, 0});
  REQUIRE(stream.append({2, 0}, Parts{"g", fits}).ok());
  CHECK(stream.block_count() == 1);
  REQUIRE(other.append({2, 0}, Parts{"g", fits + "x"}).ok());
  CHECK(other.block_count() == 2);
}

TEST_CASE("Stream: exact and approximate trims cut where Redis cuts") {
  Fixture fixture;
  fixture.context.stream = {0, 10};
  const auto after = [&](StreamTrim rule, uint64_t expect_gone) {
    Stream stream(fixture.context);
    for (uint64_t i = 1; i <= 35; ++i) add(stream, {i, 0});
    CHECK(stream.trim(rule).gone == expect_gone);
    return stream.size();
  };
  StreamTrim rule;
  rule.max_length = 12;
  CHECK(after(rule, 23) == 12);
  rule.approximate = true;
  CHECK(after(rule, 20) == 15);
  rule.limit = 15;
  CHECK(after(rule, 10) == 25);
  rule.limit = 5;
  CHECK(after(rule, 0) == 35);
  rule = {};
  CHECK(after(rule, 35) == 0);
  rule.keep = StreamTrim::Keep::kMinId;
  rule.min_id = {21, 0};
  CHECK(after(rule, 20) == 15);
  rule.min_id = {20, 1};
  CHECK(after(rule, 20) == 15);
  rule.min_id = {19, 0};
  CHECK(after(rule, 18) == 17);
  rule.approximate = true;
  CHECK(after(rule, 10) == 25);
}

TEST_CASE("Stream: trims do not count as deletions, removals do") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 10; ++i) add(stream, {i, 0});
  StreamTrim rule;
  rule.max_length = 6;
  stream.trim(rule);
  CHECK(stream.max_deleted_id() == kMinStreamId);
  CHECK(stream.first_id() == StreamId{5, 0});
  stream.remove({8, 0});
  stream.remove({6, 0});
  CHECK(stream.max_deleted_id() == StreamId{8, 0});
  CHECK_FALSE(stream.remove({8, 0}));
  CHECK_FALSE(stream.contains({8, 0}));
  CHECK(stream.contains({7, 0}));
}

TEST_CASE("Stream: agrees with a naive one under random appends, deletions, trims and ranges") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Fixture fixture;
    base::Random random(seed);
    const size_t per_block = 1 + random.below(30);
    fixture.context.stream = {0, per_block};
    Stream stream(fixture.context);
    Model model;
    StreamId last;
    const auto random_id = [&] { return StreamId{random.below(last.ms + 2), random.below(4)}; };
    for (int step = 0; step < 4000; ++step) {
      const uint64_t dice = random.below(100);
      if (dice < 70) {
        const StreamId id =
            random.below(3) == 0 ? *last.next() : StreamId{last.ms + 1 + random.below(3), random.below(4)};
        const std::string value = random_member(random, 1000, true);
        const base::ByteView name = random.below(4) == 0 ? "other" : "field";
        REQUIRE(stream.append(id, Parts{name, value}).ok());
        model.append(id, std::string(StreamIdText(id).view()) + " " + std::string(name) + "=" + value,
                     per_block);
        last = id;
      } else if (dice < 95) {
        const StreamId id = random_id();
        REQUIRE(stream.contains(id) == !model.range(id, id).empty());
        REQUIRE(stream.remove(id) == model.remove(id));
      } else if (dice < 97) {
        StreamTrim rule;
        rule.keep = random.below(2) == 0 ? StreamTrim::Keep::kMaxLength : StreamTrim::Keep::kMinId;
        rule.max_length = stream.size() - random.below(stream.size() / 3 + 1);
        rule.min_id = {stream.first_id().ms + random.below(60), 1};
        rule.approximate = random.below(2) == 0;
        rule.limit = random.below(2) == 0 ? 0 : random.below(100);
        REQUIRE(stream.trim(rule).gone == model.trim(rule));
      } else {
        const StreamId from = random_id();
        const StreamId to = random_id();
        auto expected = model.range(from, to);
        REQUIRE(listed(stream, from, to) == expected);
        std::reverse(expected.begin(), expected.end());
        REQUIRE(listed_back(stream, to, from) == expected);
        const uint64_t above = model.range(from, kMaxStreamId).size() - model.range(from, from).size();
        REQUIRE(stream.entries_after(from) == above);
      }
      REQUIRE(stream.size() == model.length());
      REQUIRE(stream.block_count() == model.blocks.size());
    }
    REQUIRE(listed(stream) == model.range(kMinStreamId, kMaxStreamId));
    CHECK(stream.entries_added() > 2000);
  }
}

TEST_CASE("Stream: with its middle deleted it gives the memory back, and ends its blocks where it did") {
  Fixture fixture;
  fixture.context.stream = {4096, 100};
  Stream stream(fixture.context);
  Stream twin(fixture.context);
  const std::string value(100, 'x');
  const auto append = [&](Stream& to, uint64_t i) { REQUIRE(to.append({i, 0}, Parts{"f", value}).ok()); };
  for (uint64_t i = 1; i <= 5020; ++i) {
    append(stream, i);
    append(twin, i);
  }
  const size_t blocks = stream.block_count();
  const size_t before = stream.memory_bytes();
  for (uint64_t i = 2; i < 5020; ++i) {
    if (i % 30 != 0) REQUIRE(stream.remove({i, 0}));
  }
  CHECK(stream.block_count() == blocks);
  CHECK(stream.memory_bytes() < before / 8);
  for (uint64_t i = 5021; i <= 5100; ++i) {
    append(stream, i);
    append(twin, i);
    REQUIRE(stream.block_count() == twin.block_count());
  }
  StreamTrim rule;
  rule.keep = StreamTrim::Keep::kMinId;
  rule.approximate = true;
  rule.min_id = {100, 0};  // whole blocks, by the last id that each ever had
  stream.trim(rule);
  twin.trim(rule);
  CHECK(stream.block_count() == twin.block_count());
}

TEST_CASE("Stream: tells exactly how many entries lie above an id, whatever was deleted, loaded or claimed") {
  Fixture fixture;
  fixture.context.stream = {0, 10};
  Stream stream(fixture.context);
  CHECK(stream.entries_after(kMinStreamId) == 0);
  for (uint64_t i = 1; i <= 100; ++i) add(stream, {i, 0});
  CHECK(stream.entries_after(kMinStreamId) == 100);
  CHECK(stream.entries_after({35, 0}) == 65);
  CHECK(stream.entries_after({35, 7}) == 65);
  CHECK(stream.entries_after(kMaxStreamId) == 0);
  stream.set_entries_added(7);
  for (uint64_t i = 41; i <= 62; ++i) stream.remove({i, 0});
  CHECK(stream.entries_after({35, 0}) == 43);
  CHECK(stream.entries_after({50, 0}) == 38);
  CHECK(stream.entries_after({70, 0}) == 30);
  StreamTrim rule;
  rule.max_length = 20;
  stream.trim(rule);
  CHECK(stream.entries_after({35, 0}) == 20);
  Stream copy = stream.clone();
  Stream loaded(fixture.context);
  for (size_t i = 0; i < stream.block_count(); ++i) REQUIRE(loaded.adopt(stream.block(i).clone()));
  loaded.set_last_id(stream.last_id());
  stream.remove({100, 0});
  for (Stream* each : {&stream, &copy, &loaded}) {
    add(*each, {101, 0});
    CHECK(each->entries_after({85, 0}) == (each == &stream ? 15 : 16));
    CHECK(each->entries_after({100, 0}) == 1);
    CHECK(each->entries_after({101, 0}) == 0);
  }
}

TEST_CASE("Stream: MAXLEN at every append holds the number of blocks and the memory") {
  Fixture fixture;
  Stream stream(fixture.context);
  StreamTrim rule;
  rule.max_length = 1000;
  rule.approximate = true;
  size_t highest = 0;
  for (uint64_t i = 1; i <= 50000; ++i) {
    add(stream, {i, 0});
    stream.trim(rule);
    if (i > 2000) highest = std::max(highest, stream.memory_bytes());
  }
  CHECK(stream.size() >= 1000);
  CHECK(stream.size() < 1100);
  CHECK(stream.block_count() <= 11);
  CHECK(highest < 20000);
  CHECK(stream.first_id() == StreamId{50000 - stream.size() + 1, 0});
}

TEST_CASE("Stream: a pinned block keeps its bytes while the stream changes") {
  struct Pinner : ds::NodeHook {
    void before_change(ds::NodeHeader& node, const void*) override {
      ds::pin(node);
      pinned.push_back(&node);
    }
    std::vector<ds::NodeHeader*> pinned;
  };
  Fixture fixture;
  fixture.context.stream = {0, 4};
  Pinner pinner;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 10; ++i) add(stream, {i, 0});
  fixture.epoch.current = 1;
  fixture.epoch.hook = &pinner;
  add(stream, {11, 0});
  add(stream, {12, 0});
  add(stream, {13, 0});
  CHECK(pinner.pinned.size() == 1);
  stream.remove({2, 0});
  stream.remove({3, 0});
  CHECK(pinner.pinned.size() == 2);
  StreamTrim rule;
  stream.trim(rule);
  CHECK(stream.block_count() == 0);
  REQUIRE(pinner.pinned.size() == 3);
  const size_t live[] = {2, 4, 4};
  for (size_t i = 0; i < 3; ++i) {
    auto* block = static_cast<StreamBlock*>(pinner.pinned[i]);
    CHECK(block->live() == live[i]);
    CHECK(block->deleted() == 0);
    Stream::unpin(block);
  }
}

TEST_CASE("Stream: an entry over the limit is refused and nothing changes") {
  Fixture fixture;
  Stream stream(fixture.context);
  const char byte = 'x';
  // Never read: only its length counts before it is refused.
  const base::ByteView huge(&byte, Stream::kMaxEntryBytes + 1);
  const auto result = stream.append({1, 0}, Parts{"f", huge});
  REQUIRE_FALSE(result.ok());
  CHECK(result.error() == AppendError::kTooLarge);
  CHECK(stream.empty());
  CHECK(stream.last_id() == kMinStreamId);
}

TEST_CASE(
    "Stream: a block expects to get as big as the one before it, and is no bigger than that in the end") {
  Fixture fixture;
  fixture.context.stream.node_max_entries = 10;
  Stream stream(fixture.context);
  const std::string big(200, 'x');
  for (uint64_t i = 1; i <= 10; ++i) REQUIRE(stream.append({i, 0}, Parts{"f", big}).ok());
  const size_t one = stream.memory_bytes();
  REQUIRE(stream.append({11, 0}, Parts{"f", "small"}).ok());
  REQUIRE(stream.block_count() == 2);
  CHECK(stream.memory_bytes() > one + stream.block(0).bytes());
  for (uint64_t i = 12; i <= 21; ++i) REQUIRE(stream.append({i, 0}, Parts{"f", "small"}).ok());
  REQUIRE(stream.block_count() == 3);
  CHECK(stream.memory_bytes() < one + 3 * 400);
}

TEST_CASE("Stream: the last block is compacted when the next begins, so that a file tells how full it was") {
  Fixture fixture;
  fixture.context.stream = {0, 4};
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 3; ++i) add(stream, {i, 0});
  stream.remove({1, 0});
  stream.remove({2, 0});
  CHECK(stream.block(0).first().id == StreamId{1, 0});  // deleted, and still there
  add(stream, {4, 0});
  CHECK(stream.block_count() == 1);
  const size_t before = stream.memory_bytes();
  stream.remove({4, 0});
  add(stream, {5, 0});
  CHECK(stream.block_count() == 2);
  CHECK(stream.block(0).first().id == StreamId{3, 0});
  CHECK(stream.block(0).live() + stream.block(0).deleted() == 4);
  CHECK(stream.memory_bytes() < 2 * before);
  CHECK(stream.size() == 2);
  // One that has become big is compacted at once: where blocks have no end they would keep every hole.
  fixture.context.stream = {0, 0};
  Stream endless(fixture.context);
  for (uint64_t i = 1; i <= 20'000; ++i) add(endless, {i, 0});
  const size_t full = endless.memory_bytes();
  for (uint64_t i = 1; i < 20'000; ++i) endless.remove({i, 0});
  CHECK(endless.memory_bytes() < full / 2);
}

TEST_CASE("Stream: is freed in slices, and a small one is small") {
  Fixture fixture;
  Stream stream(fixture.context);
  add(stream, {1, 0});
  CHECK(stream.memory_bytes() < 160);
  for (uint64_t i = 2; i <= 5000; ++i) add(stream, {i, 0});
  Stream moved(std::move(stream));
  CHECK(stream.empty());  // NOLINT(bugprone-use-after-move): a moved stream is an empty one
  int slices = 1;
  while (moved.release_slice(7)) ++slices;
  CHECK(slices == 8);
  CHECK(moved.empty());
  CHECK(moved.memory_bytes() == 0);
}

TEST_CASE("Stream: a clone has the same entries and memory of the past, and a life of its own") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 1; i <= 350; ++i) add(stream, {i, 0});
  StreamTrim rule;
  rule.max_length = 220;
  stream.trim(rule);
  stream.remove({300, 0});
  Stream copy = stream.clone();
  CHECK(copy.size() == 219);
  CHECK(copy.block_count() == stream.block_count());
  CHECK(listed(copy) == listed(stream));
  CHECK(copy.last_id() == StreamId{350, 0});
  CHECK(copy.max_deleted_id() == StreamId{300, 0});
  CHECK(copy.entries_added() == 350);
  add(copy, {351, 0});
  copy.remove({200, 0});
  CHECK(stream.last_id() == StreamId{350, 0});
  CHECK(stream.contains({200, 0}));
}

TEST_CASE_FIXTURE(Fixture, "Stream: blocks are taken over in the order of their ids only") {
  const base::ByteView fields[] = {"k", "v"};
  Stream stream(context);
  CHECK(stream.adopt(new StreamBlock({5, 0}, fields)));
  CHECK(stream.adopt(new StreamBlock({6, 0}, fields)));
  CHECK_FALSE(stream.adopt(new StreamBlock({6, 0}, fields)));
  CHECK_FALSE(stream.adopt(new StreamBlock({1, 0}, fields)));
  CHECK(stream.size() == 2);
  stream.set_last_id({6, 0});
  REQUIRE(stream.append({7, 0}, fields).ok());
  CHECK(stream.contains({5, 0}));
  CHECK(stream.contains({7, 0}));
}

TEST_CASE("Stream: an id set back below what a trim left of the last block begins a block of its own") {
  Fixture fixture;
  Stream stream(fixture.context);
  for (uint64_t i = 10; i <= 12; ++i) add(stream, {i, 0});
  stream.remove({12, 0});
  StreamTrim rule;
  rule.keep = StreamTrim::Keep::kMinId;
  rule.min_id = {12, 0};
  CHECK(stream.trim(rule).gone == 2);
  CHECK(stream.block_count() == 1);
  stream.set_last_id({2, 0});
  add(stream, {3, 0});
  CHECK(stream.block_count() == 1);
  CHECK(listed_back(stream, {3, 0}, {3, 0}) == std::vector<std::string>{"3-0 f=v"});
  CHECK(listed(stream) == std::vector<std::string>{"3-0 f=v"});
  CHECK(stream.entries_after(kMinStreamId) == 1);
  const StreamBlock& block = stream.block(0);
  CHECK(block.master_id() == StreamId{3, 0});
  StreamBlock* const read_again =
      StreamBlock::checked(block.master_id(), ds::Listpack::copy_of(block.listpack()));
  REQUIRE(read_again != nullptr);
  Stream::unpin(read_again);
}

}  // namespace sluice::types
