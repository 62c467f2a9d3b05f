// The program itself: how it is started and told to stop, where it listens, whom it lets in, and how it says
// what is wrong with its configuration.
#include <csignal>
#include <filesystem>
#include <string>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

resp::Value status(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kStatus, text);
}
resp::Value integer(int64_t value) {
  return resp::Value::make_integer(value);
}

// An address of this machine that is not the loopback's; empty if it has none.
std::string outside_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {};
  std::string found;
  for (const ifaddrs* each = all; each != nullptr && found.empty(); each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    if ((each->ifa_flags & IFF_LOOPBACK) != 0 || (each->ifa_flags & IFF_UP) == 0) continue;
    char text[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) found = text;
  }
  freeifaddrs(all);
  return found;
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT: acknowledged pushes are in the log, the exit status is 0") {
  for (const int signal : {15, 2}) {
    for (const char* appendfsync : {"always", "everysec", "no"}) {
      ServerProcess server({"--appendonly", "yes", "--appendfsync", appendfsync});
      server.start();
      RedisClient client(server.port());
      for (int i = 0; i < 100; ++i) REQUIRE(client.run("RPUSH", "q", "x").kind == resp::Kind::kInteger);
      CHECK(server.stop(signal) == 0);
      server.start();
      RedisClient again(server.port());
      CHECK(again.run("LLEN", "q") == integer(100));
    }
  }
}

TEST_CASE("SIGTERM while replies wait for the disk: they are sent before the end") {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", "always"});
  server.start();
  RedisClient client(server.port());
  constexpr int kPushes = 5000;
  for (int i = 0; i < kPushes; ++i) client.send("RPUSH", "q", "x");
  client.flush();
  pause_briefly();
  const int exit_status = server.stop();
  CHECK(exit_status == 0);
  int answered = 0;
  while (client.read().kind == resp::Kind::kInteger) ++answered;
  server.start();
  RedisClient again(server.port());
  // Whatever was executed was answered, and whatever was answered is there.
  CHECK(again.run("LLEN", "q") == integer(answered));
}

TEST_CASE("a second signal while the server stops: the log was closed well, so the exit status is 0") {
  ServerProcess server({"--appendonly", "yes"});
  server.start();
  RedisClient client(server.port());
  for (int i = 0; i < 100; ++i) REQUIRE(client.run("RPUSH", "q", "x").kind == resp::Kind::kInteger);
  server.signal(SIGSTOP);  // both signals are there when it goes on
  server.signal(SIGINT);
  server.signal(SIGTERM);
  CHECK(server.stop(SIGCONT) == 0);
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LLEN", "q") == integer(100));
}

TEST_CASE("a blocked client's connection is closed when the server stops, and its file is gone") {
  ServerProcess server({"--pidfile", "it.pid"});
  server.start();
  CHECK(read_file(server.dir() + "/it.pid") == std::to_string(server.pid()) + "\n");
  RedisClient client(server.port());
  client.send("BLPOP", "q", "0");
  client.flush();
  CHECK(server.stop() == 0);
  CHECK(client.read().text.starts_with("connection: "));
  CHECK_FALSE(std::filesystem::exists(server.dir() + "/it.pid"));
}

TEST_CASE("a unix socket serves beside the port, with the permissions asked for") {
  ServerProcess server({"--unixsocket", "s.sock", "--unixsocketperm", "700"});
  server.start();
  const std::string path = server.dir() + "/s.sock";
  struct stat facts {};
  REQUIRE(stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0700);
  RedisClient client(path);
  REQUIRE(client.connected());
  CHECK(client.run("PING") == status("PONG"));
  CHECK(client.run("CLIENT", "INFO").text.find("flags=U") != std::string::npos);
  CHECK(client.run("INFO", "server").text.find("listener1:name=unix,bind=") != std::string::npos);
  CHECK(server.stop() == 0);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("several addresses are bound, and optional ones that do not exist are left out") {
  ServerProcess server({"--bind", "127.0.0.1", "127.0.0.2", "-10.255.255.254", "-::1"});
  server.start();
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    RedisClient client(address, server.port());
    CHECK(client.run("PING") == status("PONG"));
  }
  RedisClient elsewhere("127.0.0.3", server.port());
  CHECK_FALSE(elsewhere.connected());
}

TEST_CASE("an address that cannot be had is a reason not to start") {
  ServerProcess server({"--bind", "10.255.255.254"});
  const ServerProcess::Ended ended = server.run_to_end();
  CHECK(ended.status == 1);
  CHECK(ended.output.find("10.255.255.254") != std::string::npos);
}

TEST_CASE("protected mode: without a password only this machine is served") {
  const std::string outside = outside_address();
  if (outside.empty()) {
    MESSAGE("not tested: this machine has no address but the loopback's");
    return;
  }
  ServerProcess server({"--bind", "*"});
  server.start();
  RedisClient near(server.port());
  RedisClient far(outside, server.port());
  REQUIRE(far.connected());
  CHECK(far.read().text.starts_with("DENIED Redis is running in protected mode"));
  CHECK(far.read().text.starts_with("connection: "));
  CHECK(near.run("CONFIG", "SET", "protected-mode", "no") == status("OK"));
  RedisClient now(outside, server.port());
  CHECK(now.run("PING") == status("PONG"));
  CHECK(near.run("CONFIG", "SET", "protected-mode", "yes", "requirepass", "secret") == status("OK"));
  RedisClient knowing(outside, server.port());
  CHECK(knowing.run("AUTH", "secret") == status("OK"));
}

TEST_CASE("a configuration that cannot be read says file, line and reason, and ends with 1") {
  ServerProcess helper;
  const std::string file = write_file(helper.dir() + "/bad.conf", "# fine\nport 0\nmaxmemory lots\n");
  for (const bool check_only : {false, true}) {
    std::vector<std::string> options;
    if (check_only) options.push_back("--check-config");
    options.push_back(file);
    const ServerProcess::Ended ended = ServerProcess::run_alone(options);
    CHECK(ended.status == 1);
    CHECK(ended.output.find(file) != std::string::npos);
    CHECK(ended.output.find("3") != std::string::npos);
    CHECK(ended.output.find("maxmemory lots") != std::string::npos);
  }
  const ServerProcess::Ended unknown = ServerProcess::run_alone({"--no-such-option", "1"});
  CHECK(unknown.status == 1);
  CHECK(unknown.output.find("no-such-option") != std::string::npos);
  const ServerProcess::Ended missing = ServerProcess::run_alone({helper.dir() + "/nowhere.conf"});
  CHECK(missing.status == 1);
  CHECK(missing.output.find("nowhere.conf") != std::string::npos);
}

TEST_CASE("--version, --help and --check-config answer and end with 0") {
  CHECK(ServerProcess::run_alone({"--version"}).status == 0);
  CHECK(ServerProcess::run_alone({"--version"}).output.find("7.2.4") != std::string::npos);
  CHECK(ServerProcess::run_alone({"--help"}).output.find("Usage:") != std::string::npos);
  ServerProcess helper;
  const std::string file = write_file(helper.dir() + "/good.conf", "port 0\nappendonly yes\n");
  CHECK(ServerProcess::run_alone({"--check-config", file}).status == 0);
}

TEST_CASE("called redis-server, with the options Faktory gives, it serves a unix socket alone") {
  ServerProcess server(
      {"--port", "0", "--unixsocket", "redis.sock", "--loglevel", "notice", "--logfile", "redis.log"},
      "redis-server");
  server.start_on_socket("redis.sock");
  RedisClient client(server.dir() + "/redis.sock");
  CHECK(client.run("PING") == status("PONG"));
  CHECK(client.run("INFO", "server").text.find("\r\ntcp_port:0\r\n") != std::string::npos);
  CHECK(std::filesystem::exists(server.dir() + "/redis.log"));
  CHECK(server.stop() == 0);
}

TEST_CASE("CONFIG SET port and bind move the listeners; a port that is taken leaves them") {
  ServerProcess server;
  server.start();
  ServerProcess other;
  other.start();
  RedisClient client(server.port());
  CHECK(client.run("CONFIG", "SET", "port", std::to_string(other.port())).is_error());
  RedisClient still(server.port());
  CHECK(still.run("PING") == status("PONG"));
  CHECK(client.run("CONFIG", "GET", "port").children.at(1).text == std::to_string(server.port()));
  other.kill_hard();
  CHECK(client.run("CONFIG", "SET", "port", std::to_string(other.port())) == status("OK"));
  RedisClient moved(other.port());
  CHECK(moved.run("PING") == status("PONG"));
  RedisClient old(server.port());
  CHECK_FALSE(old.connected());
}

TEST_CASE(
    "CONFIG REWRITE: what was set is in the file, which stays as private, and in force after a restart") {
  ServerProcess helper;
  const std::string file =
      write_file(helper.dir() + "/it.conf", "# keep this line\nmaxclients 100\nappendonly no\n");
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  ServerProcess server({file});
  server.start();
  {
    RedisClient client(server.port());
    REQUIRE(client.run("CONFIG", "SET", "maxclients", "77", "slowlog-max-len", "9") == status("OK"));
    REQUIRE(client.run("CONFIG", "REWRITE") == status("OK"));
  }
  const std::string text = read_file(file);
  CHECK(text.starts_with("# keep this line\nmaxclients 77\n"));
  CHECK(text.find("slowlog-max-len 9\n") != std::string::npos);
  struct stat facts {};
  REQUIRE(stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  CHECK(server.stop() == 0);
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("CONFIG", "GET", "maxclients").children.at(1).text == "77");
}

TEST_CASE("timeout: idle connections are closed, waiting and listening ones are not") {
  ServerProcess server({"--timeout", "1"});
  server.start();
  RedisClient idle(server.port());
  REQUIRE(idle.run("PING") == status("PONG"));
  RedisClient waiting(server.port());
  waiting.send("BLPOP", "q", "0");
  waiting.flush();
  RedisClient listening(server.port());
  listening.run("SUBSCRIBE", "c");
  CHECK(idle.read().text.starts_with("connection: "));
  RedisClient control(server.port());
  CHECK(control.run("RPUSH", "q", "job") == integer(1));
  CHECK(waiting.read().children.size() == 2);
  CHECK(control.run("PUBLISH", "c", "x") == integer(1));
}

}  // namespace sluice::test
