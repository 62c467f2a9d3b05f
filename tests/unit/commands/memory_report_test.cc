#include "commands/memory_report.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace sluice::commands {

namespace {

constexpr uint64_t kMb = uint64_t{1} << 20;

// A hundred megabytes, well used.
MemoryFigures healthy() {
  MemoryFigures figures;
  figures.used_bytes = figures.peak_bytes = 100 * kMb;
  figures.allocator = {100 * kMb, 101 * kMb, 102 * kMb};
  figures.resident_bytes = 103 * kMb;
  return figures;
}

bool says(const std::string& report, const std::string& part) {
  return report.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Memory report: little in use is not judged, and what is well is said to be") {
  MemoryFigures figures = healthy();
  CHECK(says(memory_report(figures, {}), "Nothing about the memory"));
  figures.used_bytes = 4 * kMb;
  CHECK(says(memory_report(figures, {}), "too little"));
}

TEST_CASE("Memory report: every finding stands for itself") {
  MemoryFigures figures = healthy();
  MemoryHabits habits;
  std::string expected;
  SUBCASE("a peak long past") {
    figures.peak_bytes = 200 * kMb;
    expected = "At its peak";
  }
  SUBCASE("resident beyond use") {
    figures.used_bytes = 60 * kMb;
    figures.peak_bytes = 60 * kMb;
    expected = "The process holds";
  }
  SUBCASE("pages half full") {
    figures.allocator = {80 * kMb, 101 * kMb, 102 * kMb};
    expected = "not full";
  }
  SUBCASE("pages not returned") {
    figures.allocator = {80 * kMb, 81 * kMb, 102 * kMb};
    expected = "MEMORY PURGE";
  }
  SUBCASE("memory of others") {
    figures.resident_bytes = 135 * kMb;
    expected = "does not know of";
  }
  SUBCASE("clients that hold much") {
    figures.clients_bytes = 10 * kMb;
    habits.clients = 10;
    expected = "A client takes";
  }
  SUBCASE("scripts made anew") {
    habits.cached_scripts = 1001;
    expected = "scripts are cached";
  }
  const std::string report = memory_report(figures, habits);
  CHECK(says(report, expected));
  CHECK(std::count(report.begin(), report.end(), '*') == 1);
}

TEST_CASE("Memory report: a ratio over little memory means nothing") {
  MemoryFigures figures = healthy();
  figures.used_bytes = figures.peak_bytes = 6 * kMb;
  figures.allocator = {6 * kMb, 9 * kMb, 12 * kMb};
  figures.resident_bytes = 15 * kMb;
  CHECK(says(memory_report(figures, {}), "Nothing about the memory"));
}

}  // namespace sluice::commands
