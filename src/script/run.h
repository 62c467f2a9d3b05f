// The words for one run of a script.
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
