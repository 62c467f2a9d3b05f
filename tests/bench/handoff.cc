#include "bench/handoff.h"

#include <algorithm>
#include <vector>

#include "bench/links.h"
#include "bench/wire.h"

namespace sluice::bench {

namespace {

constexpr size_t kProducers = 25;
constexpr size_t kConsumers = 25;
constexpr size_t kReadCount = 10;
constexpr int64_t kMicrosecond = 1'000;

// A payload begins with the microsecond it was sent at, in 12 digits, which is where a Batch patches.
std::string stamped_payload() {
  std::string payload(kCounter);
  payload.append(kPayloadBytes - kDigits, 'x');
  return payload;
}

int64_t age_ns(std::string_view stamped) {
  int64_t sent_us = 0;
  for (const char digit : stamped.substr(0, kDigits)) sent_us = sent_us * 10 + (digit - '0');
  return now_ns() - sent_us * kMicrosecond;
}

// Whose index is below kProducers produces; the rest consume.
bool is_producer(size_t index) {
  return index < kProducers;
}

void send_stamped(Links& links, size_t index, Batch& batch, int64_t at_ns) {
  auto stamp = static_cast<uint64_t>(at_ns / kMicrosecond);
  Dice unused(0);
  links.send(index, batch.next(stamp, unused));
}

// The answer of BRPOP ends with the payload, whatever precedes it.
std::string_view popped_payload(std::string_view reply) {
  if (reply.size() < kPayloadBytes + 2) fail("BRPOP answered without a job");
  return reply.substr(reply.size() - kPayloadBytes - 2, kPayloadBytes);
}

// One consumer of the group: reads, then acknowledges what it read, then reads again.
class StreamConsumer {
 public:
  explicit StreamConsumer(size_t index)
      : read_(encode({"XREADGROUP", "GROUP", "workers", "consumer" + std::to_string(index), "COUNT",
                      std::to_string(kReadCount), "BLOCK", "500", "STREAMS", "bench:stream", ">"})) {}

  [[nodiscard]] const std::string& read() const { return read_; }

  // Takes in one reply and returns what to send next; `taken` is how many entries the reply held.
  std::string_view answer(std::string_view reply, Latencies& latencies, size_t& taken) {
    taken = 0;
    if (acknowledging_) {
      acknowledging_ = false;
      return read_;
    }
    ReplyWalker walker(reply);
    if (walker.array() < 1) return read_;  // the block timed out
    std::vector<std::string> acknowledge{"XACK", "bench:stream", "workers"};
    walker.array();
    walker.bulk();
    for (int64_t left = walker.array(); left > 0; --left) {
      walker.array();
      acknowledge.emplace_back(walker.bulk());
      walker.array();
      walker.bulk();
      latencies.add(age_ns(walker.bulk()));
      ++taken;
    }
    acknowledging_ = true;
    acknowledge_ = encode(acknowledge);
    return acknowledge_;
  }

 private:
  std::string read_;
  std::string acknowledge_;
  bool acknowledging_ = false;
};

}  // namespace

Row run_handoff(const Target& target, const std::string& name) {
  const uint64_t jobs = scaled(target, 150'000);
  Links links(target.port, kProducers + kConsumers);
  Batch push({"LPUSH", "bench:list", stamped_payload()}, 1);
  const std::string pop = encode({"BRPOP", "bench:list", "0"});
  Latencies latencies;
  uint64_t sent = 0;
  uint64_t taken = 0;
  const Stopwatch watch(target.pid);
  auto produce = [&](size_t index) {
    if (sent >= jobs) return;
    ++sent;
    send_stamped(links, index, push, now_ns());
  };
  for (size_t index = kProducers; index < links.count(); ++index) links.send(index, pop);
  for (size_t index = 0; index < kProducers; ++index) produce(index);
  while (taken < jobs) {
    for (const size_t index : links.wait(-1)) {
      for (std::string_view reply; !(reply = links.take_reply(index)).empty();) {
        if (is_producer(index)) {
          produce(index);
          continue;
        }
        latencies.add(age_ns(popped_payload(reply)));
        ++taken;
        links.send(index, pop);
      }
    }
  }
  return watch.finish(name, jobs, latencies);
}

Row run_stream_handoff(const Target& target, const std::string& name) {
  const uint64_t jobs = scaled(target, 60'000);
  Links links(target.port, kProducers + kConsumers);
  links.ask({"XGROUP", "CREATE", "bench:stream", "workers", "$", "MKSTREAM"});
  Batch add({"XADD", "bench:stream", "*", "job", stamped_payload()}, 1);
  std::vector<StreamConsumer> consumers;
  for (size_t index = 0; index < kConsumers; ++index) consumers.emplace_back(index);
  Latencies latencies;
  uint64_t sent = 0;
  uint64_t taken = 0;
  const Stopwatch watch(target.pid);
  auto produce = [&](size_t index) {
    if (sent >= jobs) return;
    ++sent;
    send_stamped(links, index, add, now_ns());
  };
  for (size_t index = kProducers; index < links.count(); ++index) {
    links.send(index, consumers[index - kProducers].read());
  }
  for (size_t index = 0; index < kProducers; ++index) produce(index);
  while (taken < jobs) {
    for (const size_t index : links.wait(-1)) {
      for (std::string_view reply; !(reply = links.take_reply(index)).empty();) {
        if (is_producer(index)) {
          produce(index);
          continue;
        }
        size_t entries = 0;
        links.send(index, consumers[index - kProducers].answer(reply, latencies, entries));
        taken += entries;
      }
    }
  }
  return watch.finish(name, jobs, latencies);
}

PacedHandoff::PacedHandoff(const Target& target, const std::string& key)
    : links_(target.port, kProducers + kConsumers),
      push_({"LPUSH", key, stamped_payload()}, 1),
      pop_(encode({"BRPOP", key, "0"})) {
  for (size_t index = kProducers; index < links_.count(); ++index) links_.send(index, pop_);
}

uint64_t PacedHandoff::run(uint64_t jobs, const std::function<bool()>& go_on, Latencies& latencies) {
  constexpr int64_t kStepNs = 1'000'000'000 / kPacePerSecond;
  uint64_t sent = 0;
  uint64_t taken = 0;
  bool more = true;
  const int64_t start_ns = now_ns();
  while (more || taken < sent) {
    // Spinning: the driver has a core of its own, and a sleep would be late by more than what is measured.
    while (more) {
      const int64_t due_ns = start_ns + static_cast<int64_t>(sent) * kStepNs;
      if (due_ns > now_ns()) break;
      send_stamped(links_, sent % kProducers, push_, due_ns);
      ++sent;
      more = sent < jobs && go_on();
    }
    for (const size_t index : links_.wait(0)) {
      for (std::string_view reply; !(reply = links_.take_reply(index)).empty();) {
        if (is_producer(index)) continue;
        latencies.add(age_ns(popped_payload(reply)));
        ++taken;
        links_.send(index, pop_);
      }
    }
  }
  return taken;
}

Row run_paced(const Target& target, const std::string& name) {
  PacedHandoff handoff(target, "bench:paced");
  Latencies latencies;
  const Stopwatch watch(target.pid);
  const uint64_t taken = handoff.run(
      scaled(target, kPacedJobs), [] { return true; }, latencies);
  return watch.finish(name, taken, latencies);
}

}  // namespace sluice::bench
