#include "bench/closed_loop.h"

#include <algorithm>

#include "bench/links.h"
#include "bench/wire.h"

namespace sluice::bench {

uint64_t scaled(const Target& target, uint64_t operations) {
  return std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(operations) * target.scale));
}

std::string payload() {
  return std::string(kPayloadBytes, 'x');
}

void flush_all(const Target& target) {
  Links(target.port, 1).ask({"FLUSHALL"});
}

Row run_closed(const Target& target, const std::string& name, const ClosedLoop& load) {
  constexpr uint64_t kSeed = 20'240'611;
  Links links(target.port, load.connections);
  std::vector<Batch> batches;
  for (const auto& request : load.requests) batches.emplace_back(request, load.pipeline, load.random_range);

  struct State {
    int64_t sent_ns = 0;
    size_t awaited = 0;
  };
  std::vector<State> states(links.count());
  Dice dice(kSeed);
  Latencies latencies;
  uint64_t counter = 0;
  uint64_t sent = 0;
  uint64_t done = 0;
  const Stopwatch watch(target.pid);
  auto send_batch = [&](size_t index) {
    if (sent >= load.operations) return;
    Batch& batch = batches[index % batches.size()];
    states[index] = {now_ns(), batch.copies()};
    sent += batch.copies();
    links.send(index, batch.next(counter, dice));
  };
  for (size_t index = 0; index < links.count(); ++index) send_batch(index);
  while (done < sent) {
    for (const size_t index : links.wait(-1)) {
      State& state = states[index];
      while (state.awaited > 0 && !links.take_reply(index).empty()) {
        ++done;
        if (--state.awaited > 0) continue;
        latencies.add(now_ns() - state.sent_ns);
        send_batch(index);
      }
    }
  }
  return watch.finish(name, done, latencies);
}

}  // namespace sluice::bench
