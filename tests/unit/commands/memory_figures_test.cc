#include "commands/memory_figures.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::commands {

namespace {

uint64_t field(const std::string& info, const std::string& name) {
  const size_t at = info.find("\n" + name + ":");
  REQUIRE(at != std::string::npos);
  return std::stoull(info.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("Memory figures: a ratio of nothing is 0, a difference may be negative") {
  CHECK(ratio(5, 0) == 0);
  CHECK(ratio(3, 2) == 1.5);
  CHECK(difference(2, 5) == -3);
}

TEST_CASE("Memory figures: what is no overhead is data, and what came before the start is neither") {
  MemoryFigures figures;
  figures.used_bytes = 100;
  figures.startup_bytes = 30;
  figures.overhead_bytes = 40;
  CHECK(figures.dataset_bytes() == 60);
  CHECK(figures.net_bytes() == 70);
  figures.startup_bytes = 200;
  CHECK(figures.net_bytes() == 0);
}

TEST_CASE("Memory figures: INFO and MEMORY STATS tell the same of clients, log and tables") {
  test::Harness h;
  h.control.facts.clients_memory_bytes = 1234;
  h.control.facts.startup_memory_bytes = 10;
  h.control.log.memory_bytes = 567;
  h.run("SET", "k", "v");
  const std::string info = h.run("INFO", "memory").text;
  CHECK(field(info, "mem_clients_normal") == 1234);
  CHECK(field(info, "mem_aof_buffer") == 567);
  CHECK(field(info, "mem_not_counted_for_evict") == 567);
  CHECK(field(info, "used_memory_startup") == 10);
  const uint64_t overhead = 10 + 1234 + 567 + h.keyspace.overhead_bytes();
  CHECK(field(info, "used_memory_overhead") == overhead);
  CHECK(field(info, "used_memory_dataset") == field(info, "used_memory") - overhead);
  const resp::Value stats = h.run("MEMORY", "STATS");
  const auto total = std::find_if(stats.children.begin(), stats.children.end(),
                                  [](const resp::Value& child) { return child.text == "overhead.total"; });
  REQUIRE(total != stats.children.end());
  CHECK((total + 1)->integer == static_cast<int64_t>(overhead));
}

}  // namespace sluice::commands
