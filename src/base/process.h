// What the system tells of this process, for INFO: its number, its processor time, and what it runs on. Costs
// system calls: not for the hot path.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::base {

// Microseconds since the start.
struct CpuTime {
  int64_t system_us = 0;
  int64_t user_us = 0;
};

[[nodiscard]] CpuTime process_cpu();
// Of the thread that asks.
[[nodiscard]] CpuTime thread_cpu();
[[nodiscard]] int64_t process_id();
// "Linux 6.1.0-18-amd64 x86_64"
[[nodiscard]] std::string system_name();

}  // namespace sluice::base
