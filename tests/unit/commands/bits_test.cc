#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kBadType =
    error("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");
const resp::Value kBadOffset = error("ERR bit offset is not an integer or out of range");

resp::Value numbers(const std::vector<int64_t>& values) {
  std::vector<resp::Value> items;
  for (const int64_t value : values) items.push_back(integer(value));
  return array(std::move(items));
}

}  // namespace

TEST_CASE("BITFIELD: without operations, an empty answer and no key") {
  Harness h;
  CHECK(h.run("BITFIELD", "k") == array({}));
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "SAT") == array({}));
  CHECK(h.run("BITFIELD_RO", "k") == array({}));
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("BITFIELD GET: the first bit is the highest, beyond the end there are zeros") {
  Harness h;
  h.run("SET", "k", std::string("\x81\xf0", 2));
  CHECK(h.run("BITFIELD", "k", "GET", "u8", "0", "GET", "i8", "0", "GET", "u4", "4") ==
        numbers({129, -127, 1}));
  CHECK(h.run("BITFIELD", "k", "get", "u1", "0", "get", "i1", "0", "get", "u3", "7") == numbers({1, -1, 7}));
  CHECK(h.run("BITFIELD", "k", "GET", "u16", "8", "GET", "u63", "1000") == numbers({0xf000, 0}));
  CHECK(h.run("BITFIELD_RO", "k", "GET", "u8", "#1", "GET", "i64", "0") ==
        numbers({0xf0, static_cast<int64_t>(0x81f0000000000000)}));
  h.run("SET", "number", "7");
  CHECK(h.run("BITFIELD_RO", "number", "GET", "u8", "0") == numbers({'7'}));
  CHECK(h.run("OBJECT", "ENCODING", "number") == bulk("int"));
}

TEST_CASE("BITFIELD SET: tells the old number; the string grows as far as needed") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "#2", "65", "GET", "u8", "16") == numbers({0, 65}));
  CHECK(h.run("GET", "k") == bulk(std::string("\0\0A", 3)));
  CHECK(h.events() == Lines{"__keyspace@0__:k setbit", "__keyevent@0__:setbit k"});
  CHECK(h.run("BITFIELD", "k", "SET", "i5", "3", "-1", "SET", "u8", "16", "66") == numbers({0, 65}));
  CHECK(h.run("GET", "k") == bulk(std::string("\x1f\0B", 3)));
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("raw"));
  CHECK(h.propagated() == Lines{"BITFIELD k SET u8 #2 65 GET u8 16", "BITFIELD k SET i5 3 -1 SET u8 16 66"});
}

TEST_CASE("BITFIELD: fields across bytes keep their neighbours") {
  Harness h;
  h.run("SET", "k", std::string(12, '\xff'));
  CHECK(h.run("BITFIELD", "k", "SET", "u63", "13", "0") == numbers({INT64_MAX}));
  CHECK(h.run("BITFIELD", "k", "GET", "u13", "0", "GET", "u63", "13", "GET", "u20", "76") ==
        numbers({8191, 0, 1048575}));
  CHECK(h.run("BITFIELD", "k", "SET", "i64", "5", "-9223372036854775808", "GET", "i64", "5") ==
        numbers({static_cast<int64_t>(0xff00000000000000u) | 0, INT64_MIN}));
}

TEST_CASE("BITFIELD: writing what is there already is no change") {
  Harness h;
  h.run("SET", "k", "A");
  h.propagated();
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "0", "65", "INCRBY", "u8", "0", "0") == numbers({65, 65}));
  CHECK(h.propagated().empty());
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "8", "0") == numbers({0}));
  CHECK(h.propagated() == Lines{"BITFIELD k SET u8 8 0"});
}

TEST_CASE("BITFIELD OVERFLOW WRAP: around the ends") {
  Harness h;
  CHECK(h.run("BITFIELD", "k", "INCRBY", "u2", "0", "5", "INCRBY", "u2", "0", "-2") == numbers({1, 3}));
  CHECK(h.run("BITFIELD", "k", "SET", "i8", "8", "127", "INCRBY", "i8", "8", "1") == numbers({0, -128}));
  CHECK(h.run("BITFIELD", "k", "SET", "i64", "64", "9223372036854775807", "INCRBY", "i64", "64", "1") ==
        numbers({0, INT64_MIN}));
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "200", "257", "GET", "u8", "200") == numbers({0, 1}));
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "200", "-1", "GET", "u8", "200") == numbers({1, 255}));
}

TEST_CASE("BITFIELD OVERFLOW SAT: stops at the ends") {
  Harness h;
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u2", "0", "9", "INCRBY", "u2", "0", "-9") ==
        numbers({3, 0}));
  CHECK(h.run("BITFIELD", "k", "overflow", "sat", "INCRBY", "i8", "8", "300", "INCRBY", "i8", "8", "-900") ==
        numbers({127, -128}));
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "i8", "8", "-900", "GET", "i8", "8") ==
        numbers({-128, -128}));
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "u8", "16", "-1", "GET", "u8", "16") ==
        numbers({0, 255}));
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "i64", "64", "-2", "INCRBY", "i64", "64",
              "-9223372036854775808", "INCRBY", "i64", "64",
              "9223372036854775807") == numbers({0, INT64_MIN, -1}));
}

TEST_CASE("BITFIELD OVERFLOW FAIL: null and nothing written; the mode holds until the next one") {
  Harness h;
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "3", "INCRBY", "u2", "0", "1",
              "OVERFLOW", "WRAP", "INCRBY", "u2", "0", "1") == array({integer(3), null(), integer(0)}));
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "i4", "4", "8") == array({null()}));
}

TEST_CASE("BITFIELD: a key made and grown for a result that did not fit is there, and in the log") {
  Harness h;
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", "8", "100") == array({null()}));
  CHECK(h.run("STRLEN", "k") == integer(2));
  CHECK(h.propagated() == Lines{"BITFIELD k OVERFLOW FAIL INCRBY u2 8 100"});
}

TEST_CASE("BITFIELD: wrong types, offsets, numbers and words, in the order they stand") {
  Harness h;
  for (const std::string type : {"", "x8", "8", "i", "u0", "u64", "i65", "u08", "i-1"}) {
    CHECK_MESSAGE(h.run("BITFIELD", "k", "GET", type, "0") == kBadType, type);
  }
  for (const std::string offset :
       {"", "x", "-1", "#", "#x", "#-1", "1.5", "4294967296", "#536870912", "#4611686018427387904"}) {
    CHECK_MESSAGE(h.run("BITFIELD", "k", "GET", "u8", offset) == kBadOffset, offset);
  }
  CHECK(h.run("BITFIELD", "k", "GET", "u8", "4294967295") == numbers({0}));
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "0", "x") == kNotAnInteger);
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "0") == kSyntax);
  CHECK(h.run("BITFIELD", "k", "GET", "u8") == kSyntax);
  CHECK(h.run("BITFIELD", "k", "PUT", "u8", "0") == kSyntax);
  CHECK(h.run("BITFIELD", "k", "OVERFLOW") == kSyntax);
  CHECK(h.run("BITFIELD", "k", "OVERFLOW", "x") == error("ERR Invalid OVERFLOW type specified"));
  CHECK(h.run("BITFIELD", "k", "SET", "u8", "0", "1", "GET", "x", "0") == kBadType);
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("BITFIELD and BITFIELD_RO: another type is refused, and the latter only reads") {
  Harness h;
  h.run("RPUSH", "list", "a");
  CHECK(h.run("BITFIELD", "list", "GET", "u8", "0") == kWrongType);
  CHECK(h.run("BITFIELD", "list", "SET", "u8", "0", "1") == kWrongType);
  CHECK(h.run("BITFIELD_RO", "list", "GET", "u8", "0") == kWrongType);
  CHECK(h.run("BITFIELD_RO", "list", "SET", "u8", "0", "1") ==
        error("ERR BITFIELD_RO only supports the GET subcommand"));
}

}  // namespace sluice::test
