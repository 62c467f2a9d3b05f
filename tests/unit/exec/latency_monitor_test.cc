#include "exec/latency_monitor.h"

#include <string>

#include <doctest/doctest.h>

using namespace sluice::exec;

TEST_CASE("LatencyMonitor: a second keeps its slowest, and the worst outlives its sample") {
  LatencyMonitor monitor;
  monitor.add(LatencyEvent::kCommand, 5'000'000, 20'999);
  monitor.add(LatencyEvent::kCommand, 5'900'000, 35'000);
  monitor.add(LatencyEvent::kCommand, 5'950'000, 10'000);
  monitor.add(LatencyEvent::kCommand, 6'000'000, 7'000);
  const LatencyMonitor::Series& series = monitor.series(LatencyEvent::kCommand);
  REQUIRE(series.samples.size() == 2);
  CHECK(series.samples[0].time_s == 5);
  CHECK(series.samples[0].duration_ms == 35);
  CHECK(series.samples[1].duration_ms == 7);
  for (int64_t second = 7; second < 1000; ++second)
    monitor.add(LatencyEvent::kCommand, second * 1'000'000, 1'000);
  CHECK(series.samples.size() == kLatencySamples);
  CHECK(series.samples.back().time_s == 999);
  CHECK(series.worst_ms == 35);
  CHECK(monitor.series(LatencyEvent::kFastCommand).samples.empty());
}

TEST_CASE("LatencyMonitor: what is forgotten is gone, and only once") {
  LatencyMonitor monitor;
  monitor.add(LatencyEvent::kAofWrite, 0, 9'000);
  CHECK_FALSE(monitor.forget(LatencyEvent::kCommand));
  CHECK(monitor.forget(LatencyEvent::kAofWrite));
  CHECK_FALSE(monitor.forget(LatencyEvent::kAofWrite));
  CHECK(monitor.series(LatencyEvent::kAofWrite).worst_ms == 0);
}

TEST_CASE("LatencyMonitor: every event has one name") {
  for (size_t i = 0; i < kLatencyEvents; ++i) {
    const auto event = static_cast<LatencyEvent>(i);
    CHECK(latency_event(name_of(event)) == event);
  }
  CHECK_FALSE(latency_event("Command").has_value());
  CHECK_FALSE(latency_event("").has_value());
}
