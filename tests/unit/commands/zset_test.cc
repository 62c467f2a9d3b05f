#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

}  // namespace

TEST_CASE("ZADD: counts new members, or with CH all that changed") {
  Harness h;
  CHECK(h.run("ZADD", "z", "1", "a", "2", "b") == integer(2));
  CHECK(h.run("ZADD", "z", "5", "a", "3", "c") == integer(1));
  CHECK(h.run("ZADD", "z", "CH", "6", "a", "3", "c", "4", "d") == integer(2));
  CHECK(h.run("ZADD", "z", "3", "c") == integer(0));
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"b", "c", "d", "a"}));
  CHECK(h.propagated() == Lines{"ZADD z 1 a 2 b", "ZADD z 5 a 3 c", "ZADD z CH 6 a 3 c 4 d"});
}

TEST_CASE("ZADD: NX, XX, GT and LT decide which members change") {
  Harness h;
  CHECK(h.run("ZADD", "z", "XX", "1", "a") == integer(0));
  CHECK(h.run("EXISTS", "z") == integer(0));
  h.run("ZADD", "z", "5", "a");
  CHECK(h.run("ZADD", "z", "nx", "9", "a", "1", "b") == integer(1));
  CHECK(h.run("ZSCORE", "z", "a") == bulk("5"));
  CHECK(h.run("ZADD", "z", "XX", "CH", "7", "a", "1", "c") == integer(1));
  CHECK(h.run("ZSCORE", "z", "c") == null());
  CHECK(h.run("ZADD", "z", "GT", "CH", "6", "a") == integer(0));
  CHECK(h.run("ZADD", "z", "GT", "CH", "8", "a") == integer(1));
  CHECK(h.run("ZADD", "z", "LT", "CH", "9", "a", "9", "d") == integer(1));
  CHECK(h.run("ZADD", "z", "LT", "XX", "CH", "3", "a") == integer(1));
  CHECK(h.run("ZSCORE", "z", "a") == bulk("3"));
}

TEST_CASE("ZADD INCR and ZINCRBY: answer the score, or null when a rule forbids it") {
  Harness h;
  CHECK(h.run("ZADD", "z", "INCR", "1.5", "a") == bulk("1.5"));
  CHECK(h.run("ZINCRBY", "z", "2", "a") == bulk("3.5"));
  CHECK(h.run("ZADD", "z", "NX", "INCR", "1", "a") == null());
  CHECK(h.run("ZADD", "z", "XX", "INCR", "1", "b") == null());
  CHECK(h.run("ZADD", "none", "XX", "INCR", "1", "b") == null());
  CHECK(h.run("ZADD", "z", "GT", "INCR", "-1", "a") == null());
  h.propagated();
  CHECK(h.run("ZINCRBY", "z", "0", "a") == bulk("3.5"));
  CHECK(h.propagated().empty());
  h.run("ZADD", "z", "inf", "i");
  CHECK(h.run("ZINCRBY", "z", "-inf", "i") == error("ERR resulting score is not a number (NaN)"));
  CHECK(h.run("ZADD", "z", "INCR", "-inf", "i") == error("ERR resulting score is not a number (NaN)"));
  CHECK(h.run("ZSCORE", "z", "i") == bulk("inf"));
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("ZINCRBY", "z", "1", "a").kind == resp::Kind::kDouble);
  CHECK(modern.run("ZSCORE", "z", "a").kind == resp::Kind::kDouble);
  CHECK(modern.run("ZSCORE", "z", "x").kind == resp::Kind::kNull);
}

TEST_CASE("ZADD: errors in Redis's order, and nothing changes") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  h.propagated();
  CHECK(h.run("ZADD", "z", "1", "a", "2") == error("ERR syntax error"));
  CHECK(h.run("ZADD", "z", "NX", "XX") == error("ERR syntax error"));
  CHECK(h.run("ZADD", "z", "NX", "XX", "1", "a") ==
        error("ERR XX and NX options at the same time are not compatible"));
  CHECK(h.run("ZADD", "z", "GT", "LT", "1", "a") ==
        error("ERR GT, LT, and/or NX options at the same time are not compatible"));
  CHECK(h.run("ZADD", "z", "GT", "NX", "1", "a") ==
        error("ERR GT, LT, and/or NX options at the same time are not compatible"));
  CHECK(h.run("ZADD", "z", "INCR", "1", "a", "2", "b") ==
        error("ERR INCR option supports a single increment-element pair"));
  CHECK(h.run("ZADD", "h", "1", "a", "x", "b") == error("ERR value is not a valid float"));
  CHECK(h.run("ZADD", "z", "nan", "a") == error("ERR value is not a valid float"));
  CHECK(h.run("ZADD", "h", "1", "a") == error(kWrongType));
  CHECK(h.run("ZINCRBY", "h", "x", "a") == error("ERR value is not a valid float"));
  CHECK(h.run("ZINCRBY", "h", "1", "a") == error(kWrongType));
  CHECK(h.run("EXISTS", "z") == integer(0));
  CHECK(h.propagated().empty());
}

TEST_CASE("ZADD: more pairs than fit on the stack") {
  Harness h;
  std::vector<std::string> words = {"ZADD", "z"};
  for (int i = 0; i < 100; ++i) {
    words.push_back(std::to_string(i));
    words.push_back("m" + std::to_string(i));
  }
  h.first().send_words(words);
  CHECK(h.first().reply() == integer(100));
  CHECK(h.run("ZSCORE", "z", "m99") == bulk("99"));
}

TEST_CASE("Scores: whole ones print as integers, others as the shortest text") {
  Harness h;
  h.run("ZADD", "z", "1755430000000", "ms", "1755430419.1234567", "s", "0.1", "tenth", "7190243000000001",
        "p");
  CHECK(h.run("ZMSCORE", "z", "ms", "s", "tenth", "p", "x") ==
        array({bulk("1755430000000"), bulk("1755430419.1234567"), bulk("0.1"), bulk("7190243000000001"),
               null()}));
  CHECK(h.run("ZMSCORE", "none", "a") == array({null()}));
}

TEST_CASE("ZREM: counts what was there, and the last member takes the key along") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("ZADD", "z", "1", "a", "2", "b");
  h.propagated();
  h.events();
  CHECK(h.run("ZREM", "z", "x") == integer(0));
  CHECK(h.run("ZREM", "none", "x") == integer(0));
  CHECK(h.run("ZREM", "z", "a", "x", "b") == integer(2));
  CHECK(h.run("EXISTS", "z") == integer(0));
  CHECK(h.propagated() == Lines{"ZREM z a x b"});
  CHECK(h.events() == Lines{"__keyevent@0__:zrem z", "__keyevent@0__:del z"});
}

TEST_CASE("ZRANK and ZREVRANK: with and without the score") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2.5", "b", "3", "c");
  CHECK(h.run("ZRANK", "z", "b") == integer(1));
  CHECK(h.run("ZREVRANK", "z", "a") == integer(2));
  CHECK(h.run("ZRANK", "z", "x") == null());
  CHECK(h.run("ZRANK", "none", "x") == null());
  CHECK(h.run("ZRANK", "z", "b", "withscore") == array({integer(1), bulk("2.5")}));
  CHECK(h.run("ZREVRANK", "z", "c", "WITHSCORE") == array({integer(0), bulk("3")}));
  CHECK(h.run("ZRANK", "z", "x", "WITHSCORE") == null_array());
  CHECK(h.run("ZRANK", "none", "x", "WITHSCORE") == null_array());
  CHECK(h.run("ZRANK", "z", "b", "nonsense") == error("ERR syntax error"));
  CHECK(h.run("ZRANK", "z", "b", "WITHSCORE", "x") ==
        error("ERR wrong number of arguments for 'zrank' command"));
}

TEST_CASE("ZCARD, ZCOUNT, ZLEXCOUNT") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
  CHECK(h.run("ZCARD", "z") == integer(3));
  CHECK(h.run("ZCARD", "none") == integer(0));
  CHECK(h.run("ZCOUNT", "z", "1", "2") == integer(2));
  CHECK(h.run("ZCOUNT", "z", "(1", "+inf") == integer(2));
  CHECK(h.run("ZCOUNT", "z", "-inf", "(1") == integer(0));
  CHECK(h.run("ZCOUNT", "z", "3", "1") == integer(0));
  CHECK(h.run("ZCOUNT", "none", "0", "1") == integer(0));
  CHECK(h.run("ZCOUNT", "none", "x", "1") == error("ERR min or max is not a float"));
  CHECK(h.run("ZCOUNT", "none", "nan", "1") == error("ERR min or max is not a float"));
  h.run("ZADD", "l", "0", "a", "0", "b", "0", "c");
  CHECK(h.run("ZLEXCOUNT", "l", "-", "+") == integer(3));
  CHECK(h.run("ZLEXCOUNT", "l", "(a", "[c") == integer(2));
  CHECK(h.run("ZLEXCOUNT", "l", "+", "-") == integer(0));
  CHECK(h.run("ZLEXCOUNT", "l", "a", "[c") == error("ERR min or max not valid string range item"));
}

TEST_CASE("ZPOPMIN and ZPOPMAX: flat without a count, nested with one in RESP3") {
  Harness h;
  Peer& modern = h.client();
  modern.resp3();
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e");
  h.propagated();
  CHECK(h.run("ZPOPMIN", "z") == bulks({"a", "1"}));
  CHECK(h.run("ZPOPMAX", "z", "2") == bulks({"e", "5", "d", "4"}));
  CHECK(h.propagated() == Lines{"ZPOPMIN z", "ZPOPMAX z 2"});
  const resp::Value flat = modern.run("ZPOPMIN", "z");
  REQUIRE(flat.children.size() == 2);
  CHECK(flat.children[1].kind == resp::Kind::kDouble);
  const resp::Value nested = modern.run("ZPOPMIN", "z", "9");
  REQUIRE(nested.children.size() == 1);
  CHECK(nested.children[0].children.size() == 2);
  CHECK(h.run("EXISTS", "z") == integer(0));
  CHECK(h.run("ZPOPMIN", "z") == array({}));
  CHECK(h.run("ZPOPMAX", "z", "3") == array({}));
}

TEST_CASE("ZPOPMIN: errors in Redis's order") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZPOPMIN", "h", "-1") == error("ERR value is out of range, must be positive"));
  CHECK(h.run("ZPOPMIN", "h", "1", "2") == error("ERR syntax error"));
  CHECK(h.run("ZPOPMIN", "h", "0") == error(kWrongType));
  CHECK(h.run("ZPOPMAX", "h") == error(kWrongType));
  h.run("ZADD", "z", "1", "a");
  CHECK(h.run("ZPOPMIN", "z", "0") == array({}));
  CHECK(h.run("ZCARD", "z") == integer(1));
}

TEST_CASE("ZRANDMEMBER: one, several different, repeated, with scores") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
  CHECK(h.run("ZRANDMEMBER", "none") == null());
  CHECK(h.run("ZRANDMEMBER", "none", "2") == array({}));
  CHECK(h.run("ZRANDMEMBER", "z").kind == resp::Kind::kBulk);
  std::set<std::string> drawn;
  const resp::Value two = h.run("ZRANDMEMBER", "z", "2");
  for (const resp::Value& member : two.children) drawn.insert(member.text);
  CHECK(drawn.size() == 2);
  CHECK(h.run("ZRANDMEMBER", "z", "9", "WITHSCORES").children.size() == 6);
  CHECK(h.run("ZRANDMEMBER", "z", "-9").children.size() == 9);
  CHECK(h.run("ZRANDMEMBER", "z", "1", "foo") == error("ERR syntax error"));
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("ZRANDMEMBER", "z", "2", "WITHSCORES").children.size() == 2);
}

TEST_CASE("ZSCAN: pairs in one row, scores as bulks in both protocols") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2.5", "b");
  CHECK(h.run("ZSCAN", "z", "0") == array({bulk("0"), bulks({"a", "1", "b", "2.5"})}));
  CHECK(h.run("ZSCAN", "z", "0", "MATCH", "b") == array({bulk("0"), bulks({"b", "2.5"})}));
  CHECK(h.run("ZSCAN", "none", "0") == array({bulk("0"), array({})}));
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("ZSCAN", "z", "0").children[1].children[1].kind == resp::Kind::kBulk);
  for (int i = 0; i < 500; ++i) h.run("ZADD", "large", std::to_string(i), "m" + std::to_string(i));
  CHECK(h.run("OBJECT", "ENCODING", "large") == bulk("skiplist"));
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const resp::Value page = h.run("ZSCAN", "large", cursor);
    cursor = page.children[0].text;
    for (size_t i = 0; i < page.children[1].children.size(); i += 2)
      seen.insert(page.children[1].children[i].text);
  } while (cursor != "0");
  CHECK(seen.size() == 500);
}

TEST_CASE("Sorted set commands refuse other types") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZREM", "h", "a") == error(kWrongType));
  CHECK(h.run("ZCARD", "h") == error(kWrongType));
  CHECK(h.run("ZSCORE", "h", "a") == error(kWrongType));
  CHECK(h.run("ZMSCORE", "h", "a") == error(kWrongType));
  CHECK(h.run("ZRANK", "h", "a") == error(kWrongType));
  CHECK(h.run("ZREVRANK", "h", "a") == error(kWrongType));
  CHECK(h.run("ZCOUNT", "h", "0", "1") == error(kWrongType));
  CHECK(h.run("ZLEXCOUNT", "h", "-", "+") == error(kWrongType));
  CHECK(h.run("ZRANDMEMBER", "h") == error(kWrongType));
  CHECK(h.run("ZSCAN", "h", "0") == error(kWrongType));
}

TEST_CASE("ZINCRBY: a word that ZADD takes as an option is a syntax error") {
  Harness h;
  for (const char* option : {"NX", "xx", "GT", "LT", "CH", "INCR"}) {
    CHECK(h.run("ZINCRBY", "z", option, "1") == error("ERR syntax error"));
  }
  CHECK(h.run("ZINCRBY", "z", "1", "NX") == bulk("1"));
}

}  // namespace sluice::test
