#include "snapshot/group_codec.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/extras.h"
#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

const std::string kId1 = "00000000000000010000000000000000";
const std::string kId2 = "00000000000000020000000000000000";

struct Fixture {
  Keyspace keyspace{1, 1};

  types::Stream& make() {
    value = Value(keyspace.make<types::Stream>());
    auto& stream = *keyspace::get_if<types::Stream>(value);
    group = stream.add_group("g", {9, 0}, types::StreamGroup::kUnknown);
    worker = &group->add_consumer("c", 1000);
    worker->active_ms = 1000;
    return stream;
  }
  // The stream, when the block was applied to it; or why it was not.
  template <class Apply>
  std::string applied(Apply apply, const std::string& block) {
    const auto done = apply(hex(block), make());
    return done.ok() ? ValueText::of(value) : done.error().message;
  }

  Value value;
  types::StreamGroup* group = nullptr;
  types::StreamConsumer* worker = nullptr;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "Group codec: released entries and times of activity are told where there are any") {
  types::Stream& stream = make();
  base::Bytes out;
  Encoder encoder(out, false);
  encode_group_records(stream, encoder);
  CHECK(out.empty());
  group->add_pending({1, 0}, {worker, 5, 1});
  group->release({1, 0}, 7);
  CHECK(group->add_released({2, 0}, 1));
  worker->active_ms = 1001;
  encode_group_records(stream, encoder);
  CHECK(to_hex(out) ==
        to_hex(hex("fa") + packed("sluice-group-released") +
               packed(packed("g") + hex(kId1 + "0007" + kId2 + "0101")) + hex("fa") +
               packed("sluice-group-active") + packed(packed("g") + packed("c") + hex("e903000000000000"))));
}

TEST_CASE_FIXTURE(Fixture, "Group codec: much that was released goes into many records, and all comes back") {
  types::Stream& stream = make();
  // Not in the order of ids, and with counts of every width.
  for (uint64_t i = 0; i < 3000; ++i)
    group->add_released({1 + i * 7 % 3000, i % 2}, (UINT64_MAX >> 1) >> (i % 63));
  const std::string before = ValueText::of(value);
  base::Bytes out;
  Encoder encoder(out, false);
  encode_group_records(stream, encoder);
  types::Stream& other = make();
  Decoder in(out);
  int records = 0;
  for (; in.left() > 0; ++records) {
    CHECK(in.byte() == 0xfa);
    const base::Bytes name(in.text());
    CHECK(is_extra(name));
    const base::ByteView block = in.text();
    CHECK(block.size() < kGroupBlockBytes + 100);
    REQUIRE(apply_released(block, other).ok());
  }
  CHECK(records >= 4);
  CHECK(ValueText::of(value) == before);
  CHECK(group->released_count() == 3000);
  CHECK(group->add_released({5000, 0}, 1));
  auto walk = group->walk_idle();
  types::StreamId last;
  while (const auto entry = walk.next()) last = entry->id;
  CHECK(last == types::StreamId{5000, 0});
}

TEST_CASE_FIXTURE(Fixture, "Group codec: delayed entries are told with the moment of their release") {
  types::Stream& stream = make();
  group->add_pending({1, 0}, {worker, 5, 1});
  group->delay({1, 0}, 2, 9);
  CHECK(group->add_delayed({2, 0}, 1, 7));
  base::Bytes out;
  Encoder encoder(out, false);
  encode_group_records(stream, encoder);
  const std::string block = "0167" + kId1 + "0902" + kId2 + "0701";
  CHECK(to_hex(out) == to_hex(hex("fa") + packed("sluice-group-delayed") + packed(hex(block))));
  const std::string text = ValueText::of(value);
  CHECK(applied(apply_group_delayed, block) == text);
  CHECK(keyspace::get_if<types::Stream>(value)->next_deadline_ms() == 7);
  CHECK(applied(apply_group_delayed, "0168" + kId1 + "0101") == "the stream has no such group");
  CHECK(applied(apply_group_delayed, block + kId1 + "0101") == "a delayed entry is pending already");
  CHECK(applied(apply_group_delayed, "0167" + kId1 + "814000000000000000" + "01") ==
        "a moment is out of range");
  CHECK(applied(apply_group_delayed, "0167" + kId1 + "01").find("it ends too early") != std::string::npos);
}

// 2^62, the last order that is read: a RESTORE may say so, and the server goes on counting.
TEST_CASE_FIXTURE(Fixture,
                  "Group codec: what is released behind the last order of release can be read back") {
  types::Stream& stream = make();
  REQUIRE(apply_released(hex("0167" + kId1 + "814000000000000000" + "01"), stream).ok());
  group->add_pending({2, 0}, {worker, 5, 1});
  group->release({2, 0}, 1);
  CHECK(group->add_released({3, 0}, 1));
  base::Bytes out;
  Encoder encoder(out, false);
  encode_group_records(stream, encoder);
  types::Stream& other = make();
  Decoder in(out);
  CHECK(in.byte() == 0xfa);
  CHECK(in.text() == "sluice-group-released");
  const auto read = apply_released(in.text(), other);
  REQUIRE_MESSAGE(read.ok(), read.error().message);
  CHECK(group->released_count() == 3);
}

TEST_CASE_FIXTURE(Fixture, "Group codec: what is collected is counted until it is taken") {
  make();
  GroupRecords records;
  records.begin_group("g");
  for (uint64_t i = 0; i < 200; ++i) group->add_released({i, 0}, 1);
  group->for_each_leaf([&](const types::PendingLeaf& leaf) { records.add(leaf); });
  records.add(*worker);
  CHECK(records.memory_bytes() > 200 * 17);
  base::Bytes out;
  Encoder encoder(out, false);
  while (!records.empty()) records.take(encoder);
  CHECK(records.memory_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture, "Group codec: blocks that make no sense are refused") {
  const std::string stream = "stream: last 0-0 deleted 0-0 added 0 {g at 9-0 read -1 c seen 1000 active ";
  CHECK(applied(apply_released, "0167" + kId1 + "0001") == stream + "1000 released 1-0x1}");
  CHECK(applied(apply_released, "0167" + kId1 + "0081ffffffffffffffff") ==
        stream + "1000 released 1-0x9223372036854775807}");
  CHECK(applied(apply_released, "0168" + kId1 + "0001") == "the stream has no such group");
  CHECK(applied(apply_released, "0167" + kId1 + "0001" + kId1 + "0101") ==
        "a released entry is pending already");
  CHECK(applied(apply_released, "0167" + kId1 + "81400000000000000101") ==
        "an order of release is out of range");
  CHECK(applied(apply_released, "0167").find("it ends too early") != std::string::npos);
  CHECK(applied(apply_released, "0167" + kId1 + "00").find("it ends too early") != std::string::npos);
  CHECK(applied(apply_active, "0167 0163 ffffffffffffffff") == stream + "-1}");
  CHECK(applied(apply_active, "0168 0163 ffffffffffffffff") == "the stream has no such group");
  CHECK(applied(apply_active, "0167 0164 ffffffffffffffff") == "the group has no such consumer");
  CHECK(applied(apply_active, "0167 0163 ffffff").find("it ends too early") != std::string::npos);
}
