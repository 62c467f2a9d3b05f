// What is read off a run: time, the server's processor time and memory (from /proc), latencies; and the rows
// they become. One row is one line of a table and one object of JSON.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

int64_t now_ns();

// User and system time of all threads of a process, in microseconds; resolution is that of /proc/<pid>/stat.
int64_t cpu_us(int pid);

// Resident bytes of a process.
int64_t resident_bytes(int pid);

// The same within a few pages for each core, at once and at no cost to the process.
int64_t rough_resident_bytes(int pid);

// A histogram with a relative error under 2 %, from a nanosecond to hours.
class Latencies {
 public:
  void add(int64_t ns);
  [[nodiscard]] uint64_t count() const { return count_; }
  // The value in microseconds that `share` (0..1) of all do not exceed; 0 when there are none.
  [[nodiscard]] double percentile_us(double share) const;
  [[nodiscard]] double longest_us() const { return static_cast<double>(longest_ns_) / 1000; }

 private:
  static constexpr size_t kStepsPerOctave = 64;
  static constexpr size_t kOctaves = 48;
  std::array<uint64_t, kStepsPerOctave * kOctaves> counts_{};
  uint64_t count_ = 0;
  int64_t longest_ns_ = 0;
};

// A figure that a row does not have is negative, and is left out of the JSON.
struct Row {
  std::string name;
  double operations_per_s = -1;
  double cpu_us_per_operation = -1;  // the server's
  double p50_us = -1;
  double p99_us = -1;
  double p999_us = -1;
  double longest_us = -1;
  double bytes_per_item = -1;
  double items = -1;
  double p99_over_before = -1;
  double extra_memory = -1;  // as a share of what was held before
  double driver_busy = -1;   // share of a core the load itself used; near 1 the server was not the limit
};

// Takes the readings at its construction, and again in `finish`.
class Stopwatch {
 public:
  explicit Stopwatch(int server_pid);
  // Throughput and processor time of `operations` done since; latencies too, when there are any.
  [[nodiscard]] Row finish(const std::string& name, uint64_t operations, const Latencies& latencies) const;

 private:
  int server_pid_;
  int64_t server_us_;
  int64_t driver_us_;
  int64_t start_ns_;
};

std::string to_json(const std::vector<Row>& rows);

}  // namespace sluice::bench
