#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

// A stream of entries 1-0 to count-0, all of them pending with one consumer.
void fill(Harness& h, int count) {
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (int i = 1; i <= count; ++i) h.run("XADD", "s", std::to_string(i), "f", std::to_string(i));
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.propagated();
}

std::string pending(Harness& h) {
  return h.text("XPENDING", "s", "g", "-", "+", "100");
}

std::string now_text(Harness& h, int64_t back_ms = 0) {
  return std::to_string(h.clock.unix_us() / 1000 - back_ms);
}

}  // namespace

TEST_CASE("XCLAIM: takes what is idle for long enough, and tells the log what came of it") {
  Harness h;
  fill(h, 3);
  h.advance(50ms);
  CHECK(h.text("XCLAIM", "s", "g", "d", "51", "1") == "[]");
  CHECK(h.propagated() == Lines{"XGROUP CREATECONSUMER s g d"});
  CHECK(h.text("XCLAIM", "s", "g", "d", "50", "1", "9", "3") ==
        "[[\"1-0\", [\"f\", \"1\"]], [\"3-0\", [\"f\", \"3\"]]]");
  CHECK(h.propagated() ==
        Lines{"XCLAIM s g d 0 1-0 3-0 TIME " + now_text(h) + " RETRYCOUNT 2 FORCE JUSTID LASTID 3-0"});
  CHECK(h.text("XCLAIM", "s", "g", "d", "0", "2", "JUSTID") == "[\"2-0\"]");
  CHECK(pending(h) == "[[\"1-0\", \"d\", 0, 2], [\"2-0\", \"d\", 0, 1], [\"3-0\", \"d\", 0, 2]]");
}

TEST_CASE("XCLAIM: IDLE, TIME, RETRYCOUNT, FORCE and LASTID") {
  Harness h;
  fill(h, 2);
  h.run("XADD", "s", "5", "f", "v");
  h.advance(1000ms);
  h.propagated();
  CHECK(h.text("XCLAIM", "s", "g", "c", "0", "1", "IDLE", "300", "RETRYCOUNT", "7", "JUSTID") == "[\"1-0\"]");
  CHECK(h.text("XCLAIM", "s", "g", "c", "0", "2", "TIME", now_text(h, 20), "RETRYCOUNT", "-3") ==
        "[[\"2-0\", [\"f\", \"2\"]]]");
  CHECK(h.text("XCLAIM", "s", "g", "c", "0", "5", "6", "FORCE", "LASTID", "4") ==
        "[[\"5-0\", [\"f\", \"v\"]]]");
  CHECK(pending(h) == "[[\"1-0\", \"c\", 300, 7], [\"2-0\", \"c\", 20, 2], [\"5-0\", \"c\", 0, 2]]");
  // The claim is activity now, whatever time it names.
  const std::string active = "#SLUICE XCLAIM s g c 0 TIME " + now_text(h);
  CHECK(h.propagated() ==
        Lines{"MULTI",
              "XCLAIM s g c 0 1-0 TIME " + now_text(h, 300) + " RETRYCOUNT 7 FORCE JUSTID LASTID 2-0", active,
              "EXEC", "MULTI",
              "XCLAIM s g c 0 2-0 TIME " + now_text(h, 20) + " RETRYCOUNT 2 FORCE JUSTID LASTID 2-0", active,
              "EXEC", "MULTI",
              "XCLAIM s g c 0 5-0 TIME " + now_text(h) + " RETRYCOUNT 2 FORCE JUSTID LASTID 4-0",
              "XGROUP SETID s g 4-0 ENTRIESREAD 2", "EXEC"});
  CHECK(h.text("XCLAIM", "s", "g", "c", "0", "9", "LASTID", "3") == "[]");
  CHECK(h.propagated().empty());
  // A time to come, or before all times, is now.
  h.run("XCLAIM", "s", "g", "c", "0", "1", "TIME", now_text(h, -5000), "JUSTID");
  h.run("XCLAIM", "s", "g", "c", "0", "2", "IDLE", "-5000", "JUSTID");
  h.run("XCLAIM", "s", "g", "c", "0", "5", "TIME", "-5", "JUSTID");
  CHECK(pending(h) == "[[\"1-0\", \"c\", 0, 7], [\"2-0\", \"c\", 0, 2], [\"5-0\", \"c\", 0, 2]]");
  h.run("XDEL", "s", "5");
  h.run("XACK", "s", "g", "5");
  CHECK(h.text("XCLAIM", "s", "g", "c", "0", "5", "FORCE", "JUSTID") == "[]");
}

TEST_CASE("XCLAIM: what is gone from the stream is dropped") {
  Harness h;
  fill(h, 3);
  h.run("XDEL", "s", "1", "2");
  h.propagated();
  CHECK(h.text("XCLAIM", "s", "g", "c", "999", "1", "2", "FORCE") == "[]");
  CHECK(h.propagated() == Lines{"XACK s g 1-0 2-0"});
  CHECK(pending(h) == "[[\"3-0\", \"c\", 0, 1]]");
}

TEST_CASE("XCLAIM: refuses in Redis's order") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  CHECK(h.run("XCLAIM", "no", "g", "c", "x", "1") == error("NOGROUP No such key 'no' or consumer group 'g'"));
  CHECK(h.run("XCLAIM", "s", "no", "c", "x", "1") == error("NOGROUP No such key 's' or consumer group 'no'"));
  CHECK(h.run("XCLAIM", "str", "g", "c", "x", "1").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "x", "1") == error("ERR Invalid min-idle-time argument for XCLAIM"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "x") == error("ERR Unrecognized XCLAIM option 'x'"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "JUSTID", "2") ==
        error("ERR Unrecognized XCLAIM option '2'"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "idle") == error("ERR Unrecognized XCLAIM option 'idle'"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "IDLE", "x") ==
        error("ERR Invalid IDLE option argument for XCLAIM"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "TIME", "x") ==
        error("ERR Invalid TIME option argument for XCLAIM"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "RETRYCOUNT", "x") ==
        error("ERR Invalid RETRYCOUNT option argument for XCLAIM"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "1", "LASTID", "x").text.starts_with("ERR Invalid stream ID"));
  CHECK(h.run("XCLAIM", "s", "g", "c", "0", "FORCE") == array({}));
}

TEST_CASE("XAUTOCLAIM: from an id on, as many as wanted, and where to go on") {
  Harness h;
  fill(h, 4);
  h.advance(100ms);
  h.run("XCLAIM", "s", "g", "c", "0", "2", "JUSTID");
  h.propagated();
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "100", "-", "COUNT", "2") ==
        "[\"4-0\", [[\"1-0\", [\"f\", \"1\"]], [\"3-0\", [\"f\", \"3\"]]], []]");
  CHECK(h.propagated() ==
        Lines{"MULTI", "XGROUP CREATECONSUMER s g d",
              "XCLAIM s g d 0 1-0 3-0 TIME " + now_text(h) + " RETRYCOUNT 2 FORCE JUSTID LASTID 4-0",
              "EXEC"});
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "100", "4-0", "JUSTID") == "[\"0-0\", [\"4-0\"], []]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "100", "0") == "[\"0-0\", [], []]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "-7", "(3-0", "JUSTID") == "[\"0-0\", [\"4-0\"], []]");
  CHECK(pending(h) ==
        "[[\"1-0\", \"d\", 0, 2], [\"2-0\", \"c\", 0, 1], [\"3-0\", \"d\", 0, 2], "
        "[\"4-0\", \"d\", 0, 1]]");
}

TEST_CASE("XAUTOCLAIM: what is gone from the stream is dropped and named, idle or not") {
  Harness h;
  fill(h, 5);
  h.run("XDEL", "s", "1", "3");
  h.propagated();
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "1000", "0") == "[\"0-0\", [], [\"1-0\", \"3-0\"]]");
  CHECK(h.propagated() == Lines{"MULTI", "XGROUP CREATECONSUMER s g d", "XACK s g 1-0 3-0", "EXEC"});
  h.run("XTRIM", "s", "MAXLEN", "0");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "0", "0", "COUNT", "1") == "[\"4-0\", [], [\"2-0\"]]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "0", "0") == "[\"0-0\", [], [\"4-0\", \"5-0\"]]");
  CHECK(pending(h) == "[]");
}

TEST_CASE("XAUTOCLAIM: an entry that is gone is dropped even if the stream forgot that it deleted any") {
  Harness h;
  fill(h, 3);
  h.run("XDEL", "s", "2");
  h.run("XSETID", "s", "3", "MAXDELETEDID", "1");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "0", "2") == "[\"0-0\", [[\"3-0\", [\"f\", \"3\"]]], [\"2-0\"]]");
}

TEST_CASE("XAUTOCLAIM: walks over what is not idle at once, however much there is") {
  Harness h;
  fill(h, 500);
  h.run("XCLAIM", "s", "g", "c", "0", "450", "IDLE", "9000", "JUSTID");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "5000", "0", "COUNT", "1", "JUSTID") ==
        "[\"451-0\", [\"450-0\"], []]");
}

TEST_CASE("XAUTOCLAIM: refuses in Redis's order") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  const std::string bad_count = "ERR COUNT must be > 0";
  CHECK(h.run("XAUTOCLAIM", "no", "g", "c", "x", "x", "odd") ==
        error("ERR Invalid min-idle-time argument for XAUTOCLAIM"));
  CHECK(h.run("XAUTOCLAIM", "no", "g", "c", "0", "x", "odd").text.starts_with("ERR Invalid stream ID"));
  CHECK(h.run("XAUTOCLAIM", "no", "g", "c", "0", "0", "odd") == error("ERR syntax error"));
  CHECK(h.run("XAUTOCLAIM", "no", "g", "c", "0", "0", "COUNT") == error("ERR syntax error"));
  CHECK(h.run("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", "0") == error(bad_count));
  CHECK(h.run("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", "x") == error(bad_count));
  CHECK(h.run("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", "9223372036854775807") == error(bad_count));
  CHECK(h.run("XAUTOCLAIM", "no", "g", "c", "0", "0") ==
        error("NOGROUP No such key 'no' or consumer group 'g'"));
  CHECK(h.run("XAUTOCLAIM", "s", "no", "c", "0", "0") ==
        error("NOGROUP No such key 's' or consumer group 'no'"));
  CHECK(h.run("XAUTOCLAIM", "str", "no", "c", "0", "0").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XAUTOCLAIM", "s", "g", "c", "0", "(18446744073709551615-18446744073709551615") ==
        error("ERR invalid start ID for the interval"));
}

}  // namespace sluice::test
