#include "base/process.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <signal.h>
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

bool process_runs(int64_t id) {
  // Others than a positive number would mean a group, or everybody.
  if (id <= 0 || id > INT_MAX) return false;
  return kill(static_cast<pid_t>(id), 0) == 0 || errno == EPERM;
}

void lower_thread_priority() {
  constexpr int kLowest = 19;
  (void)setpriority(PRIO_PROCESS, 0, kLowest);  // on Linux of the thread alone; refused, it only runs faster
}

std::string system_name() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

IoResult<void> change_directory(const std::string& path) {
  if (chdir(path.c_str()) != 0) return io_error(errno, "change to", path);
  return {};
}

std::string working_directory() {
  char path[PATH_MAX];
  return getcwd(path, sizeof path) == nullptr ? "." : path;
}

std::string absolute_path(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  return working_directory() + "/" + path;
}

uint64_t raise_descriptor_limit(uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  // Only a privileged process can move the hard limit; everyone can go up to it.
  const rlimit both{wanted, std::max<rlim_t>(wanted, limit.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &both) == 0) return wanted;
  const rlimit soft{std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &soft) == 0 ? soft.rlim_cur : limit.rlim_cur;
}

}  // namespace sluice::base
