#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

const std::string kNoGroup = "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";

// A stream of entries 1-0 to count-0, and a group at its beginning.
void fill(Harness& h, int count, const std::string& key = "s") {
  h.run("XGROUP", "CREATE", key, "g", "0", "MKSTREAM");
  for (int i = 1; i <= count; ++i) h.run("XADD", key, std::to_string(i), "f", std::to_string(i));
  h.propagated();
}

template <class... Words>
resp::Value read(Harness& h, const std::string& consumer, const Words&... words) {
  return h.run("XREADGROUP", "GROUP", "g", consumer, words...);
}

// The ids of all entries in a reply: "s 1-0 2-0 t 5-0".
std::string ids_of(const resp::Value& reply) {
  if (!reply.text.empty()) return reply.text;
  std::string ids;
  for (const resp::Value& stream : reply.children) {
    ids += stream.children.at(0).text + " ";
    for (const resp::Value& entry : stream.children.at(1).children) ids += entry.children.at(0).text + " ";
  }
  return ids.empty() ? "(none)" : ids;
}

std::string pending(Harness& h) {
  return h.text("XPENDING", "s", "g", "-", "+", "100");
}

}  // namespace

TEST_CASE("XREADGROUP: hands each new entry to one consumer, which has it pending then") {
  Harness h;
  fill(h, 4);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]]]");
  CHECK(ids_of(read(h, "d", "STREAMS", "s", ">")) == "s 3-0 4-0 ");
  CHECK(read(h, "c", "STREAMS", "s", ">") == null_array());
  CHECK(pending(h) ==
        "[[\"1-0\", \"c\", 0, 1], [\"2-0\", \"c\", 0, 1], [\"3-0\", \"d\", 0, 1], "
        "[\"4-0\", \"d\", 0, 1]]");
}

TEST_CASE("XREADGROUP: the log gets the claim it amounts to, and where the group stands") {
  Harness h;
  fill(h, 3);
  const std::string now = std::to_string(h.clock.unix_us() / 1000);
  read(h, "c", "COUNT", "2", "STREAMS", "s", ">");
  CHECK(h.propagated() ==
        Lines{"MULTI", "XGROUP CREATECONSUMER s g c",
              "XCLAIM s g c 0 1-0 2-0 TIME " + now + " RETRYCOUNT 1 FORCE JUSTID LASTID 2-0",
              "XGROUP SETID s g 2-0 ENTRIESREAD 2", "EXEC"});
  read(h, "c", "NOACK", "STREAMS", "s", ">");
  CHECK(h.propagated() == Lines{"XGROUP SETID s g 3-0 ENTRIESREAD 3"});
  read(h, "c", "STREAMS", "s", ">");
  CHECK(h.propagated().empty());
  h.advance(10ms);
  read(h, "c", "COUNT", "1", "STREAMS", "s", "0");
  CHECK(h.propagated() == Lines{"XCLAIM s g c 0 1-0 TIME " + std::to_string(h.clock.unix_us() / 1000) +
                                " RETRYCOUNT 2 FORCE JUSTID"});
}

TEST_CASE("XREADGROUP: NOACK leaves nothing pending") {
  Harness h;
  fill(h, 2);
  CHECK(ids_of(read(h, "c", "NOACK", "STREAMS", "s", ">")) == "s 1-0 2-0 ");
  CHECK(pending(h) == "[]");
}

TEST_CASE("XREADGROUP: an id gets the consumer's own pending entries behind it, deleted ones as null") {
  Harness h;
  fill(h, 4);
  read(h, "c", "COUNT", "3", "STREAMS", "s", ">");
  read(h, "d", "STREAMS", "s", ">");
  h.run("XDEL", "s", "2");
  h.advance(50ms);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", "0") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", nil-array], [\"3-0\", [\"f\", \"3\"]]]]]");
  CHECK(pending(h) ==
        "[[\"1-0\", \"c\", 0, 2], [\"2-0\", \"c\", 50, 1], [\"3-0\", \"c\", 0, 2], "
        "[\"4-0\", \"d\", 50, 1]]");
  CHECK(ids_of(read(h, "c", "COUNT", "1", "STREAMS", "s", "1-0")) == "s 2-0 ");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "9") == "[[\"s\", []]]");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "new", "STREAMS", "s", "0") == "[[\"s\", []]]");
}

TEST_CASE("XREADGROUP: who looks at its history is seen, but got nothing, and the log knows that") {
  Harness h;
  fill(h, 2);
  read(h, "c", "STREAMS", "s", ">");
  h.advance(50ms);
  h.propagated();
  read(h, "c", "STREAMS", "s", "0");
  CHECK(h.propagated() == Lines{"XCLAIM s g c 0 1-0 2-0 TIME " + std::to_string(h.clock.unix_us() / 1000) +
                                " RETRYCOUNT 2 FORCE JUSTID"});
  CHECK(h.text("XINFO", "CONSUMERS", "s", "g") ==
        "[[\"name\", \"c\", \"pending\", 2, \"idle\", 0, \"inactive\", 50]]");
}

TEST_CASE("XREADGROUP: an entry handed out before goes to the new reader when the group was moved back") {
  Harness h;
  fill(h, 1);
  read(h, "c", "STREAMS", "s", ">");
  read(h, "c", "STREAMS", "s", "0");
  h.run("XGROUP", "SETID", "s", "g", "0");
  CHECK(ids_of(read(h, "d", "STREAMS", "s", ">")) == "s 1-0 ");
  CHECK(pending(h) == "[[\"1-0\", \"d\", 0, 1]]");
}

TEST_CASE("XREADGROUP: makes the consumer even when there is nothing to read") {
  Harness h;
  fill(h, 0);
  CHECK(read(h, "c", "STREAMS", "s", ">") == null_array());
  CHECK(h.propagated() == Lines{"XGROUP CREATECONSUMER s g c"});
  h.advance(20ms);
  CHECK(h.text("XINFO", "CONSUMERS", "s", "g") ==
        "[[\"name\", \"c\", \"pending\", 0, \"idle\", 20, \"inactive\", -1]]");
}

TEST_CASE("XREADGROUP: several streams, a map in RESP3") {
  Harness h;
  fill(h, 1);
  fill(h, 2, "t");
  Peer& peer = h.client();
  peer.resp3();
  CHECK(peer.text("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", "t", ">", ">") ==
        "{\"s\": [[\"1-0\", [\"f\", \"1\"]]], \"t\": [[\"1-0\", [\"f\", \"1\"]]]}");
  CHECK(peer.text("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "t", ">", ">") ==
        "{\"t\": [[\"2-0\", [\"f\", \"2\"]]]}");
  CHECK(peer.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "t", ">", ">").is_null());
}

TEST_CASE("XREADGROUP: refuses in Redis's order") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  CHECK(h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "t", "u") ==
        error("ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be "
              "specified."));
  CHECK(h.run("XREADGROUP", "COUNT", "1", "NOACK", "NOACK", "STREAMS", "s", "x") ==
        error("ERR Missing GROUP option for XREADGROUP"));
  CHECK(read(h, "c", "STREAMS", "str", "x").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XREADGROUP", "GROUP", "no", "c", "STREAMS", "s", "x") ==
        error("NOGROUP No such key 's' or consumer group 'no' in XREADGROUP with GROUP option"));
  CHECK(read(h, "c", "STREAMS", "nokey", ">").text.starts_with("NOGROUP No such key 'nokey'"));
  CHECK(read(h, "c", "STREAMS", "s", "$").text.starts_with("ERR The $ ID is meaningless"));
  CHECK(read(h, "c", "STREAMS", "s", "+").text.starts_with("ERR Invalid stream ID"));
  CHECK(read(h, "c", "COUNT", "x", "STREAMS", "s", ">") ==
        error("ERR value is not an integer or out of range"));
  CHECK(read(h, "c", "BLOCK", "-1", "STREAMS", "s", ">") == error("ERR timeout is negative"));
  CHECK(read(h, "c", "odd", "STREAMS", "s", ">") == error("ERR syntax error"));
  CHECK(read(h, "c", "COUNT", "5", "BLOCK", "4") == error("ERR syntax error"));
  CHECK(h.run("XREAD", "CLAIM", "5", "STREAMS", "s", "0").is_error());
  CHECK(pending(h) == "[]");
}

TEST_CASE("XREADGROUP: the highest id is the same as >, and no negative count limits anything") {
  Harness h;
  fill(h, 2);
  CHECK(ids_of(read(h, "c", "COUNT", "-1", "STREAMS", "s", "18446744073709551615-18446744073709551615")) ==
        "s 1-0 2-0 ");
}

// --- waiting

TEST_CASE(
    "XREADGROUP BLOCK: who waits gets what is pending behind more that is gone than one call cleans up") {
  Harness h;
  fill(h, 1600);
  read(h, "c", "COUNT", "1600", "STREAMS", "s", ">");
  h.run("XTRIM", "s", "MAXLEN", "2");
  h.advance(50ms);
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "d", "CLAIM", "50", "BLOCK", "0", "STREAMS", "s", ">");
  h.advance(1ms);
  const auto reply = peer.reply();
  REQUIRE(reply);
  CHECK(ids_of(*reply) == "s 1599-0 1600-0 ");
}

TEST_CASE("XREADGROUP BLOCK: those who wait in one group are served oldest first, the others stay") {
  Harness h;
  fill(h, 0);
  Peer& first = h.client();
  Peer& second = h.client();
  Peer& elsewhere = h.client();
  h.run("XGROUP", "CREATE", "s", "other", "$");
  first.send("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "BLOCK", "0", "STREAMS", "s", ">");
  second.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">");
  elsewhere.send("XREADGROUP", "GROUP", "other", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("XADD", "s", "1", "f", "v");
  CHECK(first.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"v\"]]]]]");
  CHECK(second.reply_text() == "(nothing)");
  CHECK(elsewhere.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"v\"]]]]]");
  h.run("MULTI");
  h.run("XADD", "s", "2", "f", "v");
  h.run("XADD", "s", "3", "f", "v");
  h.run("EXEC");
  CHECK(second.reply_text() == "[[\"s\", [[\"2-0\", [\"f\", \"v\"]], [\"3-0\", [\"f\", \"v\"]]]]]");
}

TEST_CASE("XREADGROUP BLOCK: each takes up to its count of what a script added") {
  Harness h;
  fill(h, 0);
  Peer& first = h.client();
  Peer& second = h.client();
  first.send("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "BLOCK", "0", "STREAMS", "s", ">");
  second.send("XREADGROUP", "GROUP", "g", "b", "COUNT", "2", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("EVAL", "for i=1,3 do redis.call('XADD', 's', i, 'f', 'v') end", "0");
  CHECK(ids_of(*first.reply()) == "s 1-0 2-0 ");
  CHECK(ids_of(*second.reply()) == "s 3-0 ");
}

TEST_CASE("XREADGROUP BLOCK: a null when the time is up, and at once inside MULTI and scripts") {
  Harness h;
  fill(h, 0);
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "100", "STREAMS", "s", ">");
  CHECK(peer.reply_text() == "(nothing)");
  h.advance(150ms);
  CHECK(peer.reply() == null_array());
  h.run("MULTI");
  h.run("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  CHECK(h.run("EXEC") == array({null_array()}));
  CHECK(h.run("EVAL", "return redis.call('XREADGROUP','GROUP','g','c','BLOCK','0','STREAMS','s','>')", "0") ==
        null());
}

TEST_CASE("XREADGROUP BLOCK: NOGROUP when the key or the group goes, WRONGTYPE when another type comes") {
  const std::vector<std::vector<std::vector<std::string>>> ends = {
      {{"DEL", "s"}},
      {{"UNLINK", "s"}},
      {{"FLUSHALL"}},
      {{"FLUSHDB"}},
      {{"RENAME", "s", "elsewhere"}},
      {{"MOVE", "s", "1"}},
      {{"XGROUP", "DESTROY", "s", "g"}},
      {{"SWAPDB", "0", "1"}},
      {{"PEXPIRE", "s", "-1"}},
  };
  for (const auto& commands : ends) {
    CAPTURE(commands[0][0]);
    Harness h;
    fill(h, 0);
    Peer& peer = h.client();
    peer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
    for (const auto& command : commands) h.first().send_words(command);
    h.settle();
    CHECK(peer.reply() == error(kNoGroup));
  }
  Harness h;
  fill(h, 0);
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("SET", "s", "x");
  CHECK(peer.reply()->text.starts_with("WRONGTYPE"));
}

TEST_CASE("XREADGROUP BLOCK: the key's expiry ends the wait, a stream renamed onto it is served") {
  Harness h;
  fill(h, 0);
  Peer& peer = h.client();
  h.run("PEXPIRE", "s", "100");
  peer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.advance(200ms);
  CHECK(peer.reply() == error(kNoGroup));
  fill(h, 0);
  fill(h, 2, "full");
  peer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("RENAME", "full", "s");
  CHECK(ids_of(*peer.reply()) == "s 1-0 2-0 ");
}

// --- CLAIM (https://redis.io/docs/latest/commands/xreadgroup/)

TEST_CASE("XREADGROUP CLAIM: idle entries first, longest idle before, then new ones, all with two figures") {
  Harness h;
  fill(h, 3);
  read(h, "dead", "COUNT", "1", "STREAMS", "s", ">");
  h.advance(100ms);
  read(h, "dead", "COUNT", "1", "STREAMS", "s", ">");
  h.run("XCLAIM", "s", "g", "dead", "0", "1", "JUSTID", "RETRYCOUNT", "4", "IDLE", "10");
  h.advance(100ms);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "CLAIM", "100", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 110, 4], [\"2-0\", [\"f\", \"2\"], 100, 1], "
        "[\"3-0\", [\"f\", \"3\"], 0, 0]]]]");
  CHECK(pending(h) == "[[\"1-0\", \"c\", 0, 5], [\"2-0\", \"c\", 0, 2], [\"3-0\", \"c\", 0, 1]]");
  CHECK(read(h, "c", "CLAIM", "100", "STREAMS", "s", ">") == null_array());
}

TEST_CASE("XREADGROUP CLAIM: COUNT covers both, NOACK only what is new, 0 is everything pending") {
  Harness h;
  fill(h, 3);
  read(h, "dead", "COUNT", "2", "STREAMS", "s", ">");
  CHECK(ids_of(read(h, "c", "CLAIM", "0", "COUNT", "1", "STREAMS", "s", ">")) == "s 1-0 ");
  CHECK(ids_of(read(h, "c", "NOACK", "CLAIM", "0", "COUNT", "9", "STREAMS", "s", ">")) == "s 1-0 2-0 3-0 ");
  CHECK(pending(h) == "[[\"1-0\", \"c\", 0, 3], [\"2-0\", \"c\", 0, 2]]");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "CLAIM", "0", "STREAMS", "s", "1-0") ==
        "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
}

TEST_CASE("XREADGROUP CLAIM: what is gone from the stream is dropped, and counts for nothing") {
  Harness h;
  fill(h, 3);
  read(h, "dead", "STREAMS", "s", ">");
  h.run("XDEL", "s", "1", "2");
  h.propagated();
  const std::string now = std::to_string(h.clock.unix_us() / 1000);
  CHECK(ids_of(read(h, "c", "CLAIM", "0", "COUNT", "1", "STREAMS", "s", ">")) == "s 3-0 ");
  CHECK(h.propagated() == Lines{"MULTI", "XGROUP CREATECONSUMER s g c", "XACK s g 1-0 2-0",
                                "XCLAIM s g c 0 3-0 TIME " + now + " RETRYCOUNT 2 FORCE JUSTID LASTID 3-0",
                                "EXEC"});
  CHECK(pending(h) == "[[\"3-0\", \"c\", 0, 2]]");
}

TEST_CASE(
    "XREADGROUP CLAIM: who does not wait gets what stands behind thousands that are gone, in the same call") {
  Harness h;
  fill(h, 4500);
  read(h, "c", "COUNT", "4500", "STREAMS", "s", ">");
  h.run("XTRIM", "s", "MAXLEN", "2");
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "d", "CLAIM", "0", "STREAMS", "s", ">");
  h.advance(0ms);
  const auto reply = peer.reply();
  REQUIRE(reply);
  CHECK(ids_of(*reply) == "s 4499-0 4500-0 ");
  CHECK(h.text("XPENDING", "s", "g") == "[2, \"4499-0\", \"4500-0\", [[\"d\", \"2\"]]]");
}

TEST_CASE("XREADGROUP CLAIM: who does not wait and finds nothing behind thousands that are gone is told so") {
  Harness h;
  fill(h, 4500);
  read(h, "c", "COUNT", "4500", "STREAMS", "s", ">");
  h.run("XTRIM", "s", "MAXLEN", "0");
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "d", "CLAIM", "0", "STREAMS", "s", ">");
  h.advance(0ms);
  CHECK(peer.reply_text() == "nil-array");
  CHECK(h.run("XPENDING", "s", "g").children.at(0) == integer(0));
}

TEST_CASE("XREADGROUP CLAIM: inside MULTI it gets what stands behind thousands that are gone as well") {
  Harness h;
  fill(h, 4500);
  read(h, "c", "COUNT", "4500", "STREAMS", "s", ">");
  h.run("XTRIM", "s", "MAXLEN", "1");
  h.run("MULTI");
  h.run("XREADGROUP", "GROUP", "g", "d", "CLAIM", "0", "STREAMS", "s", ">");
  const resp::Value replies = h.run("EXEC");
  REQUIRE(replies.children.size() == 1);
  CHECK(ids_of(replies.children[0]) == "s 4500-0 ");
}

TEST_CASE("XREADGROUP: new entries come at once, though more is gone than one call cleans up") {
  Harness h;
  fill(h, 1600);
  read(h, "c", "COUNT", "1600", "STREAMS", "s", ">");
  h.run("XTRIM", "s", "MAXLEN", "0");
  h.run("XADD", "s", "5000", "f", "v");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "100000");
  CHECK(ids_of(read(h, "d", "CLAIM", "0", "STREAMS", "s", ">")) == "s 5000-0 ");
}

TEST_CASE("XREADGROUP CLAIM: errors, and the last of several wins") {
  Harness h;
  fill(h, 1);
  CHECK(read(h, "c", "CLAIM", "x", "STREAMS", "s", ">") == error("ERR min-idle-time is not an integer"));
  CHECK(read(h, "c", "CLAIM", "-1", "STREAMS", "s", ">") ==
        error("ERR min-idle-time must be a positive integer"));
  CHECK(read(h, "c", "STREAMS", "s", ">", "CLAIM").text.starts_with("ERR Unbalanced"));
  CHECK(h.text("XREADGROUP", "CLAIM", "7", "CLAIM", "0", "GROUP", "g", "c", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 0, 0]]]]");
}

TEST_CASE("XREADGROUP CLAIM BLOCK: wakes when the longest idle entry may be claimed") {
  Harness h;
  fill(h, 1);
  read(h, "dead", "STREAMS", "s", ">");
  Peer& first = h.client();
  Peer& second = h.client();
  h.advance(20ms);
  first.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "1000", "CLAIM", "100", "STREAMS", "s", ">");
  second.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "CLAIM", "100", "STREAMS", "s", ">");
  h.advance(79ms);
  CHECK(first.reply_text() == "(nothing)");
  h.advance(1ms);
  CHECK(first.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 100, 1]]]]");
  CHECK(second.reply_text() == "(nothing)");
  h.advance(99ms);
  CHECK(second.reply_text() == "(nothing)");
  h.advance(1ms);
  CHECK(second.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 100, 2]]]]");
}

TEST_CASE("XREADGROUP CLAIM BLOCK: an acknowledged entry wakes nobody, a new one does") {
  Harness h;
  fill(h, 1);
  read(h, "dead", "STREAMS", "s", ">");
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "500", "CLAIM", "100", "STREAMS", "s", ">");
  h.run("XACK", "s", "g", "1");
  h.advance(300ms);
  CHECK(peer.reply_text() == "(nothing)");
  h.run("XADD", "s", "2", "f", "v");
  CHECK(peer.reply_text() == "[[\"s\", [[\"2-0\", [\"f\", \"v\"], 0, 0]]]]");
  peer.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "50", "CLAIM", "100", "STREAMS", "s", ">");
  h.advance(60ms);
  CHECK(peer.reply() == null_array());
}

TEST_CASE("XREADGROUP CLAIM BLOCK: wakes for what XCLAIM or XRENEW made idle sooner than it knew") {
  Harness h;
  h.run("XADD", "s", "1", "f", "1");
  h.run("XGROUP", "CREATE", "s", "g", "$");
  const auto wait = [&h](const char* consumer, const char* idle) -> Peer& {
    Peer& peer = h.client();
    peer.send("XREADGROUP", "GROUP", "g", consumer, "BLOCK", "60000", "CLAIM", idle, "STREAMS", "s", ">");
    return peer;
  };
  Peer& first = wait("a", "100");
  h.run("XCLAIM", "s", "g", "b", "0", "1-0", "FORCE");
  h.advance(99ms);
  CHECK(first.reply_text() == "(nothing)");
  h.advance(1ms);
  CHECK(first.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 100, 2]]]]");
  Peer& second = wait("c", "30000");
  h.run("XCLAIM", "s", "g", "b", "0", "1-0", "IDLE", "40000", "JUSTID");
  CHECK(second.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 40000, 3]]]]");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "50000");
  Peer& third = wait("d", "30000");
  h.run("XRENEW", "s", "g", "c", "LEASE", "21000", "IDS", "1", "1-0");
  h.advance(999ms);
  CHECK(third.reply_text() == "(nothing)");
  h.advance(1ms);
  CHECK(third.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 30000, 4]]]]");
}

// --- MAXCOUNT and MAXSIZE (https://github.com/redis/redis/pull/15282)

TEST_CASE("XREADGROUP MAXCOUNT: over all streams, and what is not returned is not delivered") {
  Harness h;
  fill(h, 3);
  fill(h, 3, "t");
  CHECK(ids_of(read(h, "c", "COUNT", "2", "MAXCOUNT", "3", "STREAMS", "s", "t", ">", ">")) ==
        "s 1-0 2-0 t 1-0 ");
  CHECK(ids_of(read(h, "c", "MAXCOUNT", "1", "STREAMS", "s", "t", ">", ">")) == "s 3-0 ");
  CHECK(ids_of(read(h, "c", "STREAMS", "s", "t", ">", ">")) == "t 2-0 3-0 ");
  CHECK(ids_of(read(h, "c", "MAXCOUNT", "2", "STREAMS", "s", "t", "0", "0")) == "s 1-0 2-0 ");
}

TEST_CASE("XREADGROUP MAXSIZE: a soft limit of the reply, of which the first entry is always part") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (int i = 1; i <= 5; ++i) h.run("XADD", "s", std::to_string(i), "f", std::string(1000, 'x'));
  CHECK(ids_of(read(h, "c", "MAXSIZE", "1", "STREAMS", "s", ">")) == "s 1-0 ");
  CHECK(ids_of(read(h, "c", "MAXSIZE", "2500", "STREAMS", "s", ">")) == "s 2-0 3-0 ");
  CHECK(h.text("XPENDING", "s", "g").starts_with("[3, "));
  CHECK(ids_of(read(h, "c", "MAXSIZE", "100000", "STREAMS", "s", ">")) == "s 4-0 5-0 ");
}

TEST_CASE("XREADGROUP MAXCOUNT and MAXSIZE: positive, and not below COUNT") {
  Harness h;
  fill(h, 1);
  CHECK(read(h, "c", "MAXCOUNT", "0", "STREAMS", "s", ">") ==
        error("ERR MAXCOUNT must be a positive integer"));
  CHECK(read(h, "c", "MAXSIZE", "-1", "STREAMS", "s", ">") ==
        error("ERR MAXSIZE must be a positive integer"));
  CHECK(read(h, "c", "MAXCOUNT", "x", "STREAMS", "s", ">").is_error());
  CHECK(read(h, "c", "COUNT", "3", "MAXCOUNT", "2", "STREAMS", "s", ">") ==
        error("ERR MAXCOUNT must be greater than or equal to COUNT"));
  CHECK(pending(h) == "[]");
}

}  // namespace sluice::test
