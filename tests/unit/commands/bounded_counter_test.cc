#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const std::string kMax = "9223372036854775807";
const std::string kMin = "-9223372036854775808";

resp::Value numbers(int64_t sum, int64_t applied) {
  return array({integer(sum), integer(applied)});
}

}  // namespace

TEST_CASE("INCREX: adds 1, an integer or a fraction, and shows the sum and the step") {
  Harness h;
  CHECK(h.run("INCREX", "k") == numbers(1, 1));
  CHECK(h.run("INCREX", "k", "byint", "-5") == numbers(-4, -5));
  CHECK(h.run("INCREX", "k", "BYFLOAT", "0.5") == bulks({"-3.5", "0.5"}));
  CHECK(h.run("INCREX", "k") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("INCREX", "", "BYFLOAT", "3") == bulks({"3", "3"}));
  CHECK(h.run("INCREX", "", "BYINT", "0") == numbers(3, 0));
  h.first().resp3();
  const resp::Value reply = h.run("INCREX", "k", "BYFLOAT", "1e2");
  REQUIRE(reply.children.size() == 2);
  CHECK(reply.children[0].kind == resp::Kind::kDouble);
  CHECK(reply.children[1].kind == resp::Kind::kDouble);
}

TEST_CASE("INCREX: out of bounds nothing changes, unless it may be cut to the bound") {
  Harness h;
  h.run("SET", "k", "10");
  h.propagated();
  CHECK(h.run("INCREX", "k", "BYINT", "10", "UBOUND", "15", "EX", "100") == numbers(10, 0));
  CHECK(h.run("INCREX", "k", "BYINT", "-10", "LBOUND", "5") == numbers(10, 0));
  CHECK(h.run("TTL", "k") == integer(-1));
  CHECK(h.propagated().empty());
  CHECK(h.run("INCREX", "k", "BYINT", "10", "UBOUND", "15", "SATURATE") == numbers(15, 5));
  CHECK(h.run("INCREX", "k", "SATURATE", "BYINT", "-100", "LBOUND", "5") == numbers(5, -10));
  CHECK(h.run("INCREX", "k", "BYINT", "5", "LBOUND", "0", "UBOUND", "10") == numbers(10, 5));
  CHECK(h.run("INCREX", "none", "BYINT", "15", "UBOUND", "10") == numbers(0, 0));
  CHECK(h.run("EXISTS", "none") == integer(0));
  h.run("SET", "far", "50");
  CHECK(h.run("INCREX", "far", "BYINT", "5", "UBOUND", "30") == numbers(50, 0));
  CHECK(h.run("INCREX", "far", "BYINT", "-25", "UBOUND", "30") == numbers(25, -25));
  h.run("SET", "far", "50");
  CHECK(h.run("INCREX", "far", "BYINT", "5", "UBOUND", "30", "SATURATE") == numbers(30, -20));
  h.run("SET", "f", "10.0");
  CHECK(h.run("INCREX", "f", "BYFLOAT", "10", "UBOUND", "15.5") == bulks({"10", "0"}));
  CHECK(h.run("INCREX", "f", "BYFLOAT", "10", "UBOUND", "15.5", "SATURATE") == bulks({"15.5", "5.5"}));
  CHECK(h.run("INCREX", "f", "BYFLOAT", "-99", "LBOUND", "-1", "SATURATE") == bulks({"-1", "-16.5"}));
}

TEST_CASE("INCREX: what no integer or fraction can hold is out of bounds, too") {
  Harness h;
  h.run("SET", "k", "9223372036854775800");
  CHECK(h.run("INCREX", "k", "BYINT", "100") == numbers(9223372036854775800, 0));
  CHECK(h.run("INCREX", "k", "BYINT", "100", "SATURATE") == numbers(INT64_MAX, 7));
  h.run("SET", "k", kMin);
  CHECK(h.run("INCREX", "k", "BYINT", kMin, "SATURATE") == numbers(INT64_MIN, 0));
  CHECK(h.run("INCREX", "k", "BYINT", "-1", "LBOUND", "5", "SATURATE") == numbers(5, INT64_MAX));
  h.run("SET", "f", "1e308");
  CHECK(h.run("INCREX", "f", "BYFLOAT", "1e308").children[1] == bulk("0"));
  CHECK(h.run("INCREX", "f", "BYFLOAT", "inf").children[1] == bulk("0"));
}

TEST_CASE("INCREX: deadlines are set, kept, or taken away") {
  Harness h;
  h.run("INCREX", "k", "EX", "100");
  CHECK(h.run("TTL", "k") == integer(100));
  h.run("INCREX", "k");
  CHECK(h.run("TTL", "k") == integer(100));
  h.run("INCREX", "k", "PX", "5000", "ENX");
  CHECK(h.run("TTL", "k") == integer(100));
  h.run("INCREX", "k", "ENX", "EXAT", "1");
  CHECK(h.run("GET", "k") == bulk("4"));
  h.run("INCREX", "k", "PERSIST");
  CHECK(h.run("TTL", "k") == integer(-1));
  h.run("INCREX", "k", "PX", "5000", "ENX");
  CHECK(h.run("PTTL", "k") == integer(5000));
  CHECK(h.run("INCREX", "k", "PXAT", "1") == numbers(7, 1));
  CHECK(h.run("EXISTS", "k") == integer(0));
  CHECK(h.run("INCREX", "k", "PXAT", "1") == numbers(1, 1));
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("INCREX: logged as SET, announced as INCRBY would be") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("INCREX", "k", "BYINT", "5");
  h.run("INCREX", "k", "BYFLOAT", "0.5");
  h.run("SET", "k", "10");
  h.run("INCREX", "k", "PXAT", "99999999999999");
  h.run("INCREX", "k", "EX", "10", "ENX");
  h.run("INCREX", "k", "PERSIST");
  h.run("INCREX", "k", "EXAT", "1");
  CHECK(h.propagated() == Lines{"SET k 5 KEEPTTL", "SET k 5.5 KEEPTTL", "SET k 10",
                                "SET k 11 PXAT 99999999999999", "SET k 12 KEEPTTL", "SET k 13", "DEL k"});
  CHECK(h.events() == Lines{"__keyevent@0__:incrby k", "__keyevent@0__:incrbyfloat k", "__keyevent@0__:set k",
                            "__keyevent@0__:incrby k", "__keyevent@0__:expire k", "__keyevent@0__:incrby k",
                            "__keyevent@0__:incrby k", "__keyevent@0__:persist k", "__keyevent@0__:del k"});
}

TEST_CASE("INCREX: bad arguments, and options given twice") {
  Harness h;
  h.run("LPUSH", "l", "a");
  h.run("SET", "text", "hello");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"FOO"},
           {"BYINT"},
           {"BYINT", "1", "BYFLOAT", "1.5"},
           {"BYINT", "1", "BYINT", "2"},
           {"LBOUND", "0", "LBOUND", "1"},
           {"UBOUND", "9", "UBOUND", "8"},
           {"SATURATE", "SATURATE"},
           {"EX", "10", "PX", "5000"},
           {"EX", "10", "EX", "20"},
           {"EX", "10", "PERSIST"},
           {"PERSIST", "EX", "10"},
           {"PERSIST", "PERSIST"},
           {"PERSIST", "ENX"},
           {"ENX", "PERSIST"},
           {"ENX", "ENX", "EX", "10"},
       }) {
    std::vector<std::string> request{"INCREX", "k"};
    request.insert(request.end(), words.begin(), words.end());
    h.first().send_words(request);
    CHECK(h.first().reply() == kSyntax);
  }
  CHECK(h.run("INCREX", "k", "ENX") == error("ERR ENX flag requires an expiration"));
  CHECK(h.run("INCREX", "k", "BYINT", "1.5") == error("ERR Increment is not an integer or out of range"));
  CHECK(h.run("INCREX", "k", "BYFLOAT", "nan") == error("ERR Increment is not a valid float"));
  CHECK(h.run("INCREX", "k", "LBOUND", "x") == error("ERR LBOUND is not an integer or out of range"));
  CHECK(h.run("INCREX", "k", "UBOUND", "1.5") == error("ERR UBOUND is not an integer or out of range"));
  CHECK(h.run("INCREX", "k", "LBOUND", "2", "UBOUND", "1") ==
        error("ERR LBOUND can't be greater than UBOUND"));
  CHECK(h.run("INCREX", "k", "BYFLOAT", "1", "LBOUND", "2.5", "UBOUND", "1.5") ==
        error("ERR LBOUND can't be greater than UBOUND"));
  CHECK(h.run("INCREX", "k", "EX", "0") == error("ERR invalid expire time in 'increx' command"));
  CHECK(h.run("INCREX", "k", "PX", kMax) == error("ERR invalid expire time in 'increx' command"));
  CHECK(h.run("INCREX", "l") == error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  CHECK(h.run("INCREX", "text") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("INCREX", "text", "BYFLOAT", "1") == error("ERR value is not a valid float"));
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("INCREX BYFLOAT: a counter never becomes what a RESP3 reply would call infinite") {
  Harness h;
  h.run("HELLO", "3");
  CHECK(h.text("INCREX", "k", "BYFLOAT", "1e4000") == "[,0, ,0]");
  CHECK(h.run("EXISTS", "k") == integer(0));
  CHECK(h.text("INCREX", "k", "BYFLOAT", "1e4000", "UBOUND", "inf", "SATURATE").find("inf") ==
        std::string::npos);
  CHECK(h.text("INCREX", "k", "BYFLOAT", "-1e4000", "SATURATE").find("inf") == std::string::npos);
  h.run("SET", "k", "1e4000");
  CHECK(h.run("INCREX", "k", "BYFLOAT", "1") == error("ERR value is not a valid float"));
}

}  // namespace sluice::test
