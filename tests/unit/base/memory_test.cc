#include "base/memory.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#ifndef SLUICE_SANITIZED
#include <jemalloc/jemalloc.h>
#endif

using sluice::base::MemoryMeter;

namespace {

constexpr size_t kBlock = 1 << 20;

}  // namespace

TEST_CASE("MemoryMeter: used bytes rise and fall with what is allocated") {
  const MemoryMeter meter;
  const uint64_t before = meter.used_bytes();
  auto block = std::make_unique<std::vector<char>>(kBlock, 'x');
  const uint64_t during = meter.used_bytes();
  CHECK(during >= before + kBlock);
  CHECK(during <= before + 2 * kBlock);
  block.reset();
  CHECK(meter.used_bytes() < before + kBlock);
}

TEST_CASE("allocator_stats: what is resident includes what is active and allocated") {
  const std::vector<char> block(kBlock, 'x');
  const auto stats = sluice::base::allocator_stats();
  CHECK(stats.allocated_bytes >= block.size());
  CHECK(stats.active_bytes >= stats.allocated_bytes);
  CHECK(stats.resident_bytes >= stats.active_bytes);
}

TEST_CASE("resident_bytes: at least what was just touched, at most what the machine has") {
  const std::vector<char> block(kBlock, 'x');
  CHECK(sluice::base::resident_bytes() > block.size());
  CHECK(sluice::base::resident_bytes() < sluice::base::system_bytes());
}

TEST_CASE("purge_allocator: leaves what is in use alone") {
  const std::vector<char> block(kBlock, 'x');
  sluice::base::purge_allocator();
  CHECK(block[kBlock / 2] == 'x');
  CHECK_FALSE(sluice::base::allocator_name().empty());
}

TEST_CASE("allocator_report: tells of the allocator it names, or nothing") {
  const std::string report = sluice::base::allocator_report();
  const bool jemalloc = sluice::base::allocator_name().starts_with("jemalloc");
  CHECK(jemalloc == (report.find("jemalloc statistics") != std::string::npos));
  CHECK(jemalloc != report.empty());
}

#ifndef SLUICE_SANITIZED

TEST_CASE("jemalloc: blocks of a page or two share the description of their slab") {
  unsigned bins = 0;
  size_t width = sizeof bins;
  REQUIRE(mallctl("arenas.nbins", &bins, &width, nullptr, 0) == 0);
  size_t found = 0;
  for (unsigned bin = 0; bin < bins; ++bin) {
    const std::string name = "arenas.bin." + std::to_string(bin);
    size_t bytes = 0;
    width = sizeof bytes;
    REQUIRE(mallctl((name + ".size").c_str(), &bytes, &width, nullptr, 0) == 0);
    if (bytes != 4096 && bytes != 8192) continue;
    uint32_t blocks = 0;
    width = sizeof blocks;
    REQUIRE(mallctl((name + ".nregs").c_str(), &blocks, &width, nullptr, 0) == 0);
    CHECK(blocks == 8);
    ++found;
  }
  CHECK(found == 2);
}

#endif
