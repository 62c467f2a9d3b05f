// `appendonly` switched while the server runs, both ways, under load: what was acknowledged with the log on
// is there after a kill, nothing is kept waiting, and what cannot be switched is refused with everything as
// it was. And what a first start makes of data that others left.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

namespace files = std::filesystem;

resp::Value integer(int64_t value) {
  return resp::Value::make_integer(value);
}

bool persistence_says(RedisClient& client, const std::string& line) {
  return client.run("INFO", "persistence").text.find(line + "\r\n") != std::string::npos;
}

// Waits until what was switched on can be loaded.
bool becomes_loadable(RedisClient& client) {
  return soon([&] { return client.run("WAITAOF", "1", "0", "1000").children[0] == integer(1); });
}

// A server whose configuration is a file, so that CONFIG REWRITE says how it starts again.
struct Configured {
  explicit Configured(const std::string& text)
      : file(write_file(helper.dir() + "/sluice.conf", text + "\nsave \"\"\n")), server({file}) {
    server.start();
  }
  void write_down(RedisClient& client) { REQUIRE(client.run("CONFIG", "REWRITE").text == "OK"); }

  ServerProcess helper;
  std::string file;
  ServerProcess server;
};

// Pushes rising numbers, a pipeline at a time, until it is told to stop or the connection breaks; counts
// those that were acknowledged.
class Producer {
 public:
  Producer(int port, std::string list, int64_t from)
      : acknowledged_(from), thread_([this, port, list] { produce(port, list); }) {}
  ~Producer() { (void)stop(); }
  [[nodiscard]] int64_t acknowledged() const { return acknowledged_; }
  int64_t stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return acknowledged_;
  }
  // A few more pushes from now on.
  bool goes_on() {
    const int64_t before = acknowledged_;
    return soon([&] { return acknowledged_ > before + 20; });
  }

 private:
  void produce(int port, const std::string& list) {
    RedisClient client(port);
    while (!stop_ && client.connected()) {
      constexpr int kPipeline = 8;
      const int64_t next = acknowledged_;
      for (int i = 0; i < kPipeline; ++i) client.send("RPUSH", list, std::to_string(next + i));
      for (int i = 0; i < kPipeline; ++i) {
        if (client.read().kind != resp::Kind::kInteger) return;
        ++acknowledged_;
      }
    }
  }

  std::atomic<int64_t> acknowledged_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Whether the list is 0, 1, 2 ... up to at least `acknowledged`, with at most one pipeline more.
void check_list(RedisClient& client, const std::string& list, int64_t acknowledged) {
  const resp::Value jobs = client.run("LRANGE", list, "0", "-1");
  CHECK(static_cast<int64_t>(jobs.children.size()) >= acknowledged);
  CHECK(static_cast<int64_t>(jobs.children.size()) <= acknowledged + 8);
  for (size_t i = 0; i < jobs.children.size(); ++i) {
    if (jobs.children[i].text == std::to_string(i)) continue;
    FAIL_CHECK(list << " holds " << jobs.children[i].text << " at " << i);
    return;
  }
}

void limit_file_size(pid_t pid, rlim_t bytes) {
  const rlimit limit = {bytes, RLIM_INFINITY};
  REQUIRE(prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) == 0);
}

}  // namespace

TEST_CASE("appendonly switched on under load: once it can be loaded, everything is there after a kill") {
  for (const std::string fsync : {"always", "everysec", "no"}) {
    CAPTURE(fsync);
    Configured setup("appendonly no\nappendfsync " + fsync);
    int64_t acknowledged = 0;
    {
      RedisClient client(setup.server.port());
      Producer producer(setup.server.port(), "jobs", 0);
      REQUIRE(producer.goes_on());
      CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
      CHECK(persistence_says(client, "aof_enabled:1"));
      setup.write_down(client);
      if (fsync == "no") {
        CHECK(soon([&] { return persistence_says(client, "aof_rewrites:1"); }));
      } else {
        CHECK(becomes_loadable(client));
      }
      REQUIRE(producer.goes_on());
      setup.server.kill_hard();
      acknowledged = producer.stop();
    }
    setup.server.start();
    RedisClient again(setup.server.port());
    check_list(again, "jobs", acknowledged);
  }
}

TEST_CASE("appendonly switched to and fro under load: the last log holds everything, what was between too") {
  Configured setup("appendonly yes\nappendfsync always");
  int64_t first = 0;
  int64_t second = 0;
  {
    RedisClient client(setup.server.port());
    Producer one(setup.server.port(), "one", 0);
    Producer two(setup.server.port(), "two", 0);
    for (int round = 0; round < 5; ++round) {
      REQUIRE(one.goes_on());
      CHECK(client.run("CONFIG", "SET", "appendonly", "no").text == "OK");
      CHECK(persistence_says(client, "aof_enabled:0"));
      REQUIRE(two.goes_on());
      CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
      // Every other time it is switched off again while the base is still being made.
      if (round % 2 == 0) CHECK(becomes_loadable(client));
    }
    CHECK(becomes_loadable(client));
    REQUIRE(one.goes_on());
    REQUIRE(two.goes_on());
    setup.server.kill_hard();
    first = one.stop();
    second = two.stop();
  }
  setup.server.start();
  RedisClient again(setup.server.port());
  check_list(again, "one", first);
  check_list(again, "two", second);
  const std::string log = setup.server.log();
  CHECK(log.find("does not name") == std::string::npos);
}

TEST_CASE("appendonly switched off: what was acknowledged by then is in the files, whatever comes after") {
  Configured setup("appendonly yes\nappendfsync no");
  {
    RedisClient client(setup.server.port());
    for (int i = 0; i < 100; ++i) CHECK(client.run("RPUSH", "q", std::to_string(i)) == integer(i + 1));
    CHECK(client.run("CONFIG", "SET", "appendonly", "no").text == "OK");
    CHECK(client.run("RPUSH", "q", "not logged") == integer(101));
    setup.server.kill_hard();
  }
  setup.server.start();
  RedisClient again(setup.server.port());
  CHECK(again.run("LLEN", "q") == integer(100));
}

TEST_CASE(
    "appendonly switched off: refused under CLIENT DURABLE; then another server may have the directory") {
  ServerProcess server({"--appendonly", "yes", "--save", ""});
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("RPUSH", "q", "a") == integer(1));
  RedisClient durable(server.port());
  CHECK(durable.run("CLIENT", "DURABLE", "ON").text == "OK");
  CHECK(client.run("CONFIG", "SET", "appendonly", "no").text.find("CLIENT DURABLE") != std::string::npos);
  CHECK(client.run("CONFIG", "GET", "appendonly").children[1].text == "yes");
  CHECK(durable.run("CLIENT", "DURABLE", "OFF").text == "OK");
  CHECK(client.run("CONFIG", "SET", "appendonly", "no").text == "OK");
  CHECK(client.run("WAITAOF", "1", "0", "0").text.find("appendonly is disabled") != std::string::npos);
  {
    ServerProcess second({"--appendonly", "yes", "--dir", server.dir()});
    second.start();
    // Now the directory is another's: the log cannot come back, and everything stays as it is.
    const resp::Value refused = client.run("CONFIG", "SET", "appendonly", "yes");
    CHECK(refused.text.find("Another server uses this directory") != std::string::npos);
    CHECK(client.run("CONFIG", "GET", "appendonly").children[1].text == "no");
    CHECK(client.run("BGREWRITEAOF").text.find("Another server uses this directory") != std::string::npos);
  }
  CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
  CHECK(becomes_loadable(client));
}

TEST_CASE("appendonly switched on where no files can be made: refused, and nothing changed") {
  ServerProcess server({"--appendonly", "no", "--save", ""});
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("RPUSH", "q", "a") == integer(1));
  write_file(server.dir() + "/appendonlydir", "in the way");
  const resp::Value refused = client.run("CONFIG", "SET", "appendonly", "yes");
  CHECK(refused.text.find("Unable to turn on the log") != std::string::npos);
  CHECK(persistence_says(client, "aof_enabled:0"));
  CHECK(client.run("RPUSH", "q", "b") == integer(2));
  files::remove(server.dir() + "/appendonlydir");
  CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
  CHECK(becomes_loadable(client));
}

TEST_CASE("appendonly switched off while the disk fails: refused, since what is held would be lost") {
  ServerProcess server({"--appendonly", "yes", "--save", ""});
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("RPUSH", "q", "a") == integer(1));
  RedisClient unlucky(server.port());
  limit_file_size(server.pid(), 400);
  unlucky.send("RPUSH", "q", std::string(5000, 'x'));
  unlucky.flush();
  REQUIRE(soon([&] {
    return server.log().find("Writes are refused until the disk works again") != std::string::npos;
  }));
  RedisClient other(server.port());
  CHECK(other.run("CONFIG", "SET", "appendonly", "no").text.find("the disk does not take") !=
        std::string::npos);
  limit_file_size(server.pid(), RLIM_INFINITY);
  CHECK(unlucky.read() == integer(2));
  CHECK(soon([&] { return other.run("CONFIG", "SET", "appendonly", "no").text == "OK"; }));
  server.kill_hard();
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == integer(2));
}

namespace {

// A base that takes a while: about two seconds.
void fill_slowly(RedisClient& client) {
  REQUIRE(client.run("CONFIG", "SET", "snapshot-rate-limit", "1mb", "rdbcompression", "no").text == "OK");
  for (int i = 0; i < 40; ++i)
    client.send("RPUSH", "fill", std::string(50'000, static_cast<char>('a' + i % 26)));
  for (int i = 0; i < 40; ++i) CHECK(client.read().kind == resp::Kind::kInteger);
}

}  // namespace

TEST_CASE(
    "appendonly switched on: before its base is written nothing counts as durable, and a stop waits for it") {
  Configured setup("appendonly no");
  {
    RedisClient client(setup.server.port());
    fill_slowly(client);
    CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
    CHECK(persistence_says(client, "aof_enabled:1"));
    CHECK(persistence_says(client, "aof_rewrite_in_progress:1"));
    setup.write_down(client);
    CHECK(client.run("RPUSH", "q", "a") == integer(1));
    RedisClient durable(setup.server.port());
    CHECK(durable.run("WAITAOF", "1", "0", "50").children[0] == integer(0));
    durable.send("CLIENT", "DURABLE", "ON");
    durable.send("LLEN", "q");
    durable.flush();
    CHECK(client.run("RPUSH", "q", "b") == integer(2));
    CHECK(persistence_says(client, "aof_rewrites:0"));
    SUBCASE("a clean stop") {
      CHECK(setup.server.stop() == 0);
    }
    SUBCASE("SHUTDOWN NOSAVE") {
      client.send("SHUTDOWN", "NOSAVE");
      client.flush();
      CHECK(setup.server.stop(0) == 0);
    }
    SUBCASE("a kill when it is there") {
      CHECK(durable.read().text == "OK");
      CHECK(durable.read().integer >= 1);
      CHECK(persistence_says(client, "aof_rewrites:1"));
      setup.server.kill_hard();
    }
  }
  setup.server.start();
  RedisClient again(setup.server.port());
  CHECK(again.run("LLEN", "fill") == integer(40));
  CHECK(again.run("LLEN", "q") == integer(2));
}

TEST_CASE(
    "appendonly switched off again before the base is written: who waits for it is told, nothing stays") {
  ServerProcess server({"--appendonly", "no", "--save", ""});
  server.start();
  RedisClient client(server.port());
  fill_slowly(client);
  CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
  RedisClient waiter(server.port());
  CHECK(waiter.run("RPUSH", "q", "a") == integer(1));
  waiter.send("WAITAOF", "1", "0", "0");
  waiter.flush();
  RedisClient copies_waiter(server.port());
  CHECK(copies_waiter.run("RPUSH", "q", "b") == integer(2));
  copies_waiter.send("WAITAOF", "1", "1", "0");
  copies_waiter.flush();
  REQUIRE(soon(
      [&] { return client.run("INFO", "clients").text.find("blocked_clients:2") != std::string::npos; }));
  CHECK(client.run("CONFIG", "SET", "appendonly", "no").text == "OK");
  CHECK(waiter.read().text.find("appendonly is disabled") != std::string::npos);
  CHECK(copies_waiter.read().text.find("appendonly is disabled") != std::string::npos);
  CHECK(persistence_says(client, "aof_rewrite_in_progress:0"));
  CHECK(persistence_says(client, "aof_last_bgrewrite_status:ok"));
  CHECK(files::is_empty(server.dir() + "/appendonlydir"));
}

TEST_CASE(
    "appendonly switched on: killed before its base is written, the state before is found, and no garbage") {
  Configured setup("appendonly yes");
  {
    RedisClient client(setup.server.port());
    CHECK(client.run("RPUSH", "q", "old") == integer(1));
    CHECK(client.run("CONFIG", "SET", "appendonly", "no").text == "OK");
    fill_slowly(client);
    CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
    CHECK(client.run("RPUSH", "q", "new") == integer(2));
    CHECK(soon([&] { return files::exists(setup.server.dir() + "/appendonlydir/temp-rewrite.rdb"); }));
    setup.server.kill_hard();
  }
  setup.server.start();
  RedisClient again(setup.server.port());
  CHECK(again.run("LLEN", "q") == integer(1));
  CHECK(again.run("EXISTS", "fill") == integer(0));
  CHECK_FALSE(files::exists(setup.server.dir() + "/appendonlydir/temp-rewrite.rdb"));
  size_t increments = 0;
  for (const auto& entry : files::directory_iterator(setup.server.dir() + "/appendonlydir")) {
    increments += entry.path().string().ends_with(".incr.aof") ? 1 : 0;
  }
  CHECK(increments == 2);  // the old one and that of this start
}

TEST_CASE("appendonly switched on while no base can be written: tried again until one is there") {
  ServerProcess server({"--appendonly", "no", "--save", ""});
  server.start();
  RedisClient client(server.port());
  fill_slowly(client);
  CHECK(client.run("CONFIG", "SET", "snapshot-rate-limit", "0").text == "OK");
  limit_file_size(server.pid(), 1'000'000);
  CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
  CHECK(soon([&] { return persistence_says(client, "aof_last_bgrewrite_status:err"); }));
  CHECK(client.run("RPUSH", "q", "a") == integer(1));
  CHECK(client.run("WAITAOF", "1", "0", "50").children[0] == integer(0));
  limit_file_size(server.pid(), RLIM_INFINITY);
  CHECK(becomes_loadable(client));
  CHECK(persistence_says(client, "aof_last_bgrewrite_status:ok"));
}

TEST_CASE("appendonly switched on: a stop that its base does not come in time for is taken back") {
  ServerProcess server({"--appendonly", "no", "--save", "", "--shutdown-timeout", "0"});
  server.start();
  RedisClient client(server.port());
  fill_slowly(client);
  CHECK(client.run("CONFIG", "SET", "appendonly", "yes").text == "OK");
  REQUIRE(::kill(server.pid(), SIGTERM) == 0);
  REQUIRE(
      soon([&] { return server.log().find("Not stopping: the log was switched on") != std::string::npos; }));
  RedisClient other(server.port());
  CHECK(other.run("RPUSH", "q", "a") == integer(1));
  CHECK(becomes_loadable(other));
  CHECK(server.stop() == 0);
}

TEST_CASE("BGREWRITEAOF without a log: makes one of what there is now, which a start with a log finds") {
  Configured setup("appendonly no");
  {
    RedisClient client(setup.server.port());
    CHECK(client.run("RPUSH", "q", "a") == integer(1));
    for (int round = 1; round <= 2; ++round) {
      CHECK(client.run("BGREWRITEAOF").text == "Background append only file rewriting started");
      CHECK(soon([&] { return persistence_says(client, "aof_rewrites:" + std::to_string(round)); }));
      CHECK(soon([&] { return persistence_says(client, "aof_rewrite_in_progress:0"); }));
      CHECK(persistence_says(client, "aof_enabled:0"));
    }
    CHECK(client.run("RPUSH", "q", "b") == integer(2));
    setup.server.kill_hard();
  }
  write_file(setup.file, "appendonly yes\nsave \"\"\n");
  setup.server.start();
  RedisClient again(setup.server.port());
  CHECK(again.run("LLEN", "q") == integer(1));
  CHECK(again.run("RPUSH", "q", "c") == integer(2));
}

TEST_CASE(
    "first start on a log in one file: its snapshot, its commands, and not dump.rdb; once and for all") {
  ServerProcess server({"--appendonly", "yes", "--save", ""});
  std::string snapshot;
  {
    ServerProcess helper({"--appendonly", "no", "--save", ""});
    helper.start();
    RedisClient client(helper.port());
    CHECK(client.run("RPUSH", "q", "a", "b") == integer(2));
    CHECK(client.run("SAVE").text == "OK");
    snapshot = read_file(helper.dir() + "/dump.rdb");
    CHECK(client.run("RPUSH", "q", "from dump.rdb") == integer(3));
    CHECK(client.run("SAVE").text == "OK");
    write_file(server.dir() + "/dump.rdb", read_file(helper.dir() + "/dump.rdb"));
  }
  const std::string commands = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$5\r\nRPUSH\r\n$1\r\nq\r\n$1\r\nc\r\n";
  const std::string torn = "*3\r\n$5\r\nRPU";
  const std::string old = server.dir() + "/appendonly.aof";
  SUBCASE("with a snapshot at its beginning") {
    write_file(old, snapshot + commands + torn);
  }
  SUBCASE("of commands alone") {
    write_file(old, "*4\r\n$5\r\nRPUSH\r\n$1\r\nq\r\n$1\r\na\r\n$1\r\nb\r\n" + commands + torn);
  }
  for (int start = 0; start < 2; ++start) {
    server.start();
    RedisClient client(server.port());
    CHECK(resp::describe(client.run("LRANGE", "q", "0", "-1")) ==
          (start == 0 ? "[\"a\", \"b\", \"c\"]" : "[\"a\", \"b\", \"c\", \"d\"]"));
    if (start == 0) CHECK(client.run("RPUSH", "q", "d") == integer(4));
    server.kill_hard();
  }
  CHECK_FALSE(files::exists(old));
}

}  // namespace sluice::test
