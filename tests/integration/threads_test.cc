// The three threads at once, as the tsan build wants to see them: the flusher syncing, the worker writing
// rewrites and snapshots, and the reactor losing connections whose replies it still holds.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

constexpr int kProducers = 4;
constexpr int kSnapshots = 4;    // of each kind, while producers come and go
constexpr int kAwaited = 8;      // pushes whose replies are read
constexpr int kAbandoned = 40;   // pushes whose replies are not: the connection goes first
constexpr int kFilling = 3'000;  // so that a snapshot takes a while

std::string name_of(int producer, int life, int job) {
  return std::to_string(producer) + ":" + std::to_string(life) + ":" + std::to_string(job);
}

struct Account {
  int lives = 0;   // as many connections, one after the other
  int missed = 0;  // awaited pushes that were not acknowledged
};

enum class Mode : uint8_t { kAlways, kDurable };

// Waits for the disk in either mode: by the server's, or by its own on one that syncs every second.
Account produce_and_leave(int port, int producer, Mode mode, const std::atomic<bool>& done) {
  Account account;
  for (; !done; ++account.lives) {
    const int life = account.lives;
    RedisClient client(port);
    const std::string list = "jobs:" + std::to_string(producer);
    if (mode == Mode::kDurable) CHECK_FALSE(client.run("CLIENT", "DURABLE", "ON").is_error());
    for (int job = 0; job < kAwaited; ++job) client.send("RPUSH", list, name_of(producer, life, job));
    for (int job = 0; job < kAwaited; ++job) {
      if (client.read().kind != resp::Kind::kInteger) ++account.missed;
    }
    for (int job = 0; job < kAbandoned; ++job) client.send("RPUSH", "abandoned", std::string(500, 'x'));
    client.flush();
  }
  return account;
}

// Until there were enough of each; one refuses to begin while the other is under way.
void keep_saving(int port, std::atomic<bool>& done) {
  RedisClient client(port);
  int rewrites = 0;
  int saves = 0;
  CHECK(soon([&] {
    if (rewrites <= saves && !client.run("BGREWRITEAOF").is_error()) ++rewrites;
    if (saves < rewrites && !client.run("BGSAVE").is_error()) ++saves;
    return saves >= kSnapshots;
  }));
  done = true;
}

void everything_at_once(Mode mode) {
  ServerProcess server(
      {"--appendonly", "yes", "--appendfsync", mode == Mode::kAlways ? "always" : "everysec"});
  server.start();
  {
    RedisClient client(server.port());
    for (int i = 0; i < kFilling; ++i) client.send("RPUSH", "filling", std::string(1000, 'f'));
    for (int i = 0; i < kFilling; ++i) REQUIRE(client.read().kind == resp::Kind::kInteger);
  }
  std::vector<Account> accounts(kProducers);
  std::atomic<bool> done = false;
  std::thread saving([&] { keep_saving(server.port(), done); });
  std::vector<std::thread> producers;
  for (int i = 0; i < kProducers; ++i) {
    producers.emplace_back(
        [&, i] { accounts[static_cast<size_t>(i)] = produce_and_leave(server.port(), i, mode, done); });
  }
  saving.join();
  for (std::thread& producer : producers) producer.join();
  CHECK(server.stop() == 0);

  server.start();
  RedisClient client(server.port());
  for (int i = 0; i < kProducers; ++i) {
    const Account& account = accounts[static_cast<size_t>(i)];
    CHECK(account.lives > 0);
    CHECK(account.missed == 0);
    const resp::Value jobs = client.run("LRANGE", "jobs:" + std::to_string(i), "0", "-1");
    const int expected = account.lives * kAwaited;
    REQUIRE(jobs.children.size() == static_cast<size_t>(expected));
    for (int n = 0; n < expected; ++n) {
      CHECK(jobs.children[static_cast<size_t>(n)].text == name_of(i, n / kAwaited, n % kAwaited));
    }
  }
}

}  // namespace

// Here the reactor makes syncs itself while they are short.
TEST_CASE("rewrites, snapshots, lost connections and syncs of every turn at once: every push is there") {
  everything_at_once(Mode::kAlways);
}

// Here they are the flusher's.
TEST_CASE("rewrites, snapshots, lost connections and syncs asked for at once: every push is there") {
  everything_at_once(Mode::kDurable);
}

}  // namespace sluice::test
