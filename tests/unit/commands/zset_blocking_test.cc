#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

}  // namespace

TEST_CASE("ZMPOP: takes from the first key that has members, pairs nested in both protocols") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
  h.propagated();
  CHECK(h.run("ZMPOP", "2", "none", "z", "MIN") == array({bulk("z"), array({bulks({"a", "1"})})}));
  CHECK(h.run("ZMPOP", "1", "z", "max", "COUNT", "9") ==
        array({bulk("z"), array({bulks({"c", "3"}), bulks({"b", "2"})})}));
  CHECK(h.run("ZMPOP", "1", "z", "MIN") == null_array());
  CHECK(h.propagated() == Lines{"ZPOPMIN z 1", "ZPOPMAX z 2"});
}

TEST_CASE("ZMPOP: errors in Redis's order") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("ZMPOP", "0", "h", "MIN") == error("ERR numkeys should be greater than 0"));
  CHECK(h.run("ZMPOP", "x", "h", "MIN") == error("ERR numkeys should be greater than 0"));
  CHECK(h.run("ZMPOP", "2", "h", "MIN") == error("ERR syntax error"));
  CHECK(h.run("ZMPOP", "1", "h", "MID") == error("ERR syntax error"));
  CHECK(h.run("ZMPOP", "1", "h", "MIN", "COUNT", "0") == error("ERR count should be greater than 0"));
  CHECK(h.run("ZMPOP", "1", "h", "MIN", "COUNT") == error("ERR syntax error"));
  CHECK(h.run("ZMPOP", "1", "h", "MIN", "COUNT", "1", "COUNT", "2") == error("ERR syntax error"));
  CHECK(h.run("ZMPOP", "1", "h", "MIN") == error(kWrongType));
  CHECK(h.run("BZMPOP", "x", "1", "h", "MID") == error("ERR syntax error"));
  CHECK(h.run("BZMPOP", "x", "1", "h", "MIN") == error("ERR timeout is not a float or out of range"));
  CHECK(h.run("BZMPOP", "-1", "1", "h", "MIN") == error("ERR timeout is negative"));
  CHECK(h.run("BZPOPMIN", "h", "x") == error("ERR timeout is not a float or out of range"));
  CHECK(h.run("BZPOPMIN", "h", "-1") == error("ERR timeout is negative"));
  CHECK(h.run("BZPOPMIN", "none", "h", "1") == error(kWrongType));
}

TEST_CASE("BZPOPMIN and BZPOPMAX: do not wait when a key has members") {
  Harness h;
  h.run("ZADD", "z", "1", "a", "2.5", "b", "3", "c");
  h.propagated();
  CHECK(h.run("BZPOPMIN", "none", "z", "0") == bulks({"z", "a", "1"}));
  CHECK(h.run("BZPOPMAX", "z", "0.1") == bulks({"z", "c", "3"}));
  Peer& modern = h.client();
  modern.resp3();
  const resp::Value popped = modern.run("BZPOPMAX", "z", "0");
  REQUIRE(popped.children.size() == 3);
  CHECK(popped.children[2].kind == resp::Kind::kDouble);
  CHECK(h.propagated() == Lines{"ZPOPMIN z", "ZPOPMAX z", "ZPOPMAX z"});
}

TEST_CASE("BZPOPMIN: waiters are served oldest first, and what they pop is logged as a pop") {
  Harness h;
  Peer& first = h.client();
  Peer& second = h.client();
  first.send("BZPOPMIN", "z", "0");
  second.send("BZPOPMAX", "other", "z", "0");
  CHECK(!first.reply());
  CHECK(h.run("ZADD", "z", "1", "a", "2", "b", "3", "c") == integer(3));
  CHECK(first.reply() == bulks({"z", "a", "1"}));
  CHECK(second.reply() == bulks({"z", "c", "3"}));
  CHECK(h.run("ZRANGE", "z", "0", "-1") == bulks({"b"}));
  CHECK(h.propagated() == Lines{"ZADD z 1 a 2 b 3 c", "ZPOPMIN z", "ZPOPMAX z"});
}

TEST_CASE("BZPOPMIN: keys are tried in the order given, whichever was filled first") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BZPOPMIN", "high", "low", "0");
  h.run("MULTI");
  h.run("ZADD", "low", "1", "l");
  h.run("ZADD", "high", "1", "h");
  h.run("EXEC");
  CHECK(worker.reply() == bulks({"high", "h", "1"}));
  CHECK(h.run("ZCARD", "low") == integer(1));
}

TEST_CASE("BZPOPMIN: another type under the key wakes nobody") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BZPOPMIN", "k", "0");
  h.run("SADD", "k", "m");
  CHECK(!worker.reply());
  h.run("DEL", "k");
  h.run("ZADD", "k", "1", "a");
  CHECK(worker.reply() == bulks({"k", "a", "1"}));
}

TEST_CASE("BZPOPMIN and BZMPOP: the end of the wait answers a null array") {
  Harness h;
  Peer& single = h.client();
  Peer& several = h.client();
  single.send("BZPOPMIN", "z", "0.001");
  several.send("BZMPOP", "2", "1", "z", "MAX");
  CHECK(!single.reply());
  h.advance(1ms);
  CHECK(single.reply() == null_array());
  CHECK(!several.reply());
  h.advance(2s);
  CHECK(several.reply() == null_array());
}

TEST_CASE("BZMPOP: waits, then takes up to COUNT members") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BZMPOP", "0", "2", "a", "b", "MAX", "COUNT", "2");
  CHECK(!worker.reply());
  h.run("ZADD", "b", "1", "x", "2", "y", "3", "z");
  CHECK(worker.reply() == array({bulk("b"), array({bulks({"z", "3"}), bulks({"y", "2"})})}));
  CHECK(h.propagated() == Lines{"ZADD b 1 x 2 y 3 z", "ZPOPMAX b 2"});
}

TEST_CASE("BZPOPMIN: inside MULTI it does not wait") {
  Harness h;
  h.run("MULTI");
  h.run("BZPOPMIN", "none", "0");
  h.run("BZMPOP", "0", "1", "none", "MIN");
  CHECK(h.run("EXEC") == array({null_array(), null_array()}));
}

TEST_CASE("BZPOPMIN: a waiter that left takes nothing") {
  Harness h;
  Peer& gone = h.client();
  gone.send("BZPOPMIN", "z", "0");
  h.disconnect(gone);
  h.run("ZADD", "z", "1", "a");
  CHECK(h.run("ZCARD", "z") == integer(1));
}

}  // namespace sluice::test
