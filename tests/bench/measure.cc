#include "bench/measure.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include <unistd.h>

#include "bench/wire.h"

namespace sluice::bench {

namespace {

std::string read_proc(int pid, const char* file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  std::ostringstream text;
  text << in.rdbuf();
  if (text.str().empty()) fail("the server is gone, or /proc does not tell");
  return text.str();
}

}  // namespace

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t cpu_us(int pid) {
  const std::string stat = read_proc(pid, "stat");
  // The program's name, in parentheses, may hold anything; the fields after it are counted from the third.
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  constexpr int kFieldsBeforeUserTime = 11;
  std::string skipped;
  for (int field = 0; field < kFieldsBeforeUserTime; ++field) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return (user + system) * (1'000'000 / sysconf(_SC_CLK_TCK));
}

int64_t resident_bytes(int pid) {
  // The roll-up walks the page tables; the figure in `status` lags by what each core has not added up yet.
  std::istringstream lines(read_proc(pid, "smaps_rollup"));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("Rss:", 0) == 0) return std::stoll(line.substr(4)) * 1024;
  }
  fail("/proc tells no resident size");
}

int64_t rough_resident_bytes(int pid) {
  std::istringstream pages(read_proc(pid, "statm"));
  int64_t size = 0;
  int64_t resident = 0;
  pages >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

void Latencies::add(int64_t ns) {
  ns = std::max<int64_t>(ns, 0);
  longest_ns_ = std::max(longest_ns_, ns);
  const auto value = static_cast<uint64_t>(ns) + kStepsPerOctave;
  const auto octave = static_cast<size_t>(std::bit_width(value / kStepsPerOctave) - 1);
  const size_t slot = octave * kStepsPerOctave + (value >> octave) - kStepsPerOctave;
  ++counts_[std::min(slot, counts_.size() - 1)];
  ++count_;
}

double Latencies::percentile_us(double share) const {
  const auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_));
  uint64_t passed = 0;
  for (size_t slot = 0; slot < counts_.size(); ++slot) {
    passed += counts_[slot];
    if (passed > wanted || (passed == count_ && passed > 0)) {
      const size_t octave = slot / kStepsPerOctave;
      const uint64_t value = ((slot % kStepsPerOctave) + kStepsPerOctave) << octave;
      return static_cast<double>(value - kStepsPerOctave) / 1000;
    }
  }
  return 0;
}

Stopwatch::Stopwatch(int server_pid)
    : server_pid_(server_pid),
      server_us_(cpu_us(server_pid)),
      driver_us_(cpu_us(getpid())),
      start_ns_(now_ns()) {}

Row Stopwatch::finish(const std::string& name, uint64_t operations, const Latencies& latencies) const {
  const double seconds = static_cast<double>(now_ns() - start_ns_) / 1e9;
  Row row;
  row.name = name;
  row.operations_per_s = static_cast<double>(operations) / seconds;
  row.cpu_us_per_operation =
      static_cast<double>(cpu_us(server_pid_) - server_us_) / static_cast<double>(operations);
  row.driver_busy = static_cast<double>(cpu_us(getpid()) - driver_us_) / 1e6 / seconds;
  if (latencies.count() > 0) {
    row.p50_us = latencies.percentile_us(0.5);
    row.p99_us = latencies.percentile_us(0.99);
    row.p999_us = latencies.percentile_us(0.999);
    row.longest_us = latencies.longest_us();
  }
  return row;
}

std::string to_json(const std::vector<Row>& rows) {
  std::string json = "[";
  for (const Row& row : rows) {
    json += (json.size() > 1 ? ",\n " : "") + std::string("{\"name\": \"") + row.name + "\"";
    const std::pair<const char*, double> figures[] = {
        {"operations_per_s", row.operations_per_s},
        {"cpu_us_per_operation", row.cpu_us_per_operation},
        {"p50_us", row.p50_us},
        {"p99_us", row.p99_us},
        {"p999_us", row.p999_us},
        {"longest_us", row.longest_us},
        {"bytes_per_item", row.bytes_per_item},
        {"items", row.items},
        {"p99_over_before", row.p99_over_before},
        {"extra_memory", row.extra_memory},
        {"driver_busy", row.driver_busy},
    };
    for (const auto& [key, figure] : figures) {
      char text[64];
      std::snprintf(text, sizeof text, ", \"%s\": %.3f", key, figure);
      if (figure >= 0) json += text;
    }
    json += "}";
  }
  return json + "]\n";
}

}  // namespace sluice::bench
