// Loads in which one connection's job is another's answer: lists with blocking pops, streams with a group,
// and jobs at a fixed pace. Latency is from the moment a job was sent (or was due) to its arrival at a
// consumer.
#pragma once

#include <string>

#include "bench/closed_loop.h"
#include "bench/measure.h"

namespace sluice::bench {

// 25 producers LPUSH as fast as they are answered, 25 consumers BRPOP.
Row run_handoff(const Target& target, const std::string& name);

// 25 producers XADD, 25 consumers of one group XREADGROUP COUNT 10 and XACK what they got.
Row run_stream_handoff(const Target& target, const std::string& name);

// Jobs leave at a fixed pace, whatever the answers do, so that a stall of the server shows in full.
Row run_paced(const Target& target, const std::string& name);

}  // namespace sluice::bench
