// What the system tells of this process and lets it have: its number, its processor time, what it runs on,
// its working directory, how many descriptors it may open, how its threads rank. Costs system calls: not for
// the hot path. Values only; who compares them with earlier ones keeps those.
#pragma once

#include <cstdint>
#include <string>

#include "base/io_error.h"

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
// Whether a process of that number runs; one that another system sees (a container) does not count.
[[nodiscard]] bool process_runs(int64_t id);
// The thread that asks gives way to every other one from now on.
void lower_thread_priority();
// "Linux 6.1.0-18-amd64 x86_64"
[[nodiscard]] std::string system_name();

// Of the whole process; what it was is forgotten.
IoResult<void> change_directory(const std::string& path);
// "." when the system cannot say.
[[nodiscard]] std::string working_directory();
// `path` below the working directory unless it begins with a slash; empty stays empty.
[[nodiscard]] std::string absolute_path(const std::string& path);

// Raises the limit of open descriptors to `wanted`, or as near to it as the system allows, and returns what
// it is now; a limit above `wanted` stays.
uint64_t raise_descriptor_limit(uint64_t wanted);

}  // namespace sluice::base
