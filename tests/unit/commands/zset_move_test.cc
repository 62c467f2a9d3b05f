#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

int64_t now_ms(Harness& h) {
  return h.clock.unix_us() / 1000;
}

// A moment so many milliseconds from now as a score in seconds, with its fraction.
std::string in_seconds(Harness& h, int64_t ms) {
  std::string digits = std::to_string(now_ms(h) + ms);
  return digits.insert(digits.size() - 3, ".");
}
std::string in_ms(Harness& h, int64_t ms) {
  return std::to_string(now_ms(h) + ms);
}

resp::Value popped(const std::string& key, const std::vector<std::string>& member_and_score) {
  return array({bulk(key), array({bulks(member_and_score)})});
}

}  // namespace

TEST_CASE("ZMPOP DUE: pops no member whose moment has not come") {
  Harness h;
  h.run("ZADD", "later", in_seconds(h, 1), "l");
  h.run("ZADD", "z", in_seconds(h, -1), "old", in_seconds(h, 0), "now", in_seconds(h, 1), "next");
  h.propagated();
  const resp::Value reply = h.run("ZMPOP", "3", "none", "later", "z", "MIN", "COUNT", "9", "DUE");
  REQUIRE(reply.children.size() == 2);
  CHECK(reply.children[0] == bulk("z"));
  CHECK(reply.children[1].children.size() == 2);
  CHECK(h.run("ZMPOP", "2", "later", "z", "MIN", "DUE", "NOW") == null_array());
  CHECK(h.propagated() == Lines{"ZPOPMIN z 2"});
  h.advance(1ms);
  CHECK(h.run("ZMPOP", "1", "z", "min", "due", "now", "unit", "s").children.size() == 2);
}

TEST_CASE("ZMPOP DUE: scores may be milliseconds, or be measured by a number given") {
  Harness h;
  h.run("ZADD", "z", in_ms(h, 0), "a", in_ms(h, 5), "b");
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE") == null_array());
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "COUNT", "9", "DUE", "UNIT", "MS") ==
        popped("z", {"a", in_ms(h, 0)}));
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", in_ms(h, 4)) == null_array());
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", in_ms(h, 5), "COUNT", "1") == popped("z", {"b", in_ms(h, 5)}));
  h.run("ZADD", "z", "-inf", "always", "inf", "never");
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "COUNT", "2", "DUE") == popped("z", {"always", "-inf"}));
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "+inf") == popped("z", {"never", "inf"}));
}

TEST_CASE("ZMPOP DUE: bad arguments") {
  Harness h;
  h.run("ZADD", "z", "1", "a");
  CHECK(h.run("ZMPOP", "1", "z", "MAX", "DUE") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "x") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "nan") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "UNIT", "MS") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "UNIT", "H") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "UNIT") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "UNIT", "S", "UNIT", "S") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "DUE", "DUE") == kSyntax);
  CHECK(h.run("ZMPOP", "1", "z", "MIN", "COUNT", "1", "DUE", "COUNT", "1") == kSyntax);
  CHECK(h.run("ZCARD", "z") == integer(1));
}

TEST_CASE("BZMPOP DUE: a timer wakes the waiter, to the millisecond") {
  Harness h;
  h.run("ZADD", "z", in_seconds(h, 1500), "job");
  const std::string score = in_seconds(h, 1500);
  Peer& worker = h.client();
  worker.send("BZMPOP", "0", "2", "none", "z", "MIN", "DUE");
  CHECK(!worker.reply());
  h.advance(1499ms);
  CHECK(!worker.reply());
  h.advance(1ms);
  const auto reply = worker.reply();
  REQUIRE(reply);
  CHECK(reply->children[0] == bulk("z"));
  CHECK(h.run("EXISTS", "z") == integer(0));
}

TEST_CASE("BZMPOP DUE: an earlier member that arrives is not waited over, a later one wakes nobody") {
  Harness h;
  Peer& worker = h.client();
  const auto wait = [&worker] { worker.send("BZMPOP", "0", "1", "z", "MIN", "DUE", "UNIT", "MS"); };
  wait();
  h.run("ZADD", "z", in_ms(h, 1000), "late");
  h.run("ZADD", "z", in_ms(h, 2000), "later");
  CHECK(!worker.reply());
  h.run("ZADD", "z", in_ms(h, 300), "soon");
  const std::string soon = in_ms(h, 300);
  h.advance(299ms);
  CHECK(!worker.reply());
  h.advance(1ms);
  CHECK(worker.reply() == popped("z", {"soon", soon}));
  wait();
  h.run("ZADD", "z", in_ms(h, -5), "overdue");
  CHECK(worker.reply().has_value());
  wait();
  h.run("ZREM", "z", "late");
  h.advance(700ms);
  CHECK(!worker.reply());
  h.run("ZADD", "z", "XX", in_ms(h, 50), "later");
  h.advance(50ms);
  CHECK(worker.reply().has_value());
}

TEST_CASE("BZMPOP DUE: waiters are served oldest first, each when a member of its own is due") {
  Harness h;
  std::vector<Peer*> workers;
  for (int i = 0; i < 5; ++i) {
    workers.push_back(&h.client());
    workers.back()->send("BZMPOP", "0", "1", "z", "MIN", "DUE", "UNIT", "MS");
  }
  const std::string first = in_ms(h, 100);
  const std::string second = in_ms(h, 200);
  h.run("ZADD", "z", first, "a", first, "b", second, "c");
  h.advance(100ms);
  CHECK(workers[0]->reply() == popped("z", {"a", first}));
  CHECK(workers[1]->reply() == popped("z", {"b", first}));
  CHECK(!workers[2]->reply());
  h.advance(99ms);
  CHECK(!workers[2]->reply());
  h.advance(1ms);
  CHECK(workers[2]->reply() == popped("z", {"c", second}));
  CHECK(!workers[3]->reply());
}

TEST_CASE("BZMPOP DUE: what never comes arms no timer, and a time of its own ends the wait") {
  Harness h;
  h.run("ZADD", "z", "inf", "never", "1e300", "hardly");
  Peer& worker = h.client();
  worker.send("BZMPOP", "0", "1", "z", "MIN", "DUE");
  CHECK(!h.executor.next_tick_us());
  Peer& limited = h.client();
  limited.send("BZMPOP", "0.5", "1", "z", "MIN", "DUE", "100");
  h.run("ZADD", "z", "101", "over");
  CHECK(!limited.reply());
  h.advance(500ms);
  CHECK(limited.reply() == null_array());
  h.run("MULTI");
  h.run("BZMPOP", "0", "1", "none", "MIN", "DUE");
  CHECK(h.run("EXEC") == array({null_array()}));
}

TEST_CASE("BZMOVEDUE: what is due goes to a list, in one step") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("ZADD", "z", "1", "a", "2", "b", "3", "c", in_seconds(h, 60000), "later");
  h.events();
  h.propagated();
  CHECK(h.run("BZMOVEDUE", "0", "2", "none", "z", "COUNT", "2", "TO", "LIST", "queue", "RIGHT") ==
        array({bulk("z"), array({bulks({"a", "1"}), bulks({"b", "2"})})}));
  CHECK(h.run("BZMOVEDUE", "0", "1", "z", "to", "list", "queue", "left") == popped("z", {"c", "3"}));
  CHECK(h.run("LRANGE", "queue", "0", "-1") == bulks({"c", "a", "b"}));
  CHECK(h.run("ZCARD", "z") == integer(1));
  CHECK(h.propagated() == Lines{"MULTI", "ZPOPMIN z 2", "RPUSH queue a b", "EXEC", "MULTI", "ZPOPMIN z 1",
                                "LPUSH queue c", "EXEC"});
  CHECK(h.events() == Lines{"__keyevent@0__:zpopmin z", "__keyevent@0__:rpush queue",
                            "__keyevent@0__:zpopmin z", "__keyevent@0__:lpush queue"});
}

TEST_CASE("BZMOVEDUE: what is due goes to a sorted set, with its score or another") {
  Harness h;
  h.run("ZADD", "z", "1.5", "a", "2", "b");
  h.propagated();
  CHECK(h.run("BZMOVEDUE", "0", "1", "z", "TO", "ZSET", "taken") == popped("z", {"a", "1.5"}));
  CHECK(h.run("BZMOVEDUE", "0", "1", "z", "TO", "ZSET", "taken", "SCORE", "99") == popped("z", {"b", "2"}));
  CHECK(h.run("ZRANGE", "taken", "0", "-1", "WITHSCORES") == bulks({"a", "1.5", "b", "99"}));
  CHECK(h.propagated() == Lines{"MULTI", "ZPOPMIN z 1", "ZADD taken 1.5 a", "EXEC", "MULTI", "ZPOPMIN z 1",
                                "ZADD taken 99 b", "EXEC"});
  CHECK(h.run("BZMOVEDUE", "0", "1", "taken", "COUNT", "9", "TO", "ZSET", "taken", "SCORE", "5")
            .children[1]
            .children.size() == 2);
  CHECK(h.run("ZRANGE", "taken", "0", "-1", "WITHSCORES") == bulks({"a", "5", "b", "5"}));
  CHECK(h.propagated() == Lines{"ZADD taken 5 a 5 b"});
}

TEST_CASE("BZMOVEDUE: waits for the next moment, and wakes those who wait for the list") {
  Harness h;
  Peer& scheduler = h.client();
  Peer& worker = h.client();
  worker.send("BLPOP", "queue", "0");
  const std::string due = in_ms(h, 250);
  h.run("ZADD", "z", due, "job");
  scheduler.send("BZMOVEDUE", "0", "1", "z", "UNIT", "MS", "COUNT", "100", "TO", "LIST", "queue", "RIGHT");
  h.advance(249ms);
  CHECK(!scheduler.reply());
  h.advance(1ms);
  CHECK(scheduler.reply() == popped("z", {"job", due}));
  CHECK(worker.reply() == bulks({"queue", "job"}));
  scheduler.send("BZMOVEDUE", "0.01", "1", "z", "TO", "LIST", "queue", "RIGHT");
  h.advance(10ms);
  CHECK(scheduler.reply() == null_array());
}

TEST_CASE("BZMOVEDUE: bad arguments, and nothing is lost to a target of another type") {
  Harness h;
  h.run("ZADD", "z", "1", "a");
  h.run("SET", "text", "v");
  const auto ask = [&h](const std::vector<std::string>& words) {
    std::vector<std::string> request{"BZMOVEDUE"};
    request.insert(request.end(), words.begin(), words.end());
    h.first().send_words(request);
    return h.first().reply();
  };
  CHECK(ask({"0", "1", "z", "TO", "LIST", "text", "LEFT"}) == kWrongType);
  CHECK(ask({"0", "1", "z", "COUNT", "1", "TO", "ZSET", "text"}) == kWrongType);
  CHECK(ask({"0", "1", "text", "TO", "LIST", "d", "LEFT"}) == kWrongType);
  CHECK(ask({"0", "0", "z", "TO", "LIST", "d", "LEFT"}) == error("ERR numkeys should be greater than 0"));
  CHECK(ask({"0", "9", "z", "TO", "LIST", "d", "LEFT"}) == kSyntax);
  CHECK(ask({"0", "1", "z", "COUNT", "0", "TO", "LIST", "d", "LEFT"}) ==
        error("ERR count should be greater than 0"));
  CHECK(ask({"0", "1", "z", "TO", "LIST", "d", "UP"}) == kSyntax);
  CHECK(ask({"0", "1", "z", "TO", "LIST", "d", "LEFT", "x"}) == kSyntax);
  CHECK(ask({"0", "1", "z", "TO", "HASH", "d", "LEFT"}) == kSyntax);
  CHECK(ask({"0", "1", "z", "TO", "ZSET", "d", "SCORE"}) == kSyntax);
  CHECK(ask({"0", "1", "z", "TO", "ZSET", "d", "SCORE", "nan"}) == error("ERR value is not a valid float"));
  CHECK(ask({"0", "1", "z", "DUE", "LIST", "d", "LEFT"}) == kSyntax);
  CHECK(ask({"x", "1", "z", "TO", "LIST", "d", "LEFT"}) ==
        error("ERR timeout is not a float or out of range"));
  CHECK(ask({"-1", "1", "z", "TO", "LIST", "d", "LEFT"}) == error("ERR timeout is negative"));
  CHECK(h.run("ZCARD", "z") == integer(1));
  CHECK(h.run("EXISTS", "d") == integer(0));
  CHECK(h.run("COMMAND", "GETKEYS", "BZMOVEDUE", "0", "2", "a", "b", "DUE", "TO", "LIST", "q", "LEFT") ==
        bulks({"a", "b", "q"}));
}

}  // namespace sluice::test
