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

namespace {

const std::string kPackedHash = "10 0c 0c 00 00 00 02 00 81 61 02 01 01 ff ";  // a 1

std::string record(const std::string& block) {
  return "fa " + to_hex(packed("sluice-hash-deadlines")) + " " + to_hex(packed(hex(block))) + " ";
}

}  // namespace

TEST_CASE("Dump: the deadlines of fields stand between the plain hash and the footer of version 10") {
  Keyspace keyspace(1, 1);
  auto hash = keyspace.make<types::Hash>();
  hash.set("a", "1");
  hash.set_deadline("a", 1000);
  const base::Bytes payload = dump_value(Value(std::move(hash)), true);
  CHECK(payload == footed(hex(kPackedHash + record("e8 03 00 00 00 00 00 00 00 01 61"))));
  REQUIRE(is_dump(payload));
  const auto value = restore_value(payload, keyspace);
  REQUIRE(value.ok());
  CHECK(ValueText::of(*value) == "listpackex: a 1@1000");
}

TEST_CASE("Dump: deadlines that cannot be those of the hash are refused, other bytes behind it are not") {
  Keyspace keyspace(1, 1);
  const auto restored = [&keyspace](const std::string& behind) {
    const auto value = restore_value(footed(hex(kPackedHash + behind)), keyspace);
    return value.ok() ? ValueText::of(*value) : value.error().message;
  };
  const std::string unknown = record("e8 03 00 00 00 00 00 00 00 01 62");
  CHECK(restored(unknown) == "a record of deadlines of fields: the hash has no such field");
  CHECK(restored(record("e8 03 00 00 00 00 00 00 00 01 61").substr(0, 80)).find("it ends too early") !=
        std::string::npos);
  for (const std::string& behind : {std::string("00 01 02"), std::string("fa"), std::string("fa 05 61"),
                                    "fa 01 61 01 62 " + unknown, "00 " + unknown}) {
    CHECK(restored(behind) == "listpack: a 1");
  }
  // Nor is a record behind what is no hash.
  CHECK(restore_value(footed(hex("00 02 68 69 " + unknown)), keyspace).ok());
}

TEST_CASE("Dump: newer than Redis 7.0 is what has a later version, or a type that came later") {
  CHECK_FALSE(is_newer_dump(footed(hex("00 02 68 69"))));
  CHECK_FALSE(is_newer_dump(footed(hex("00 02 68 69"), 6)));
  CHECK_FALSE(is_newer_dump(footed(hex("13 00"), 10)));
  CHECK(is_newer_dump(footed(hex("00 02 68 69"), 11)));
  CHECK(is_newer_dump(footed(hex("14 0c 0c000000 0200 81 61 02 07 01 ff"))));
}

TEST_CASE("Dump: an empty collection cannot be restored") {
  Keyspace keyspace(1, 1);
  CHECK_FALSE(restore_value(footed(hex("02 00")), keyspace).ok());
}
