#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

// A stream of entries 1-0 to count-0, all of them pending with one consumer.
void fill(Harness& h, int count, const std::string& consumer = "c") {
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (int i = 1; i <= count; ++i) h.run("XADD", "s", std::to_string(i), "f", std::to_string(i));
  h.run("XREADGROUP", "GROUP", "g", consumer, "STREAMS", "s", ">");
  h.propagated();
}

std::string pending(Harness& h) {
  return h.text("XPENDING", "s", "g", "-", "+", "100");
}

}  // namespace

TEST_CASE("XPENDING: in brief") {
  Harness h;
  fill(h, 3);
  h.run("XADD", "s", "4", "f", "v");
  h.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">");
  h.run("XGROUP", "CREATECONSUMER", "s", "g", "idle");
  CHECK(h.text("XPENDING", "s", "g") == "[4, \"1-0\", \"4-0\", [[\"b\", \"1\"], [\"c\", \"3\"]]]");
  h.run("XACK", "s", "g", "1", "2", "3", "4");
  CHECK(h.run("XPENDING", "s", "g") == array({integer(0), null(), null(), null_array()}));
}

TEST_CASE("XPENDING: entry by entry, by idle time, by consumer") {
  Harness h;
  fill(h, 3);
  h.advance(100ms);
  h.run("XADD", "s", "4", "f", "v");
  h.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">");
  h.run("XCLAIM", "s", "g", "b", "0", "2", "JUSTID");
  h.advance(7ms);
  CHECK(pending(h) ==
        "[[\"1-0\", \"c\", 107, 1], [\"2-0\", \"b\", 7, 1], [\"3-0\", \"c\", 107, 1], "
        "[\"4-0\", \"b\", 7, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "100", "-", "+", "1") == "[[\"1-0\", \"c\", 107, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "100", "(1", "+", "9") == "[[\"3-0\", \"c\", 107, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "8", "-", "+", "9", "b") == "[]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "7", "3", "+", "9", "b") == "[[\"4-0\", \"b\", 7, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "2", "3", "9", "c") == "[[\"3-0\", \"c\", 107, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "2", "c") ==
        "[[\"1-0\", \"c\", 107, 1], [\"3-0\", \"c\", 107, 1]]");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9", "nobody") == "[]");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "0") == "[]");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "-3") == "[]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "-5", "-", "+", "1") == "[[\"1-0\", \"c\", 107, 1]]");
}

TEST_CASE("XPENDING: refuses in Redis's order") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  const std::string syntax = "ERR syntax error";
  CHECK(h.run("XPENDING", "s", "no") == error("NOGROUP No such key 's' or consumer group 'no'"));
  CHECK(h.run("XPENDING", "no", "g") == error("NOGROUP No such key 'no' or consumer group 'g'"));
  CHECK(h.run("XPENDING", "str", "g").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XPENDING", "s", "g", "-") == error(syntax));
  CHECK(h.run("XPENDING", "s", "g", "-", "+") == error(syntax));
  CHECK(h.run("XPENDING", "s", "g", "IDLE", "5", "-", "+") == error(syntax));
  CHECK(h.run("XPENDING", "s", "g", "IDLE", "5", "-", "+", "1", "c", "d") == error(syntax));
  CHECK(h.run("XPENDING", "no", "g", "x", "+", "y") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("XPENDING", "no", "g", "x", "+", "1").text.starts_with("ERR Invalid stream ID"));
  CHECK(h.run("XPENDING", "s", "g", "(18446744073709551615-18446744073709551615", "+", "1") ==
        error("ERR invalid start ID for the interval"));
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9", "nobody", "odd") == "[]");
}

TEST_CASE("XPENDING IDLE: of one consumer it takes no walk over what alternates with what others have") {
  Harness h;
  constexpr int kPairs = 20'000;
  for (int i = 1; i <= 2 * kPairs; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XREADGROUP", "GROUP", "g", "old", "STREAMS", "s", ">");
  h.advance(60s);
  for (int i = 2; i <= 2 * kPairs; i += 2)
    h.run("XCLAIM", "s", "g", "fresh", "0", std::to_string(i), "JUSTID");
  // Walking takes milliseconds each time, a minute or so in all.
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(h.run("XPENDING", "s", "g", "IDLE", "60000", "-", "+", "10", "fresh") == array({}));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CHECK(h.run("XPENDING", "s", "g", "IDLE", "60000", "-", "+", "10", "old").children.size() == 10);
  h.run("XCLAIM", "s", "g", "fresh", "0", "9999", "IDLE", "60000", "JUSTID");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "60000", "-", "+", "10", "fresh") ==
        "[[\"9999-0\", \"fresh\", 60000, 1]]");
}

TEST_CASE("XACK: each id once, none when one is no id") {
  Harness h;
  fill(h, 3);
  h.run("SET", "str", "x");
  CHECK(h.run("XACK", "s", "g", "1", "x").text.starts_with("ERR Invalid stream ID"));
  CHECK(h.run("XACK", "s", "g", "1", "1", "9", "2-0") == integer(2));
  CHECK(h.propagated() == Lines{"SET str x", "XACK s g 1 1 9 2-0"});
  CHECK(h.run("XACK", "s", "g", "1") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("XACK", "s", "no", "x") == integer(0));
  CHECK(h.run("XACK", "no", "g", "x") == integer(0));
  CHECK(h.run("XACK", "str", "g", "1").text.starts_with("WRONGTYPE"));
  CHECK(pending(h) == "[[\"3-0\", \"c\", 0, 1]]");
}

// XNACK: https://redis.io/docs/latest/commands/xnack/

TEST_CASE("XNACK: releases entries, which are nobody's then and idle for ever") {
  Harness h;
  fill(h, 4);
  h.run("XCLAIM", "s", "g", "c", "0", "2", "RETRYCOUNT", "5", "JUSTID");
  h.propagated();
  CHECK(h.run("XNACK", "s", "g", "SILENT", "IDS", "3", "1", "2", "9") == integer(2));
  CHECK(h.run("XNACK", "s", "g", "fail", "IDS", "1", "3") == integer(1));
  CHECK(h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "4") == integer(1));
  CHECK(pending(h) ==
        "[[\"1-0\", \"\", -1, 0], [\"2-0\", \"\", -1, 4], [\"3-0\", \"\", -1, 1], "
        "[\"4-0\", \"\", -1, 9223372036854775807]]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "999999999", "-", "+", "1") == "[[\"1-0\", \"\", -1, 0]]");
  CHECK(h.text("XPENDING", "s", "g") == "[4, \"1-0\", \"4-0\", []]");
  CHECK(h.text("XINFO", "CONSUMERS", "s", "g").find("\"pending\", 0") != std::string::npos);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "0") == "[[\"s\", []]]");
}

TEST_CASE("XNACK: claims take what was released first of all, in the order of release") {
  Harness h;
  fill(h, 4);
  h.advance(1000ms);
  h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "3", "2");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3");
  const std::string text =
      h.text("XREADGROUP", "GROUP", "g", "d", "CLAIM", "1000", "COUNT", "3", "STREAMS", "s", ">");
  CHECK(text.find("\"2-0\"") < text.find("\"3-0\""));
  CHECK(text.find("\"3-0\"") < text.find("\"1-0\""));
  CHECK(h.text("XAUTOCLAIM", "s", "g", "e", "99999", "0", "JUSTID") == "[\"0-0\", [], []]");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "e", "99999", "0", "JUSTID") == "[\"0-0\", [\"3-0\"], []]");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3");
  CHECK(h.text("XCLAIM", "s", "g", "e", "99999", "3", "2", "JUSTID") == "[\"3-0\"]");
}

TEST_CASE("XNACK: RETRYCOUNT and FORCE, before or behind the ids") {
  Harness h;
  fill(h, 1);
  h.run("XADD", "s", "5", "f", "v");
  CHECK(h.run("XNACK", "s", "g", "FAIL", "RETRYCOUNT", "7", "IDS", "1", "1") == integer(1));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "5", "6") == integer(0));
  CHECK(h.run("XNACK", "s", "g", "FATAL", "IDS", "2", "5", "6", "FORCE") == integer(1));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "1", "1", "RETRYCOUNT", "2") == integer(2));
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 2], [\"5-0\", \"\", -1, 9223372036854775807]]");
}

TEST_CASE("XNACK: wakes who waits with CLAIM") {
  Harness h;
  fill(h, 1);
  Peer& peer = h.client();
  peer.send("XREADGROUP", "GROUP", "g", "d", "BLOCK", "0", "CLAIM", "999999", "STREAMS", "s", ">");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1");
  CHECK(peer.reply_text().starts_with("[[\"s\", [[\"1-0\", [\"f\", \"1\"], "));
}

TEST_CASE("XNACK DELAY: an entry is nobody's, and seen by no one who claims, until the moment has come") {
  Harness h;
  fill(h, 3);
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "1", "2", "DELAY", "1000") == integer(2));
  CHECK(h.propagated() ==
        Lines{"#SLUICE XNACK s g FAIL IDS 2 1-0 2-0 RETRYCOUNT 1 FORCE UNTIL 1700000001000"});
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 1], [\"2-0\", \"\", -1, 1], [\"3-0\", \"c\", 0, 1]]");
  CHECK(h.text("XPENDING", "s", "g") == "[3, \"1-0\", \"3-0\", [[\"c\", \"1\"]]]");
  CHECK(h.text("XPENDING", "s", "g", "IDLE", "1", "-", "+", "9") == "[]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "0", "0", "JUSTID") == "[\"0-0\", [\"3-0\"], []]");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "d", "CLAIM", "0", "STREAMS", "s", ">").find("\"1-0\"") ==
        std::string::npos);
  Peer& waiting = h.client();
  waiting.send("XREADGROUP", "GROUP", "g", "e", "BLOCK", "0", "CLAIM", "999999", "STREAMS", "s", ">");
  // Who names it may have it all the same.
  CHECK(h.text("XCLAIM", "s", "g", "d", "99999", "2", "JUSTID") == "[\"2-0\"]");
  h.propagated();
  h.advance(999ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated().front() == "#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE");
  CHECK(waiting.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 1700000001000, 1]]]]");
}

TEST_CASE("XNACK DELAY: with the other options, ended by an acknowledgement, and seen by XINFO as before") {
  Harness h;
  fill(h, 2);
  h.run("XADD", "s", "3", "f", "v");
  CHECK(h.run("XNACK", "s", "g", "SILENT", "DELAY", "50", "IDS", "1", "1") == integer(1));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3", "FORCE", "UNTIL", "1700000000070") == integer(1));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "2", "UNTIL", "1699999999999") == integer(1));
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 0], [\"2-0\", \"\", -1, 1], [\"3-0\", \"\", -1, 0]]");
  CHECK(h.text("XINFO", "STREAM", "s", "FULL").find("\"nacked-count\", 1") != std::string::npos);
  CHECK(h.keyspace.deadlines().next_ms() == 1700000000050);
  CHECK(h.run("XACK", "s", "g", "1") == integer(1));
  CHECK(h.keyspace.deadlines().next_ms() == 1700000000070);
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3", "DELAY", "0") == integer(1));
  CHECK(h.keyspace.deadlines().size() == 0);
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "3", "DELAY", "90") == integer(1));
  h.run("XACKDEL", "s", "g", "IDS", "1", "3");
  h.propagated();
  h.advance(90ms);
  CHECK(h.propagated() == Lines{});
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("XNACK: what failed waits as the policy says, longer each time, and not what came back unread") {
  Harness h;
  fill(h, 3);
  h.run("XGROUP", "SETPOLICY", "s", "g", "BACKOFF", "100", "3", "500");
  h.run("XCLAIM", "s", "g", "c", "0", "2", "RETRYCOUNT", "2", "JUSTID");
  h.propagated();
  h.run("XNACK", "s", "g", "FAIL", "IDS", "3", "1", "2", "3", "RETRYCOUNT", "9");
  CHECK(h.propagated() ==
        Lines{"#SLUICE XNACK s g FAIL IDS 3 1-0 2-0 3-0 RETRYCOUNT 9 FORCE UNTIL 1700000000500"});
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "RETRYCOUNT", "2");
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 2 FORCE UNTIL 1700000000300"});
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "DELAY", "7");
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 2 FORCE UNTIL 1700000000007"});
  h.run("XNACK", "s", "g", "SILENT", "IDS", "1", "1");
  h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "2");
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE",
                                "#SLUICE XNACK s g FAIL IDS 1 2-0 RETRYCOUNT 9223372036854775807 FORCE"});
}

TEST_CASE("XNACK: what was delivered too often is given up at once, and not when it came back unread") {
  Harness h;
  fill(h, 3);
  h.run("XGROUP", "SETPOLICY", "s", "g", "MAXDELIVER", "1", "DLQ", "dead", "BACKOFF", "100");
  h.propagated();
  CHECK(h.run("XNACK", "s", "g", "SILENT", "IDS", "1", "1") == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 0 FORCE"});
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "2", "3", "DELAY", "900") == integer(2));
  const Lines records = h.propagated();
  REQUIRE(records.size() == 5);
  CHECK(records[1].find("XADD dead 1700000000000-0 f 2 dlq-key s dlq-id 2-0") == 0);
  CHECK(records[3] == "XACK s g 2-0 3-0");
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 0]]");
}

TEST_CASE("XNACK: refuses what makes no sense") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1") ==
        error("ERR wrong number of arguments for 'xnack' command"));
  CHECK(h.run("XNACK", "s", "g", "odd", "IDS", "1", "1") == error("ERR mode must be SILENT, FAIL, or FATAL"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "odd", "1", "1") == error("ERR Unrecognized XNACK option"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "RETRYCOUNT", "1", "FORCE") == error("ERR expected IDS keyword"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "0", "1") == error("ERR numids must be a positive integer"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "x", "1") == error("ERR numids must be a positive integer"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "2", "1") == error("ERR number of IDs doesn't match numids"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "x").text.starts_with("ERR Invalid stream ID"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "RETRYCOUNT", "-1") ==
        error("ERR Invalid RETRYCOUNT"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "RETRYCOUNT", "x") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "DELAY", "-1") ==
        error("ERR DELAY must be between 0 and 315360000000 milliseconds"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "DELAY", "1", "UNTIL", "1") ==
        error("ERR DELAY and UNTIL exclude each other"));
  CHECK(h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "UNTIL", "-1") ==
        error("ERR UNTIL is out of range"));
  CHECK(h.run("XNACK", "s", "no", "FAIL", "IDS", "1", "1") ==
        error("NOGROUP No such key 's' or consumer group 'no'"));
  CHECK(h.run("XNACK", "str", "g", "FAIL", "IDS", "1", "1").text.starts_with("WRONGTYPE"));
  CHECK(h.propagated() == Lines{"SET str x"});
}

}  // namespace sluice::test
