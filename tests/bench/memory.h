// What things cost in resident memory: connections that idle or block, and a deep backlog of jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/closed_loop.h"
#include "bench/measure.h"

namespace sluice::bench {

// Connections that have sent one PING, the same connections blocked in BRPOP (bytes above idle), and the
// latency of single pushes that wake one of them.
std::vector<Row> run_connections(const Target& target, const std::string& name);

inline constexpr uint64_t kBacklogJobs = 3'000'000;

// 3,000,000 JSON jobs of about 285 bytes in 10 lists: the cost of a push, the bytes an item holds, the cost
// of a pop.
std::vector<Row> run_backlog(const Target& target, const std::string& name);

// Pushes the jobs of `run_backlog`, for cases that want a full server.
Row fill_backlog(const Target& target, const std::string& name);

}  // namespace sluice::bench
