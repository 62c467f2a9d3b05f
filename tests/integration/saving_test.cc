// Snapshots and rewrites by the running server, its worker thread included: what is acknowledged while they
// run survives a kill at any moment, and redis-server's files are not touched by a shutdown that saves.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

bool persistence_says(RedisClient& client, const std::string& line) {
  return client.run("INFO", "persistence").text.find(line) != std::string::npos;
}

void push_jobs(RedisClient& client, int from, int count) {
  for (int i = from; i < from + count; ++i) client.send("RPUSH", "jobs", "job:" + std::to_string(i));
  for (int i = 0; i < count; ++i) CHECK(!client.read().is_error());
}

}  // namespace

TEST_CASE("BGREWRITEAOF: the log becomes short, and is what it was after a restart") {
  ServerProcess server({"--appendonly", "yes", "--save", ""});
  server.start();
  {
    RedisClient client(server.port());
    for (int i = 0; i < 20'000; ++i) client.send("SET", "key", "value:" + std::to_string(i));
    for (int i = 0; i < 20'000; ++i) CHECK(!client.read().is_error());
    push_jobs(client, 0, 3000);
    CHECK(client.run("BGREWRITEAOF").text == "Background append only file rewriting started");
    push_jobs(client, 3000, 1000);
    CHECK(soon([&] { return persistence_says(client, "aof_rewrites:1\r\n"); }));
    CHECK(soon([&] { return persistence_says(client, "aof_rewrite_in_progress:0\r\n"); }));
    CHECK(persistence_says(client, "aof_last_bgrewrite_status:ok\r\n"));
    push_jobs(client, 4000, 1000);
  }
  server.kill_hard();
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("GET", "key").text == "value:19999");
  CHECK(client.run("LLEN", "jobs").integer == 5000);
  CHECK(client.run("LINDEX", "jobs", "4321").text == "job:4321");
  CHECK(soon([&] { return !read_file(server.dir() + "/appendonlydir/appendonly.aof.1.base.rdb").empty(); }));
  CHECK(read_file(server.dir() + "/appendonlydir/appendonly.aof.1.incr.aof").empty());
}

TEST_CASE("BGREWRITEAOF: leaves used_memory where it was, so that maxmemory goes on meaning what it says") {
  ServerProcess server({"--appendonly", "yes", "--save", "", "--auto-aof-rewrite-percentage", "0"});
  server.start();
  RedisClient client(server.port());
  constexpr int kKeys = 20'000;
  const std::string value(200, 'x');
  for (int i = 0; i < kKeys; ++i) client.send("SET", "key:" + std::to_string(i), value);
  for (int i = 0; i < kKeys; ++i) CHECK(!client.read().is_error());
  // The log's own buffers are let go of by the sync of the next second.
  const auto rewrite_and_measure = [&](int times) {
    CHECK(client.run("BGREWRITEAOF").text == "Background append only file rewriting started");
    CHECK(soon([&] { return persistence_says(client, "aof_rewrites:" + std::to_string(times) + "\r\n"); }));
    CHECK(soon([&] { return persistence_says(client, "aof_rewrite_in_progress:0\r\n"); }));
    return info_number(client, "memory", "used_memory");
  };
  const uint64_t first = rewrite_and_measure(1);
  uint64_t last = 0;
  for (int times = 2; times <= 5; ++times) last = rewrite_and_measure(times);
  CHECK(last < first + (uint64_t{1} << 20));
}

TEST_CASE("BGREWRITEAOF: killed at any moment, nothing acknowledged is lost") {
  ServerProcess server({"--appendonly", "yes", "--save", "", "--snapshot-rate-limit", "2mb"});
  base::Random random(5);
  int pushed = 0;
  for (int round = 0; round < 6; ++round) {
    server.start();
    {
      RedisClient client(server.port());
      CHECK(client.run("LLEN", "jobs").integer == pushed);
      const int most = static_cast<int>(random.below(3000));
      push_jobs(client, pushed, 2000);
      client.run("BGREWRITEAOF");
      push_jobs(client, pushed + 2000, most);
      pushed += 2000 + most;
    }
    server.kill_hard();
  }
}

TEST_CASE("BGREWRITEAOF: the log rewrites itself when it has grown") {
  ServerProcess server({"--appendonly", "yes", "--save", "", "--auto-aof-rewrite-min-size", "100kb"});
  server.start();
  RedisClient client(server.port());
  for (int i = 0; i < 20'000; ++i) client.send("SET", "key", "value:" + std::to_string(i));
  for (int i = 0; i < 20'000; ++i) CHECK(!client.read().is_error());
  CHECK(soon([&] { return !persistence_says(client, "aof_rewrites:0\r\n"); }));
}

TEST_CASE(
    "DEBUG LOADAOF: of a log that turns out damaged half-way nothing is taken, and a rewrite heals it") {
  ServerProcess server({"--appendonly", "yes", "--save", "", "--enable-debug-command", "yes"});
  server.start();
  {
    RedisClient client(server.port());
    for (int i = 0; i < 3; ++i) push_jobs(client, i, 1);  // a turn each
    CHECK(client.run("DEBUG", "LOADAOF").text == "OK");
    CHECK(client.run("LLEN", "jobs").integer == 3);
    const std::string path = server.dir() + "/appendonlydir/appendonly.aof.1.incr.aof";
    std::string log = read_file(path);
    SUBCASE("a byte in the middle") {
      log[log.find("job:1")] = 'k';
      write_file(path, log);
    }
    SUBCASE("its end") {
      std::filesystem::resize_file(path, log.find("job:2"));
    }
    CHECK(client.run("DEBUG", "LOADAOF").is_error());
    CHECK(client.run("LLEN", "jobs").integer == 3);
    CHECK(client.run("LINDEX", "jobs", "1").text == "job:1");
    push_jobs(client, 3, 1);
    client.run("BGREWRITEAOF");
    CHECK(soon([&] { return persistence_says(client, "aof_rewrites:1\r\n"); }));
  }
  server.kill_hard();
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("LLEN", "jobs").integer == 4);
  CHECK(client.run("DEBUG", "RELOAD").text == "OK");
  CHECK(client.run("LLEN", "jobs").integer == 4);
}

TEST_CASE("BGSAVE: writes dump.rdb, and a save point does so by itself") {
  ServerProcess server({"--appendonly", "no", "--save", "1", "1"});
  server.start();
  RedisClient client(server.port());
  push_jobs(client, 0, 100);
  CHECK(client.run("BGSAVE").text == "Background saving started");
  CHECK(soon([&] { return persistence_says(client, "rdb_saves:1\r\n"); }));
  CHECK(read_file(server.dir() + "/dump.rdb").starts_with("REDIS0010"));
  CHECK(persistence_says(client, "rdb_changes_since_last_save:0\r\n"));
  push_jobs(client, 100, 1);
  CHECK(soon([&] { return persistence_says(client, "rdb_saves:2\r\n"); }));
}

TEST_CASE("SAVE and SHUTDOWN: a snapshot before the answer, and before the end") {
  ServerProcess server({"--appendonly", "no", "--save", ""});
  server.start();
  const std::string path = server.dir() + "/dump.rdb";
  {
    RedisClient client(server.port());
    push_jobs(client, 0, 10);
    CHECK(client.run("SAVE").text == "OK");
    const std::string saved = read_file(path);
    CHECK(saved.starts_with("REDIS0010"));
    push_jobs(client, 10, 1000);
    client.send("SHUTDOWN", "SAVE");
    CHECK(client.read().is_error());  // the end of the connection
    CHECK(read_file(path).size() > saved.size());
  }
  server.kill_hard();
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("LLEN", "jobs").integer == 1010);
}

TEST_CASE(
    "BGSAVE: two servers without a log in one directory write a snapshot each, and the last one stays") {
  const std::vector<std::string> slowly = {"--save", "", "--rdbcompression", "no", "--snapshot-rate-limit",
                                           "2mb"};
  ServerProcess first(slowly);
  std::vector<std::string> beside = slowly;
  beside.insert(beside.end(), {"--dir", first.dir()});
  ServerProcess second(beside);
  for (ServerProcess* server : {&first, &second}) {
    server->start();
    RedisClient client(server->port());
    REQUIRE(client.run("SET", "a", std::string(3'000'000, 'a')).text == "OK");
    REQUIRE(client.run("SET", "pid", std::to_string(server->pid())).text == "OK");
    client.run("BGSAVE");
  }
  // One that starts meanwhile, with a log, takes nothing away from them.
  ServerProcess third({"--appendonly", "yes", "--save", "", "--dir", first.dir()});
  third.start();
  for (ServerProcess* server : {&first, &second}) {
    RedisClient client(server->port());
    CHECK(soon([&] { return persistence_says(client, "rdb_bgsave_in_progress:0\r\n"); }));
    CHECK(persistence_says(client, "rdb_last_bgsave_status:ok\r\n"));
  }
  first.kill_hard();
  first.start();
  RedisClient client(first.port());
  CHECK(client.run("STRLEN", "a").integer == 3'000'000);
  CHECK(client.run("EXISTS", "pid").integer == 1);
}

TEST_CASE("A start deletes the unfinished snapshot of a server that is gone, and of no other") {
  ServerProcess server({"--save", ""});
  const std::string gone = server.dir() + "/temp-1073741824-dump.rdb";  // a number that no kernel gives
  const std::vector<std::string> others = {server.dir() + "/temp-1-dump.rdb", server.dir() + "/temp-dump.rdb",
                                           server.dir() + "/temp-1073741824-other.rdb",
                                           server.dir() + "/temp-1073741824.rdb"};
  write_file(gone, "half");
  for (const std::string& path : others) write_file(path, "half");
  server.start();
  CHECK_FALSE(std::filesystem::exists(gone));
  for (const std::string& path : others) {
    CAPTURE(path);
    CHECK(std::filesystem::exists(path));
  }
}

TEST_CASE("INFO persistence tells how many keys the last snapshot loaded brought, and how many had expired") {
  ServerProcess server({"--save", ""});
  server.start();
  {
    RedisClient client(server.port());
    for (const char* key : {"a", "b", "c"}) client.run("SET", key, "v");
    client.run("SET", "brief", "v", "PX", "100");
    CHECK(persistence_says(client, "rdb_last_load_keys_loaded:0\r\n"));
    CHECK(client.run("SAVE").text == "OK");
    CHECK(soon([&] { return client.run("EXISTS", "brief").integer == 0; }));
  }
  server.kill_hard();
  server.start();
  RedisClient client(server.port());
  CHECK(persistence_says(client, "rdb_last_load_keys_loaded:3\r\n"));
  CHECK(persistence_says(client, "rdb_last_load_keys_expired:1\r\n"));
}

TEST_CASE("BGSAVE: a failure refuses writes where that is configured, until the next one works") {
  ServerProcess server({"--appendonly", "no", "--save", "3600", "1000000", "--dbfilename", "dump.rdb"});
  server.start();
  RedisClient client(server.port());
  push_jobs(client, 0, 10);
  // A directory under the name of the temporary file cannot be written to.
  const std::string in_the_way = server.dir() + "/temp-" + std::to_string(server.pid()) + "-dump.rdb";
  REQUIRE(std::system(("mkdir " + in_the_way).c_str()) == 0);
  client.run("BGSAVE");
  CHECK(soon([&] { return persistence_says(client, "rdb_last_bgsave_status:err\r\n"); }));
  CHECK(client.run("SET", "a", "1").text.starts_with("MISCONF Redis is configured to save RDB snapshots"));
  REQUIRE(std::system(("rmdir " + in_the_way).c_str()) == 0);
  client.run("BGSAVE");
  CHECK(soon([&] { return persistence_says(client, "rdb_last_bgsave_status:ok\r\n"); }));
  CHECK(client.run("SET", "a", "1").text == "OK");
}

}  // namespace sluice::test
