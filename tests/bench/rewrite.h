// What keeping a log costs beside its writes: hand-offs while it is rewritten, and the state that a restart
// loads again.
#pragma once

#include <string>
#include <vector>

#include "bench/closed_loop.h"
#include "bench/measure.h"

namespace sluice::bench {

// 3,000,000 JSON jobs lie in the server. A paced hand-off before the log is rewritten, and one while it is:
// how far its latency then stands above, and how much more memory is held at most.
std::vector<Row> run_rewrite(const Target& target, const std::string& name);

// Fills the server with the same jobs and leaves them in the log as they were pushed, or rewritten to a base.
// What loading them takes is for whoever restarts the server.
std::vector<Row> prepare_log(const Target& target, const std::string& name);
std::vector<Row> prepare_base(const Target& target, const std::string& name);

}  // namespace sluice::bench
