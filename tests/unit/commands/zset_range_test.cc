#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

// a 1, b 2, c 3, d 4, e 5
void fill(Harness& h) {
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e");
}

void fill_names(Harness& h) {
  h.run("ZADD", "l", "0", "a", "0", "b", "0", "c", "0", "d");
}

}  // namespace

TEST_CASE("ZRANGE and ZREVRANGE: ranks count from either end") {
  Harness h;
  fill(h);
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"a", "b", "c", "d", "e"}));
  CHECK(h.run("ZRANGE", "z", "-2", "99") == bulks({"d", "e"}));
  CHECK(h.run("ZRANGE", "z", "-99", "0") == bulks({"a"}));
  CHECK(h.run("ZRANGE", "z", "3", "1") == array({}));
  CHECK(h.run("ZRANGE", "z", "5", "9") == array({}));
  CHECK(h.run("ZRANGE", "z", "0", "-9") == array({}));
  CHECK(h.run("ZRANGE", "z", "-9223372036854775808", "9223372036854775807").children.size() == 5);
  CHECK(h.run("ZRANGE", "z", "0", "1", "REV") == bulks({"e", "d"}));
  CHECK(h.run("ZREVRANGE", "z", "1", "2", "WITHSCORES") == bulks({"d", "4", "c", "3"}));
  CHECK(h.run("ZRANGE", "none", "0", "-1") == array({}));
}

TEST_CASE("ZRANGE: pairs are nested in RESP3") {
  Harness h;
  fill(h);
  Peer& modern = h.client();
  modern.resp3();
  const resp::Value pairs = modern.run("ZRANGE", "z", "0", "1", "WITHSCORES");
  REQUIRE(pairs.children.size() == 2);
  REQUIRE(pairs.children[0].children.size() == 2);
  CHECK(pairs.children[0].children[1].kind == resp::Kind::kDouble);
  CHECK(h.run("ZRANGE", "z", "0", "0", "WITHSCORES") == bulks({"a", "1"}));
}

TEST_CASE("ZRANGE BYSCORE, ZRANGEBYSCORE, ZREVRANGEBYSCORE: bounds, limits, directions") {
  Harness h;
  fill(h);
  CHECK(h.run("ZRANGE", "z", "(1", "3", "BYSCORE") == bulks({"b", "c"}));
  CHECK(h.run("ZRANGE", "z", "3", "(1", "byscore", "rev") == bulks({"c", "b"}));
  CHECK(h.run("ZRANGE", "z", "+inf", "0", "BYSCORE", "REV", "LIMIT", "1", "2") == bulks({"d", "c"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "-inf", "+inf", "LIMIT", "1", "2") == bulks({"b", "c"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "2", "2", "WITHSCORES") == bulks({"b", "2"}));
  CHECK(h.run("ZREVRANGEBYSCORE", "z", "inf", "4", "LIMIT", "0", "1", "WITHSCORES") == bulks({"e", "5"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "0", "9", "LIMIT", "3", "-1") == bulks({"d", "e"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "0", "9", "LIMIT", "0", "0") == array({}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "0", "9", "LIMIT", "-1", "5") == array({}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "0", "9", "LIMIT", "9", "1") == array({}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "5", "1") == array({}));
}

TEST_CASE("Score bounds are read as leniently as Redis reads them") {
  Harness h;
  fill(h);
  CHECK(h.run("ZRANGEBYSCORE", "z", "", "1") == bulks({"a"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", " 1", "(2") == bulks({"a"}));
  CHECK(h.run("ZRANGEBYSCORE", "z", "-1e999", "1e999").children.size() == 5);
  CHECK(h.run("ZRANGEBYSCORE", "z", "1 ", "2") == error("ERR min or max is not a float"));
  CHECK(h.run("ZRANGEBYSCORE", "z", "((1", "2") == error("ERR min or max is not a float"));
}

TEST_CASE("ZRANGE BYLEX, ZRANGEBYLEX, ZREVRANGEBYLEX: bounds by name") {
  Harness h;
  fill_names(h);
  CHECK(h.run("ZRANGEBYLEX", "l", "-", "+") == bulks({"a", "b", "c", "d"}));
  CHECK(h.run("ZRANGEBYLEX", "l", "(a", "[c") == bulks({"b", "c"}));
  CHECK(h.run("ZREVRANGEBYLEX", "l", "+", "(b", "LIMIT", "0", "1") == bulks({"d"}));
  CHECK(h.run("ZRANGE", "l", "[d", "[b", "BYLEX", "REV") == bulks({"d", "c", "b"}));
  CHECK(h.run("ZRANGEBYLEX", "l", "+", "-") == array({}));
  CHECK(h.run("ZRANGEBYLEX", "l", "x", "+") == error("ERR min or max not valid string range item"));
  CHECK(h.run("ZRANGEBYLEX", "l", "", "+") == error("ERR min or max not valid string range item"));
}

TEST_CASE("ZRANGE: options are judged before bounds, and bounds before the key") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZRANGE", "h", "x", "y", "nonsense") == error("ERR syntax error"));
  CHECK(h.run("ZRANGE", "h", "x", "y") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("ZRANGE", "h", "0", "1") == error(kWrongType));
  CHECK(h.run("ZRANGE", "h", "0", "1", "REV", "REV") == error("ERR syntax error"));
  CHECK(h.run("ZRANGE", "h", "0", "1", "BYLEX", "BYSCORE") == error("ERR syntax error"));
  CHECK(h.run("ZRANGE", "h", "0", "1", "BYSCORE", "LIMIT", "0") == error("ERR syntax error"));
  CHECK(h.run("ZRANGE", "h", "0", "1", "BYSCORE", "LIMIT", "x", "1") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("ZREVRANGE", "h", "0", "1", "REV") == error("ERR syntax error"));
  CHECK(h.run("ZRANGEBYLEX", "h", "-", "+", "WITHSCORES") ==
        error("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
}

TEST_CASE("ZRANGE: LIMIT needs BYSCORE or BYLEX, unless it limits nothing") {
  Harness h;
  fill(h);
  CHECK(h.run("ZRANGE", "z", "0", "-1", "LIMIT", "0", "1") ==
        error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"));
  CHECK(h.run("ZRANGE", "z", "0", "1", "LIMIT", "1", "-1") == bulks({"a", "b"}));
}

TEST_CASE("ZRANGESTORE: stores a range, and an empty one removes the destination") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  fill(h);
  h.run("SET", "d", "text", "EX", "100");
  h.events();
  h.propagated();
  CHECK(h.run("ZRANGESTORE", "d", "z", "(1", "3", "BYSCORE") == integer(2));
  CHECK(h.run("ZRANGE", "d", "0", "-1", "WITHSCORES") == bulks({"b", "2", "c", "3"}));
  CHECK(h.run("TTL", "d") == integer(-1));
  CHECK(h.run("ZRANGESTORE", "z", "z", "0", "0", "REV") == integer(1));
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"e"}));
  CHECK(h.run("ZRANGESTORE", "d", "none", "0", "-1") == integer(0));
  CHECK(h.run("EXISTS", "d") == integer(0));
  CHECK(h.run("ZRANGESTORE", "d", "none", "0", "-1") == integer(0));
  CHECK(h.events() ==
        Lines{"__keyevent@0__:zrangestore d", "__keyevent@0__:zrangestore z", "__keyevent@0__:del d"});
  CHECK(h.propagated() ==
        Lines{"ZRANGESTORE d z (1 3 BYSCORE", "ZRANGESTORE z z 0 0 REV", "ZRANGESTORE d none 0 -1"});
  CHECK(h.run("ZRANGESTORE", "d", "z", "0", "-1", "WITHSCORES") == error("ERR syntax error"));
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZRANGESTORE", "d", "h", "0", "-1") == error(kWrongType));
}

TEST_CASE("ZREMRANGEBYRANK, BYSCORE, BYLEX: remove, count, and take the emptied key along") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  fill(h);
  fill_names(h);
  h.events();
  h.propagated();
  CHECK(h.run("ZREMRANGEBYRANK", "z", "0", "-10000") == integer(0));
  CHECK(h.run("ZREMRANGEBYRANK", "z", "-1", "-1") == integer(1));
  CHECK(h.run("ZREMRANGEBYSCORE", "z", "(1", "2") == integer(1));
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"a", "c", "d"}));
  CHECK(h.run("ZREMRANGEBYSCORE", "z", "-inf", "+inf") == integer(3));
  CHECK(h.run("ZREMRANGEBYSCORE", "z", "-inf", "+inf") == integer(0));
  CHECK(h.run("ZREMRANGEBYLEX", "l", "[b", "[c") == integer(2));
  CHECK(h.run("ZRANGE", "l", "0", "-1") == bulks({"a", "d"}));
  CHECK(h.propagated() == Lines{"ZREMRANGEBYRANK z -1 -1", "ZREMRANGEBYSCORE z (1 2",
                                "ZREMRANGEBYSCORE z -inf +inf", "ZREMRANGEBYRANK l 1 2"});
  CHECK(h.events() == Lines{"__keyevent@0__:zremrangebyrank z", "__keyevent@0__:zremrangebyscore z",
                            "__keyevent@0__:zremrangebyscore z", "__keyevent@0__:del z",
                            "__keyevent@0__:zremrangebylex l"});
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZREMRANGEBYRANK", "h", "x", "1") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("ZREMRANGEBYSCORE", "h", "x", "1") == error("ERR min or max is not a float"));
  CHECK(h.run("ZREMRANGEBYLEX", "h", "x", "+") == error("ERR min or max not valid string range item"));
  CHECK(h.run("ZREMRANGEBYSCORE", "h", "0", "1") == error(kWrongType));
}

// Which members lie between two names is then a matter of how the set is laid out, and a server that loads
// the log may lay it out differently.
TEST_CASE("Names among unequal scores: what was stored or removed is in the log by rank") {
  Harness h;
  h.run("ZADD", "z", "1", "d", "2", "b", "3", "c", "4", "a");
  h.run("SET", "gone", "x");
  h.propagated();
  const resp::Value stored = h.run("ZRANGESTORE", "s", "z", "[b", "[c", "BYLEX", "REV");
  CHECK(h.propagated().empty());
  CHECK(stored == integer(0));
  CHECK(h.run("ZRANGESTORE", "s", "z", "(a", "+", "BYLEX", "LIMIT", "1", "2") == integer(2));
  CHECK(h.propagated() == Lines{"ZRANGESTORE s z 1 2"});
  CHECK(h.run("ZRANGE", "s", "0", "-1") == bulks({"b", "c"}));
  CHECK(h.run("ZRANGESTORE", "gone", "z", "[x", "[z", "BYLEX") == integer(0));
  CHECK(h.propagated() == Lines{"DEL gone"});
  CHECK(h.run("ZREMRANGEBYLEX", "z", "-", "[d") == integer(4));
  CHECK(h.propagated() == Lines{"ZREMRANGEBYRANK z 0 3"});
}

TEST_CASE("Ranges of a large sorted set are those of a small one") {
  Harness h;
  for (int i = 0; i < 1000; ++i) h.run("ZADD", "z", std::to_string(i), "m" + std::to_string(i));
  CHECK(h.run("ZRANGE", "z", "500", "501") == bulks({"m500", "m501"}));
  CHECK(h.run("ZRANGE", "z", "(998", "+inf", "BYSCORE") == bulks({"m999"}));
  CHECK(h.run("ZREVRANGEBYSCORE", "z", "(10", "0", "LIMIT", "8", "5") == bulks({"m1", "m0"}));
  CHECK(h.run("ZREMRANGEBYRANK", "z", "0", "-3") == integer(998));
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"m998", "m999"}));
}

}  // namespace sluice::test
