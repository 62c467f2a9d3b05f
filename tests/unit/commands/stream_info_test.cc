#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

void fill(Harness& h, int count) {
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (int i = 1; i <= count; ++i) h.run("XADD", "s", std::to_string(i), "f", std::to_string(i));
}

std::string lag(Harness& h) {
  const resp::Value reply = h.run("XINFO", "GROUPS", "s");
  return resp::describe(reply.children.at(0).children.at(11));
}

}  // namespace

TEST_CASE("XINFO STREAM: what it holds, and what it remembers of its ids") {
  Harness h;
  fill(h, 3);
  h.run("XDEL", "s", "1");
  CHECK(h.text("XINFO", "STREAM", "s") ==
        "[\"length\", 2, \"radix-tree-keys\", 1, \"radix-tree-nodes\", 2, \"last-generated-id\", \"3-0\", "
        "\"max-deleted-entry-id\", \"1-0\", \"entries-added\", 3, \"recorded-first-entry-id\", \"2-0\", "
        "\"idmp-duration\", 100, \"idmp-maxsize\", 100, \"pids-tracked\", 0, \"iids-tracked\", 0, "
        "\"iids-added\", 0, \"iids-duplicates\", 0, \"groups\", 1, \"first-entry\", [\"2-0\", [\"f\", "
        "\"2\"]], \"last-entry\", [\"3-0\", [\"f\", "
        "\"3\"]]]");
  h.run("XTRIM", "s", "MAXLEN", "0");
  CHECK(h.text("XINFO", "STREAM", "s").find("\"first-entry\", nil, \"last-entry\", nil") !=
        std::string::npos);
}

// The fields on idempotence: https://redis.io/docs/latest/commands/xinfo-stream/ (8.6)
TEST_CASE("XINFO STREAM: what producers sent, as long as it is remembered") {
  Harness h;
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "2", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "q", "1", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "q", "1", "*", "f", "v");
  const std::string counters = "\"iids-added\", 3, \"iids-duplicates\", 1";
  CHECK(h.text("XINFO", "STREAM", "s").find("\"pids-tracked\", 2, \"iids-tracked\", 3, " + counters) !=
        std::string::npos);
  h.run("XCFGSET", "s", "IDMP-DURATION", "7", "IDMP-MAXSIZE", "8");
  CHECK(h.text("XINFO", "STREAM", "s")
            .find("\"idmp-duration\", 7, \"idmp-maxsize\", 8, \"pids-tracked\", 0, \"iids-tracked\", 0, " +
                  counters) != std::string::npos);
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  CHECK(h.text("XINFO", "STREAM", "s").find("\"pids-tracked\", 1, \"iids-tracked\", 1") != std::string::npos);
  h.advance(7s);
  CHECK(h.text("XINFO", "STREAM", "s").find("\"pids-tracked\", 0, \"iids-tracked\", 0") != std::string::npos);
}

TEST_CASE("XINFO STREAM FULL: entries, groups, consumers and what is pending, ten of each or as told") {
  Harness h;
  fill(h, 12);
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  const std::string now = std::to_string(h.clock.unix_us() / 1000);
  Peer& peer = h.client();
  peer.resp3();
  const std::string text = peer.text("XINFO", "STREAM", "s", "FULL", "COUNT", "1");
  CHECK(text ==
        "{\"length\": 12, \"radix-tree-keys\": 1, \"radix-tree-nodes\": 2, \"last-generated-id\": \"12-0\", "
        "\"max-deleted-entry-id\": \"0-0\", \"entries-added\": 12, \"recorded-first-entry-id\": \"1-0\", "
        "\"idmp-duration\": 100, \"idmp-maxsize\": 100, \"pids-tracked\": 0, \"iids-tracked\": 0, "
        "\"iids-added\": 0, \"iids-duplicates\": 0, \"entries\": [[\"1-0\", [\"f\", \"1\"]]], \"groups\": "
        "[{\"name\": \"g\", \"last-delivered-id\": "
        "\"12-0\", \"entries-read\": 12, \"lag\": 0, \"pel-count\": 12, \"nacked-count\": 0, \"pending\": "
        "[[\"1-0\", \"c\", " +
            now + ", 1]], \"consumers\": [{\"name\": \"c\", \"seen-time\": " + now + ", \"active-time\": " +
            now + ", \"pel-count\": 12, \"pending\": [[\"1-0\", " + now + ", 1]]}]}]}");
  const auto entries = [&h](auto... count) {
    return h.run("XINFO", "STREAM", "s", "FULL", count...).children.at(27).children.size();
  };
  CHECK(entries() == 10);
  CHECK(entries("COUNT", "-1") == 10);
  CHECK(entries("COUNT", "0") == 12);
}

TEST_CASE("XINFO: refuses in Redis's order") {
  Harness h;
  fill(h, 1);
  h.run("SET", "str", "x");
  const std::string syntax =
      "ERR unknown subcommand or wrong number of arguments for 'stream'. Try XINFO HELP.";
  CHECK(h.run("XINFO", "stream", "no", "odd") == error("ERR no such key"));
  CHECK(h.run("XINFO", "stream", "str").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XINFO", "stream", "s", "odd") == error(syntax));
  CHECK(h.run("XINFO", "stream", "s", "FULL", "COUNT") == error(syntax));
  CHECK(h.run("XINFO", "stream", "s", "FULL", "COUNT", "1", "2") == error(syntax));
  CHECK(h.run("XINFO", "stream", "s", "FULL", "COUNT", "x") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("XINFO", "GROUPS", "no") == error("ERR no such key"));
  CHECK(h.run("XINFO", "CONSUMERS", "no", "g") == error("ERR no such key"));
  CHECK(h.run("XINFO", "CONSUMERS", "s", "no") ==
        error("NOGROUP No such consumer group 'no' for key name 's'"));
  CHECK(h.run("XINFO", "odd") == error("ERR unknown subcommand 'odd'. Try XINFO HELP."));
  CHECK(h.text("XINFO", "HELP").find("CONSUMERS key groupname") != std::string::npos);
}

TEST_CASE("XINFO GROUPS: lag is what is still to be read, also where Redis cannot tell") {
  Harness h;
  fill(h, 10);
  CHECK(lag(h) == "10");
  h.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "s", ">");
  CHECK(lag(h) == "7");
  h.run("XDEL", "s", "2", "5");
  CHECK(lag(h) == "6");
  h.run("XTRIM", "s", "MAXLEN", "4");
  CHECK(lag(h) == "4");
  h.run("XGROUP", "SETID", "s", "g", "8-5");
  CHECK(lag(h) == "2");
  h.run("XGROUP", "SETID", "s", "g", "99");
  CHECK(lag(h) == "0");
}

TEST_CASE("XINFO CONSUMERS: idle since it asked, inactive since it got something") {
  Harness h;
  fill(h, 1);
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.advance(30ms);
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.advance(12ms);
  CHECK(h.text("XINFO", "CONSUMERS", "s", "g") ==
        "[[\"name\", \"c\", \"pending\", 1, \"idle\", 12, \"inactive\", 42]]");
}

}  // namespace sluice::test
