#include "bench/memory.h"

#include "bench/links.h"
#include "bench/wire.h"

namespace sluice::bench {

namespace {

constexpr uint64_t kIdleConnections = 10'000;
constexpr uint64_t kWakeUps = 2'000;
constexpr size_t kLists = 10;
constexpr size_t kBacklogPipeline = 64;

// A job as a queue library writes it: fixed words, a few that differ.
std::string json_job() {
  const std::string counter(kCounter);
  const std::string random(kRandom);
  return R"({"retry":true,"queue":"default","class":"InvoiceMailerJob","args":[4)" + random +
         R"(,"customer-)" + counter +
         R"(@example.com",{"locale":"en","template":"monthly_statement"}],"jid":")" + random + random +
         R"(","created_at":1.7)" + counter + R"(e9,"enqueued_at":1.7)" + counter + R"(e9,"trace_id":")" +
         random + R"("})";
}

std::string list_key(size_t index) {
  return "queue:" + std::to_string(index);
}

// A reply from every link, in whatever order they come.
void await_all(Links& links, size_t replies) {
  while (replies > 0) {
    for (const size_t index : links.wait(-1)) {
      while (!links.take_reply(index).empty()) --replies;
    }
  }
}

double per_item(int64_t before, int64_t after, uint64_t items) {
  return static_cast<double>(after - before) / static_cast<double>(items);
}

}  // namespace

std::vector<Row> run_connections(const Target& target, const std::string& name) {
  const uint64_t count = scaled(target, kIdleConnections);
  const int64_t bare = resident_bytes(target.pid);
  Links links(target.port, count);
  const std::string ping = encode({"PING"});
  for (size_t index = 0; index < count; ++index) links.send(index, ping);
  await_all(links, count);
  const int64_t idle = resident_bytes(target.pid);

  const std::string pop = encode({"BRPOP", "bench:blocked", "0"});
  for (size_t index = 0; index < count; ++index) links.send(index, pop);
  Links pusher(target.port, 1);
  while (pusher.ask({"INFO", "clients"}).find("blocked_clients:" + std::to_string(count)) ==
         std::string::npos) {
  }
  const int64_t blocked = resident_bytes(target.pid);

  Latencies latencies;
  const Stopwatch watch(target.pid);
  for (uint64_t push = 0; push < kWakeUps; ++push) {
    const int64_t start_ns = now_ns();
    pusher.send(0, encode({"LPUSH", "bench:blocked", payload()}));
    for (bool woken = false; !woken;) {
      for (const size_t index : links.wait(-1)) {
        while (!links.take_reply(index).empty()) {
          woken = true;
          latencies.add(now_ns() - start_ns);
          links.send(index, pop);
        }
      }
    }
    while (pusher.take_reply(0).empty()) pusher.wait(-1);
  }
  Row wake = watch.finish(name + " wake", kWakeUps, latencies);

  Row idle_row;
  idle_row.name = name + " idle";
  idle_row.bytes_per_item = per_item(bare, idle, count);
  Row blocked_row;
  blocked_row.name = name + " blocked";
  blocked_row.bytes_per_item = per_item(bare, blocked, count);
  return {idle_row, blocked_row, wake};
}

Row fill_backlog(const Target& target, const std::string& name) {
  ClosedLoop push;
  for (size_t index = 0; index < kLists; ++index)
    push.requests.push_back({"LPUSH", list_key(index), json_job()});
  push.pipeline = kBacklogPipeline;
  push.operations = scaled(target, kBacklogJobs);
  push.random_range = 1'000'000'000'000;
  return run_closed(target, name, push);
}

std::vector<Row> run_backlog(const Target& target, const std::string& name) {
  const int64_t empty = resident_bytes(target.pid);
  Row push = fill_backlog(target, name + " push");
  push.bytes_per_item = per_item(empty, resident_bytes(target.pid), scaled(target, kBacklogJobs));

  ClosedLoop pop;
  for (size_t index = 0; index < kLists; ++index) pop.requests.push_back({"RPOP", list_key(index)});
  pop.pipeline = kBacklogPipeline;
  pop.operations = scaled(target, kBacklogJobs);
  return {push, run_closed(target, name + " pop", pop)};
}

}  // namespace sluice::bench
