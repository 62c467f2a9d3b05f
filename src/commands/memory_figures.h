// MemoryFigures: where memory went, gathered once for INFO memory and the MEMORY commands, so that both tell
// the same. What a part takes is asked of the part; what the server has not takes nothing. Owns nothing and
// judges nothing.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "exec/call.h"

namespace sluice::commands {

struct MemoryFigures {
  uint64_t used_bytes = 0;  // by the reactor, as the allocator rounds
  uint64_t peak_bytes = 0;
  uint64_t startup_bytes = 0;   // before anything was loaded
  uint64_t clients_bytes = 0;   // of all connections
  uint64_t log_bytes = 0;       // of what the disk has not yet, and its buffers
  uint64_t overhead_bytes = 0;  // all but keys and values
  uint64_t resident_bytes = 0;
  base::AllocatorStats allocator = {};

  [[nodiscard]] uint64_t dataset_bytes() const { return used_bytes - overhead_bytes; }
  // What came after the start.
  [[nodiscard]] uint64_t net_bytes() const {
    return used_bytes > startup_bytes ? used_bytes - startup_bytes : 0;
  }
};

[[nodiscard]] MemoryFigures memory_figures(const exec::Call& call, const exec::ProcessFacts& process,
                                           const exec::LogFacts& log);

// 0 of nothing.
[[nodiscard]] double ratio(uint64_t above, uint64_t below);
[[nodiscard]] int64_t difference(uint64_t above, uint64_t below);

}  // namespace sluice::commands
