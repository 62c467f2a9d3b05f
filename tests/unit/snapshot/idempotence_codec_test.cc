#include "snapshot/idempotence_codec.h"

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

struct Fixture {
  Keyspace keyspace{1, 1};

  types::Stream& make() {
    value = Value(keyspace.make<types::Stream>());
    auto& stream = *keyspace::get_if<types::Stream>(value);
    REQUIRE(stream.append({5, 1}, kFields).ok());
    return stream;
  }
  std::string applied(const std::string& block) {
    types::Stream& stream = make();
    const auto done = apply_idempotence(hex(block), stream);
    return done.ok() ? ValueText::of(value) : done.error().message;
  }

  Value value;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "Idempotence codec: a record has limits, counters, and the names of each producer") {
  types::Stream& stream = make();
  base::Bytes out;
  Encoder encoder(out, false);
  encode_idempotence(stream, encoder);
  CHECK(out.empty());
  stream.idempotence_table().add("p", "a", {5, 1}, 5);
  stream.idempotence_table().add("q", "b", {5, 2}, 5);
  stream.idempotence_table().add("p", "c", {5, 3}, 5);
  stream.idempotence_table().count_duplicate();
  encode_idempotence(stream, encoder);
  CHECK(to_hex(out) == "fa " + to_hex(packed("sluice-stream-idempotence")) +
                           " 18 40 64 40 64 03 01 01 70 02 01 61 05 01 01 63 05 03 01 71 01 01 62 05 02");
  const std::string expected = ValueText::of(value);
  CHECK(applied("40 64 40 64 03 01 01 70 02 01 61 05 01 01 63 05 03 01 71 01 01 62 05 02") == expected);
}

TEST_CASE_FIXTURE(Fixture, "Idempotence codec: many names go into many records, and all come back") {
  types::Stream& stream = make();
  (void)stream.set_idempotence_limits({1000, 10'000});
  for (uint64_t i = 0; i < 9000; ++i) {
    stream.idempotence_table().add("producer:" + std::to_string(i % 7), "name:" + std::to_string(i), {i, i},
                                   i);
  }
  const base::Bytes payload = dump_value(value, false);
  const auto restored = restore_value(payload, keyspace);
  REQUIRE(restored.ok());
  CHECK(ValueText::of(*restored) == ValueText::of(value));
  size_t records = 0;
  const std::string name = "sluice-stream-idempotence";
  for (size_t at = payload.find(name); at != payload.npos; at = payload.find(name, at + 1)) ++records;
  CHECK(records > 5);
  CHECK(records < 30);
}

TEST_CASE_FIXTURE(Fixture, "Idempotence codec: what cannot be is refused") {
  const std::string head = "40 64 40 64 03 01 ";
  CHECK(applied("00 40 64 03 01") == "how long or how much a stream remembers is out of range");
  CHECK(applied("40 64 00 03 01") == "how long or how much a stream remembers is out of range");
  CHECK(applied("40 64 80 00 00 27 11 03 01") == "how long or how much a stream remembers is out of range");
  CHECK(applied(head + "00 01 01 61 05 01") == "a producer has no name, or sent nothing");
  CHECK(applied(head + "01 70 00") == "a producer has no name, or sent nothing");
  CHECK(applied(head + "01 70 01 00 05 01") == "what a producer sent has no name");
  CHECK(applied(head + "01 70 02 01 61 05 01 01 61 05 02") == "a producer sent two entries under one name");
  CHECK(applied(head + "01 70 02 01 61 05 01").find("it ends too early") != std::string::npos);
  CHECK(applied("40 64 40").find("it ends too early") != std::string::npos);
  types::Stream& stream = make();
  REQUIRE(apply_idempotence(hex(head), stream).ok());
  CHECK_FALSE(apply_idempotence(hex("40 65 40 64 03 01"), stream).ok());
}

TEST_CASE("Idempotence codec: files keep it, of small streams and of big ones that change meanwhile") {
  for (const uint64_t entries : {uint64_t{1}, uint64_t{5000}}) {
    SnapshotDesk desk;
    Value value(desk.keyspace.make<types::Stream>());
    auto* stream = keyspace::get_if<types::Stream>(value);
    for (uint64_t i = 1; i <= entries; ++i) REQUIRE(stream->append({i, 0}, kFields).ok());
    stream->idempotence_table().add("p", "a", {1, 0}, 1);
    keyspace::Entry& entry = desk.keyspace.store(desk.access, "s", std::move(value), keyspace::events::xadd);
    desk.changes.clear();
    const std::string text = ValueText::of(entry.value);
    CHECK(text.find("sent p a 1-0") != std::string::npos);
    desk.begin();
    desk.db().before_change(entry);
    stream->idempotence_table().add("q", "b", {1, 0}, 1);
    CHECK(desk.written() == Lines{"0 s " + text});
  }
}
