#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const std::string kSilence = "(nothing)";

void store_string(Harness& h, const std::string& key) {
  keyspace::ChangeLog changes(h.keyspace.graveyard());
  h.keyspace.store({&h.keyspace.database(0), &changes, 0}, key, types::StringValue(7), keyspace::events::set);
}

}  // namespace

TEST_CASE("BLPOP and BRPOP: with an element at hand they pop, and are logged so") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c");
  h.propagated();
  CHECK(h.run("BLPOP", "q", "0") == bulks({"q", "a"}));
  CHECK(h.run("BRPOP", "none", "q", "q", "0") == bulks({"q", "c"}));
  CHECK(h.propagated() == Lines{"LPOP q", "RPOP q"});
}

TEST_CASE("BLPOP: the first key of its arguments that has elements wins") {
  Harness h;
  h.run("RPUSH", "low", "l");
  h.run("RPUSH", "high", "h");
  CHECK(h.run("BLPOP", "high", "low", "0") == bulks({"high", "h"}));
  CHECK(h.run("BLPOP", "high", "low", "0") == bulks({"low", "l"}));
}

TEST_CASE("BLPOP: waits, and the push that serves it is logged before the pop") {
  Harness h;
  Peer& worker = h.client();
  CHECK(worker.send("BLPOP", "none", "q", "0") == exec::Next::kWait);
  CHECK(worker.reply_text() == kSilence);
  CHECK(h.run("RPUSH", "q", "a", "b") == integer(2));
  CHECK(worker.reply() == bulks({"q", "a"}));
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"b"}));
  CHECK(h.propagated() == Lines{"RPUSH q a b", "LPOP q"});
  CHECK(h.blocking.blocked_clients() == 0);
}

TEST_CASE("BRPOP: takes from the back of what was pushed") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BRPOP", "q", "0");
  h.run("RPUSH", "q", "a", "b");
  CHECK(worker.reply() == bulks({"q", "b"}));
  CHECK(h.propagated() == Lines{"RPUSH q a b", "RPOP q"});
}

TEST_CASE("BLPOP: the wrong type at any key before the one that has elements is an error") {
  Harness h;
  store_string(h, "s");
  h.run("RPUSH", "q", "a");
  CHECK(h.run("BLPOP", "s", "0") == kWrongType);
  CHECK(h.run("BLPOP", "none", "s", "q", "0") == kWrongType);
  CHECK(h.run("BRPOP", "q", "s", "0") == bulks({"q", "a"}));
  CHECK(h.run("BLMPOP", "0", "2", "none", "s", "LEFT") == kWrongType);
  CHECK(h.run("BLMOVE", "s", "r", "LEFT", "LEFT", "0") == kWrongType);
  CHECK(h.run("BRPOPLPUSH", "s", "r", "0") == kWrongType);
}

TEST_CASE("BLPOP: a key named twice and the empty key are keys like others") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BLPOP", "q", "", "q", "0");
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply() == bulks({"q", "a"}));
  worker.send("BLPOP", "q", "", "q", "0");
  h.run("RPUSH", "", "b");
  CHECK(worker.reply() == bulks({"", "b"}));
  CHECK(h.blocking.blocking_keys() == 0);
}

TEST_CASE("Blocking pops: a timeout answers the null array, or RESP3's null") {
  Harness h;
  const std::vector<std::vector<std::string>> commands = {{"BLPOP", "q", "0.5"},
                                                          {"BRPOP", "q", "r", "0.5"},
                                                          {"BLMOVE", "q", "r", "LEFT", "RIGHT", "0.5"},
                                                          {"BRPOPLPUSH", "q", "r", "0.5"},
                                                          {"BLMPOP", "0.5", "1", "q", "LEFT"}};
  Peer& old_worker = h.client();
  Peer& new_worker = h.client();
  new_worker.resp3();
  for (const auto& words : commands) {
    CAPTURE(words[0]);
    old_worker.send_words(words);
    new_worker.send_words(words);
    h.advance(499ms);
    CHECK(old_worker.reply_text() == kSilence);
    h.advance(1ms);
    CHECK(std::string(old_worker.client.outbox.sendable(UINT64_MAX)) == "*-1\r\n");
    CHECK(old_worker.reply() == null_array());
    CHECK(std::string(new_worker.client.outbox.sendable(UINT64_MAX)) == "_\r\n");
    CHECK(new_worker.reply() == null());
  }
  CHECK(h.propagated().empty());
}

TEST_CASE("Blocking pops: fractions of a millisecond are rounded up, never to forever") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BLPOP", "q", "0.0001");
  CHECK(worker.reply_text() == kSilence);
  h.advance(1ms);
  CHECK(worker.reply() == null_array());
  worker.send("BLPOP", "q", "1e-400");
  h.advance(1ms);
  CHECK(worker.reply() == null_array());
  worker.send("BLPOP", "q", "0");
  h.advance(24h * 365);
  CHECK(worker.reply_text() == kSilence);
}

TEST_CASE("Blocking pops: what is wrong with the timeout is found before any key") {
  Harness h;
  h.run("RPUSH", "q", "a");
  const resp::Value not_a_float = error("ERR timeout is not a float or out of range");
  for (const char* bad : {"x", "", " 1", "1s", "nan"}) {
    CHECK(h.run("BLPOP", "q", bad) == not_a_float);
    CHECK(h.run("BLMOVE", "q", "r", "LEFT", "LEFT", bad) == not_a_float);
    CHECK(h.run("BRPOPLPUSH", "q", "r", bad) == not_a_float);
    CHECK(h.run("BLMPOP", bad, "1", "q", "LEFT") == not_a_float);
  }
  CHECK(h.run("BRPOP", "q", "-0.1") == error("ERR timeout is negative"));
  CHECK(h.run("BLPOP", "q", "1e30") == error("ERR timeout is out of range"));
  CHECK(h.run("BLPOP", "q", "inf") == error("ERR timeout is out of range"));
  CHECK(h.run("BLPOP", "q", "0x1p2") == bulks({"q", "a"}));
}

TEST_CASE("BLMPOP: its other arguments are judged before its timeout") {
  Harness h;
  CHECK(h.run("BLMPOP", "x", "0", "q", "LEFT") == error("ERR numkeys should be greater than 0"));
  CHECK(h.run("BLMPOP", "x", "1", "q", "UP") == error("ERR syntax error"));
  CHECK(h.run("BLMPOP", "x", "2", "q", "LEFT") == error("ERR syntax error"));
  CHECK(h.run("BLMPOP", "x", "1", "q", "LEFT", "COUNT", "0") == error("ERR count should be greater than 0"));
  CHECK(h.run("BLMPOP", "0", "1", "q", "LEFT", "COUNT", "1", "COUNT", "1") == error("ERR syntax error"));
  CHECK(h.run("BLMOVE", "q", "r", "UP", "LEFT", "x") == error("ERR syntax error"));
}

TEST_CASE("Blocking pops: every command checks its number of arguments") {
  Harness h;
  CHECK(h.run("BLPOP", "q") == error("ERR wrong number of arguments for 'blpop' command"));
  CHECK(h.run("BRPOP", "q") == error("ERR wrong number of arguments for 'brpop' command"));
  CHECK(h.run("BLMOVE", "q", "r", "LEFT", "LEFT") ==
        error("ERR wrong number of arguments for 'blmove' command"));
  CHECK(h.run("BRPOPLPUSH", "q", "r") == error("ERR wrong number of arguments for 'brpoplpush' command"));
  CHECK(h.run("BLMPOP", "0", "1", "q") == error("ERR wrong number of arguments for 'blmpop' command"));
}

TEST_CASE("BLMPOP: takes up to COUNT, at once or later, and is logged as a pop of what it took") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.propagated();
  CHECK(h.run("BLMPOP", "0", "2", "none", "q", "RIGHT", "COUNT", "5") ==
        array({bulk("q"), bulks({"b", "a"})}));
  Peer& worker = h.client();
  worker.send("BLMPOP", "0", "2", "none", "q", "LEFT", "COUNT", "2");
  h.run("RPUSH", "q", "1", "2", "3");
  CHECK(worker.reply() == array({bulk("q"), bulks({"1", "2"})}));
  CHECK(h.propagated() == Lines{"RPOP q 2", "RPUSH q 1 2 3", "LPOP q 2"});
}

TEST_CASE("BLMOVE and BRPOPLPUSH: move at once or later, and are logged as the move they became") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.propagated();
  CHECK(h.run("BLMOVE", "q", "r", "left", "RIGHT", "0") == bulk("a"));
  CHECK(h.run("BRPOPLPUSH", "q", "r", "0") == bulk("b"));
  CHECK(h.run("LRANGE", "r", "0", "-1") == bulks({"b", "a"}));
  Peer& worker = h.client();
  worker.send("BLMOVE", "q", "d", "RIGHT", "LEFT", "0");
  h.run("RPUSH", "q", "x", "y");
  CHECK(worker.reply() == bulk("y"));
  worker.send("BRPOPLPUSH", "e", "d", "0");
  h.run("RPUSH", "e", "z");
  CHECK(worker.reply() == bulk("z"));
  CHECK(h.propagated() == Lines{"LMOVE q r left RIGHT", "RPOPLPUSH q r", "RPUSH q x y",
                                "LMOVE q d RIGHT LEFT", "RPUSH e z", "RPOPLPUSH e d"});
}

TEST_CASE("BLMOVE: a destination of another type is an error once there is something to move") {
  Harness h;
  store_string(h, "s");
  Peer& worker = h.client();
  worker.send("BLMOVE", "q", "s", "LEFT", "LEFT", "0");
  CHECK(worker.reply_text() == kSilence);
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply() == kWrongType);
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"a"}));
  CHECK(h.propagated() == Lines{"RPUSH q a"});
}

TEST_CASE("BRPOPLPUSH onto its own key: one push serves a whole chain of waiters") {
  Harness h;
  std::vector<Peer*> workers;
  for (int i = 0; i < 5; ++i) {
    workers.push_back(&h.client());
    workers.back()->send("BRPOPLPUSH", "k", "k", "0");
  }
  h.run("LPUSH", "k", "x");
  for (Peer* worker : workers) CHECK(worker->reply() == bulk("x"));
  CHECK(h.run("LRANGE", "k", "0", "-1") == bulks({"x"}));
}

TEST_CASE("BRPOPLPUSH from list to list: a push travels down a line of waiters") {
  Harness h;
  Peer& last = h.client();
  Peer& middle = h.client();
  Peer& first = h.client();
  last.send("BLPOP", "c", "0");
  middle.send("BRPOPLPUSH", "b", "c", "0");
  first.send("BRPOPLPUSH", "a", "b", "0");
  h.run("RPUSH", "a", "x");
  CHECK(first.reply() == bulk("x"));
  CHECK(middle.reply() == bulk("x"));
  CHECK(last.reply() == bulks({"c", "x"}));
  CHECK(h.propagated() == Lines{"RPUSH a x", "RPOPLPUSH a b", "RPOPLPUSH b c", "LPOP c"});
}

TEST_CASE("Blocking pops inside MULTI: a null at once, in the shape of each command's pop") {
  Harness h;
  h.run("MULTI");
  h.run("BLPOP", "q", "0");
  h.run("BRPOP", "q", "0");
  h.run("BLMOVE", "q", "r", "LEFT", "LEFT", "0");
  h.run("BRPOPLPUSH", "q", "r", "0");
  h.run("BLMPOP", "0", "1", "q", "LEFT");
  CHECK(h.run("EXEC") == array({null_array(), null_array(), null(), null(), null_array()}));
  CHECK(h.blocking.blocked_clients() == 0);
}

TEST_CASE("Blocking pops inside MULTI: pop what is there") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.propagated();
  h.run("MULTI");
  h.run("BLPOP", "q", "0");
  h.run("BRPOPLPUSH", "q", "r", "0");
  CHECK(h.run("EXEC") == array({bulks({"q", "a"}), bulk("b")}));
  CHECK(h.propagated() == Lines{"MULTI", "LPOP q", "RPOPLPUSH q r", "EXEC"});
}

TEST_CASE("Blocking pops: events follow those of the push that served them") {
  Harness h;
  h.configure("notify-keyspace-events", "Elg");
  Peer& worker = h.client();
  worker.send("BLMOVE", "q", "d", "LEFT", "RIGHT", "0");
  h.run("RPUSH", "q", "1");
  CHECK(h.events() == Lines{"__keyevent@0__:rpush q", "__keyevent@0__:rpush d", "__keyevent@0__:lpop q",
                            "__keyevent@0__:del q"});
  worker.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "1");
  CHECK(h.events() == Lines{"__keyevent@0__:rpush q", "__keyevent@0__:lpop q", "__keyevent@0__:del q"});
}

TEST_CASE("BLPOP: a negative part of a millisecond rounds up to none, which is forever") {
  Harness h;
  Peer& worker = h.client();
  CHECK(worker.send("BLPOP", "q", "-0.0000001") == exec::Next::kWait);
  CHECK(h.run("BLPOP", "q", "-0.002") == error("ERR timeout is negative"));
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply() == bulks({"q", "a"}));
}

}  // namespace sluice::test
