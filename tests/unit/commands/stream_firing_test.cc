#include <algorithm>

#include <doctest/doctest.h>

#include "commands/dead_letter.h"
#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const std::string kSilence = "(nothing)";

// A stream with entries 1-0 to n-0, a group, and its policy.
void make(Harness& h, int entries, const std::vector<std::string>& policy) {
  for (int i = 1; i <= entries; ++i) h.run("XADD", "s", std::to_string(i), "f", std::to_string(i));
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  std::vector<std::string> words = {"XGROUP", "SETPOLICY", "s", "g"};
  words.insert(words.end(), policy.begin(), policy.end());
  h.first().send_words(words);
  REQUIRE(h.first().reply() == status("OK"));
  h.propagated();
}

std::string read(Harness& h, const std::string& consumer, const std::string& count = "100") {
  return h.text("XREADGROUP", "GROUP", "g", consumer, "COUNT", count, "STREAMS", "s", ">");
}

std::string pending(Harness& h) {
  return h.text("XPENDING", "s", "g", "-", "+", "100");
}

}  // namespace

TEST_CASE("Lease: an entry that is not acknowledged in time is released at that moment, and read again") {
  Harness h;
  make(h, 2, {"LEASE", "1000"});
  CHECK(read(h, "a", "1") == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  h.advance(400ms);
  CHECK(read(h, "a", "1") == "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
  h.propagated();
  h.advance(599ms);
  CHECK(h.propagated() == Lines{});
  CHECK(read(h, "b") == "nil-array");
  h.propagated();
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE"});
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 1], [\"2-0\", \"a\", 600, 1]]");
  CHECK(read(h, "b") == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  CHECK(h.propagated() ==
        Lines{"XCLAIM s g b 0 1-0 TIME 1700000001000 RETRYCOUNT 2 FORCE JUSTID LASTID 2-0"});
  CHECK(pending(h) == "[[\"1-0\", \"b\", 0, 2], [\"2-0\", \"a\", 600, 1]]");
  // The first one is slow, not dead: its acknowledgement counts.
  CHECK(h.run("XACK", "s", "g", "1-0", "2-0") == integer(2));
  CHECK(h.keyspace.deadlines().size() == 0);
  h.advance(5s);
  CHECK(read(h, "b") == "nil-array");
}

TEST_CASE("Lease: released entries come before new ones, within COUNT, and stay pending with NOACK") {
  Harness h;
  make(h, 4, {"LEASE", "1000"});
  read(h, "a", "3");
  h.advance(1s);
  CHECK(read(h, "b", "2") == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]]]");
  h.run("XDEL", "s", "3");
  h.propagated();
  CHECK(h.text("XREADGROUP", "GROUP", "g", "b", "NOACK", "COUNT", "5", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"4-0\", [\"f\", \"4\"]]]]]");
  CHECK(h.propagated() == Lines{"MULTI", "XACK s g 3-0", "XGROUP SETID s g 4-0 ENTRIESREAD 4", "EXEC"});
  h.run("XNACK", "s", "g", "SILENT", "IDS", "1", "1");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  CHECK(pending(h) == "[[\"1-0\", \"c\", 0, 2], [\"2-0\", \"b\", 0, 2]]");
}

TEST_CASE("Lease: who waits is served when it ends, and asks for nothing new; CLAIM goes on as it does") {
  Harness h;
  make(h, 1, {"LEASE", "1000"});
  read(h, "a");
  Peer& plain = h.client();
  Peer& other = h.client();
  Peer& claiming = h.client();
  plain.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">");
  other.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.advance(999ms);
  CHECK(plain.reply_text() == kSilence);
  h.advance(1ms);
  CHECK(plain.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  CHECK(other.reply_text() == kSilence);
  claiming.send("XREADGROUP", "GROUP", "g", "d", "BLOCK", "0", "CLAIM", "500", "STREAMS", "s", ">");
  h.advance(500ms);
  CHECK(claiming.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"], 500, 2]]]]");
}

TEST_CASE("Lease: without one, what is released is for those who claim, as ever") {
  Harness h;
  make(h, 1, {"CONSUMER-TTL", "100000"});
  read(h, "a");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1");
  CHECK(read(h, "b") == "nil-array");
  Peer& waiting = h.client();
  waiting.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "10");
  CHECK(waiting.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
}

TEST_CASE("Lease: many that end at once are released in slices, in the order of their delivery") {
  Harness h;
  const int entries = 3000;
  make(h, entries, {"LEASE", "1000"});
  read(h, "a", "3000");
  h.clock.advance_us(1'000'000);
  h.executor.refresh_clock();
  h.propagated();
  size_t turns = 0;
  for (bool more = true; more; ++turns) {
    more = h.executor.tick();
    CHECK(h.propagated().size() <= 20);
  }
  CHECK(turns >= 3);
  CHECK(h.keyspace.deadlines().size() == 0);
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "1", "a") == "[]");
  CHECK(read(h, "b", "2") == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]]]");
}

TEST_CASE("Lease: pending entries that are gone from the stream are acknowledged when it ends") {
  Harness h;
  make(h, 2, {"LEASE", "1000"});
  read(h, "a");
  h.run("XDEL", "s", "1");
  h.propagated();
  h.advance(1s);
  CHECK(h.propagated() ==
        Lines{"MULTI", "XACK s g 1-0", "#SLUICE XNACK s g FAIL IDS 1 2-0 RETRYCOUNT 1 FORCE", "EXEC"});
}

TEST_CASE("Lease: each group of a stream has its own") {
  Harness h;
  make(h, 1, {"LEASE", "1000"});
  h.run("XGROUP", "CREATE", "s", "h", "0");
  h.run("XGROUP", "SETPOLICY", "s", "h", "LEASE", "300");
  read(h, "a");
  h.run("XREADGROUP", "GROUP", "h", "a", "STREAMS", "s", ">");
  h.propagated();
  h.advance(300ms);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s h FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE"});
  h.run("XGROUP", "DESTROY", "s", "h");
  h.propagated();
  h.advance(700ms);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE"});
}

TEST_CASE("MAXDELIVER: what was delivered too often goes to the dead letters when its lease ends") {
  Harness h;
  make(h, 2, {"LEASE", "1000", "MAXDELIVER", "2", "DLQ", "dead"});
  read(h, "a", "1");
  h.advance(1s);
  CHECK(h.run("EXISTS", "dead") == integer(0));
  CHECK(read(h, "b", "1") == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  h.configure("notify-keyspace-events", "Et");
  h.propagated();
  Peer& reader = h.client();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "dead", "0");
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "__keyevent@0__:xadd");
  h.advance(1s);
  const std::string fields = "f 1 dlq-key s dlq-id 1-0 dlq-group g dlq-deliveries 2 dlq-reason max-deliver";
  CHECK(h.propagated() == Lines{"MULTI", "XADD dead 1700000002000-0 " + fields, "XACK s g 1-0", "EXEC"});
  CHECK(h.events() == Lines{"__keyevent@0__:xadd dead"});
  CHECK(reader.reply_text().find("max-deliver") != std::string::npos);
  CHECK(pending(h) == "[]");
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(read(h, "c") == "[[\"s\", [[\"2-0\", [\"f\", \"2\"]]]]]");
}

TEST_CASE("MAXDELIVER: the dead letters keep to their length, and their key may be another type") {
  Harness h;
  make(h, 3, {"LEASE", "1000", "MAXDELIVER", "1", "DLQ", "dead", "DLQMAXLEN", "2"});
  read(h, "a");
  h.advance(1s);
  CHECK(h.propagated().back() == "EXEC");
  CHECK(h.run("XLEN", "dead") == integer(2));
  CHECK(h.text("XRANGE", "dead", "-", "+", "COUNT", "1").find("\"dlq-id\", \"2-0\"") != std::string::npos);
  h.run("DEL", "dead");
  h.run("SET", "dead", "x");
  h.run("XADD", "s", "4-0", "f", "4");
  read(h, "a");
  h.propagated();
  h.advance(1s);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 4-0 RETRYCOUNT 1 FORCE"});
  CHECK(h.keyspace.deadlines().size() == 0);
  h.run("RENAME", "s", "other");
  h.run("DEL", "dead");
  h.run("RENAME", "other", "dead");
  h.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "dead", ">");
  h.propagated();
  h.advance(1s);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK dead g FAIL IDS 1 4-0 RETRYCOUNT 2 FORCE"});
}

TEST_CASE("Delay: an entry is released when its moment has come, or goes to the dead letters then") {
  Harness h;
  make(h, 2, {"LEASE", "100000", "MAXDELIVER", "9", "DLQ", "dead"});
  read(h, "a");
  h.run("XNACK", "s", "g", "FAIL", "DELAY", "500", "IDS", "2", "1", "2");
  h.run("XGROUP", "SETPOLICY", "s", "g", "MAXDELIVER", "0");
  Peer& waiting = h.client();
  waiting.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "COUNT", "1", "STREAMS", "s", ">");
  h.propagated();
  h.advance(499ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated().front() == "#SLUICE XNACK s g FAIL IDS 2 1-0 2-0 RETRYCOUNT 1 FORCE");
  CHECK(waiting.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", "1", "DELAY", "500");
  h.run("XGROUP", "SETPOLICY", "s", "g", "MAXDELIVER", "2");
  h.propagated();
  h.advance(500ms);
  CHECK(h.propagated().back() == "EXEC");
  CHECK(h.run("XLEN", "dead") == integer(1));
  CHECK(pending(h) == "[[\"2-0\", \"\", -1, 1]]");
}

TEST_CASE("CONSUMER-TTL: a consumer that is not seen any more is removed, and what it had is released") {
  Harness h;
  make(h, 3, {"CONSUMER-TTL", "1000"});
  read(h, "a", "2");
  h.advance(300ms);
  read(h, "b", "1");
  h.configure("notify-keyspace-events", "KEt");
  h.propagated();
  h.advance(699ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"MULTI", "#SLUICE XNACK s g FAIL IDS 2 1-0 2-0 RETRYCOUNT 1 FORCE",
                                "#SLUICE XGROUP DELCONSUMER s g a", "EXEC"});
  CHECK(h.events() == Lines{"__keyspace@0__:s xgroup-delconsumer", "__keyevent@0__:xgroup-delconsumer s"});
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 1], [\"2-0\", \"\", -1, 1], [\"3-0\", \"b\", 700, 1]]");
  // Who asks for anything is seen.
  h.advance(299ms);
  h.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", "0");
  h.propagated();
  h.advance(999ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated().back() == "EXEC");
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g") == array({}));
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("CONSUMER-TTL: whoever waits is there, and is asked when its moment comes") {
  Harness h;
  make(h, 0, {"CONSUMER-TTL", "1000"});
  Peer& waiting = h.client();
  waiting.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("XGROUP", "CREATECONSUMER", "s", "g", "gone");
  h.propagated();
  h.advance(1000ms);
  CHECK(h.propagated() == Lines{});
  h.advance(99ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"XGROUP DELCONSUMER s g gone"});
  for (int i = 0; i < 50; ++i) h.advance(100ms);
  CHECK(h.propagated() == Lines{});
  CHECK(waiting.reply_text() == kSilence);
  h.disconnect(waiting);
  h.advance(1100ms);
  CHECK(h.propagated() == Lines{"XGROUP DELCONSUMER s g a"});
}

TEST_CASE("CONSUMER-TTL: much is removed in slices, given up where it was delivered too often") {
  Harness h;
  make(h, 400, {"CONSUMER-TTL", "1000", "MAXDELIVER", "1", "DLQ", "dead"});
  read(h, "a", "300");
  for (int i = 0; i < 3000; ++i) h.run("XGROUP", "CREATECONSUMER", "s", "g", "c" + std::to_string(i));
  h.propagated();
  h.clock.advance_us(1'000'000);
  h.executor.refresh_clock();
  size_t turns = 0;
  for (bool more = true; more; ++turns) {
    more = h.executor.tick();
    CHECK(h.propagated().size() <= 2200);
  }
  CHECK(turns >= 3);
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g") == array({}));
  CHECK(h.run("XLEN", "dead") == integer(300));
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("CONSUMER-TTL: it reaches thousands of consumers that are there already, and takes each away") {
  Harness h;
  make(h, 1, {"LEASE", "100000"});
  for (int i = 0; i < 5000; ++i) h.run("XGROUP", "CREATECONSUMER", "s", "g", "c" + std::to_string(i));
  h.run("XGROUP", "SETPOLICY", "s", "g", "CONSUMER-TTL", "1000");
  h.propagated();
  h.advance(999ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g") == array({}));
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE(
    "MAXDELIVER: big entries that go to the dead letters at once go in units of few bytes, none is lost") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000", "MAXDELIVER", "1", "DLQ", "dead", "CONSUMER-TTL",
        "5000");
  const std::string big(commands::kLetterBytesAtOnce / 2, 'x');
  for (const char* consumer : {"a", "b"}) {
    for (int i = 0; i < 5; ++i) h.run("XADD", "s", "*", "f", big);
    read(h, consumer);
    h.propagated();
    // The second time no lease ends them, but their consumer.
    if (*consumer == 'a') h.advance(1000ms);
    if (*consumer == 'b') h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "0");
    if (*consumer == 'b') h.advance(5000ms);
    size_t letters = 0;
    size_t letters_in_unit = 0;
    for (const std::string& line : h.propagated()) {
      if (line == "MULTI") letters_in_unit = 0;
      if (line.rfind("XADD dead ", 0) != 0) continue;
      CHECK(++letters_in_unit <= 2);
      ++letters;
    }
    CHECK(letters == 5);
  }
  CHECK(h.run("XLEN", "dead") == integer(10));
  CHECK(pending(h) == "[]");
}

TEST_CASE("CONSUMER-TTL: consumers that were last seen before the start count as seen then") {
  Harness h;
  make(h, 1, {"CONSUMER-TTL", "1000"});
  read(h, "a");
  h.propagated();
  h.control.facts.started_unix_us = h.clock.unix_us() + 900'000;
  h.advance(1899ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated().back() == "EXEC");
}

TEST_CASE("MAXDELIVER: whoever claims past it gets nothing, and the entry goes to the dead letters") {
  const std::vector<std::vector<std::string>> claims = {
      {"XAUTOCLAIM", "s", "g", "b", "0", "0"},
      {"XCLAIM", "s", "g", "b", "0", "1-0"},
      {"XREADGROUP", "GROUP", "g", "b", "CLAIM", "0", "STREAMS", "s", ">"}};
  const std::string letter = "f 1 dlq-key s dlq-id 1-0 dlq-group g dlq-deliveries 2 dlq-reason max-deliver";
  for (const auto& words : claims) {
    CAPTURE(words[0]);
    Harness h;
    make(h, 1, {"MAXDELIVER", "2", "DLQ", "dead"});
    read(h, "a");
    const auto claim = [&] {
      h.first().send_words(words);
      return h.first().reply_text();
    };
    CHECK(claim().find("1-0") != std::string::npos);
    h.run("XADD", "s", "2-0", "f", "2");
    read(h, "a");
    h.propagated();
    const std::string reply = claim();
    CHECK(reply.find("1-0") == std::string::npos);
    CHECK((words[0] == "XCLAIM" || reply.find("2-0") != std::string::npos));
    const Lines records = h.propagated();
    CHECK(std::count(records.begin(), records.end(), "XADD dead 1700000000000-0 " + letter) == 1);
    CHECK(std::count(records.begin(), records.end(), "XACK s g 1-0") == 1);
    CHECK(pending(h).find("1-0") == std::string::npos);
    CHECK(h.run("XLEN", "dead") == integer(1));
    CHECK(h.run("XLEN", "s") == integer(2));
  }
}

TEST_CASE("MAXDELIVER: a claim that is no delivery gives up nothing, nor does a look at one's own") {
  Harness h;
  make(h, 1, {"MAXDELIVER", "1", "DLQ", "dead"});
  read(h, "a");
  CHECK(h.text("XCLAIM", "s", "g", "b", "0", "1-0", "JUSTID") == "[\"1-0\"]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "b", "0", "0", "JUSTID") == "[\"0-0\", [\"1-0\"], []]");
  CHECK(h.run("XCLAIM", "s", "g", "b", "0", "1-0", "RETRYCOUNT", "7").children.size() == 1);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", "0") ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  CHECK(h.run("EXISTS", "dead") == integer(0));
  // Where it cannot go, it is claimed as ever.
  h.run("SET", "dead", "x");
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1-0").children.size() == 1);
  CHECK(h.text("XREADGROUP", "GROUP", "g", "d", "CLAIM", "0", "STREAMS", "s", ">").find("1-0") !=
        std::string::npos);
}

TEST_CASE("MAXDELIVER: who waits to claim goes on waiting when all there was is given up, a part at a time") {
  Harness h;
  make(h, 5, {"MAXDELIVER", "1", "DLQ", "dead"});
  const std::string big(commands::kLetterBytesAtOnce / 2, 'x');
  for (int i = 6; i <= 10; ++i) h.run("XADD", "s", std::to_string(i), "f", big);
  read(h, "a");
  Peer& waiting = h.client();
  h.propagated();
  waiting.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "CLAIM", "100", "STREAMS", "s", ">");
  for (int i = 0; i < 5; ++i) h.advance(100ms);
  CHECK(waiting.reply_text() == kSilence);
  CHECK(h.run("XLEN", "dead") == integer(10));
  size_t units = 0;
  for (const std::string& line : h.propagated()) units += line == "EXEC" ? 1 : 0;
  CHECK(units >= 2);
  h.run("XADD", "s", "11-0", "f", "11");
  CHECK(waiting.reply_text().find("11-0") != std::string::npos);
}

TEST_CASE("CONSUMER-TTL: a server that knows nothing of releases is not told to drop what was released") {
  Harness h;
  make(h, 2, {"LEASE", "500", "CONSUMER-TTL", "1000"});
  read(h, "a", "1");
  h.advance(500ms);  // to Redis, which ignores the record of it, 1-0 is still with a
  h.propagated();
  h.advance(500ms);
  CHECK(h.propagated() == Lines{"#SLUICE XGROUP DELCONSUMER s g a"});
  read(h, "b");
  h.run("XACK", "s", "g", "1", "2");
  h.propagated();
  h.advance(1000ms);
  CHECK(h.propagated() == Lines{"XGROUP DELCONSUMER s g b"});
}

TEST_CASE("CLIENT PAUSE: who could not say that it is there keeps its place and its leases") {
  Harness h;
  make(h, 3, {"LEASE", "1000", "CONSUMER-TTL", "1000"});
  read(h, "busy", "1");
  read(h, "other", "1");
  h.run("CLIENT", "PAUSE", "2500", "WRITE");
  Peer& busy = h.client();
  busy.send("XRENEW", "s", "g", "busy", "IDS", "1", "1");
  h.advance(2400ms);
  CHECK(busy.reply_text() == kSilence);
  h.propagated();
  h.advance(100ms);
  CHECK(busy.reply_text() == "[1]");
  const Lines records = h.propagated();
  CHECK(std::count(records.begin(), records.end(),
                   "XCLAIM s g other 0 2-0 TIME 1700000002500 RETRYCOUNT 1 FORCE JUSTID") == 1);
  CHECK(pending(h) == "[[\"1-0\", \"busy\", 0, 1], [\"2-0\", \"other\", 0, 1]]");
  // From then on time counts as ever.
  h.advance(999ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 1], [\"2-0\", \"\", -1, 1]]");
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g") == array({}));
}

TEST_CASE("Lease: one that ran out while the disk failed is as long once more, an older one is not") {
  Harness h;
  make(h, 2, {"CONSUMER-TTL", "1000"});
  read(h, "a", "1");
  h.advance(500ms);
  read(h, "b", "1");
  h.state.disk_error = "MISCONF";
  h.advance(700ms);
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "1") == "-MISCONF");
  h.state.disk_error.clear();
  h.advance(1ms);
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g").children.size() == 2);
  // What had ended before by a policy that came later is released.
  h.propagated();
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "400", "CONSUMER-TTL", "0");
  h.advance(0ms);
  CHECK(pending(h) == "[[\"1-0\", \"\", -1, 1], [\"2-0\", \"b\", 0, 1]]");
}

}  // namespace sluice::test
