#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("MEMORY USAGE: grows with the value, and no key takes nothing") {
  Harness h;
  CHECK(h.run("MEMORY", "USAGE", "q") == null());
  h.run("RPUSH", "q", "x");
  const int64_t small = h.run("MEMORY", "USAGE", "q").integer;
  h.run("RPUSH", "q", std::string(1000, 'x'));
  const int64_t large = h.run("MEMORY", "USAGE", "q").integer;
  CHECK(small > 0);
  CHECK(large >= small + 1000);
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "0") == integer(large));
}

TEST_CASE("MEMORY USAGE: looking is not using") {
  Harness h;
  h.run("RPUSH", "q", "x");
  h.advance(std::chrono::milliseconds(9000));
  h.run("MEMORY", "USAGE", "q");
  CHECK(h.run("OBJECT", "IDLETIME", "q") == integer(9));
}

TEST_CASE("MEMORY: refuses what it does not know") {
  Harness h;
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "-1") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "x") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("MEMORY", "USAGE", "q", "foo", "1") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "NOSUCH") == error("ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP."));
  CHECK(h.run("MEMORY", "HELP").children.size() == 13);
  CHECK(h.run("MEMORY", "STATS", "x") == error("ERR wrong number of arguments for 'memory|stats' command"));
}

TEST_CASE("MEMORY STATS: the names that redis-server 7.0.15 has, in its order, each with its type") {
  Harness h;
  h.first().resp3();
  h.run("SET", "lasting", "v");
  h.run("SET", "passing", "v", "EX", "1000");
  h.run("SELECT", "3");
  h.run("SET", "other", "v");
  const resp::Value stats = h.run("MEMORY", "STATS");
  CHECK(stats.kind == resp::Kind::kMap);
  std::string shape;
  for (size_t i = 0; i < stats.children.size(); i += 2) {
    const resp::Value& value = stats.children[i + 1];
    const char* type = value.kind == resp::Kind::kInteger  ? ""
                       : value.kind == resp::Kind::kDouble ? ","
                                                           : "{}";
    shape += stats.children[i].text + type + " ";
  }
  CHECK(shape ==
        "peak.allocated total.allocated startup.allocated replication.backlog clients.slaves clients.normal "
        "cluster.links aof.buffer lua.caches functions.caches db.0{} db.3{} overhead.total keys.count "
        "keys.bytes-per-key dataset.bytes dataset.percentage, peak.percentage, allocator.allocated "
        "allocator.active allocator.resident allocator-fragmentation.ratio, allocator-fragmentation.bytes "
        "allocator-rss.ratio, allocator-rss.bytes rss-overhead.ratio, rss-overhead.bytes fragmentation, "
        "fragmentation.bytes ");
  const auto value_of = [&stats](const std::string& name) -> const resp::Value& {
    for (size_t i = 0; i < stats.children.size(); i += 2) {
      if (stats.children[i].text == name) return stats.children[i + 1];
    }
    FAIL("no such figure: " << name);
    return stats;
  };
  CHECK(value_of("keys.count") == integer(3));
  CHECK(value_of("total.allocated").integer > 0);
  const resp::Value& first = value_of("db.0");
  REQUIRE(first.children.size() == 6);
  CHECK(first.children[0].text == "overhead.hashtable.main");
  CHECK(first.children[1].integer == static_cast<int64_t>(h.keyspace.database(0).table_bytes()));
  CHECK(first.children[2].text == "overhead.hashtable.expires");
  CHECK(first.children[3].integer == static_cast<int64_t>(h.keyspace.deadlines().memory_bytes()));
  CHECK(first.children[4].text == "overhead.hashtable.slot-to-keys");
  CHECK(value_of("db.3").children[3] == integer(0));
}

TEST_CASE("MEMORY STATS: in RESP2 it is one flat array") {
  Harness h;
  const resp::Value stats = h.run("MEMORY", "STATS");
  CHECK(stats.kind == resp::Kind::kArray);
  CHECK(stats.children.size() == 54);
}

TEST_CASE("MEMORY DOCTOR and MALLOC-STATS: answer with text, PURGE with OK") {
  Harness h;
  CHECK_FALSE(h.run("MEMORY", "DOCTOR").text.empty());
  CHECK_FALSE(h.run("MEMORY", "MALLOC-STATS").text.empty());
  CHECK(h.run("MEMORY", "PURGE") == status("OK"));
  h.first().resp3();
  CHECK(h.run("MEMORY", "DOCTOR").kind == resp::Kind::kVerbatim);
  CHECK(h.run("MEMORY", "MALLOC-STATS").kind == resp::Kind::kVerbatim);
}

}  // namespace sluice::test
