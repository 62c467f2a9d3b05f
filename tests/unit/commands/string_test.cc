#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

const resp::Value kOk = status("OK");
const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

resp::Value invalid_time(const std::string& verb) {
  return error("ERR invalid expire time in '" + verb + "' command");
}

}  // namespace

TEST_CASE("SET and GET: binary, empty and big values come back as they were") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  const std::string binary("\0\r\n\xff", 4);
  CHECK(h.run("GET", "k") == null());
  CHECK(h.run("SET", "k", "v") == kOk);
  CHECK(h.events() == Lines{"__keyspace@0__:k set", "__keyevent@0__:set k"});
  CHECK(h.propagated() == Lines{"SET k v"});
  for (const std::string& value : {std::string(), binary, std::string(100'000, 'x'), std::string("-17")}) {
    CHECK(h.run("SET", binary, value) == kOk);
    CHECK(h.run("GET", binary) == bulk(value));
  }
  CHECK(h.run("SET", "", "empty key") == kOk);
  CHECK(h.run("GET", "") == bulk("empty key"));
  CHECK(h.stats.keyspace_misses == 1);
  CHECK(h.stats.keyspace_hits == 5);
}

TEST_CASE("SET: replaces whatever was there, its deadline too") {
  Harness h;
  h.run("RPUSH", "k", "a");
  CHECK(h.run("SET", "k", "v", "EX", "10") == kOk);
  CHECK(h.run("TTL", "k") == integer(10));
  CHECK(h.run("SET", "k", "w") == kOk);
  CHECK(h.run("TTL", "k") == integer(-1));
  h.advance(20s);
  CHECK(h.run("GET", "k") == bulk("w"));
}

TEST_CASE("SET EX, PX, EXAT, PXAT: the log gets the moment") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("SET", "k", "v", "EX", "10") == kOk);
  CHECK(h.events() == Lines{"__keyspace@0__:k set", "__keyevent@0__:set k", "__keyspace@0__:k expire",
                            "__keyevent@0__:expire k"});
  CHECK(h.run("SET", "k", "v", "px", "10", "NX") == null());
  CHECK(h.run("SET", "k", "v", "px", "10", "XX") == kOk);
  CHECK(h.run("SET", "k", "v", "ExAt", "1800000000") == kOk);
  CHECK(h.run("SET", "k", "v", "PXAT", "1800000000001", "GET") == bulk("v"));
  CHECK(h.propagated() == Lines{"SET k v PXAT 1700000010000", "SET k v PXAT 1700000000010",
                                "SET k v PXAT 1800000000000", "SET k v PXAT 1800000000001"});
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'001));
}

TEST_CASE("SET EXAT: a moment that has passed makes a key that is gone") {
  Harness h;
  CHECK(h.run("SET", "k", "v", "EXAT", "1") == kOk);
  CHECK(h.run("GET", "k") == null());
}

TEST_CASE("SET KEEPTTL: the deadline stays") {
  Harness h;
  h.run("SET", "k", "v", "PX", "1000");
  CHECK(h.run("SET", "k", "w", "KEEPTTL") == kOk);
  CHECK(h.run("PTTL", "k") == integer(1000));
  h.propagated();
  CHECK(h.run("SET", "k", "x", "GET", "keepttl") == bulk("w"));
  CHECK(h.propagated() == Lines{"SET k x KEEPTTL"});
  h.advance(1s);
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("SET NX and XX: only onto a free or only onto a taken key") {
  Harness h;
  CHECK(h.run("SET", "k", "v", "XX") == null());
  CHECK(h.run("SET", "k", "v", "NX") == kOk);
  CHECK(h.run("SET", "k", "w", "NX") == null());
  CHECK(h.run("SET", "k", "w", "XX") == kOk);
  CHECK(h.run("GET", "k") == bulk("w"));
  CHECK(h.propagated() == Lines{"SET k v NX", "SET k w XX"});
  h.run("RPUSH", "list", "a");
  CHECK(h.run("SET", "list", "v", "NX") == null());
}

TEST_CASE("SET GET: the old value, whatever becomes of the new one") {
  Harness h;
  CHECK(h.run("SET", "k", "a", "GET") == null());
  CHECK(h.run("SET", "k", "b", "NX", "GET") == bulk("a"));
  CHECK(h.run("SET", "k", "c", "XX", "GET") == bulk("a"));
  CHECK(h.run("SET", "new", "d", "NX", "GET") == null());
  CHECK(h.run("SET", "none", "e", "XX", "GET") == null());
  CHECK(h.run("MGET", "k", "new", "none") == array({bulk("c"), bulk("d"), null()}));
  CHECK(h.propagated() == Lines{"SET k a", "SET k c", "SET new d"});
  h.run("RPUSH", "list", "a");
  CHECK(h.run("SET", "list", "v", "GET") == kWrongType);
  CHECK(h.run("SET", "list", "v", "NX", "GET") == kWrongType);
  CHECK(h.run("LLEN", "list") == integer(1));
}

TEST_CASE("SET: which options exclude each other, and which error comes first") {
  Harness h;
  CHECK(h.run("SET", "k", "v", "NX", "XX") == kSyntax);
  CHECK(h.run("SET", "k", "v", "EX", "10", "PX", "10") == kSyntax);
  CHECK(h.run("SET", "k", "v", "EX", "10", "KEEPTTL") == kSyntax);
  CHECK(h.run("SET", "k", "v", "KEEPTTL", "EXAT", "10") == kSyntax);
  CHECK(h.run("SET", "k", "v", "EX") == kSyntax);
  CHECK(h.run("SET", "k", "v", "PERSIST") == kSyntax);
  CHECK(h.run("SET", "k", "v", "EX", "x", "NX", "XX") == kSyntax);
  CHECK(h.run("SET", "k", "v", "EX", "x") == kNotAnInteger);
  CHECK(h.run("SET", "k", "v", "EX", "0") == invalid_time("set"));
  CHECK(h.run("SET", "k", "v", "PXAT", "-1") == invalid_time("set"));
  CHECK(h.run("SET", "k", "v", "EX", "9223372036854775807") == invalid_time("set"));
  CHECK(h.run("SET", "k", "v", "EX", "9223372036854775") == invalid_time("set"));
  CHECK(h.run("SET", "k", "v", "PX", "9223372036854775807") == invalid_time("set"));
  CHECK(h.run("SET", "k") == error("ERR wrong number of arguments for 'set' command"));
  CHECK(h.digest().empty());
  CHECK(h.run("SET", "k", "v", "EX", "5", "ex", "20", "nx", "NX") == kOk);
  CHECK(h.run("TTL", "k") == integer(20));
  h.run("RPUSH", "list", "a");
  CHECK(h.run("SET", "list", "v", "GET", "EX", "0") == invalid_time("set"));
}

TEST_CASE("SETNX, SETEX, PSETEX: the old ways to say it") {
  Harness h;
  CHECK(h.run("SETNX", "k", "v") == integer(1));
  CHECK(h.run("SETNX", "k", "w") == integer(0));
  CHECK(h.run("SETEX", "e", "10", "v") == kOk);
  CHECK(h.run("PSETEX", "p", "10", "v") == kOk);
  CHECK(h.run("PTTL", "e") == integer(10'000));
  CHECK(h.run("PTTL", "p") == integer(10));
  CHECK(h.propagated() == Lines{"SETNX k v", "SET e v PXAT 1700000010000", "SET p v PXAT 1700000000010"});
  CHECK(h.run("SETEX", "e", "0", "v") == invalid_time("setex"));
  CHECK(h.run("PSETEX", "e", "-1", "v") == invalid_time("psetex"));
  CHECK(h.run("SETEX", "e", "x", "v") == kNotAnInteger);
}

TEST_CASE("GETSET: the old value; a new one without deadline") {
  Harness h;
  CHECK(h.run("GETSET", "k", "a") == null());
  h.run("EXPIRE", "k", "10");
  h.propagated();
  CHECK(h.run("GETSET", "k", "b") == bulk("a"));
  CHECK(h.run("TTL", "k") == integer(-1));
  CHECK(h.propagated() == Lines{"SET k b"});
  h.run("RPUSH", "list", "a");
  CHECK(h.run("GETSET", "list", "v") == kWrongType);
}

TEST_CASE("GETDEL: the value, and then the key is gone") {
  Harness h;
  h.run("SET", "k", "v");
  h.configure("notify-keyspace-events", "KEA");
  h.propagated();
  CHECK(h.run("GETDEL", "k") == bulk("v"));
  CHECK(h.run("GETDEL", "k") == null());
  CHECK(h.propagated() == Lines{"DEL k"});
  CHECK(h.events() == Lines{"__keyspace@0__:k del", "__keyevent@0__:del k"});
  h.run("RPUSH", "list", "a");
  CHECK(h.run("GETDEL", "list") == kWrongType);
}

TEST_CASE("GETEX: shows the value, and the log gets only what became of the deadline") {
  Harness h;
  h.run("SET", "k", "v");
  h.configure("notify-keyspace-events", "KEA");
  h.propagated();
  CHECK(h.run("GETEX", "k") == bulk("v"));
  CHECK(h.run("GETEX", "k", "PERSIST") == bulk("v"));
  CHECK(h.propagated().empty());
  CHECK(h.run("GETEX", "k", "EX", "10") == bulk("v"));
  CHECK(h.run("GETEX", "k", "PX", "10") == bulk("v"));
  CHECK(h.run("GETEX", "k", "EXAT", "1800000000") == bulk("v"));
  CHECK(h.run("GETEX", "k", "PXAT", "1800000000001") == bulk("v"));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'001));
  h.events();
  CHECK(h.run("GETEX", "k", "persist") == bulk("v"));
  CHECK(h.events() == Lines{"__keyspace@0__:k persist", "__keyevent@0__:persist k"});
  CHECK(h.run("GETEX", "k", "EXAT", "1") == bulk("v"));
  CHECK(h.events() == Lines{"__keyspace@0__:k del", "__keyevent@0__:del k"});
  CHECK(h.run("EXISTS", "k") == integer(0));
  CHECK(h.propagated() == Lines{"PEXPIREAT k 1700000010000", "PEXPIREAT k 1700000000010",
                                "PEXPIREAT k 1800000000000", "PEXPIREAT k 1800000000001", "PERSIST k",
                                "DEL k"});
}

TEST_CASE("GETEX: syntax first, then the key, then its type, then the time") {
  Harness h;
  h.run("RPUSH", "list", "a");
  h.run("SET", "k", "v");
  CHECK(h.run("GETEX", "k", "KEEPTTL") == kSyntax);
  CHECK(h.run("GETEX", "k", "NX") == kSyntax);
  CHECK(h.run("GETEX", "nokey", "EX") == kSyntax);
  CHECK(h.run("GETEX", "k", "PERSIST", "EX", "1") == kSyntax);
  CHECK(h.run("GETEX", "k", "EX", "1", "PERSIST") == kSyntax);
  CHECK(h.run("GETEX", "nokey", "EX", "0") == null());
  CHECK(h.run("GETEX", "list", "EX", "0") == kWrongType);
  CHECK(h.run("GETEX", "k", "EX", "0") == invalid_time("getex"));
  CHECK(h.run("GETEX", "k", "EX", "x") == kNotAnInteger);
}

TEST_CASE("MGET: null for what is absent or no string") {
  Harness h;
  h.run("SET", "a", "1");
  h.run("SET", "b", "two");
  h.run("RPUSH", "list", "x");
  CHECK(h.run("MGET", "a", "list", "nokey", "b", "a") ==
        array({bulk("1"), null(), null(), bulk("two"), bulk("1")}));
}

TEST_CASE("MSET: all of them, the last of a name winning, even of big values") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  const std::string big(40'000, 'b');
  CHECK(h.run("MSET", "a", "1", "b", "2", "a", "3") == kOk);
  CHECK(h.events().size() == 6);
  CHECK(h.propagated() == Lines{"MSET a 1 b 2 a 3"});
  CHECK(h.run("MGET", "a", "b") == bulks({"3", "2"}));
  CHECK(h.run("MSET", "a", big, "a", big + "!") == kOk);
  CHECK(h.run("GET", "a") == bulk(big + "!"));
  CHECK(h.propagated() == Lines{"MSET a " + big + " a " + big + "!"});
  CHECK(h.run("MSET", "a", "1", "b") == error("ERR wrong number of arguments for 'mset' command"));
}

TEST_CASE("MSETNX: all or none") {
  Harness h;
  CHECK(h.run("MSETNX", "a", "1", "b", "2") == integer(1));
  CHECK(h.run("MSETNX", "c", "3", "a", "4") == integer(0));
  CHECK(h.run("MGET", "a", "b", "c") == array({bulk("1"), bulk("2"), null()}));
  CHECK(h.run("MSETNX", "d", "1", "d", "2") == integer(1));
  CHECK(h.run("GET", "d") == bulk("2"));
  CHECK(h.propagated() == Lines{"MSETNX a 1 b 2", "MSETNX d 1 d 2"});
  CHECK(h.run("MSETNX", "a", "1", "b") == error("ERR wrong number of arguments for 'msetnx' command"));
}

TEST_CASE("SET: wakes nobody, but fails the EXEC of who watched the key") {
  Harness h;
  Peer& other = h.client();
  other.run("WATCH", "k");
  other.run("MULTI");
  h.run("SET", "k", "v");
  other.run("GET", "k");
  CHECK(other.run("EXEC") == null_array());
}

TEST_CASE("Strings: every reader refuses a key of another type") {
  Harness h;
  h.run("RPUSH", "list", "a");
  for (const std::string verb : {"GET", "GETDEL", "GETEX", "STRLEN", "INCR", "DECR"}) {
    CHECK_MESSAGE(h.run(verb, "list") == kWrongType, verb);
  }
  CHECK(h.run("SET", "list", "v") == kOk);
  CHECK(h.run("GET", "list") == bulk("v"));
}

}  // namespace sluice::test
