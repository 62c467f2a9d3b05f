#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

void fill(Harness& h) {
  h.run("ZADD", "a", "1", "x", "2", "y", "3", "z");
  h.run("ZADD", "b", "10", "y", "20", "z", "30", "w");
  h.run("SADD", "s", "z", "plain");
  h.propagated();
}

}  // namespace

TEST_CASE("ZUNION: scores of members that several have are summed, or the least or greatest is kept") {
  Harness h;
  fill(h);
  CHECK(h.run("ZUNION", "2", "a", "b", "WITHSCORES") == bulks({"x", "1", "y", "12", "z", "23", "w", "30"}));
  CHECK(h.run("ZUNION", "2", "a", "b") == bulks({"x", "y", "z", "w"}));
  CHECK(h.run("ZUNION", "2", "a", "b", "AGGREGATE", "min", "WITHSCORES") ==
        bulks({"x", "1", "y", "2", "z", "3", "w", "30"}));
  CHECK(h.run("ZUNION", "2", "a", "b", "WITHSCORES", "aggregate", "MAX", "WEIGHTS", "100", "-1") ==
        bulks({"w", "-30", "x", "100", "y", "200", "z", "300"}));
  CHECK(h.run("ZUNION", "2", "a", "a", "WITHSCORES") == bulks({"x", "2", "y", "4", "z", "6"}));
  CHECK(h.run("ZUNION", "2", "none", "nothing") == array({}));
}

TEST_CASE("ZINTER: members that all have; an absent key has none") {
  Harness h;
  fill(h);
  CHECK(h.run("ZINTER", "2", "a", "b", "WITHSCORES") == bulks({"y", "12", "z", "23"}));
  CHECK(h.run("ZINTER", "2", "b", "a", "WEIGHTS", "0.5", "2", "WITHSCORES") == bulks({"y", "9", "z", "16"}));
  CHECK(h.run("ZINTER", "2", "a", "none") == array({}));
  CHECK(h.run("ZINTER", "1", "a", "WEIGHTS", "2", "WITHSCORES") == bulks({"x", "2", "y", "4", "z", "6"}));
}

TEST_CASE("ZDIFF: members of the first that no other has, with their scores") {
  Harness h;
  fill(h);
  CHECK(h.run("ZDIFF", "2", "a", "b", "WITHSCORES") == bulks({"x", "1"}));
  CHECK(h.run("ZDIFF", "3", "a", "none", "s") == bulks({"x", "y"}));
  CHECK(h.run("ZDIFF", "2", "none", "a") == array({}));
  CHECK(h.run("ZDIFF", "2", "a", "a") == array({}));
}

TEST_CASE("Sorted set algebra: plain sets take part with scores of 1") {
  Harness h;
  fill(h);
  CHECK(h.run("ZUNION", "2", "s", "a", "WEIGHTS", "7", "1", "WITHSCORES") ==
        bulks({"x", "1", "y", "2", "plain", "7", "z", "10"}));
  CHECK(h.run("ZINTER", "2", "s", "a", "WITHSCORES") == bulks({"z", "4"}));
  CHECK(h.run("ZDIFF", "2", "s", "a", "WITHSCORES") == bulks({"plain", "1"}));
  CHECK(h.run("ZINTERCARD", "2", "s", "a") == integer(1));
  h.run("SADD", "numbers", "1", "2", "3");
  h.run("ZADD", "zn", "5", "2");
  CHECK(h.run("ZINTER", "2", "numbers", "zn", "WITHSCORES") == bulks({"2", "6"}));
}

TEST_CASE("Sorted set algebra: infinities that cancel out are 0, and no weight is NaN") {
  Harness h;
  h.run("ZADD", "up", "inf", "m");
  h.run("ZADD", "down", "-inf", "m");
  CHECK(h.run("ZUNION", "2", "up", "down", "WITHSCORES") == bulks({"m", "0"}));
  CHECK(h.run("ZINTER", "2", "up", "down", "WITHSCORES") == bulks({"m", "0"}));
  CHECK(h.run("ZUNION", "1", "up", "WEIGHTS", "0", "WITHSCORES") == bulks({"m", "0"}));
  CHECK(h.run("ZUNION", "1", "up", "WEIGHTS", "-1", "WITHSCORES") == bulks({"m", "-inf"}));
  CHECK(h.run("ZUNION", "1", "up", "WEIGHTS", "nan") == error("ERR weight value is not a float"));
  CHECK(h.run("ZUNION", "1", "up", "WEIGHTS", "x") == error("ERR weight value is not a float"));
}

TEST_CASE("ZUNION: pairs are nested in RESP3") {
  Harness h;
  h.run("ZADD", "a", "1.5", "x");
  h.first().resp3();
  const resp::Value reply = h.run("ZUNION", "1", "a", "WITHSCORES");
  REQUIRE(reply.children.size() == 1);
  REQUIRE(reply.children[0].children.size() == 2);
  CHECK(reply.children[0].children[1].kind == resp::Kind::kDouble);
}

TEST_CASE("ZINTERCARD: counts, up to a limit") {
  Harness h;
  fill(h);
  CHECK(h.run("ZINTERCARD", "2", "a", "b") == integer(2));
  CHECK(h.run("ZINTERCARD", "2", "a", "b", "LIMIT", "1") == integer(1));
  CHECK(h.run("ZINTERCARD", "2", "a", "b", "LIMIT", "0") == integer(2));
  CHECK(h.run("ZINTERCARD", "2", "a", "none") == integer(0));
  CHECK(h.run("ZINTERCARD", "1", "a", "LIMIT", "-1") == error("ERR LIMIT can't be negative"));
  CHECK(h.run("ZINTERCARD", "1", "a", "LIMIT", "x") == error("ERR LIMIT can't be negative"));
  CHECK(h.run("ZINTERCARD", "1", "a", "LIMIT") == error("ERR syntax error"));
  CHECK(h.run("ZINTERCARD", "1", "a", "WITHSCORES") == error("ERR syntax error"));
}

TEST_CASE("Sorted set algebra: errors in Redis's order") {
  Harness h;
  fill(h);
  h.run("SET", "text", "v");
  CHECK(h.run("ZUNION", "x", "a") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("ZUNION", "0", "a") == error("ERR at least 1 input key is needed for 'zunion' command"));
  CHECK(h.run("ZDIFFSTORE", "d", "-1", "a") ==
        error("ERR at least 1 input key is needed for 'zdiffstore' command"));
  CHECK(h.run("ZUNION", "3", "a", "b") == error("ERR syntax error"));
  CHECK(h.run("ZUNION", "9223372036854775807", "a", "b") == error("ERR syntax error"));
  CHECK(h.run("ZUNION", "2", "none", "text", "BOGUS") == error(kWrongType));
  CHECK(h.run("ZINTERCARD", "2", "none", "text") == error(kWrongType));
  CHECK(h.run("ZUNION", "2", "a", "b", "WEIGHTS", "1") == error("ERR syntax error"));
  CHECK(h.run("ZUNION", "2", "a", "b", "WEIGHTS", "1", "2", "3") == error("ERR syntax error"));
  CHECK(h.run("ZUNION", "1", "a", "AGGREGATE", "AVG") == error("ERR syntax error"));
  CHECK(h.run("ZUNION", "1", "a", "AGGREGATE") == error("ERR syntax error"));
  CHECK(h.run("ZDIFF", "1", "a", "WEIGHTS", "1") == error("ERR syntax error"));
  CHECK(h.run("ZUNIONSTORE", "d", "1", "a", "WITHSCORES") == error("ERR syntax error"));
  CHECK(h.run("ZDIFF", "1") == error("ERR wrong number of arguments for 'zdiff' command"));
}

TEST_CASE("ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE: replace what was there, or remove it") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  fill(h);
  h.run("SET", "d", "v", "EX", "100");
  h.events();
  h.propagated();
  CHECK(h.run("ZUNIONSTORE", "d", "2", "a", "b", "WEIGHTS", "1", "0") == integer(4));
  CHECK(h.run("TTL", "d") == integer(-1));
  CHECK(h.run("ZINTERSTORE", "d", "2", "d", "s", "AGGREGATE", "MAX") == integer(1));
  CHECK(h.run("ZRANGE", "d", "0", "-1", "WITHSCORES") == bulks({"z", "3"}));
  CHECK(h.run("ZDIFFSTORE", "d", "2", "a", "b") == integer(1));
  CHECK(h.run("ZDIFFSTORE", "d", "2", "a", "a") == integer(0));
  CHECK(h.run("EXISTS", "d") == integer(0));
  CHECK(h.run("ZINTERSTORE", "d", "2", "a", "none") == integer(0));
  CHECK(h.events() == Lines{"__keyevent@0__:zunionstore d", "__keyevent@0__:zinterstore d",
                            "__keyevent@0__:zdiffstore d", "__keyevent@0__:del d"});
  CHECK(h.propagated() == Lines{"ZUNIONSTORE d 2 a b WEIGHTS 1 0", "ZINTERSTORE d 2 d s AGGREGATE MAX",
                                "ZDIFFSTORE d 2 a b", "ZDIFFSTORE d 2 a a"});
}

TEST_CASE("ZUNIONSTORE: wakes those who wait for the set, and takes binary and empty names") {
  Harness h;
  Peer& worker = h.client();
  const std::string binary("\0\r\n\xff", 4);
  worker.send("BZPOPMIN", binary, "0");
  h.run("ZADD", "", "1", binary, "2", "");
  CHECK(h.run("ZUNIONSTORE", binary, "1", "") == integer(2));
  CHECK(worker.reply() == bulks({binary, binary, "1"}));
}

TEST_CASE("ZUNIONSTORE: many members become a tree, few stay packed") {
  Harness h;
  for (int i = 0; i < 100; ++i) {
    h.run("ZADD", "left", std::to_string(i), "l" + std::to_string(i));
    h.run("ZADD", "right", std::to_string(i), "r" + std::to_string(i));
  }
  CHECK(h.run("ZUNIONSTORE", "d", "2", "left", "right") == integer(200));
  CHECK(h.run("OBJECT", "ENCODING", "d") == bulk("skiplist"));
  CHECK(h.run("ZDIFFSTORE", "d", "2", "d", "left") == integer(100));
  CHECK(h.run("OBJECT", "ENCODING", "d") == bulk("listpack"));
}

TEST_CASE("Sorted set algebra: a zero keeps its sign where Redis shows it, and loses it in a listpack") {
  Harness h;
  h.run("ZADD", "z", "0", "a", "1", "b");
  CHECK(h.run("ZUNION", "1", "z", "WEIGHTS", "-1", "WITHSCORES") == bulks({"b", "-1", "a", "-0"}));
  h.run("ZUNIONSTORE", "d", "1", "z", "WEIGHTS", "-1");
  CHECK(h.run("ZSCORE", "d", "a") == bulk("0"));
  h.run("CONFIG", "SET", "zset-max-listpack-entries", "1");
  h.run("ZUNIONSTORE", "d", "1", "z", "WEIGHTS", "-1");
  CHECK(h.run("ZSCORE", "d", "a") == bulk("-0"));
}

}  // namespace sluice::test
