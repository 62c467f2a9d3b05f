#include "snapshot/value_codec.h"

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "keyspace/keyspace.h"
#include "unit/snapshot/bytes.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

std::string encoded(const Value& value) {
  base::Bytes out;
  Encoder encoder(out, false);
  encoder.code(code_of(value));
  encode_value(value, encoder);
  return to_hex(out);
}

}  // namespace

TEST_CASE("Value codec: a string, and an integer") {
  CHECK(encoded(Value(types::StringValue::from_text("hi"))) == "00 02 68 69");
  CHECK(encoded(Value(types::StringValue(77))) == "00 c0 4d");
}

TEST_CASE("Value codec: a list is its nodes, packed or plain") {
  Keyspace keyspace(1, 1);
  keyspace.value_context().list.limits.packed_threshold = 5;
  auto list = keyspace.make<types::List>();
  list.push_back("a");
  list.push_back("7");
  list.push_back("large");
  CHECK(encoded(Value(std::move(list))) ==
        "12 02 02 0c 0c 00 00 00 02 00 81 61 02 07 01 ff 01 05 6c 61 72 67 65");
}

TEST_CASE("Value codec: packed hashes and sorted sets are one listpack, integer sets one array") {
  Keyspace keyspace(1, 1);
  auto hash = keyspace.make<types::Hash>();
  hash.set("f", "1");
  CHECK(encoded(Value(std::move(hash))) == "10 0c 0c 00 00 00 02 00 81 66 02 01 01 ff");
  auto sorted = keyspace.make<types::SortedSet>();
  sorted.add("m", 2.5);
  CHECK(encoded(Value(std::move(sorted))) == "11 0f 0f 00 00 00 02 00 81 6d 02 83 32 2e 35 04 ff");
  auto set = keyspace.make<types::Set>();
  set.add("3");
  set.add("-1");
  CHECK(encoded(Value(std::move(set))) == "0b 0c 02 00 00 00 02 00 00 00 ff ff 03 00");
}

TEST_CASE("Value codec: tables are their items, and so are packed sets, which version 10 does not know") {
  Keyspace keyspace(1, 1);
  keyspace.value_context().hash.max_listpack_entries = 0;
  keyspace.value_context().sorted_set.max_listpack_entries = 0;
  auto hash = keyspace.make<types::Hash>();
  hash.set("f", "1");
  CHECK(encoded(Value(std::move(hash))) == "04 01 01 66 c0 01");
  auto sorted = keyspace.make<types::SortedSet>();
  sorted.add("m", 2.5);
  CHECK(encoded(Value(std::move(sorted))) == "05 01 01 6d 00 00 00 00 00 00 04 40");
  auto set = keyspace.make<types::Set>();
  set.add("x");
  CHECK(set.encoding() == std::string("listpack"));
  CHECK(encoded(Value(std::move(set))) == "02 01 01 78");
}

TEST_CASE("Value codec: hashes with fields that expire are written like any other, in both forms") {
  Keyspace keyspace(1, 1);
  auto hash = keyspace.make<types::Hash>();
  hash.set("a", "1");
  hash.set_deadline("a", 1000);
  CHECK(encoded(Value(std::move(hash))) == "10 0c 0c 00 00 00 02 00 81 61 02 01 01 ff");
  keyspace.value_context().hash.max_listpack_entries = 0;
  auto table = keyspace.make<types::Hash>();
  table.set("a", "1");
  table.set_deadline("a", 1000);
  CHECK(encoded(Value(std::move(table))) == "04 01 01 61 c0 01");
}

TEST_CASE("Value codec: a stream is its blocks, its counters and its groups") {
  Keyspace keyspace(1, 1);
  auto stream = keyspace.make<types::Stream>();
  const base::ByteView fields[] = {"k", "v"};
  REQUIRE(stream->append({1, 2}, fields).ok());
  REQUIRE(stream->append({1, 3}, fields).ok());
  REQUIRE(stream->remove({1, 2}));
  const std::string block = to_hex(stream->block(0).listpack());
  CHECK(encoded(Value(std::move(stream))) == "13 01 10 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 02 28 " +
                                                 block + " 01 01 03 01 03 01 02 02 00");
}
