#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kBadCount = error("ERR count should be greater than 0");

// Moves from the list 1 2 3 4 5 to the list x, and tells the reply and both lists.
std::string moved(const std::string& from, const std::string& to, const std::string& order) {
  Harness h;
  h.run("RPUSH", "src", "1", "2", "3", "4", "5");
  h.run("RPUSH", "dst", "x");
  const std::string reply = h.text("LMOVEM", "src", "dst", from, to, "COUNT", "3", order);
  return reply + " " + h.text("LRANGE", "src", "0", "-1") + " " + h.text("LRANGE", "dst", "0", "-1");
}

}  // namespace

TEST_CASE("LMOVEM: moves one element as LMOVE does, but answers an array") {
  Harness h;
  h.run("RPUSH", "src", "a", "b", "c");
  h.propagated();
  CHECK(h.run("LMOVEM", "src", "dst", "LEFT", "right") == bulks({"a"}));
  CHECK(h.run("LRANGE", "dst", "0", "-1") == bulks({"a"}));
  CHECK(h.run("LMOVEM", "none", "dst", "LEFT", "RIGHT") == null_array());
  CHECK(h.run("LMOVEM", "none", "dst", "LEFT", "RIGHT", "COUNT", "5", "BULK") == null_array());
  CHECK(h.propagated() == Lines{"LMOVE src dst LEFT RIGHT"});
}

TEST_CASE("LMOVEM: one by one or in bulk, from and to every end") {
  CHECK(moved("LEFT", "RIGHT", "OBO") == R"(["1", "2", "3"] ["4", "5"] ["x", "1", "2", "3"])");
  CHECK(moved("LEFT", "LEFT", "OBO") == R"(["3", "2", "1"] ["4", "5"] ["3", "2", "1", "x"])");
  CHECK(moved("RIGHT", "RIGHT", "OBO") == R"(["5", "4", "3"] ["1", "2"] ["x", "5", "4", "3"])");
  CHECK(moved("RIGHT", "LEFT", "OBO") == R"(["3", "4", "5"] ["1", "2"] ["3", "4", "5", "x"])");
  CHECK(moved("LEFT", "RIGHT", "BULK") == R"(["1", "2", "3"] ["4", "5"] ["x", "1", "2", "3"])");
  CHECK(moved("LEFT", "LEFT", "BULK") == R"(["1", "2", "3"] ["4", "5"] ["1", "2", "3", "x"])");
  CHECK(moved("RIGHT", "RIGHT", "BULK") == R"(["3", "4", "5"] ["1", "2"] ["x", "3", "4", "5"])");
  CHECK(moved("RIGHT", "LEFT", "BULK") == R"(["3", "4", "5"] ["1", "2"] ["3", "4", "5", "x"])");
}

TEST_CASE("LMOVEM: COUNT takes what is there, EXACTLY all or nothing") {
  Harness h;
  h.run("RPUSH", "src", "a", "b");
  CHECK(h.run("LMOVEM", "src", "dst", "LEFT", "RIGHT", "EXACTLY", "3", "BULK") == null_array());
  CHECK(h.run("EXISTS", "dst") == integer(0));
  CHECK(h.run("LMOVEM", "src", "dst", "LEFT", "RIGHT", "COUNT", "9223372036854775807", "BULK") ==
        bulks({"a", "b"}));
  CHECK(h.run("EXISTS", "src") == integer(0));
  CHECK(h.run("LMOVEM", "dst", "src", "LEFT", "RIGHT", "exactly", "2", "obo") == bulks({"a", "b"}));
}

TEST_CASE("LMOVEM: within one list it rotates, turns or leaves alone, and the deadline stays") {
  Harness h;
  h.run("RPUSH", "k", "1", "2", "3", "4");
  h.run("EXPIRE", "k", "100");
  h.propagated();
  CHECK(h.run("LMOVEM", "k", "k", "LEFT", "RIGHT", "COUNT", "2", "BULK") == bulks({"1", "2"}));
  CHECK(h.run("LRANGE", "k", "0", "-1") == bulks({"3", "4", "1", "2"}));
  CHECK(h.run("LMOVEM", "k", "k", "LEFT", "LEFT", "COUNT", "9", "BULK") == bulks({"3", "4", "1", "2"}));
  CHECK(h.propagated() == Lines{"MULTI", "LMOVE k k LEFT RIGHT", "LMOVE k k LEFT RIGHT", "EXEC"});
  CHECK(h.run("LMOVEM", "k", "k", "LEFT", "LEFT", "COUNT", "9", "OBO") == bulks({"2", "1", "4", "3"}));
  CHECK(h.run("LRANGE", "k", "0", "-1") == bulks({"2", "1", "4", "3"}));
  CHECK(h.propagated() == Lines{"MULTI", "LSET k 3 3", "LSET k 2 4", "LSET k 1 1", "LSET k 0 2", "EXEC"});
  CHECK(h.run("LMOVEM", "k", "k", "RIGHT", "RIGHT", "COUNT", "2", "OBO") == bulks({"3", "4"}));
  CHECK(h.run("LRANGE", "k", "0", "-1") == bulks({"2", "1", "3", "4"}));
  CHECK(h.propagated() == Lines{"MULTI", "LSET k -2 3", "LSET k -1 4", "EXEC"});
  CHECK(h.run("TTL", "k") == integer(100));
}

TEST_CASE("LMOVEM: a block that keeps its order at the same end is logged as a pop and a push") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("RPUSH", "src", "1", "2", "3");
  h.events();
  h.propagated();
  h.run("LMOVEM", "src", "dst", "LEFT", "LEFT", "COUNT", "2", "BULK");
  h.run("LMOVEM", "src", "dst", "RIGHT", "LEFT", "COUNT", "2", "OBO");
  CHECK(h.propagated() == Lines{"MULTI", "LPOP src 2", "LPUSH dst 2 1", "EXEC", "LMOVE src dst RIGHT LEFT"});
  CHECK(h.events() == Lines{"__keyevent@0__:lpush dst", "__keyevent@0__:lpop src", "__keyevent@0__:lpush dst",
                            "__keyevent@0__:rpop src", "__keyevent@0__:del src"});
}

TEST_CASE("LMOVEM and BLMOVEM: bad arguments") {
  Harness h;
  h.run("SET", "text", "v");
  h.run("RPUSH", "l", "a", "b");
  CHECK(h.run("LMOVEM", "l", "d", "LEFT") == error("ERR wrong number of arguments for 'lmovem' command"));
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "UP") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "UP", "LEFT", "COUNT", "2", "OBO") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "2") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "OBO") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "2", "OBO", "x") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "SOME", "2", "OBO") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "2", "ALL") == kSyntax);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "0", "BULK") == kBadCount);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "EXACTLY", "-1", "BULK") == kBadCount);
  CHECK(h.run("LMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "a", "BULK") == kBadCount);
  CHECK(h.run("LMOVEM", "text", "d", "LEFT", "RIGHT") == kWrongType);
  CHECK(h.run("LMOVEM", "l", "text", "LEFT", "RIGHT", "COUNT", "2", "BULK") == kWrongType);
  CHECK(h.run("BLMOVEM", "l", "d", "LEFT", "RIGHT", "COUNT", "2", "OBO") ==
        error("ERR timeout is not a float or out of range"));
  CHECK(h.run("BLMOVEM", "l", "d", "LEFT", "RIGHT", "-1") == error("ERR timeout is negative"));
  CHECK(h.run("BLMOVEM", "l", "text", "LEFT", "RIGHT", "0") == kWrongType);
  CHECK(h.run("LLEN", "l") == integer(2));
}

TEST_CASE("BLMOVEM: COUNT waits while the source is empty, EXACTLY until it holds enough") {
  Harness h;
  Peer& any = h.client();
  any.send("BLMOVEM", "src", "dst", "LEFT", "RIGHT", "0", "COUNT", "5", "BULK");
  CHECK(!any.reply());
  h.run("RPUSH", "src", "a", "b");
  CHECK(any.reply() == bulks({"a", "b"}));
  Peer& all = h.client();
  all.send("BLMOVEM", "src", "dst", "LEFT", "RIGHT", "0", "EXACTLY", "3", "OBO");
  h.run("RPUSH", "src", "1", "2");
  CHECK(!all.reply());
  h.run("LINSERT", "src", "BEFORE", "2", "1.5");
  CHECK(all.reply() == bulks({"1", "1.5", "2"}));
  CHECK(h.run("LRANGE", "dst", "0", "-1") == bulks({"a", "b", "1", "1.5", "2"}));
  CHECK(h.run("BLMOVEM", "dst", "src", "RIGHT", "LEFT", "0") == bulks({"2"}));
}

TEST_CASE("BLMOVEM: the null is an array's, in time and in MULTI; a move wakes those who wait for it") {
  Harness h;
  Peer& late = h.client();
  late.send("BLMOVEM", "none", "dst", "LEFT", "RIGHT", "0.01", "EXACTLY", "2", "BULK");
  h.advance(10ms);
  CHECK(late.reply() == null_array());
  h.run("MULTI");
  h.run("BLMOVEM", "none", "dst", "LEFT", "RIGHT", "0");
  CHECK(h.run("EXEC") == array({null_array()}));
  Peer& worker = h.client();
  worker.send("BLPOP", "dst", "0");
  h.run("RPUSH", "src", "a", "b");
  CHECK(h.run("LMOVEM", "src", "dst", "LEFT", "RIGHT", "COUNT", "2", "BULK") == bulks({"a", "b"}));
  CHECK(worker.reply() == bulks({"dst", "a"}));
}

// --- LMPOP and BLMPOP with a target

TEST_CASE("LMPOP TO: what is popped goes to another list, and the reply is LMPOP's") {
  Harness h;
  h.run("RPUSH", "low", "1", "2", "3");
  h.propagated();
  CHECK(h.run("LMPOP", "2", "high", "low", "LEFT", "COUNT", "2", "TO", "work", "RIGHT") ==
        array({bulk("low"), bulks({"1", "2"})}));
  CHECK(h.run("LRANGE", "work", "0", "-1") == bulks({"1", "2"}));
  CHECK(h.run("LMPOP", "1", "low", "right", "to", "work", "left") == array({bulk("low"), bulks({"3"})}));
  CHECK(h.run("LMPOP", "1", "low", "LEFT", "TO", "work", "LEFT") == null_array());
  CHECK(h.propagated() == Lines{"MULTI", "LMOVE low work LEFT RIGHT", "LMOVE low work LEFT RIGHT", "EXEC",
                                "LMOVE low work RIGHT LEFT"});
}

TEST_CASE("LMPOP TO: the target that it makes is held to the user's rules, nothing moves") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~q:*");
  Peer& worker = h.client();
  REQUIRE(worker.run("AUTH", "u", "x") == status("OK"));
  h.run("RPUSH", "q:1", "a", "b");
  const resp::Value refused = error("NOPERM No permissions to access a key");
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "held:%", "LEFT") == refused);
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "other", "LEFT") == refused);
  CHECK(worker.run("BLMPOP", "0", "1", "q:1", "LEFT", "TO", "held:%", "LEFT") == refused);
  CHECK(h.run("LLEN", "q:1") == integer(2));
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "%:held", "LEFT") ==
        array({bulk("q:1"), bulks({"a"})}));
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "q:other", "LEFT") ==
        array({bulk("q:1"), bulks({"b"})}));
}

TEST_CASE("LMPOP TO: a target needs no more than to be written to, and ACL DRYRUN says what a run would") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+lmpop", "~q:*", "%W~held:q:1", "(+lmpop ~q:* ~far:*)");
  Peer& worker = h.client();
  REQUIRE(worker.run("AUTH", "u", "x") == status("OK"));
  h.run("RPUSH", "q:1", "a");
  const auto dry = [&h](const char* source, const char* target) {
    return h.run("ACL", "DRYRUN", "u", "LMPOP", "2", "q:1", source, "LEFT", "TO", target, "RIGHT");
  };
  CHECK(dry("q:1", "held:%") == status("OK"));
  // Which of its lists it will be from is not known: none of the names may be forbidden.
  CHECK(dry("q:2", "held:%") == bulk("User u has no permissions to access the 'held:q:2' key"));
  CHECK(dry("q:2", "other") == bulk("User u has no permissions to access the 'other' key"));
  CHECK(dry("q:2", "far:%") == status("OK"));
  CHECK(worker.run("LMPOP", "2", "q:1", "q:2", "LEFT", "TO", "held:%", "LEFT") ==
        error("NOPERM No permissions to access a key"));
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "held:%", "LEFT") ==
        array({bulk("q:1"), bulks({"a"})}));
}

TEST_CASE("LMPOP TO: a few words do not name a key of gigabytes") {
  Harness h;
  const resp::Value refused = error("ERR the names that TO makes are too long");
  const std::string key(2000, 'k');
  h.run("RPUSH", key, "a");
  CHECK(h.run("LMPOP", "1", key, "LEFT", "TO", std::string(2000, '%'), "LEFT") == refused);
  CHECK(h.run("BLMPOP", "0", "2", "none", key, "LEFT", "TO", std::string(525, '%'), "LEFT") == refused);
  CHECK(h.run("LMPOP", "1", key, "LEFT", "TO", std::string(500, '%'), "LEFT") ==
        array({bulk(key), bulks({"a"})}));
  // A name that is only taken as it is may be as long as any.
  h.run("RPUSH", key, "b");
  CHECK(h.run("LMPOP", "1", key, "LEFT", "TO", std::string(2'000'000, 'x'), "LEFT") ==
        array({bulk(key), bulks({"b"})}));
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+lmpop", "~k*");
  Peer& worker = h.client();
  REQUIRE(worker.run("AUTH", "u", "x") == status("OK"));
  CHECK(worker.run("LMPOP", "1", key, "LEFT", "TO", std::string(2000, '%'), "LEFT") == refused);
}

TEST_CASE("LMPOP TO: a target that is refused is counted and noted for ACL LOG, from scripts as such") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+lmpop|1", "+eval", "+multi", "+exec", "~q:*");
  Peer& worker = h.client();
  REQUIRE(worker.run("AUTH", "u", "x") == status("OK"));
  h.run("RPUSH", "q:1", "a", "b");
  // A rule on the first argument is not misled by the name that was made.
  CHECK(worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "%:held", "LEFT") ==
        array({bulk("q:1"), bulks({"a"})}));
  worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "held:%", "LEFT");
  CHECK(
      worker.run("EVAL", "return redis.pcall('LMPOP', '1', KEYS[1], 'LEFT', 'TO', 'far', 'LEFT')", "1", "q:1")
          .is_error());
  worker.run("MULTI");
  worker.run("LMPOP", "1", "q:1", "LEFT", "TO", "away", "LEFT");
  worker.run("EXEC");
  CHECK(h.stats.denied_keys == 3);
  std::vector<std::string> noted;
  for (const auto& entry : h.users.denials().entries()) {
    const acl::Denial& denial = entry.denial;
    CHECK(denial.reason == acl::Reason::kKey);
    CHECK(denial.user == "u");
    CHECK(denial.client.find("id=" + std::to_string(worker.client.id) + " ") == 0);
    noted.push_back(denial.object + " " + std::to_string(static_cast<int>(denial.context)));
  }
  const auto line = [](const char* key, acl::Context context) {
    return std::string(key) + " " + std::to_string(static_cast<int>(context));
  };
  CHECK(noted == std::vector<std::string>{line("away", acl::Context::kMulti),
                                          line("far", acl::Context::kScript),
                                          line("held:q:1", acl::Context::kTopLevel)});
  CHECK(h.run("LLEN", "q:1") == integer(1));
}

TEST_CASE("LMPOP, BLMPOP: COMMAND GETKEYS finds the target only where it stands") {
  Harness h;
  const auto keys = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"COMMAND", "GETKEYS"});
    h.first().send_words(words);
    return h.first().reply_text();
  };
  const auto names = [](const std::vector<std::string>& expected) { return resp::describe(bulks(expected)); };
  CHECK(keys({"LMPOP", "1", "to", "LEFT"}) == names({"to"}));
  CHECK(keys({"LMPOP", "2", "TO", "x", "LEFT"}) == names({"TO", "x"}));
  CHECK(keys({"LMPOP", "2", "TO", "x", "LEFT", "COUNT", "3"}) == names({"TO", "x"}));
  CHECK(keys({"LMPOP", "1", "q", "LEFT", "TO", "d", "RIGHT"}) == names({"q", "d"}));
  CHECK(keys({"LMPOP", "1", "to", "LEFT", "count", "2", "to", "to", "RIGHT"}) == names({"to", "to"}));
  CHECK(keys({"BLMPOP", "0", "2", "to", "to", "LEFT", "TO", "d", "LEFT"}) == names({"to", "to", "d"}));
  CHECK(keys({"BLMPOP", "0", "1", "to", "LEFT"}) == names({"to"}));
  CHECK(keys({"LMPOP", "9", "q", "LEFT"}) ==
        resp::describe(error("ERR Invalid arguments specified for command")));
}

TEST_CASE("LMPOP TO: a percent sign stands for the name of the source") {
  Harness h;
  h.run("RPUSH", "b", "x");
  h.run("RPUSH", "", "y");
  CHECK(h.run("LMPOP", "2", "a", "b", "LEFT", "TO", "%:processing", "LEFT") ==
        array({bulk("b"), bulks({"x"})}));
  CHECK(h.run("LRANGE", "b:processing", "0", "-1") == bulks({"x"}));
  CHECK(h.run("LMPOP", "1", "b:processing", "LEFT", "TO", "<%|%>", "LEFT") ==
        array({bulk("b:processing"), bulks({"x"})}));
  CHECK(h.run("LLEN", "<b:processing|b:processing>") == integer(1));
  CHECK(h.run("LMPOP", "1", "", "LEFT", "TO", "%done", "LEFT") == array({bulk(""), bulks({"y"})}));
  CHECK(h.run("LLEN", "done") == integer(1));
  h.run("RPUSH", "ring", "1", "2", "3");
  CHECK(h.run("LMPOP", "1", "ring", "LEFT", "TO", "%", "RIGHT") == array({bulk("ring"), bulks({"1"})}));
  CHECK(h.run("LRANGE", "ring", "0", "-1") == bulks({"2", "3", "1"}));
}

TEST_CASE("LMPOP TO: bad arguments") {
  Harness h;
  h.run("RPUSH", "l", "a");
  h.run("SET", "text", "v");
  CHECK(h.run("LMPOP", "1", "l", "LEFT", "TO") == kSyntax);
  CHECK(h.run("LMPOP", "1", "l", "LEFT", "TO", "d") == kSyntax);
  CHECK(h.run("LMPOP", "1", "l", "LEFT", "TO", "d", "UP") == kSyntax);
  CHECK(h.run("LMPOP", "1", "l", "LEFT", "TO", "d", "LEFT", "COUNT", "1") == kSyntax);
  CHECK(h.run("LMPOP", "1", "l", "LEFT", "TO", "text", "LEFT") == kWrongType);
  CHECK(h.run("LMPOP", "1", "text", "LEFT", "TO", "d", "LEFT") == kWrongType);
  CHECK(h.run("BLMPOP", "0", "1", "l", "LEFT", "TO", "text", "LEFT") == kWrongType);
  CHECK(h.run("LRANGE", "l", "0", "-1") == bulks({"a"}));
  CHECK(h.run("COMMAND", "GETKEYS", "LMPOP", "2", "a", "b", "LEFT", "COUNT", "3", "TO", "%d", "LEFT") ==
        bulks({"a", "b", "%d"}));
  CHECK(h.run("COMMAND", "GETKEYS", "BLMPOP", "0", "1", "a", "LEFT") == bulks({"a"}));
}

TEST_CASE("BLMPOP TO: waits for any of its lists; scripts and transactions wake it, too") {
  Harness h;
  Peer& worker = h.client();
  const auto wait = [&worker] { worker.send("BLMPOP", "0", "2", "a", "b", "LEFT", "TO", "%:work", "LEFT"); };
  wait();
  CHECK(!worker.reply());
  h.propagated();
  h.run("RPUSH", "b", "1");
  CHECK(worker.reply() == array({bulk("b"), bulks({"1"})}));
  CHECK(h.propagated() == Lines{"RPUSH b 1", "LMOVE b b:work LEFT LEFT"});
  wait();
  h.run("EVAL", "redis.call('LPUSH', 'a', 's')", "0");
  CHECK(worker.reply() == array({bulk("a"), bulks({"s"})}));
  wait();
  h.run("MULTI");
  h.run("RPUSH", "b", "2");
  h.run("RPUSH", "a", "3");
  h.run("EXEC");
  CHECK(worker.reply() == array({bulk("a"), bulks({"3"})}));
  CHECK(h.run("LRANGE", "a:work", "0", "-1") == bulks({"3", "s"}));
  worker.send("BLMPOP", "0.01", "1", "none", "LEFT", "TO", "d", "LEFT");
  h.advance(10ms);
  CHECK(worker.reply() == null_array());
}

}  // namespace sluice::test
