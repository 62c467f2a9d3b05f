// Where the counts of a stream end: of the entries it ever had, of those that a group read, of the deliveries
// of an entry. Replies and the log's numbers end there, and a higher one would make records that nobody could
// read again: XSETID may bring a count there, from then on it stays, and what a file has beyond is that.
#pragma once

#include <cstdint>

namespace sluice::types {

inline constexpr auto kMostCounted = static_cast<uint64_t>(INT64_MAX);

}  // namespace sluice::types
