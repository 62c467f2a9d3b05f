// Consumer groups with deep backlogs: what an entry costs while nobody acknowledges it, how soon the few that
// are idle are found among all that are not, and how long a stream takes to go.
#pragma once

#include <string>
#include <vector>

#include "bench/closed_loop.h"
#include "bench/measure.h"

namespace sluice::bench {

// A million entries are pending, and only the last few for long enough. One row says how many bytes each
// takes beside its entry; one how often XPENDING IDLE finds the few; one how often XAUTOCLAIM takes them, in
// as many calls as its cursor asks for.
std::vector<Row> run_pending(const Target& target, const std::string& name);

// How long XTRIM and DEL take that drop a million entries.
std::vector<Row> run_stream_drop(const Target& target, const std::string& name);

}  // namespace sluice::bench
