// Closed-loop loads: each of a number of connections sends a batch of one request's copies, waits for all its
// answers, and sends the next. `run_closed` is also what the other cases fill their queues with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/measure.h"

namespace sluice::bench {

struct Target {
  int port;
  int pid;
  double scale;  // multiplies every number of operations
};

inline constexpr size_t kConnections = 50;
inline constexpr size_t kPayloadBytes = 100;

struct ClosedLoop {
  std::vector<std::vector<std::string>> requests;  // connections take turns through these
  size_t pipeline = 1;
  uint64_t operations = 0;
  uint64_t random_range = 1;
  size_t connections = kConnections;
};

// The row carries latencies per batch.
Row run_closed(const Target& target, const std::string& name, const ClosedLoop& load);

uint64_t scaled(const Target& target, uint64_t operations);

// Empties the server through one connection of its own.
void flush_all(const Target& target);

std::string payload();

}  // namespace sluice::bench
