#include "base/process.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace sluice::base {

namespace {

CpuTime usage_of(int who) {
  rusage usage{};
  if (getrusage(who, &usage) != 0) return {};
  const auto in_us = [](const timeval& time) { return int64_t{time.tv_sec} * 1'000'000 + time.tv_usec; };
  return {in_us(usage.ru_stime), in_us(usage.ru_utime)};
}

}  // namespace

CpuTime process_cpu() {
  return usage_of(RUSAGE_SELF);
}
CpuTime thread_cpu() {
  return usage_of(RUSAGE_THREAD);
}

int64_t process_id() {
  return getpid();
}

std::string system_name() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

}  // namespace sluice::base
