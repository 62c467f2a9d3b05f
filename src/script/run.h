// The words for one run of a script: what it is given, and how it ended. Keys and arguments are borrowed from
// whoever runs it, until the run is over; a suspended one keeps its own copies. Says nothing of how a script
// is executed.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sluice::script {

enum class Outcome : uint8_t { kDone, kSuspended };

struct Invocation {
  std::span<const base::ByteView> keys;
  std::span<const base::ByteView> argv;
};

struct RunLimits {
  int64_t busy_after_us;  // From here on a run is suspended where it can be.
  int64_t hard_after_us;  // From here on it is stopped where it cannot.
};

}  // namespace sluice::script
