#include "snapshot/dump.h"

#include <string>

#include <doctest/doctest.h>

#include "snapshot/crc64.h"
#include "snapshot/encoder.h"
#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

std::string footed(std::string payload, char version = 10) {
  payload += version;
  payload += '\0';
  Encoder out(payload, false);
  out.fixed64(crc64(0, payload));
  return payload;
}

}  // namespace

TEST_CASE("Dump: a value with its footer is recognised and restored") {
  Keyspace keyspace(1, 1);
  const base::Bytes payload = dump_value(Value(types::StringValue::from_text("hi")), true);
  CHECK(payload == footed(hex("00 02 68 69")));
  REQUIRE(is_dump(payload));
  const auto value = restore_value(payload, keyspace);
  REQUIRE(value.ok());
  CHECK(ValueText::of(*value) == "embstr: hi");
}

TEST_CASE("Dump: bytes between value and footer are left alone") {
  Keyspace keyspace(1, 1);
  const auto value = restore_value(footed(hex("00 02 68 69") + "something else"), keyspace);
  REQUIRE(value.ok());
  CHECK(ValueText::of(*value) == "embstr: hi");
}

TEST_CASE("Dump: other checksums, later versions and short strings are none") {
  CHECK_FALSE(is_dump(""));
  CHECK_FALSE(is_dump(footed(hex("00 02 68 69")).substr(0, 13)));
  CHECK(is_dump(footed(hex("00 02 68 69"), 12)));
  CHECK_FALSE(is_dump(footed(hex("00 02 68 69"), 13)));
}

TEST_CASE("Dump: a hash with fields that expire says version 12, and keeps them") {
  Keyspace keyspace(1, 1);
  auto hash = keyspace.make<types::Hash>();
  hash->set("a", "1");
  hash->set_deadline("a", 1000);
  const base::Bytes payload = dump_value(Value(std::move(hash)), true);
  CHECK(payload ==
        footed(hex("19 e8 03 00 00 00 00 00 00 0f 0f 00 00 00 03 00 81 61 02 01 01 c3 e8 02 ff"), 12));
  REQUIRE(is_dump(payload));
  const auto value = restore_value(payload, keyspace);
  REQUIRE(value.ok());
  CHECK(ValueText::of(*value) == "listpackex: a 1@1000");
}

TEST_CASE("Dump: an empty collection cannot be restored") {
  Keyspace keyspace(1, 1);
  CHECK_FALSE(restore_value(footed(hex("02 00")), keyspace).ok());
}
