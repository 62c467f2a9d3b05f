// Vectors follow the public description of the RDB format: a stream in the layouts of Redis 5, 7.0 and 7.2.
#include "snapshot/stream_decoder.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

// Entries 1-0 and 2-0, both k=v, in one block whose id is 1-0.
const std::string kBlock =
    hex("28000000 0f00 0201 0001 0101 816b02 0001 0201 0001 0001 817602 0401 0201 0101 0001 817602 0401 ff");
const std::string kBlocks = hex("01 10 0000000000000001 0000000000000000") + packed(kBlock);
const std::string kCounters = hex("02 02 00 01 00 00 00 02");  // length, last, first, deleted, added
const std::string kTime = hex("e803000000000000");             // 1000
const std::string kLater = hex("d007000000000000");            // 2000
const std::string kId1 = hex("0000000000000001 0000000000000000");
const std::string kId2 = hex("0000000000000002 0000000000000000");
// Pending: 1-0 once, 2-0 three times.
const std::string kPending = hex("02") + kId1 + kTime + hex("01") + kId2 + kLater + hex("03");

std::string read(TypeCode code, const std::string& bytes) {
  Keyspace keyspace(1, 1);
  return decoded(keyspace, code, bytes);
}

}  // namespace

TEST_CASE("Stream decoder: the layout of Redis 5 estimates what it does not say") {
  const std::string group =
      hex("01 01 67 02 00") + kPending + hex("01 01 63") + kTime + hex("02") + kId1 + kId2;
  CHECK(read(TypeCode::kStream, kBlocks + hex("02 02 00") + group) ==
        "stream: last 2-0 deleted 0-0 added 2 [1-0 k v] [2-0 k v] {g at 2-0 read 2 c seen 1000 active 1000 "
        "1-0x1@1000 "
        "2-0x3@2000}");
}

TEST_CASE("Stream decoder: the layout of Redis 7.0 has counters") {
  const std::string group = hex("01 01 67 02 00 01") + kPending + hex("02 01 62") + kTime + hex("01") + kId2 +
                            hex("01 63") + kTime + hex("01") + kId1;
  CHECK(read(TypeCode::kStream2, kBlocks + hex("02 05 01 01 00 04 07 09") + group) ==
        "stream: last 5-1 deleted 4-7 added 9 [1-0 k v] [2-0 k v] {g at 2-0 read 1 b seen 1000 active 1000 "
        "2-0x3@2000 c "
        "seen 1000 active 1000 1-0x1@1000}");
}

TEST_CASE("Stream decoder: the layout of Redis 7.2 tells when a consumer was active") {
  const std::string group = hex("01 01 67 02 00 81 ffffffffffffffff") + kPending + hex("01 01 63") + kLater +
                            kTime + hex("02") + kId1 + kId2;
  CHECK(read(TypeCode::kStream3, kBlocks + kCounters + group) ==
        "stream: last 2-0 deleted 0-0 added 2 [1-0 k v] [2-0 k v] {g at 2-0 read -1 c seen 2000 active 1000 "
        "1-0x1@1000 "
        "2-0x3@2000}");
}

TEST_CASE("Stream decoder: an empty stream keeps what it remembers") {
  CHECK(read(TypeCode::kStream2, hex("00 00 05 01 00 00 05 01 07 00")) ==
        "stream: last 5-1 deleted 5-1 added 7");
}

TEST_CASE("Stream decoder: groups, consumers and pending entries that contradict each other are refused") {
  const std::string head = kBlocks + kCounters;
  const std::string group = hex("01 67 02 00 01");
  const auto refused = [&head](const std::string& groups, const std::string& why) {
    const std::string got = read(TypeCode::kStream2, head + groups);
    CHECK_MESSAGE(got.find(why) != std::string::npos, got);
  };
  refused(hex("02") + group + hex("00 00") + group + hex("00 00"), "a stream has a group twice");
  refused(hex("01") + group + hex("02") + kId1 + kTime + hex("01") + kId1 + kTime + hex("01") + hex("00"),
          "an entry is pending twice in a group");
  refused(hex("01") + group + kPending + hex("00"), "a pending entry belongs to no consumer");
  refused(hex("01") + group + kPending + hex("01 01 63") + kTime + hex("01") + kId1,
          "a pending entry belongs to no consumer");
  refused(hex("01") + group + kPending + hex("01 01 63") + kTime + hex("02") + kId1 + kId1,
          "a consumer has a pending entry that its group does not give it");
  refused(hex("01") + group + hex("00 02 01 63") + kTime + hex("00 01 63") + kTime + hex("00"),
          "a group has a consumer twice");
}

TEST_CASE("Stream decoder: blocks and counters that contradict each other are refused") {
  CHECK(read(TypeCode::kStream2, kBlocks + hex("03 02 00 01 00 00 00 02 00"))
            .find("other entries than it has") != std::string::npos);
  CHECK(read(TypeCode::kStream2, kBlocks + hex("02 01 05 01 00 00 00 02 00")).find("above its last id") !=
        std::string::npos);
  CHECK(read(TypeCode::kStream2, hex("02") + kBlocks.substr(1) + kBlocks.substr(1) + kCounters)
            .find("do not grow") != std::string::npos);
  CHECK(read(TypeCode::kStream2, hex("01 0f 0000000000000001 00000000000000") + packed(kBlock))
            .find("a block of a stream has no id") != std::string::npos);
}

TEST_CASE("Stream decoder: what is encoded comes back, and cut or changed anywhere it is refused or whole") {
  Keyspace keyspace(1, 1);
  auto stream = keyspace.make<types::Stream>();
  const base::ByteView fields[] = {"name", "value", "number", "12"};
  const base::ByteView others[] = {"other", "x"};
  for (uint64_t i = 1; i <= 250; ++i) {
    REQUIRE(stream
                ->append({i, i % 3}, base::ByteView(i % 9 == 0 ? "x" : "").empty()
                                         ? types::StreamFields(fields)
                                         : types::StreamFields(others))
                .ok());
  }
  stream->remove({7, 1});
  types::StreamGroup* group = stream->add_group("workers", {20, 2}, 20);
  types::StreamConsumer& first = group->add_consumer("first", 500);
  first.active_ms = 500;
  group->add_consumer("idle", 600).active_ms = 600;
  for (uint64_t i = 1; i <= 20; ++i) group->add_pending({i, i % 3}, {&first, static_cast<int64_t>(i), i});
  stream->add_group("nobody", {}, types::StreamGroup::kUnknown);
  const Value value(std::move(stream));
  const std::string bytes = encoded_value(value);
  CHECK(decoded(keyspace, TypeCode::kStream2, bytes) == ValueText::of(value));
  CHECK(decoded(keyspace, TypeCode::kStream2, encoded_value(value, true)) == ValueText::of(value));
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(decoded(keyspace, TypeCode::kStream2, bytes.substr(0, size)).substr(0, 10) == "at offset ");
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    CHECK_FALSE(decoded(keyspace, TypeCode::kStream2, changed).empty());
  }
}

TEST_CASE("Stream decoder: counts beyond what the log and replies can say are cut to what they can") {
  const std::string below_unknown = hex("81 8000000000000007");
  const std::string most = hex("81 ffffffffffffffff");
  const std::string group = hex("01 01 67 02 00") + below_unknown + hex("01") + kId1 + kTime + most +
                            hex("01 01 63") + kTime + hex("01") + kId1;
  CHECK(read(TypeCode::kStream2, kBlocks + hex("02 02 00 01 00 00 00") + most + group) ==
        "stream: last 2-0 deleted 0-0 added 9223372036854775807 [1-0 k v] [2-0 k v] {g at 2-0 read -1 c seen "
        "1000 active 1000 1-0x9223372036854775807@1000}");
}
