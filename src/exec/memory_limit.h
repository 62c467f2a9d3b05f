// Whether the keyspace holds more than `maxmemory` allows: judged before every command that may be refused
// for it, and by the same rule for a waiter that runs again. Reads the meter and the settings, owns nothing;
// what follows from it is the gates' matter.
#pragma once

#include "base/memory.h"
#include "exec/services.h"
#include "exec/settings.h"

namespace sluice::exec {

[[nodiscard]] inline bool over_memory_limit(const Services& services) {
  const uint64_t limit = services.settings.maxmemory_bytes;
  return limit != 0 && services.memory.used_bytes() > limit;
}

}  // namespace sluice::exec
