// What LATENCY GRAPH and LATENCY DOCTOR say, as text: a series drawn in letters, and what its numbers
// suggest. Numbers in, text out. It owns nothing: the series stay the monitor's. It must not know how they
// were measured, nor who asks.
#pragma once

#include <cstdint>
#include <string>

#include "exec/latency_monitor.h"

namespace sluice::commands {

// REQUIRES: there are samples. `now_s`: unix.
[[nodiscard]] std::string latency_graph(exec::LatencyEvent event, const exec::LatencyMonitor::Series& series,
                                        int64_t now_s);
// `threshold_ms` 0: nothing is recorded.
[[nodiscard]] std::string latency_advice(const exec::LatencyMonitor& monitor, int64_t threshold_ms);

}  // namespace sluice::commands
