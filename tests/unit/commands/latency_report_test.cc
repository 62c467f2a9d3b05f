#include "commands/latency_report.h"

#include <doctest/doctest.h>

using namespace sluice::commands;
using sluice::exec::LatencyEvent;
using sluice::exec::LatencyMonitor;

TEST_CASE("Latency graph: a column for each sample, with its age below") {
  LatencyMonitor monitor;
  monitor.add(LatencyEvent::kCommand, 10'000'000, 10'000);
  monitor.add(LatencyEvent::kCommand, 90'000'000, 40'000);
  CHECK(latency_graph(LatencyEvent::kCommand, monitor.series(LatencyEvent::kCommand), 100) ==
        "command - high 40 ms, low 10 ms (all time high 40 ms)\n" + std::string(80, '-') +
            "\n #\n |\n |\n#|\n11\nm0\n s\n");
}

TEST_CASE("Latency graph: equal samples are flat, and only the last ones fit") {
  LatencyMonitor monitor;
  for (int64_t second = 0; second < 100; ++second) {
    monitor.add(LatencyEvent::kAofWrite, second * 1'000'000, 5'000);
  }
  const std::string graph =
      latency_graph(LatencyEvent::kAofWrite, monitor.series(LatencyEvent::kAofWrite), 99);
  CHECK(graph.find("\n\n\n\n" + std::string(80, '#') + "\n" + std::string(20, '1') + "55555555554") !=
        std::string::npos);
}

TEST_CASE("Latency advice: nothing recorded, nothing slow, and what was slow with what to look at") {
  LatencyMonitor monitor;
  CHECK(latency_advice(monitor, 0).find("latency-monitor-threshold") != std::string::npos);
  CHECK(latency_advice(monitor, 5).find("Nothing took 5 ms") != std::string::npos);
  monitor.add(LatencyEvent::kExpireCycle, 1'000'000, 10'000);
  monitor.add(LatencyEvent::kExpireCycle, 5'000'000, 20'000);
  const std::string advice = latency_advice(monitor, 5);
  CHECK(advice.starts_with(
      "expire-cycle: 2 times, on average 15 ms (mean deviation 5 ms, one in 2.00 s), at worst 20 ms"));
  CHECK(advice.find("spread their deadlines") != std::string::npos);
}
