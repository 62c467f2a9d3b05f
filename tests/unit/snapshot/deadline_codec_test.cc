#include "snapshot/deadline_codec.h"

#include <string>

#include <doctest/doctest.h>

#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

struct Fixture {
  Keyspace keyspace{1, 1};

  types::Hash& make(int fields) {
    value = Value(keyspace.make<types::Hash>());
    auto& hash = *keyspace::get_if<types::Hash>(value);
    for (int i = 0; i < fields; ++i) hash.set("f" + std::to_string(i), "v");
    return hash;
  }
  // A hash of f0 and f1, when the block was applied to it; or why it was not.
  std::string applied(const std::string& block) {
    types::Hash& hash = make(2);
    const auto done = apply_deadlines(hex(block), hash);
    return done.ok() ? ValueText::of(value) : done.error().message;
  }

  Value value;
};

const std::string kEarliest = "e8 03 00 00 00 00 00 00 ";  // 1000

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "Deadline codec: a record names each field that expires, and how much later it does") {
  types::Hash& hash = make(4);
  base::Bytes out;
  Encoder encoder(out, false);
  encode_deadlines(value, encoder);
  CHECK(out.empty());
  hash.set_deadline("f0", 1100);
  hash.set_deadline("f2", 1000);
  hash.set("7", "v");
  hash.set_deadline("7", 1001);
  encode_deadlines(value, encoder);
  CHECK(to_hex(out) == "fa " + to_hex(packed("sluice-hash-deadlines")) + " 14 " + kEarliest +
                           "40 64 02 66 30 00 02 66 32 01 c0 07");
  out.clear();
  encode_deadlines(Value(types::StringValue(77)), encoder);
  CHECK(out.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "Deadline codec: many fields go into many records of bounded size, and all come back") {
  for (const size_t most_packed : {size_t{128}, size_t{100'000}}) {
    keyspace.value_context().hash.max_listpack_entries = most_packed;
    types::Hash& hash = make(3000);
    for (int i = 0; i < 3000; ++i) hash.set_deadline("f" + std::to_string(i), 1000 + int64_t{i} * 1'000'000);
    const std::string before = ValueText::of(value);
    base::Bytes out;
    Encoder encoder(out, false);
    encode_deadlines(value, encoder);
    for (int i = 0; i < 3000; ++i) hash.set_deadline("f" + std::to_string(i), types::kNeverExpires);
    Decoder in(out);
    int records = 0;
    for (; in.left() > 0; ++records) {
      REQUIRE(static_cast<Opcode>(in.byte()) == Opcode::kAux);
      REQUIRE(in.text() == kDeadlinesName);
      const base::Bytes block(in.text());
      CHECK(block.size() < kDeadlineBlockBytes + 20);
      REQUIRE(apply_deadlines(block, hash).ok());
    }
    CHECK(records >= 2);
    CHECK(ValueText::of(value) == before);
  }
}

TEST_CASE_FIXTURE(Fixture, "Deadline codec: what is collected is counted until it is taken") {
  DeadlineRecords records(1000);
  CHECK(records.empty());
  records.add({false, 0, "f"}, types::kNeverExpires);
  CHECK(records.empty());
  records.add({false, 0, "f"}, 1000);
  CHECK_FALSE(records.empty());
  CHECK(records.memory_bytes() == 11);
  base::Bytes out;
  Encoder encoder(out, false);
  records.take(encoder);
  CHECK(records.empty());
  CHECK(records.memory_bytes() == 0);
}

TEST_CASE_FIXTURE(Fixture, "Deadline codec: blocks that make no sense are refused") {
  CHECK(applied(kEarliest + "00 02 66 31") == "listpackex: f0 v f1 v@1000");
  CHECK(applied(kEarliest + "05 02 66 31 00 02 66 30") == "listpackex: f0 v@1000 f1 v@1005");
  CHECK(applied(kEarliest + "00 02 66 32") == "the hash has no such field");
  CHECK(applied(kEarliest + "00 02 66 31 01 02 66 31") == "a field has two deadlines");
  const std::string range = "the deadline of a field is out of range";
  CHECK(applied("ff ff ff ff ff ff 00 00 00 02 66 31") == "listpackex: f0 v f1 v@281474976710655");
  CHECK(applied("ff ff ff ff ff ff 00 00 01 02 66 31") == range);
  CHECK(applied("00 00 00 00 00 00 01 00 00 02 66 31") == range);
  CHECK(applied("ff ff ff ff ff ff ff ff 00 02 66 31") == range);
  CHECK(applied(kEarliest + "81 ff ff ff ff ff ff ff ff 02 66 31") == range);
  const std::string whole = kEarliest + "05 02 66 31";
  for (size_t bytes = 0; bytes < 12; ++bytes) {
    CHECK(applied(whole.substr(0, 3 * bytes)).find("it ends too early") != std::string::npos);
  }
}
