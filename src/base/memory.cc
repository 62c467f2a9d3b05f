#include "base/memory.h"

#include <charconv>

#include <unistd.h>

#ifndef SLUICE_SANITIZED
#include <jemalloc/jemalloc.h>
#endif

#include "base/check.h"
#include "base/fs.h"

#ifndef SLUICE_SANITIZED

// By itself jemalloc gives each block of a power of two of pages a slab of its own, and 128 bytes to describe
// it. These two sizes are what big values are made of: stream blocks, list nodes, table segments. jemalloc
// looks for this name when it starts.
const char* malloc_conf = "slab_sizes:4096-4096:8|8192-8192:16";  // NOLINT: how many pages a slab has

#endif

namespace sluice::base {

#ifdef SLUICE_SANITIZED

// GCC ships the function without the header that declares it.
extern "C" size_t __sanitizer_get_current_allocated_bytes();  // NOLINT: the runtime's name

MemoryMeter::MemoryMeter() = default;
uint64_t MemoryMeter::used_bytes() const {
  return __sanitizer_get_current_allocated_bytes();
}

AllocatorStats allocator_stats() {
  const uint64_t used = __sanitizer_get_current_allocated_bytes();
  return {used, used, resident_bytes()};
}

std::string allocator_name() {
  return "sanitizer";
}
void purge_allocator() {}  // its quarantine is the point of such a build
std::string allocator_report() {
  return {};
}

#else

namespace {

template <class T>
T read_mallctl(const char* name) {
  T value{};
  size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : T{};
}

}  // namespace

MemoryMeter::MemoryMeter()
    : allocated_(read_mallctl<uint64_t*>("thread.allocatedp")),
      deallocated_(read_mallctl<uint64_t*>("thread.deallocatedp")) {
  SLUICE_CHECK(allocated_ != nullptr && deallocated_ != nullptr, "jemalloc was built without statistics");
}

uint64_t MemoryMeter::used_bytes() const {
  // Memory that came from another thread may be freed here.
  const uint64_t allocated = *allocated_;
  const uint64_t deallocated = *deallocated_;
  return allocated > deallocated ? allocated - deallocated : 0;
}

AllocatorStats allocator_stats() {
  uint64_t epoch = 1;  // the other figures stand still until it is written
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  return {read_mallctl<size_t>("stats.allocated"), read_mallctl<size_t>("stats.active"),
          read_mallctl<size_t>("stats.resident")};
}

std::string allocator_name() {
  const char* version = read_mallctl<const char*>("version");
  const std::string text = version != nullptr ? version : "";
  return "jemalloc-" + text.substr(0, text.find('-'));
}

void purge_allocator() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  const std::string all = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + ".purge";
  mallctl(all.c_str(), nullptr, nullptr, nullptr, 0);
}

std::string allocator_report() {
  std::string report;
  malloc_stats_print([](void* into, const char* text) { *static_cast<std::string*>(into) += text; }, &report,
                     nullptr);
  return report;
}

#endif

namespace {

constexpr uint64_t kStatmLimit = 4096;

uint64_t page_bytes() {
  return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

uint64_t resident_bytes() {
  PosixFs fs;
  // "size resident shared text lib data dt", in pages.
  const auto statm = read_whole(fs, "/proc/self/statm", kStatmLimit);
  if (!statm) return 0;
  const size_t space = statm->find(' ');
  if (space == Bytes::npos) return 0;
  uint64_t pages = 0;
  std::from_chars(statm->data() + space + 1, statm->data() + statm->size(), pages);
  return pages * page_bytes();
}

uint64_t system_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? static_cast<uint64_t>(pages) * page_bytes() : 0;
}

}  // namespace sluice::base
