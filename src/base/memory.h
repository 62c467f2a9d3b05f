// How much memory the process uses. The allocator is jemalloc, or the sanitizer's in builds that have one.
// A MemoryMeter belongs to the thread that made it (the reactor) and counts what that thread allocated less
// what it freed: exact, and two loads, so that it can be asked before every command. Memory that other
// threads hold is not in it; the allocator's own figures, which are slower to get, cover all.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::base {

class MemoryMeter {
 public:
  MemoryMeter();

  // Bytes in use, with the allocator's rounding.
  [[nodiscard]] uint64_t used_bytes() const;

 private:
  const uint64_t* allocated_ = nullptr;  // the allocator's counters for this thread; null with a sanitizer
  const uint64_t* deallocated_ = nullptr;
};

struct AllocatorStats {
  uint64_t allocated_bytes = 0;  // given out
  uint64_t active_bytes = 0;     // in pages that hold something given out
  uint64_t resident_bytes = 0;   // in physical memory as the allocator sees it
};

// Microseconds, not nanoseconds: for INFO and cron.
[[nodiscard]] AllocatorStats allocator_stats();
// "jemalloc-5.3.0"
[[nodiscard]] std::string allocator_name();
// Gives unused pages back to the system at once, and what the calling thread kept for itself to all.
void purge_allocator();
// All that the allocator tells of itself, as text; nothing where it tells nothing.
[[nodiscard]] std::string allocator_report();

// Physical memory of this process, and of the machine; 0 when the system does not say.
[[nodiscard]] uint64_t resident_bytes();
[[nodiscard]] uint64_t system_bytes();

}  // namespace sluice::base
