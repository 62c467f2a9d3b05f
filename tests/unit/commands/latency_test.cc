#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using namespace sluice::test;
using exec::LatencyEvent;

namespace {

std::vector<std::string> texts(const resp::Value& list) {
  std::vector<std::string> found;
  for (const resp::Value& one : list.children) found.push_back(one.text);
  return found;
}

}  // namespace

TEST_CASE("LATENCY LATEST and HISTORY: what was recorded, by event") {
  Harness h;
  CHECK(h.run("LATENCY", "LATEST") == array({}));
  h.latency.add(LatencyEvent::kFastCommand, 3'000'000, 12'000);
  h.latency.add(LatencyEvent::kCommand, 5'000'000, 35'000);
  h.latency.add(LatencyEvent::kCommand, 6'000'000, 20'000);
  CHECK(h.run("LATENCY", "LATEST") ==
        array({array({bulk("command"), integer(6), integer(20), integer(35)}),
               array({bulk("fast-command"), integer(3), integer(12), integer(12)})}));
  CHECK(h.run("LATENCY", "HISTORY", "command") ==
        array({array({integer(5), integer(35)}), array({integer(6), integer(20)})}));
  CHECK(h.run("LATENCY", "HISTORY", "nosuch") == array({}));
}

TEST_CASE("LATENCY RESET: the named events, or all; it tells how many were there") {
  Harness h;
  h.latency.add(LatencyEvent::kAofWrite, 3'000'000, 12'000);
  h.latency.add(LatencyEvent::kCommand, 5'000'000, 35'000);
  CHECK(h.run("LATENCY", "RESET", "nosuch", "command", "command") == integer(1));
  CHECK(h.run("LATENCY", "RESET") == integer(1));
  CHECK(h.run("LATENCY", "RESET") == integer(0));
}

TEST_CASE("LATENCY GRAPH and DOCTOR: an event that happened, and none") {
  Harness h;
  h.latency.add(LatencyEvent::kCommand, h.clock.unix_us(), 10'000);
  CHECK(h.run("LATENCY", "GRAPH", "command").text.starts_with("command - high 10 ms, low 10 ms"));
  CHECK(h.run("LATENCY", "GRAPH", "aof-write") == error("ERR No samples available for event 'aof-write'"));
  CHECK(h.run("LATENCY", "GRAPH", "x") == error("ERR No samples available for event 'x'"));
  CHECK(h.run("LATENCY", "DOCTOR").text.find("latency-monitor-threshold") != std::string::npos);
  h.configure("latency-monitor-threshold", "5");
  CHECK(h.run("LATENCY", "DOCTOR").text.starts_with("command: 1 times"));
}

TEST_CASE("LATENCY HISTOGRAM: commands that ran, cumulative by doubling buckets") {
  Harness h;
  h.run("SET", "k", "v");
  h.run("CONFIG", "GET", "port");
  exec::Command& set = *h.table.find("set");
  REQUIRE(set.latency != nullptr);
  set.latency->reset();
  for (const uint64_t us : {1U, 3U, 16U, 17U, 1000U}) set.latency->record(us);
  const resp::Value shown = h.run("LATENCY", "HISTOGRAM", "set", "nosuch");
  REQUIRE(shown.children.size() == 2);
  CHECK(shown.children[0] == bulk("set"));
  CHECK(shown.children[1] ==
        array({bulk("calls"), integer(5), bulk("histogram_usec"),
               array({integer(1), integer(1), integer(4), integer(2), integer(16), integer(3), integer(33),
                      integer(4), integer(1056), integer(5)})}));
  CHECK(h.run("LATENCY", "HISTOGRAM", "config").children[0] == bulk("config|get"));
  CHECK(h.run("LATENCY", "HISTOGRAM", "config|get").children[0] == bulk("config|get"));
  CHECK(h.run("LATENCY", "HISTOGRAM", "get") == array({}));
  CHECK(h.run("LATENCY", "HISTOGRAM").children.size() >= 4);
  h.run("CONFIG", "RESETSTAT");
  CHECK(h.run("LATENCY", "HISTOGRAM", "set") == array({}));
}

TEST_CASE("LATENCY: commands are recorded from the threshold on, fast ones apart") {
  Harness h;
  h.configure("latency-monitor-threshold", "100");
  h.executor.note_latency(LatencyEvent::kCommand, 99'999);
  CHECK(h.run("LATENCY", "LATEST") == array({}));
  h.executor.note_latency(LatencyEvent::kCommand, 100'000);
  CHECK(h.run("LATENCY", "LATEST").children.size() == 1);
  h.configure("latency-monitor-threshold", "0");
  h.executor.note_latency(LatencyEvent::kFastCommand, 1'000'000);
  CHECK(h.run("LATENCY", "LATEST").children.size() == 1);
}

TEST_CASE("LATENCY: wrong arity and HELP") {
  Harness h;
  CHECK(h.run("LATENCY") == error("ERR wrong number of arguments for 'latency' command"));
  CHECK(h.run("LATENCY", "GRAPH") == error("ERR wrong number of arguments for 'latency|graph' command"));
  CHECK(h.run("LATENCY", "HISTORY") == error("ERR wrong number of arguments for 'latency|history' command"));
  CHECK(texts(h.run("LATENCY", "HELP")).size() > 7);
}
