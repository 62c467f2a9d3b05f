// kill -9 at a random moment under each appendfsync, with producers and reliable workers at work: every push
// that was acknowledged is there afterwards or was handed out before, and nothing is there that nobody
// pushed.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
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
constexpr int kWorkers = 3;
constexpr int kPipeline = 8;
constexpr uint64_t kLongestRoundUs = 120'000;

// What one peer knows after its connection broke.
struct Account {
  std::vector<std::string> acknowledged;
  std::set<std::string> sent;
  std::vector<std::string> handed_out;
  size_t rewrites = 0;
};

// The last producer's list has no worker: of it nothing may be missing, nor be in another order.
std::string list_of(int producer) {
  return producer == kProducers - 1 ? "kept" : "jobs:" + std::to_string(producer);
}

std::string held_by(int worker) {
  return "held:" + std::to_string(worker);
}

// Pushes until the connection breaks, in pipelines of changing depth, now and then in a transaction.
void produce(int port, int number, int round, Account& account) {
  RedisClient client(port);
  for (int i = 0; client.connected();) {
    std::vector<std::string> batch;
    for (int k = 0; k <= i % kPipeline; ++k) {
      batch.push_back(std::to_string(round) + ":" + std::to_string(number) + ":" + std::to_string(i + k));
      account.sent.insert(batch.back());
    }
    const bool transaction = i % 3 == 0;
    if (transaction) client.send("MULTI");
    for (const std::string& job : batch) client.send("RPUSH", list_of(number), job);
    if (transaction) client.send("EXEC");
    if (transaction) {
      for (size_t k = 0; k <= batch.size(); ++k) (void)client.read();
      if (client.read().children.size() != batch.size()) return;
      account.acknowledged.insert(account.acknowledged.end(), batch.begin(), batch.end());
    } else {
      for (const std::string& job : batch) {
        if (client.read().kind != resp::Kind::kInteger) return;
        account.acknowledged.push_back(job);
      }
    }
    i += static_cast<int>(batch.size());
  }
}

// A reliable worker: a job goes to a list of its own before it is handed out, and from there when it is done.
// Whatever reply the crash swallows, the job is in one of the two lists, or the worker knows it.
void work(int port, int number, Account& account) {
  RedisClient client(port);
  const std::string source = list_of(number % (kProducers - 1));
  while (client.connected()) {
    const resp::Value job = client.run("BLMOVE", source, held_by(number), "LEFT", "RIGHT", "1");
    if (job.is_error()) return;
    if (job.kind != resp::Kind::kBulk) continue;
    account.handed_out.push_back(job.text);
    if (client.run("LREM", held_by(number), "1", job.text).is_error()) return;
  }
}

// Has the log rewritten over and over, where the server can.
void rewrite(int port, Account& account) {
  RedisClient client(port);
  while (client.connected()) {
    if (!client.run("BGREWRITEAOF").is_error()) ++account.rewrites;
    pause_briefly();
  }
}

// One life of the server: everybody at work until it is killed.
void live_and_die(ServerProcess& server, int round, base::Random& random, Account& all) {
  server.start();
  std::vector<Account> accounts(kProducers + kWorkers + 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kProducers; ++i) {
    threads.emplace_back([&, i] { produce(server.port(), i, round, accounts[static_cast<size_t>(i)]); });
  }
  for (int i = 0; i < kWorkers; ++i) {
    threads.emplace_back(
        [&, i] { work(server.port(), i, accounts[size_t{kProducers} + static_cast<size_t>(i)]); });
  }
  if (round % 2 == 1) threads.emplace_back([&] { rewrite(server.port(), accounts.back()); });
  std::this_thread::sleep_for(std::chrono::microseconds(1 + random.below(kLongestRoundUs)));
  server.kill_hard();
  for (std::thread& thread : threads) thread.join();
  for (const Account& one : accounts) {
    all.acknowledged.insert(all.acknowledged.end(), one.acknowledged.begin(), one.acknowledged.end());
    all.sent.insert(one.sent.begin(), one.sent.end());
    all.handed_out.insert(all.handed_out.end(), one.handed_out.begin(), one.handed_out.end());
    all.rewrites += one.rewrites;
  }
}

std::vector<std::string> list_content(RedisClient& client, const std::string& list) {
  std::vector<std::string> jobs;
  for (const resp::Value& job : client.run("LRANGE", list, "0", "-1").children) jobs.push_back(job.text);
  return jobs;
}

// Its own producer pushed in this order, round after round.
void check_order(const std::vector<std::string>& kept) {
  std::pair<int, int> last = {-1, -1};
  for (const std::string& job : kept) {
    const std::pair<int, int> now = {std::stoi(job), std::stoi(job.substr(job.rfind(':') + 1))};
    CHECK_MESSAGE(last < now, "out of order: " << job);
    last = now;
  }
}

void crash_rounds(const std::string& appendfsync, int rounds) {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", appendfsync});
  base::Random random(static_cast<uint64_t>(rounds) + appendfsync.size());
  Account all;
  for (int round = 0; round < rounds; ++round) live_and_die(server, round, random, all);

  server.start();
  RedisClient client(server.port());
  check_order(list_content(client, "kept"));
  std::multiset<std::string> waiting;
  std::multiset<std::string> held;
  for (int i = 0; i < kProducers; ++i) {
    for (const std::string& job : list_content(client, list_of(i))) waiting.insert(job);
  }
  for (int i = 0; i < kWorkers; ++i) {
    for (const std::string& job : list_content(client, held_by(i))) held.insert(job);
  }
  const std::set<std::string> handed_out(all.handed_out.begin(), all.handed_out.end());
  REQUIRE(all.acknowledged.size() > 100);
  REQUIRE(handed_out.size() > 10);
  REQUIRE(all.rewrites > 0);
  CHECK_MESSAGE(handed_out.size() == all.handed_out.size(), "a job was handed out twice");
  for (const std::string& job : all.acknowledged) {
    const bool there = waiting.contains(job) || held.contains(job) || handed_out.contains(job);
    CHECK_MESSAGE(there, "lost: " << job);
  }
  for (const std::string& job : waiting) {
    CHECK_MESSAGE(all.sent.contains(job), "invented: " << job);
    CHECK_MESSAGE(waiting.count(job) == 1, "doubled: " << job);
    CHECK_MESSAGE(!held.contains(job), "doubled: " << job);
    CHECK_MESSAGE(!handed_out.contains(job), "came back: " << job);
  }
  for (const std::string& job : held) {
    CHECK_MESSAGE(all.sent.contains(job), "invented: " << job);
    CHECK_MESSAGE(held.count(job) == 1, "doubled: " << job);
  }
  MESSAGE(appendfsync << ": " << rounds << " rounds, " << all.acknowledged.size() << " pushes, "
                      << handed_out.size() << " handed out, " << all.rewrites << " rewrites");
}

// All three together: 20 in the daily run, 500 in the long one.
int rounds() {
  return std::getenv("SLUICE_LONG") != nullptr ? 167 : 7;
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
