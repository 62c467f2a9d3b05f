#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

}  // namespace

TEST_CASE("HSET: counts new fields only, and sets the rest") {
  Harness h;
  CHECK(h.run("HSET", "h", "a", "1", "b", "2") == integer(2));
  CHECK(h.run("HSET", "h", "a", "3", "c", "4", "c", "5") == integer(1));
  CHECK(h.run("HGETALL", "h") == bulks({"a", "3", "b", "2", "c", "5"}));
  CHECK(h.run("HSET", "h", "a") == error("ERR wrong number of arguments for 'hset' command"));
  CHECK(h.run("HSET", "h", "a", "1", "b") == error("ERR wrong number of arguments for 'hset' command"));
  CHECK(h.propagated() == Lines{"HSET h a 1 b 2", "HSET h a 3 c 4 c 5"});
}

TEST_CASE("HMSET: answers OK, and names itself in its errors") {
  Harness h;
  CHECK(h.run("HMSET", "h", "a", "1") == status("OK"));
  CHECK(h.run("HMSET", "h", "a", "1", "b") == error("ERR wrong number of arguments for 'hmset' command"));
  CHECK(h.run("HGET", "h", "a") == bulk("1"));
}

TEST_CASE("HSETNX: leaves a field that has a value") {
  Harness h;
  CHECK(h.run("HSETNX", "h", "a", "1") == integer(1));
  CHECK(h.run("HSETNX", "h", "a", "2") == integer(0));
  CHECK(h.run("HGET", "h", "a") == bulk("1"));
  CHECK(h.propagated() == Lines{"HSETNX h a 1"});
}

TEST_CASE("HGET, HMGET, HEXISTS, HLEN, HSTRLEN: absent keys and fields") {
  Harness h;
  h.run("HSET", "h", "a", "123", "", "empty", std::string("b\0c", 3), "");
  CHECK(h.run("HGET", "h", "a") == bulk("123"));
  CHECK(h.run("HGET", "h", "") == bulk("empty"));
  CHECK(h.run("HGET", "h", std::string("b\0c", 3)) == bulk(""));
  CHECK(h.run("HGET", "h", "x") == null());
  CHECK(h.run("HGET", "none", "a") == null());
  CHECK(h.run("HMGET", "h", "a", "x", "a") == array({bulk("123"), null(), bulk("123")}));
  CHECK(h.run("HMGET", "none", "a", "b") == array({null(), null()}));
  CHECK(h.run("HEXISTS", "h", "a") == integer(1));
  CHECK(h.run("HEXISTS", "h", "x") == integer(0));
  CHECK(h.run("HEXISTS", "none", "x") == integer(0));
  CHECK(h.run("HLEN", "h") == integer(3));
  CHECK(h.run("HLEN", "none") == integer(0));
  CHECK(h.run("HSTRLEN", "h", "a") == integer(3));
  CHECK(h.run("HSTRLEN", "h", "x") == integer(0));
  CHECK(h.run("HSTRLEN", "none", "x") == integer(0));
}

TEST_CASE("HGETALL, HKEYS, HVALS: in order of insertion while small; a map in RESP3") {
  Harness h;
  h.run("HSET", "h", "b", "2", "a", "1");
  CHECK(h.run("HKEYS", "h") == bulks({"b", "a"}));
  CHECK(h.run("HVALS", "h") == bulks({"2", "1"}));
  CHECK(h.run("HGETALL", "none") == array({}));
  CHECK(h.run("HKEYS", "none") == array({}));
  CHECK(h.run("HVALS", "none") == array({}));
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("HGETALL", "h").kind == resp::Kind::kMap);
  CHECK(modern.run("HGETALL", "none").kind == resp::Kind::kMap);
  CHECK(modern.run("HKEYS", "h").kind == resp::Kind::kArray);
}

TEST_CASE("HDEL: counts what was there, and the last field takes the key along") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  h.run("HSET", "h", "a", "1", "b", "2");
  h.events();
  h.propagated();
  CHECK(h.run("HDEL", "h", "x") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("HDEL", "h", "a", "a", "x") == integer(1));
  CHECK(h.run("HDEL", "h", "b") == integer(1));
  CHECK(h.run("EXISTS", "h") == integer(0));
  CHECK(h.run("HDEL", "h", "b") == integer(0));
  CHECK(h.propagated() == Lines{"HDEL h a a x", "HDEL h b"});
  CHECK(h.events() == Lines{"__keyspace@0__:h hdel", "__keyevent@0__:hdel h", "__keyspace@0__:h hdel",
                            "__keyevent@0__:hdel h", "__keyspace@0__:h del", "__keyevent@0__:del h"});
}

TEST_CASE("HINCRBY: adds, refuses what is no integer, and never overflows") {
  Harness h;
  CHECK(h.run("HINCRBY", "h", "n", "5") == integer(5));
  CHECK(h.run("HINCRBY", "h", "n", "-7") == integer(-2));
  CHECK(h.run("HINCRBY", "h", "n", "9223372036854775807") == integer(9223372036854775805));
  CHECK(h.run("HINCRBY", "h", "n", "9") == error("ERR increment or decrement would overflow"));
  CHECK(h.run("HGET", "h", "n") == bulk("9223372036854775805"));
  h.run("HSET", "h", "s", "007");
  CHECK(h.run("HINCRBY", "h", "s", "1") == error("ERR hash value is not an integer"));
  CHECK(h.run("HINCRBY", "h", "n", "x") == error("ERR value is not an integer or out of range"));
  h.run("SET", "str", "v");
  CHECK(h.run("HINCRBY", "none", "n", "1.5").is_error());
  CHECK(h.run("EXISTS", "none") == integer(0));
}

TEST_CASE("HINCRBYFLOAT: is logged as the value it came to, and failing leaves no key") {
  Harness h;
  CHECK(h.run("HINCRBYFLOAT", "h", "f", "10.50") == bulk("10.5"));
  CHECK(h.run("HINCRBYFLOAT", "h", "f", "0.1") == bulk("10.6"));
  CHECK(h.run("HINCRBYFLOAT", "h", "f", "5.0e3") == bulk("5010.60000000000000009"));
  CHECK(h.propagated() == Lines{"HSET h f 10.5", "HSET h f 10.6", "HSET h f 5010.60000000000000009"});
  CHECK(h.run("HINCRBYFLOAT", "none", "f", "x") == error("ERR value is not a valid float"));
  CHECK(h.run("HINCRBYFLOAT", "none", "f", "nan") == error("ERR value is not a valid float"));
  CHECK(h.run("HINCRBYFLOAT", "none", "f", "-inf") == error("ERR value is NaN or Infinity"));
  CHECK(h.run("EXISTS", "none") == integer(0));
  h.run("HSET", "h", "s", "word", "i", "inf");
  CHECK(h.run("HINCRBYFLOAT", "h", "s", "1") == error("ERR hash value is not a float"));
  CHECK(h.run("HINCRBYFLOAT", "h", "i", "1") == error("ERR increment would produce NaN or Infinity"));
}

TEST_CASE("HRANDFIELD: one, several different, repeated, with values") {
  Harness h;
  h.run("HSET", "h", "a", "1", "b", "2", "c", "3");
  CHECK(h.run("HRANDFIELD", "none") == null());
  CHECK(h.run("HRANDFIELD", "none", "3") == array({}));
  CHECK(h.run("HRANDFIELD", "h", "0") == array({}));
  CHECK(h.run("HRANDFIELD", "h").kind == resp::Kind::kBulk);
  std::set<std::string> drawn;
  const resp::Value two = h.run("HRANDFIELD", "h", "2");
  for (const resp::Value& field : two.children) drawn.insert(field.text);
  CHECK(drawn.size() == 2);
  CHECK(h.run("HRANDFIELD", "h", "9").children.size() == 3);
  CHECK(h.run("HRANDFIELD", "h", "-9").children.size() == 9);
  CHECK(h.run("HRANDFIELD", "h", "9", "withvalues").children.size() == 6);
  Peer& modern = h.client();
  modern.resp3();
  const resp::Value pairs = modern.run("HRANDFIELD", "h", "-2", "WITHVALUES");
  REQUIRE(pairs.children.size() == 2);
  CHECK(pairs.children[0].children.size() == 2);
}

TEST_CASE("HRANDFIELD: the count is judged before the word behind it") {
  Harness h;
  CHECK(h.run("HRANDFIELD", "h", "x", "foo") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("HRANDFIELD", "h", "1", "foo") == error("ERR syntax error"));
  CHECK(h.run("HRANDFIELD", "h", "1", "withvalues", "x") == error("ERR syntax error"));
  CHECK(h.run("HRANDFIELD", "h", "9223372036854775807", "withvalues") == error("ERR value is out of range"));
  CHECK(h.run("HRANDFIELD", "h", "-9223372036854775808") ==
        error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"));
}

TEST_CASE("HSCAN: a small hash is one page; MATCH chooses by field") {
  Harness h;
  h.run("HSET", "h", "a1", "x", "b", "y", "7", "z");
  CHECK(h.run("HSCAN", "h", "0", "COUNT", "1") == array({bulk("0"), bulks({"a1", "x", "b", "y", "7", "z"})}));
  CHECK(h.run("HSCAN", "h", "0", "MATCH", "a*") == array({bulk("0"), bulks({"a1", "x"})}));
  CHECK(h.run("HSCAN", "none", "0", "nonsense") == array({bulk("0"), array({})}));
  CHECK(h.run("HSCAN", "h", "x") == error("ERR invalid cursor"));
  CHECK(h.run("HSCAN", "h", "0", "TYPE", "hash") == error("ERR syntax error"));
}

TEST_CASE("HSCAN: a full loop over a large hash shows every field") {
  Harness h;
  for (int i = 0; i < 1000; ++i) h.run("HSET", "h", "f" + std::to_string(i), std::to_string(i));
  CHECK(h.run("OBJECT", "ENCODING", "h") == bulk("hashtable"));
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const resp::Value page = h.run("HSCAN", "h", cursor, "COUNT", "50");
    REQUIRE(page.children.size() == 2);
    cursor = page.children[0].text;
    for (size_t i = 0; i < page.children[1].children.size(); i += 2) {
      CHECK(page.children[1].children[i].text == "f" + page.children[1].children[i + 1].text);
      seen.insert(page.children[1].children[i].text);
    }
  } while (cursor != "0");
  CHECK(seen.size() == 1000);
}

TEST_CASE("Hash commands refuse other types, and change nothing then") {
  Harness h;
  h.run("SADD", "s", "m");
  h.propagated();
  CHECK(h.run("HSET", "s", "a", "1") == error(kWrongType));
  CHECK(h.run("HMSET", "s", "a", "1") == error(kWrongType));
  CHECK(h.run("HSETNX", "s", "a", "1") == error(kWrongType));
  CHECK(h.run("HGET", "s", "a") == error(kWrongType));
  CHECK(h.run("HMGET", "s", "a") == error(kWrongType));
  CHECK(h.run("HGETALL", "s") == error(kWrongType));
  CHECK(h.run("HKEYS", "s") == error(kWrongType));
  CHECK(h.run("HVALS", "s") == error(kWrongType));
  CHECK(h.run("HDEL", "s", "a") == error(kWrongType));
  CHECK(h.run("HEXISTS", "s", "a") == error(kWrongType));
  CHECK(h.run("HLEN", "s") == error(kWrongType));
  CHECK(h.run("HSTRLEN", "s", "a") == error(kWrongType));
  CHECK(h.run("HINCRBY", "s", "a", "1") == error(kWrongType));
  CHECK(h.run("HINCRBYFLOAT", "s", "a", "1") == error(kWrongType));
  CHECK(h.run("HRANDFIELD", "s", "1") == error(kWrongType));
  CHECK(h.run("HSCAN", "s", "0", "nonsense") == error(kWrongType));
  CHECK(h.propagated().empty());
}

}  // namespace sluice::test
