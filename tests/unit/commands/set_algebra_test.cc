#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

std::set<std::string> texts(const resp::Value& reply) {
  std::set<std::string> found;
  for (const resp::Value& item : reply.children) found.insert(item.text);
  return found;
}

using Texts = std::set<std::string>;

}  // namespace

TEST_CASE("SINTER, SUNION, SDIFF: of several sets, absent ones being empty") {
  Harness h;
  h.run("SADD", "a", "1", "2", "3");
  h.run("SADD", "b", "2", "3", "x");
  CHECK(texts(h.run("SINTER", "a", "b")) == Texts{"2", "3"});
  CHECK(texts(h.run("SUNION", "a", "b", "none")) == Texts{"1", "2", "3", "x"});
  CHECK(texts(h.run("SDIFF", "a", "none", "b")) == Texts{"1"});
  CHECK(h.run("SINTER", "a", "none") == array({}));
  CHECK(h.run("SDIFF", "none", "a") == array({}));
  CHECK(h.run("SDIFF", "a", "a") == array({}));
  CHECK(texts(h.run("SINTER", "a")) == Texts{"1", "2", "3"});
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("SINTER", "a", "none").kind == resp::Kind::kSet);
}

TEST_CASE("Set algebra: the type of every key is judged, even if the result is empty anyway") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("SINTER", "none", "h") == error(kWrongType));
  CHECK(h.run("SUNION", "none", "h") == error(kWrongType));
  CHECK(h.run("SDIFF", "none", "h") == error(kWrongType));
  CHECK(h.run("SINTERCARD", "2", "none", "h") == error(kWrongType));
  CHECK(h.run("SINTERSTORE", "d", "none", "h") == error(kWrongType));
}

TEST_CASE("SINTERSTORE, SUNIONSTORE, SDIFFSTORE: replace what was there") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("SADD", "a", "1", "2", "3");
  h.run("SADD", "b", "2", "3", "x");
  h.run("HSET", "d", "f", "v");
  h.events();
  h.propagated();
  CHECK(h.run("SINTERSTORE", "d", "a", "b") == integer(2));
  CHECK(h.run("SMEMBERS", "d") == bulks({"2", "3"}));
  CHECK(h.run("SDIFFSTORE", "d", "b", "a") == integer(1));
  CHECK(h.run("SMEMBERS", "d") == bulks({"x"}));
  CHECK(h.run("SUNIONSTORE", "a", "a", "b") == integer(4));
  CHECK(h.run("SCARD", "a") == integer(4));
  CHECK(h.run("SINTERSTORE", "d", "a", "none") == integer(0));
  CHECK(h.run("EXISTS", "d") == integer(0));
  CHECK(h.run("SINTERSTORE", "d", "a", "none") == integer(0));
  CHECK(h.events() == Lines{"__keyevent@0__:sinterstore d", "__keyevent@0__:sdiffstore d",
                            "__keyevent@0__:sunionstore a", "__keyevent@0__:del d"});
  CHECK(h.propagated() ==
        Lines{"SINTERSTORE d a b", "SDIFFSTORE d b a", "SUNIONSTORE a a b", "SINTERSTORE d a none"});
}

TEST_CASE("SINTERSTORE: the encoding follows the smallest set, unless all are integers") {
  Harness h;
  for (int i = 0; i < 200; ++i) {
    h.run("SADD", "words", "w" + std::to_string(i), std::to_string(i));
    h.run("SADD", "more", "w" + std::to_string(i), std::to_string(i), "v" + std::to_string(i));
  }
  h.run("SADD", "some", "w1", "5");
  h.run("SADD", "ints", "1", "2");
  h.run("SINTERSTORE", "d", "words", "more");
  CHECK(h.run("OBJECT", "ENCODING", "d") == bulk("hashtable"));
  h.run("SINTERSTORE", "d", "words", "some");
  CHECK(h.run("OBJECT", "ENCODING", "d") == bulk("listpack"));
  h.run("SINTERSTORE", "d", "words", "ints");
  CHECK(h.run("OBJECT", "ENCODING", "d") == bulk("intset"));
}

TEST_CASE("SDIFFSTORE: taking small sets out of a large one leaves the encoding of the large one") {
  Harness h;
  h.run("SADD", "a", "1", "2", "3", "4", "5", "6", "x");
  h.run("SADD", "b", "x");
  h.run("SADD", "c", "y");
  h.run("SADD", "d", "z");
  CHECK(h.run("SDIFFSTORE", "r", "a", "b", "c", "d") == integer(6));
  CHECK(texts(h.run("SMEMBERS", "r")) == Texts{"1", "2", "3", "4", "5", "6"});
  CHECK(h.run("OBJECT", "ENCODING", "r") == bulk("listpack"));
  CHECK(h.run("SDIFFSTORE", "r", "a", "b") == integer(6));
  CHECK(h.run("OBJECT", "ENCODING", "r") == bulk("intset"));
}

TEST_CASE("SINTERCARD and ZINTERCARD: stop at their limit, in whichever page of a big set that is") {
  Harness h;
  for (int i = 0; i < 1000; ++i) {
    const std::string member = "m" + std::to_string(i);
    for (const char* key : {"a", "b"}) h.run("SADD", key, member);
    for (const char* key : {"y", "z"}) h.run("ZADD", key, "1", member);
  }
  for (const int limit : {1, 63, 64, 65, 128, 999, 1000, 1001}) {
    const std::string text = std::to_string(limit);
    const auto counted = integer(std::min(limit, 1000));
    CHECK(h.run("SINTERCARD", "2", "a", "b", "LIMIT", text) == counted);
    CHECK(h.run("ZINTERCARD", "2", "y", "z", "LIMIT", text) == counted);
    CHECK(h.run("ZINTERCARD", "2", "a", "b", "LIMIT", text) == counted);
  }
  CHECK(h.run("SINTERCARD", "2", "a", "b") == integer(1000));
  CHECK(h.run("ZINTERCARD", "2", "y", "a") == integer(1000));
}

TEST_CASE("SINTERCARD: counts up to its limit") {
  Harness h;
  h.run("SADD", "a", "1", "2", "3");
  h.run("SADD", "b", "1", "2", "3", "x");
  CHECK(h.run("SINTERCARD", "2", "a", "b") == integer(3));
  CHECK(h.run("SINTERCARD", "2", "a", "b", "LIMIT", "2") == integer(2));
  CHECK(h.run("SINTERCARD", "2", "a", "b", "limit", "0") == integer(3));
  CHECK(h.run("SINTERCARD", "2", "a", "none") == integer(0));
  CHECK(h.run("SINTERCARD", "0", "a") == error("ERR numkeys should be greater than 0"));
  CHECK(h.run("SINTERCARD", "x", "a") == error("ERR numkeys should be greater than 0"));
  CHECK(h.run("SINTERCARD", "3", "a", "b") ==
        error("ERR Number of keys can't be greater than number of args"));
  CHECK(h.run("SINTERCARD", "2", "a", "b", "LIMIT", "-1") == error("ERR LIMIT can't be negative"));
  CHECK(h.run("SINTERCARD", "2", "a", "b", "LIMIT") == error("ERR syntax error"));
  CHECK(h.run("SINTERCARD", "1", "a", "b") == error("ERR syntax error"));
}

}  // namespace sluice::test
