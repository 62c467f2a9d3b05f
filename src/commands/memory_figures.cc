#include "commands/memory_figures.h"

#include <algorithm>

namespace sluice::commands {

MemoryFigures memory_figures(const exec::Call& call, const exec::ProcessFacts& process,
                             const exec::LogFacts& log) {
  MemoryFigures figures;
  figures.used_bytes = call.on.memory.used_bytes();
  figures.peak_bytes = std::max(figures.used_bytes, call.on.stats.peak_memory_bytes);
  figures.startup_bytes = process.startup_memory_bytes;
  figures.clients_bytes = process.clients_memory_bytes;
  figures.log_bytes = log.memory_bytes;
  figures.overhead_bytes =
      std::min(figures.used_bytes, figures.startup_bytes + figures.clients_bytes + figures.log_bytes +
                                       call.on.keyspace.overhead_bytes());
  figures.resident_bytes = base::resident_bytes();
  figures.allocator = base::allocator_stats();
  return figures;
}

double ratio(uint64_t above, uint64_t below) {
  return below == 0 ? 0 : static_cast<double>(above) / static_cast<double>(below);
}

int64_t difference(uint64_t above, uint64_t below) {
  return static_cast<int64_t>(above) - static_cast<int64_t>(below);
}

}  // namespace sluice::commands
