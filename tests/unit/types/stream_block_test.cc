#include "types/stream_block.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

using Parts = std::vector<base::ByteView>;

std::string shown(const StreamEntry& entry) {
  std::string text(StreamIdText(entry.id).view());
  if (entry.deleted) text += " deleted";
  entry.for_each(
      [&](const ds::Element& name, const ds::Element& value) { text += " " + str(name) + "=" + str(value); });
  return text;
}

std::vector<std::string> forwards(const StreamBlock& block) {
  std::vector<std::string> all;
  for (std::optional<StreamEntry> entry = block.first(); entry; entry = block.next(*entry)) {
    all.push_back(shown(*entry));
  }
  return all;
}

std::vector<std::string> backwards(const StreamBlock& block) {
  std::vector<std::string> all;
  for (std::optional<StreamEntry> entry = block.last(); entry; entry = block.prev(*entry)) {
    all.insert(all.begin(), shown(*entry));
  }
  return all;
}

StreamBlock example() {
  StreamBlock block({5, 1}, Parts{"a", "1", "b", "hello"});
  block.append({5, 2}, Parts{"a", "300", "b", "x"});
  block.append({6, 0}, Parts{"c", "-7"});
  block.append({UINT64_MAX, 3}, Parts{"a", "00", "b", ""});
  return block;
}

}  // namespace

TEST_CASE("StreamBlock: walks both ways over entries with and without the master's names") {
  const StreamBlock block = example();
  const std::vector<std::string> expected = {"5-1 a=1 b=hello", "5-2 a=300 b=x", "6-0 c=-7",
                                             "18446744073709551615-3 a=00 b="};
  CHECK(forwards(block) == expected);
  CHECK(backwards(block) == expected);
  CHECK(block.live() == 4);
  CHECK(block.deleted() == 0);
  CHECK(block.last().size() == 2);
}

TEST_CASE("StreamBlock: the bytes are those redis-server 7.0.15 writes for the same commands") {
  StreamBlock block = example();
  block.remove(*block.next(block.first()));
  const base::ByteView dumped(
      "\x54\0\0\0\x1f\0"
      "\x03\x01\x01\x01\x02\x01\x81"
      "a\x02\x81"
      "b\x02\0\x01"
      "\x02\x01\0\x01\0\x01\x01\x01\x85hello\x06\x05\x01"
      "\x03\x01\0\x01\x01\x01\xc1\x2c\x02\x81x\x02\x05\x01"
      "\0\x01\x01\x01\xdf\xff\x02\x01\x01\x81"
      "c\x02\xdf\xf9\x02\x06\x01"
      "\x02\x01\xdf\xfa\x02\x02\x01\x82"
      "00\x03\x80\x01\x05\x01\xff",
      84);
  CHECK(block.listpack() == dumped);
}

TEST_CASE("StreamBlock: the same names in another order, or fewer, are other names") {
  StreamBlock block({1, 0}, Parts{"a", "1", "b", "2"});
  block.append({1, 1}, Parts{"b", "1", "a", "2"});
  block.append({1, 2}, Parts{"a", "1"});
  block.append({1, 3}, Parts{"a", "1", "b", "2", "c", "3"});
  CHECK(forwards(block) ==
        std::vector<std::string>{"1-0 a=1 b=2", "1-1 b=1 a=2", "1-2 a=1", "1-3 a=1 b=2 c=3"});
}

TEST_CASE("StreamBlock: removes from the front until told to stop, past counts of any width") {
  StreamBlock block({1, 0}, Parts{"n", "0"});
  for (uint64_t i = 1; i < 5000; ++i) block.append({1, i}, Parts{"n", std::to_string(i)});
  const uint64_t removed = block.remove_until([](const StreamEntry& entry) { return entry.id.seq == 4500; });
  CHECK(removed == 4500);
  CHECK(block.live() == 500);
  CHECK(block.deleted() == 4500);
  const auto all = forwards(block);
  REQUIRE(all.size() == 5000);
  CHECK(all[4499] == "1-4499 deleted n=4499");
  CHECK(all[4500] == "1-4500 n=4500");
  CHECK(backwards(block) == all);
  CHECK(block.remove_until([](const StreamEntry& entry) { return entry.id.seq == 4501; }) == 1);
}

TEST_CASE("StreamBlock: a clone has the same bytes and a life of its own") {
  StreamBlock block = example();
  ds::pin(block);
  StreamBlock* copy = block.clone();
  CHECK(copy->refs == 1);
  CHECK(copy->listpack() == block.listpack());
  CHECK(copy->master_id() == block.master_id());
  copy->append({UINT64_MAX, 4}, Parts{"a", "1", "b", "2"});
  CHECK(copy->live() == 5);
  CHECK(block.live() == 4);
  delete copy;
}

TEST_CASE("StreamBlock: a listpack from outside is checked all through") {
  const base::ByteView fields[] = {"k", "v"};
  const base::ByteView others[] = {"x", "1", "y", "2"};
  StreamBlock block({5, 1}, fields);
  block.append({5, 2}, others);
  block.append({6, 0}, fields);
  block.remove(*block.next(block.first()));
  StreamBlock* copy = StreamBlock::checked({5, 1}, ds::Listpack::copy_of(block.listpack()));
  REQUIRE(copy != nullptr);
  CHECK(copy->live() == 2);
  CHECK(copy->last().id == StreamId{6, 0});
  delete copy;

  // One element replaced by something else: the counts, the names, every entry's head and end.
  const size_t elements = block.listpack().empty() ? 0 : ds::ListpackView(block.listpack()).size();
  for (size_t i = 0; i < elements; ++i) {
    ds::Listpack changed = ds::Listpack::copy_of(block.listpack());
    const size_t at = changed.view().at(static_cast<int64_t>(i));
    const bool number = changed.view().get(at).is_int;
    changed.replace(at, ds::Packable(int64_t{number ? 77 : 0}));
    StreamBlock* got = StreamBlock::checked({5, 1}, std::move(changed));
    // Texts and ids may be any; what counts may not. Reading what passed stays inside.
    if (got != nullptr) {
      for (auto entry = std::optional<StreamEntry>(got->first()); entry; entry = got->next(*entry)) {
        entry->for_each([](const ds::Element&, const ds::Element&) {});
      }
      delete got;
    }
    const bool counts = i < 3 || i == 4 || i == 5;
    if (counts) CHECK(got == nullptr);
  }
  ds::Listpack cut = ds::Listpack::copy_of(block.listpack());
  cut.erase(cut.view().last(), 1);
  CHECK(StreamBlock::checked({5, 1}, std::move(cut)) == nullptr);
  CHECK(StreamBlock::checked({5, 1}, ds::Listpack()) == nullptr);
}

TEST_CASE("StreamBlock: compaction keeps what is left, where it ends and what it counted") {
  for (const uint64_t odd : {uint64_t{0}, uint64_t{1}}) {
    StreamBlock block({1, 0}, Parts{"n", "0"});
    StreamBlock twin({1, 0}, Parts{"n", "0"});  // deletes the same, and is never compacted
    const auto add = [&](uint64_t i) {
      const std::string text = std::string(40, 'x') + std::to_string(i);
      const Parts fields = i % 3 == 0 ? Parts{"own", text, "b", ""} : Parts{"n", text};
      block.append({1, i}, fields);
      twin.append({1, i}, fields);
    };
    const auto remove = [](StreamBlock& from, uint64_t seq) {
      for (auto entry = std::optional(from.first()); entry; entry = from.next(*entry)) {
        if (entry->id.seq == seq) return from.remove(*entry);
      }
    };
    for (uint64_t i = 1; i < 200; ++i) add(i);
    int compactions = 0;
    for (uint64_t i = odd; i < 200; i += i % 7 == 0 ? 2 : 1) {
      remove(block, i);
      remove(twin, i);
      if (block.is_hollow()) {
        block.compact();
        ++compactions;
        CHECK_FALSE(block.is_hollow());
      }
      if (i == 150) add(200);
      REQUIRE(block.live() == twin.live());
      REQUIRE(block.deleted() == twin.deleted());
      REQUIRE(block.bytes() == twin.bytes());
      REQUIRE(block.last().id == twin.last().id);
    }
    CHECK(compactions >= 1);
    CHECK(compactions < 12);
    CHECK(block.memory_bytes() < twin.memory_bytes() / 2);
    std::vector<std::string> left = forwards(twin);
    left.erase(std::remove_if(left.begin(), left.end(),
                              [](const std::string& text) { return text.find("deleted") != text.npos; }),
               left.end());
    std::vector<std::string> got = forwards(block);
    CHECK(got == backwards(block));
    got.erase(std::remove_if(got.begin(), got.end(),
                             [](const std::string& text) { return text.find("deleted") != text.npos; }),
              got.end());
    CHECK(got == left);
    StreamBlock* const loaded = StreamBlock::checked({1, 0}, ds::Listpack::copy_of(block.listpack()));
    REQUIRE(loaded != nullptr);
    CHECK(loaded->live() == block.live());
    delete loaded;
  }
}

TEST_CASE("StreamBlock: with everything deleted, compaction leaves one mark with the last id") {
  StreamBlock block({5, 1}, Parts{"a", std::string(100, 'x')});
  block.append({5, 2}, Parts{"b", std::string(100, 'y')});
  const size_t bytes = block.bytes();
  CHECK(block.remove_until([](const StreamEntry&) { return false; }) == 2);
  REQUIRE(block.is_hollow());
  block.compact();
  CHECK(forwards(block) == std::vector<std::string>{"5-2 deleted ="});
  CHECK(block.live() == 0);
  CHECK(block.deleted() == 2);
  CHECK(block.bytes() == bytes);
  block.append({5, 3}, Parts{"a", "1"});
  CHECK(block.deleted() == 2);
  CHECK(forwards(block).back() == "5-3 a=1");
}

}  // namespace sluice::types
