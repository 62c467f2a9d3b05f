// Moments at which something of a value acts by itself: the fields of a hash, the groups of a stream. They
// are unix milliseconds. A value answers its next one and knows no clock; whoever owns that asks, and files
// the value under it (keyspace/deadlines).
#pragma once

#include <cstdint>

namespace sluice::types {

// Later than any moment.
inline constexpr int64_t kNeverExpires = INT64_MAX;

}  // namespace sluice::types
