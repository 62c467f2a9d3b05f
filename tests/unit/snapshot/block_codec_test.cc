#include "snapshot/block_codec.h"

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

// Entries 1-0 to 11-0 in blocks of ten, of which those up to 9-0 were deleted, and 11-0, so that the first
// block, compacted by then, is the last again.
void fill(types::Stream& stream) {
  for (uint64_t i = 1; i <= 11; ++i) REQUIRE(stream.append({i, 0}, kFields).ok());
  for (uint64_t i = 1; i <= 9; ++i) REQUIRE(stream.remove({i, 0}));
  REQUIRE(stream.remove({11, 0}));
  REQUIRE(stream.block_count() == 1);
}

types::Stream& make(Keyspace& keyspace, Value& value) {
  keyspace.value_context().stream.node_max_entries = 10;
  value = Value(keyspace.make<types::Stream>());
  return *keyspace::get_if<types::Stream>(value);
}

}  // namespace

TEST_CASE("Block codec: a block that was full before it was compacted is full when it comes back") {
  Keyspace keyspace(1, 1);
  Value value;
  types::Stream& stream = make(keyspace, value);
  base::Bytes out;
  Encoder encoder(out, false);
  encode_dropped(stream, encoder);
  CHECK(out.empty());
  fill(stream);
  CHECK(stream.block(0).dropped().entries == 9);
  const std::string dumped = dump_value(value, false);
  auto again = restore_value(dumped, keyspace);
  REQUIRE(again.ok());
  types::Stream& same = *keyspace::get_if<types::Stream>(*again);
  CHECK(same.block(0).deleted() == 9);
  CHECK(same.block(0).bytes() == stream.block(0).bytes());
  CHECK(same.entries_after({}) == 1);
  for (types::Stream* const each : {&stream, &same}) {
    REQUIRE(each->append({12, 0}, kFields).ok());
    CHECK(each->block_count() == 2);
    CHECK(each->entries_after({}) == 2);
    CHECK(each->entries_after({10, 0}) == 1);
  }
}

TEST_CASE("Block codec: records that make no sense are refused") {
  Keyspace keyspace(1, 1);
  Value value;
  const auto applied = [&](const char* block) -> std::string {
    types::Stream& stream = make(keyspace, value);
    REQUIRE(stream.append({1, 0}, kFields).ok());
    const auto done = apply_dropped(hex(block), stream);
    return done.ok() ? "" : done.error().message;
  };
  CHECK(applied("00 01 02") == "");
  CHECK(applied("01 01 02") == "there is no block it was dropped from");
  CHECK(applied("00 01 02 00 01 02") == "there is no block it was dropped from");
  CHECK(applied("00 00 02") == "what was dropped is out of range");
  CHECK(applied("00 810000000100000000 02") == "what was dropped is out of range");
  CHECK(applied("00 01 810000000100000000") == "what was dropped is out of range");
  CHECK(applied("00 01").find("it ends too early") != std::string::npos);
}
