#include "bench/rewrite.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/handoff.h"
#include "bench/links.h"
#include "bench/memory.h"

namespace sluice::bench {

namespace {

constexpr int64_t kLookEveryNs = 50'000'000;
constexpr auto kPause = std::chrono::milliseconds(50);

bool rewriting(Links& control) {
  const std::string info = control.ask({"INFO", "persistence"});
  return info.find("aof_rewrite_in_progress:1") != std::string::npos ||
         info.find("aof_rewrite_scheduled:1") != std::string::npos;
}

// What a child had to copy, of which the process itself shows nothing.
int64_t copied_by_child(Links& control) {
  const std::string field = "aof_last_cow_size:";
  const std::string info = control.ask({"INFO", "persistence"});
  const size_t at = info.find(field);
  return at == std::string::npos ? 0 : std::stoll(info.substr(at + field.size()));
}

void wait_for_rewrite(Links& control) {
  while (rewriting(control)) std::this_thread::sleep_for(kPause);
}

Row jobs_row(const Target& target, const std::string& name) {
  Row row;
  row.name = name;
  row.items = static_cast<double>(scaled(target, kBacklogJobs));
  return row;
}

}  // namespace

std::vector<Row> run_rewrite(const Target& target, const std::string& name) {
  flush_all(target);
  fill_backlog(target, name);
  Links control(target.port, 1);
  wait_for_rewrite(control);  // which the filling may have called for
  PacedHandoff handoff(target, "bench:paced");

  Latencies calm;
  const Stopwatch before_watch(target.pid);
  const uint64_t calm_jobs = handoff.run(
      scaled(target, kPacedJobs), [] { return true; }, calm);
  Row before = before_watch.finish(name + " before", calm_jobs, calm);

  const int64_t bare = rough_resident_bytes(target.pid);
  int64_t most = bare;
  int64_t next_look_ns = now_ns() + kLookEveryNs;
  Latencies meanwhile;
  const Stopwatch watch(target.pid);
  control.ask({"BGREWRITEAOF"});
  const uint64_t jobs = handoff.run(
      UINT64_MAX,
      [&] {
        if (now_ns() < next_look_ns) return true;
        most = std::max(most, rough_resident_bytes(target.pid));
        next_look_ns = now_ns() + kLookEveryNs;
        return rewriting(control);
      },
      meanwhile);
  Row during = watch.finish(name + " during", jobs, meanwhile);
  during.p99_over_before = during.p99_us / std::max(before.p99_us, 1.0);
  during.extra_memory =
      static_cast<double>(most - bare + copied_by_child(control)) / static_cast<double>(bare);
  return {before, during};
}

std::vector<Row> prepare_log(const Target& target, const std::string& name) {
  flush_all(target);
  fill_backlog(target, name);
  return {jobs_row(target, name)};
}

std::vector<Row> prepare_base(const Target& target, const std::string& name) {
  flush_all(target);
  fill_backlog(target, name);
  Links control(target.port, 1);
  wait_for_rewrite(control);
  control.ask({"BGREWRITEAOF"});
  wait_for_rewrite(control);
  return {jobs_row(target, name)};
}

}  // namespace sluice::bench
