#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

// The harness's clock begins here, in unix milliseconds.
constexpr int64_t kStart = 1'700'000'000'000;

struct WithKey : Harness {
  WithKey() {
    run("SET", "k", "v");
    propagated();
  }
};

}  // namespace

TEST_CASE("EXPIRE and its kin: the log gets the moment") {
  WithKey h;
  CHECK(h.run("EXPIRE", "k", "10") == integer(1));
  CHECK(h.run("PEXPIRETIME", "k") == integer(kStart + 10'000));
  CHECK(h.run("PEXPIRE", "k", "10") == integer(1));
  CHECK(h.run("PEXPIRETIME", "k") == integer(kStart + 10));
  CHECK(h.run("EXPIREAT", "k", "1800000000") == integer(1));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'000));
  CHECK(h.run("PEXPIREAT", "k", "1800000000001") == integer(1));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'001));
  CHECK(h.propagated() == Lines{"PEXPIREAT k 1700000010000", "PEXPIREAT k 1700000000010",
                                "PEXPIREAT k 1800000000000", "PEXPIREAT k 1800000000001"});
  CHECK(h.run("EXPIRE", "nokey", "10") == integer(0));
  CHECK(h.propagated().empty());
}

TEST_CASE("EXPIRE: the key goes at its moment and not before, and its end is logged") {
  WithKey h;
  h.configure("notify-keyspace-events", "KEA");
  h.run("PEXPIRE", "k", "100");
  CHECK(h.events() == Lines{"__keyspace@0__:k expire", "__keyevent@0__:expire k"});
  h.propagated();
  h.advance(99ms);
  CHECK(h.run("EXISTS", "k") == integer(1));
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"DEL k"});
  CHECK(h.events() == Lines{"__keyspace@0__:k expired", "__keyevent@0__:expired k"});
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("EXPIRE: a moment that has passed removes the key at once") {
  for (const std::string& past : {std::string("0"), std::string("-1"), std::string("-9000000")}) {
    WithKey h;
    h.configure("notify-keyspace-events", "KEA");
    CHECK(h.run("EXPIRE", "k", past) == integer(1));
    CHECK(h.run("EXISTS", "k") == integer(0));
    CHECK(h.propagated() == Lines{"DEL k"});
    CHECK(h.events() == Lines{"__keyspace@0__:k del", "__keyevent@0__:del k"});
  }
}

TEST_CASE("PEXPIREAT from the log: a passed moment is set, since the log brings the removal") {
  WithKey h;
  const std::vector<base::ByteView> words = {"PEXPIREAT", "k", "1000"};
  REQUIRE(h.executor.replay(h.first().client, words).ok());
  REQUIRE(h.keyspace.database(0).find("k") != nullptr);
  CHECK(h.digest().find("until 1000") != std::string::npos);
}

TEST_CASE("EXPIRE NX, XX, GT, LT: a key without deadline counts as never ending") {
  WithKey h;
  CHECK(h.run("EXPIRE", "k", "100", "XX") == integer(0));
  CHECK(h.run("EXPIRE", "k", "100", "GT") == integer(0));
  CHECK(h.run("EXPIRE", "k", "100", "lt") == integer(1));
  CHECK(h.run("EXPIRE", "k", "50", "NX") == integer(0));
  CHECK(h.run("EXPIRE", "k", "100", "GT") == integer(0));
  CHECK(h.run("EXPIRE", "k", "100", "LT") == integer(0));
  CHECK(h.run("EXPIRE", "k", "101", "gt", "xx") == integer(1));
  CHECK(h.run("EXPIRE", "k", "99", "XX", "LT") == integer(1));
  CHECK(h.run("TTL", "k") == integer(99));
  h.run("PERSIST", "k");
  CHECK(h.run("EXPIRE", "k", "7", "NX", "nx") == integer(1));
  CHECK(h.run("TTL", "k") == integer(7));
}

TEST_CASE("EXPIRE: options that exclude each other, unknown ones, and numbers, in this order") {
  WithKey h;
  const auto nx = error("ERR NX and XX, GT or LT options at the same time are not compatible");
  CHECK(h.run("EXPIRE", "k", "10", "NX", "XX") == nx);
  CHECK(h.run("EXPIRE", "k", "10", "NX", "GT") == nx);
  CHECK(h.run("EXPIRE", "k", "10", "LT", "NX") == nx);
  CHECK(h.run("EXPIRE", "k", "10", "GT", "LT") ==
        error("ERR GT and LT options at the same time are not compatible"));
  CHECK(h.run("EXPIRE", "k", "10", "GT", "Foo") == error("ERR Unsupported option Foo"));
  CHECK(h.run("EXPIRE", "k", "x", "NX", "GT") == nx);
  CHECK(h.run("EXPIRE", "k", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("EXPIRE", "nokey", "1.5") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("EXPIRE", "k") == error("ERR wrong number of arguments for 'expire' command"));
}

TEST_CASE("EXPIRE: moments beyond what is counted are refused by name") {
  WithKey h;
  const std::string most = "9223372036854775807";
  CHECK(h.run("EXPIRE", "k", most) == error("ERR invalid expire time in 'expire' command"));
  CHECK(h.run("EXPIRE", "nokey", "-9223372036854775808") ==
        error("ERR invalid expire time in 'expire' command"));
  CHECK(h.run("EXPIREAT", "k", most) == error("ERR invalid expire time in 'expireat' command"));
  CHECK(h.run("PEXPIRE", "k", most) == error("ERR invalid expire time in 'pexpire' command"));
  CHECK(h.run("PEXPIREAT", "k", most) == integer(1));
  CHECK(h.run("PEXPIRETIME", "k") == integer(INT64_MAX));
}

TEST_CASE("TTL, PTTL, EXPIRETIME, PEXPIRETIME: rounded seconds, -1 without a deadline, -2 without the key") {
  WithKey h;
  for (const std::string verb : {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
    CHECK(h.run(verb, "nokey") == integer(-2));
    CHECK(h.run(verb, "k") == integer(-1));
  }
  h.run("PEXPIRE", "k", "1500");
  CHECK(h.run("TTL", "k") == integer(2));
  CHECK(h.run("PTTL", "k") == integer(1500));
  CHECK(h.run("EXPIRETIME", "k") == integer(kStart / 1000 + 2));
  h.advance(1ms);
  CHECK(h.run("TTL", "k") == integer(1));
  CHECK(h.run("PTTL", "k") == integer(1499));
  h.propagated();
  CHECK(h.propagated().empty());
}

TEST_CASE("PERSIST: takes the deadline away once") {
  WithKey h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("PERSIST", "k") == integer(0));
  CHECK(h.run("PERSIST", "nokey") == integer(0));
  CHECK(h.propagated().empty());
  h.run("PEXPIRE", "k", "100");
  h.propagated();
  h.events();
  CHECK(h.run("PERSIST", "k") == integer(1));
  CHECK(h.propagated() == Lines{"PERSIST k"});
  CHECK(h.events() == Lines{"__keyspace@0__:k persist", "__keyevent@0__:persist k"});
  h.advance(1s);
  CHECK(h.run("GET", "k") == bulk("v"));
}

}  // namespace sluice::test
