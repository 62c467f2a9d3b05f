// kill -9 at a random moment under each appendfsync: every push that was acknowledged is there afterwards or
// was handed out before, and nothing is there that nobody pushed.
#include <atomic>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

constexpr int kProducers = 3;
constexpr int kPipeline = 8;

struct Produced {
  std::vector<std::string> acknowledged;
  std::set<std::string> sent;
};

// The last producer's list has no consumer: nothing of it may be missing, to the job.
std::string list_of(int producer) {
  return producer == kProducers - 1 ? "kept" : "jobs:" + std::to_string(producer);
}
bool is_kept(const std::string& job) {
  return job.find(":" + std::to_string(kProducers - 1) + ":") != std::string::npos;
}

// Pushes until the connection breaks, in pipelines of changing depth.
void produce(int port, int number, int round, Produced& produced) {
  RedisClient client(port);
  for (int i = 0; client.connected();) {
    std::vector<std::string> batch;
    for (int k = 0; k <= i % kPipeline; ++k) {
      batch.push_back(std::to_string(round) + ":" + std::to_string(number) + ":" + std::to_string(i + k));
      produced.sent.insert(batch.back());
      client.send("LPUSH", list_of(number), batch.back());
    }
    for (const std::string& job : batch) {
      if (client.read().kind != resp::Kind::kInteger) return;
      produced.acknowledged.push_back(job);
    }
    i += static_cast<int>(batch.size());
  }
}

// Moves jobs to a list of its own, as a reliable worker does; what it was handed it writes down.
void consume(int port, std::vector<std::string>& taken) {
  RedisClient client(port);
  while (client.connected()) {
    const resp::Value popped = client.run("BRPOP", "jobs:0", "jobs:1", "1");
    if (popped.is_error()) return;
    if (popped.kind == resp::Kind::kArray && popped.children.size() == 2)
      taken.push_back(popped.children[1].text);
  }
}

void crash_rounds(const std::string& appendfsync, int rounds) {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", appendfsync});
  base::Random random(static_cast<uint64_t>(rounds) + appendfsync.size());
  std::vector<std::string> acknowledged;
  std::set<std::string> sent;
  std::vector<std::string> taken;
  for (int round = 0; round < rounds; ++round) {
    server.start();
    std::vector<Produced> produced(kProducers);
    std::vector<std::thread> threads;
    for (int i = 0; i < kProducers; ++i) {
      threads.emplace_back([&, i] { produce(server.port(), i, round, produced[static_cast<size_t>(i)]); });
    }
    threads.emplace_back([&] { consume(server.port(), taken); });
    const uint64_t pauses = 4 + random.below(20);
    for (uint64_t i = 0; i < pauses; ++i) pause_briefly();
    server.kill_hard();
    for (std::thread& thread : threads) thread.join();
    for (const Produced& one : produced) {
      acknowledged.insert(acknowledged.end(), one.acknowledged.begin(), one.acknowledged.end());
      sent.insert(one.sent.begin(), one.sent.end());
    }
  }

  server.start();
  RedisClient client(server.port());
  std::multiset<std::string> found(taken.begin(), taken.end());
  for (const char* list : {"jobs:0", "jobs:1", "kept"}) {
    const resp::Value jobs = client.run("LRANGE", list, "0", "-1");
    for (const resp::Value& job : jobs.children) found.insert(job.text);
  }
  REQUIRE(acknowledged.size() > 100);
  size_t lost = 0;
  for (const std::string& job : acknowledged) {
    if (found.contains(job)) continue;
    CHECK_MESSAGE(!is_kept(job), "lost: " << job);
    ++lost;
  }
  // A consumer that was handed a job by a reply the crash swallowed holds it all the same: the pop was
  // logged. Each crash can hide at most that one pop per consumer.
  CHECK(lost <= static_cast<size_t>(rounds));
  for (const std::string& job : found) {
    CHECK_MESSAGE(sent.contains(job), "invented: " << job);
    CHECK_MESSAGE(found.count(job) == 1, "doubled: " << job);
  }
}

int rounds() {
  return std::getenv("SLUICE_LONG") != nullptr ? 150 : 7;
}

}  // namespace

TEST_CASE("kill -9 under everysec: every acknowledged push is there") {
  crash_rounds("everysec", rounds());
}
TEST_CASE("kill -9 under always: every acknowledged push is there") {
  crash_rounds("always", rounds());
}
TEST_CASE("kill -9 under no: every acknowledged push is there") {
  crash_rounds("no", rounds());
}

TEST_CASE("SIGTERM: replies are released, the log is synced, the exit status is 0, and all is there again") {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", "always"});
  server.start();
  RedisClient client(server.port());
  for (int i = 0; i < 100; ++i) client.send("RPUSH", "q", std::to_string(i));
  client.flush();
  for (int i = 0; i < 100; ++i) CHECK(client.read().kind == resp::Kind::kInteger);
  CHECK(server.stop() == 0);
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == resp::Value::make_integer(100));
}

TEST_CASE("a corrupt log is refused at start with its file and offset") {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", "always"});
  server.start();
  {
    RedisClient client(server.port());
    for (int i = 0; i < 50; ++i) client.run("RPUSH", "q", "element-" + std::to_string(i));
  }
  CHECK(server.stop() == 0);
  const std::string path = server.dir() + "/appendonlydir/appendonly.aof.1.incr.aof";
  {
    FILE* file = fopen(path.c_str(), "r+b");
    REQUIRE(file != nullptr);
    fseek(file, 400, SEEK_SET);
    const int byte = fgetc(file);
    fseek(file, 400, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
  }
  const ServerProcess::Ended ended = server.run_to_end();
  CHECK(ended.status == 1);
  CHECK(ended.output.find("appendonly.aof.1.incr.aof") != std::string::npos);
  CHECK(ended.output.find("offset") != std::string::npos);
}

TEST_CASE("two servers never share a directory") {
  ServerProcess first({"--appendonly", "yes"});
  first.start();
  ServerProcess second({"--appendonly", "yes", "--dir", first.dir()});
  const ServerProcess::Ended ended = second.run_to_end();
  CHECK(ended.status == 1);
}

}  // namespace sluice::test
