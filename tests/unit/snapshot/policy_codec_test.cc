#include "snapshot/policy_codec.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/dump.h"
#include "unit/snapshot/value_text.h"
#include "unit/snapshot/written.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

constexpr base::ByteView kFields[] = {"f", "v"};

types::GroupPolicy some_policy() {
  types::GroupPolicy policy;
  policy.lease_ms = 5;
  policy.max_deliveries = 2;
  policy.backoff_ms = 3;
  policy.backoff_factor = 1;
  policy.backoff_most_ms = 4;
  policy.dead_letters = "d";
  policy.most_dead_letters = 6;
  policy.consumer_ttl_ms = 7;
  return policy;
}

const std::string kBlock = "0167 05 02 03 000000000000f03f 04 0164 06 07";

struct Fixture {
  Keyspace keyspace{1, 1};

  types::Stream& make() {
    value = Value(keyspace.make<types::Stream>());
    auto& stream = *keyspace::get_if<types::Stream>(value);
    group = stream.add_group("g", {9, 0}, types::StreamGroup::kUnknown);
    group->add_pending({1, 0}, {&group->add_consumer("c", 10), 10, 1});
    return stream;
  }
  std::string applied(const std::string& block) {
    const auto done = apply_policy(hex(block), make());
    return done.ok() ? ValueText::of(value) : done.error().message;
  }

  Value value;
  types::StreamGroup* group = nullptr;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "Policy codec: a group that has a policy has a record, and acts by it when loaded") {
  types::Stream& stream = make();
  stream.add_group("other", {}, 0);
  base::Bytes out;
  Encoder encoder(out, false);
  encode_policies(stream, encoder);
  CHECK(out.empty());
  group->set_policy(some_policy());
  encode_policies(stream, encoder);
  CHECK(to_hex(out) == to_hex(hex("fa") + packed("sluice-group-policy") + packed(hex(kBlock))));
  applied(kBlock);
  CHECK(group->policy() == some_policy());
  CHECK(keyspace::get_if<types::Stream>(value)->next_deadline_ms() == 15);
}

TEST_CASE_FIXTURE(Fixture, "Policy codec: what no group can do is refused") {
  CHECK(applied("0168" + kBlock.substr(4)) == "the stream has no such group");
  const std::string never = "no group can have such a policy";
  CHECK(applied("0167 05 02 03 000000000000e03f 04 0164 06 07") == never);  // a factor below 1
  CHECK(applied("0167 05 02 03 000000000000f07f 04 0164 06 07") == never);  // an infinite one
  CHECK(applied("0167 05 02 03 000000000000f03f 04 00 06 07") == never);    // nowhere to give up to
  CHECK(applied("0167 05 803b9aca01 03 000000000000f03f 04 0164 06 07") == never);
  CHECK(applied("0167 81000000ffffffffff 02 03 000000000000f03f 04 0164 06 07").find("out of range") !=
        std::string::npos);
  CHECK(applied("0167 05 02").find("it ends too early") != std::string::npos);
  CHECK(applied(kBlock + "00") == "something stands behind it");
}

TEST_CASE("Policy codec: files and dumps keep policies and delays, of small streams and of big ones") {
  for (const uint64_t entries : {uint64_t{1}, uint64_t{5000}}) {
    SnapshotDesk desk;
    Value value(desk.keyspace.make<types::Stream>());
    auto* stream = keyspace::get_if<types::Stream>(value);
    for (uint64_t i = 1; i <= entries; ++i) REQUIRE(stream->append({i, 0}, kFields).ok());
    types::StreamGroup& group = *stream->add_group("g", {}, 0);
    group.set_policy(some_policy());
    for (uint64_t i = 1; i <= entries; ++i) group.add_delayed({i, 0}, 1, static_cast<int64_t>(1000 + i));
    stream->follow(group);
    const base::Bytes payload = dump_value(value, false);
    keyspace::Entry& entry = desk.keyspace.store(desk.access, "s", std::move(value), keyspace::events::xadd);
    desk.changes.clear();
    const std::string text = ValueText::of(entry.value);
    CHECK(text.find("released 1-0x1@1001") != std::string::npos);
    CHECK(text.find("lease 5") != std::string::npos);
    desk.begin();
    desk.db().before_change(entry);
    group.set_policy({});
    for (uint64_t i = 1; i <= entries; i += 2) group.release({i, 0}, 9);
    CHECK(desk.written() == Lines{"0 s " + text});
    const auto restored = restore_value(payload, desk.keyspace);
    REQUIRE(restored.ok());
    CHECK(ValueText::of(*restored) == text);
  }
}
