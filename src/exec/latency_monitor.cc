#include "exec/latency_monitor.h"

#include <algorithm>

namespace sluice::exec {

namespace {

constexpr std::array<base::ByteView, kLatencyEvents> kNames = {"aof-write", "command", "eviction-cycle",
                                                               "expire-cycle", "fast-command"};

}  // namespace

base::ByteView name_of(LatencyEvent event) {
  return kNames[static_cast<size_t>(event)];
}

std::optional<LatencyEvent> latency_event(base::ByteView name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<LatencyEvent>(found - kNames.begin());
}

void LatencyMonitor::add(LatencyEvent event, int64_t now_us, int64_t duration_us) {
  Series& series = series_[index(event)];
  const LatencySample sample{now_us / 1'000'000, duration_us / 1000};
  series.worst_ms = std::max(series.worst_ms, sample.duration_ms);
  if (!series.samples.empty() && series.samples.back().time_s == sample.time_s) {
    int64_t& slowest = series.samples.back().duration_ms;
    slowest = std::max(slowest, sample.duration_ms);
    return;
  }
  if (series.samples.size() == kLatencySamples) series.samples.pop_front();
  series.samples.push_back(sample);
}

bool LatencyMonitor::forget(LatencyEvent event) {
  Series& series = series_[index(event)];
  const bool any = !series.samples.empty();
  series = {};
  return any;
}

}  // namespace sluice::exec
