#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kNotAFloat = error("ERR value is not a valid float");
const resp::Value kOverflow = error("ERR increment or decrement would overflow");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

}  // namespace

TEST_CASE("INCR, DECR, INCRBY, DECRBY: count from 0, and are logged as they came") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("INCR", "k") == integer(1));
  CHECK(h.events() == Lines{"__keyspace@0__:k incrby", "__keyevent@0__:incrby k"});
  CHECK(h.run("INCRBY", "k", "10") == integer(11));
  CHECK(h.run("DECR", "k") == integer(10));
  CHECK(h.run("DECRBY", "k", "-5") == integer(15));
  CHECK(h.run("INCRBY", "k", "-20") == integer(-5));
  CHECK(h.run("DECR", "other") == integer(-1));
  CHECK(h.run("GET", "k") == bulk("-5"));
  CHECK(h.propagated() ==
        Lines{"INCR k", "INCRBY k 10", "DECR k", "DECRBY k -5", "INCRBY k -20", "DECR other"});
}

TEST_CASE("INCR: keeps the deadline, and makes text that reads as a number one") {
  Harness h;
  h.run("SET", "k", "1", "PXAT", "1800000000000");
  h.run("APPEND", "k", "0");
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("raw"));
  CHECK(h.run("INCR", "k") == integer(11));
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("int"));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'000));
}

TEST_CASE("INCR: only exact integers count, and a failure leaves nothing") {
  Harness h;
  for (const std::string text : {"", "abc", " 1", "1 ", "01", "+1", "1.0", "9223372036854775808"}) {
    h.run("SET", "k", text);
    CHECK_MESSAGE(h.run("INCR", "k") == kNotAnInteger, text);
    CHECK(h.run("GET", "k") == bulk(text));
  }
  h.propagated();
  CHECK(h.run("INCRBY", "nokey", "x") == kNotAnInteger);
  CHECK(h.run("DECRBY", "nokey", "1.5") == kNotAnInteger);
  CHECK(h.run("EXISTS", "nokey") == integer(0));
  CHECK(h.propagated().empty());
}

TEST_CASE("INCRBY and DECRBY: the ends of the range") {
  Harness h;
  h.run("SET", "k", "9223372036854775806");
  CHECK(h.run("INCR", "k") == integer(INT64_MAX));
  CHECK(h.run("INCR", "k") == kOverflow);
  h.run("SET", "k", "-9223372036854775807");
  CHECK(h.run("DECR", "k") == integer(INT64_MIN));
  CHECK(h.run("DECR", "k") == kOverflow);
  CHECK(h.run("INCRBY", "nokey", "-9223372036854775808") == integer(INT64_MIN));
  h.run("RPUSH", "list", "a");
  CHECK(h.run("DECRBY", "list", "-9223372036854775808") == error("ERR decrement would overflow"));
  CHECK(h.run("DECRBY", "list", "1") == kWrongType);
}

TEST_CASE("INCRBYFLOAT: long double text, logged as the sum it made") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("INCRBYFLOAT", "k", "10.5") == bulk("10.5"));
  CHECK(h.events() == Lines{"__keyspace@0__:k incrbyfloat", "__keyevent@0__:incrbyfloat k"});
  CHECK(h.run("INCRBYFLOAT", "k", "0.1") == bulk("10.6"));
  CHECK(h.run("INCRBYFLOAT", "k", "-5e3") == bulk("-4989.39999999999999991"));
  CHECK(h.run("INCRBYFLOAT", "k", "4989.39999999999999991") == bulk("0"));
  CHECK(h.propagated() == Lines{"SET k 10.5 KEEPTTL", "SET k 10.6 KEEPTTL",
                                "SET k -4989.39999999999999991 KEEPTTL", "SET k 0 KEEPTTL"});
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("embstr"));
  h.run("SET", "k", "3", "PXAT", "1800000000000");
  CHECK(h.run("INCRBYFLOAT", "k", "1") == bulk("4"));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'000));
}

TEST_CASE("INCRBYFLOAT: what is no finite number is refused and leaves nothing") {
  Harness h;
  h.run("RPUSH", "list", "a");
  CHECK(h.run("INCRBYFLOAT", "list", "x") == kWrongType);
  CHECK(h.run("INCRBYFLOAT", "nokey", "x") == kNotAFloat);
  CHECK(h.run("INCRBYFLOAT", "nokey", "nan") == kNotAFloat);
  CHECK(h.run("INCRBYFLOAT", "nokey", " 1") == kNotAFloat);
  CHECK(h.run("INCRBYFLOAT", "nokey", "") == kNotAFloat);
  CHECK(h.run("INCRBYFLOAT", "nokey", "inf") == error("ERR increment would produce NaN or Infinity"));
  CHECK(h.run("EXISTS", "nokey") == integer(0));
  h.run("SET", "text", "abc");
  CHECK(h.run("INCRBYFLOAT", "text", "1") == kNotAFloat);
}

}  // namespace sluice::test
