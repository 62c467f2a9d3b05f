// The log cannot be written (a file size limit stands in for a full disk): writes and PING are refused, reads
// go on, nothing expires, and service resumes by itself once the disk works again, with nothing lost.
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

void limit_file_size(pid_t pid, rlim_t bytes) {
  const rlimit limit = {bytes, RLIM_INFINITY};
  REQUIRE(prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) == 0);
}

rlim_t log_bytes(const ServerProcess& server) {
  rlim_t largest = 0;
  for (const auto& entry : std::filesystem::directory_iterator(server.dir() + "/appendonlydir")) {
    largest = std::max<rlim_t>(largest, entry.file_size());
  }
  return largest;
}

bool is_misconf(const resp::Value& reply) {
  return reply.is_error() && reply.text.starts_with("MISCONF ");
}

void disk_story(const std::string& appendfsync) {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", appendfsync});
  server.start();
  RedisClient client(server.port());
  int pushed = 0;
  for (; pushed < 100; ++pushed)
    REQUIRE(client.run("RPUSH", "q", "job-" + std::to_string(pushed)).kind == resp::Kind::kInteger);
  REQUIRE(client.run("SET", "soon", "gone", "PX", "300") ==
          resp::Value::make_text(resp::Kind::kStatus, "OK"));

  limit_file_size(server.pid(), log_bytes(server) + 200);
  // The push that meets the failure is not answered until the disk works again: its fate is not known before.
  RedisClient unlucky(server.port());
  unlucky.send("RPUSH", "q", std::string(5000, 'x'));
  unlucky.flush();
  // What is answered in the turn that meets the failure waits with it: others come after.
  REQUIRE(soon([&] {
    return server.log().find("Writes are refused until the disk works again") != std::string::npos;
  }));
  RedisClient other(server.port());
  CHECK(soon([&] { return is_misconf(other.run("PING")); }));
  CHECK(is_misconf(other.run("RPUSH", "q", "refused")));
  CHECK(other.run("LRANGE", "q", "0", "0").children.size() == 1);
  CHECK(soon([&] { return other.run("EXISTS", "soon") == resp::Value::make_integer(0); }));

  limit_file_size(server.pid(), RLIM_INFINITY);
  CHECK(unlucky.read() == resp::Value::make_integer(pushed + 1));
  CHECK(soon([&] { return !other.run("PING").is_error(); }));
  CHECK(other.run("RPUSH", "q", "last") == resp::Value::make_integer(pushed + 2));

  server.kill_hard();
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == resp::Value::make_integer(pushed + 2));
  CHECK(again.run("LINDEX", "q", "-1") == resp::Value::make_text(resp::Kind::kBulk, "last"));
  CHECK(again.run("EXISTS", "soon") == resp::Value::make_integer(0));
}

}  // namespace

TEST_CASE("a full disk under everysec: writes are refused, reads go on, service resumes, nothing is lost") {
  disk_story("everysec");
}
TEST_CASE("a full disk under always: writes are refused, reads go on, service resumes, nothing is lost") {
  disk_story("always");
}
TEST_CASE("a full disk under no: writes are refused, reads go on, service resumes, nothing is lost") {
  disk_story("no");
}

TEST_CASE("SIGTERM while the disk fails: waited for as long as shutdown-timeout says, no longer") {
  ServerProcess server(
      {"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--shutdown-timeout", "1"});
  server.start();
  RedisClient client(server.port());
  REQUIRE(client.run("RPUSH", "q", "kept").kind == resp::Kind::kInteger);
  limit_file_size(server.pid(), log_bytes(server) + 200);
  RedisClient unlucky(server.port());
  unlucky.send("RPUSH", "q", std::string(5000, 'x'));
  unlucky.flush();
  REQUIRE(soon([&] {
    return server.log().find("Writes are refused until the disk works again") != std::string::npos;
  }));
  CHECK(server.stop() == 1);  // the log could not be closed
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == resp::Value::make_integer(1));
}

TEST_CASE("past the retention limit, whoever waits for the log is let go, and what was logged is kept") {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", "always", "--aof-retained-limit", "1gb"});
  server.start();
  RedisClient control(server.port());
  REQUIRE(control.run("CONFIG", "SET", "aof-retained-limit", "1mb").text == "OK");
  REQUIRE(control.run("RPUSH", "q", "first") == resp::Value::make_integer(1));
  limit_file_size(server.pid(), log_bytes(server) + 200);
  RedisClient unlucky(server.port());
  unlucky.send("RPUSH", "q", std::string(2'000'000, 'x'));
  CHECK(unlucky.read().text.starts_with("connection: "));
  CHECK(control.run("INFO", "stats").text.find("\r\nheld_reply_disconnections:1\r\n") != std::string::npos);
  CHECK(is_misconf(control.run("PING")));

  limit_file_size(server.pid(), RLIM_INFINITY);
  CHECK(soon([&] { return !control.run("PING").is_error(); }));
  server.kill_hard();
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == resp::Value::make_integer(2));
}

}  // namespace sluice::test
