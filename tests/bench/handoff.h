// Loads in which one connection's job is another's answer: lists with blocking pops, streams with a group,
// and jobs at a fixed pace. Latency is from the moment a job was sent (or was due) to its arrival at a
// consumer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/closed_loop.h"
#include "bench/links.h"
#include "bench/measure.h"
#include "bench/wire.h"

namespace sluice::bench {

// 25 producers LPUSH as fast as they are answered, 25 consumers BRPOP.
Row run_handoff(const Target& target, const std::string& name);

// 25 producers XADD, 25 consumers of one group XREADGROUP COUNT 10 and XACK what they got.
Row run_stream_handoff(const Target& target, const std::string& name);

inline constexpr uint64_t kPacePerSecond = 4'000;
inline constexpr uint64_t kPacedJobs = kPacePerSecond * 5;

// Jobs leave at a fixed pace from 25 producers to 25 consumers, whatever the answers do. Between two runs the
// consumers wait.
class PacedHandoff {
 public:
  PacedHandoff(const Target& target, const std::string& key);

  // At most `jobs`, and as long as `go_on`, asked after each, says so. Returns when all have arrived, with
  // how many those were.
  uint64_t run(uint64_t jobs, const std::function<bool()>& go_on, Latencies& latencies);

 private:
  Links links_;
  Batch push_;
  const std::string pop_;
};

// Jobs leave at a fixed pace, whatever the answers do, so that a stall of the server shows in full.
Row run_paced(const Target& target, const std::string& name);

}  // namespace sluice::bench
