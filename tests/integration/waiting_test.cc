// Who gets what, and in which order, over real sockets: waiters, subscribers, and peers that have gone.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

resp::Value integer(int64_t value) {
  return resp::Value::make_integer(value);
}

std::string blocked_clients(RedisClient& client) {
  const std::string text = client.run("INFO", "clients").text;
  const size_t at = text.find("blocked_clients:") + 16;
  return text.substr(at, text.find("\r", at) - at);
}

// A worker that waits, and is known to wait before the next one comes.
std::unique_ptr<RedisClient> waiter(const ServerProcess& server, RedisClient& control, const std::string& key,
                                    int how_many_by_now) {
  auto client = std::make_unique<RedisClient>(server.port());
  client->send("BLPOP", key, "0");
  client->flush();
  REQUIRE(soon([&] { return blocked_clients(control) == std::to_string(how_many_by_now); }));
  return client;
}

}  // namespace

TEST_CASE("jobs go to waiting workers in the order in which they came, from one pipeline or many") {
  ServerProcess server({"--appendonly", "yes"});
  server.start();
  RedisClient control(server.port());
  std::vector<std::unique_ptr<RedisClient>> workers;
  for (int i = 0; i < 10; ++i) workers.push_back(waiter(server, control, "q", i + 1));
  control.send("RPUSH", "q", "0", "1", "2");
  for (int i = 3; i < 10; ++i) control.send("RPUSH", "q", std::to_string(i));
  control.flush();
  for (int i = 0; i < 10; ++i) {
    const resp::Value job = workers[static_cast<size_t>(i)]->read();
    REQUIRE(job.children.size() == 2);
    CHECK(job.children[1].text == std::to_string(i));
  }
}

TEST_CASE("a worker that hung up gets no job, whatever way it went") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  auto gone = waiter(server, control, "q", 1);
  const auto alive = waiter(server, control, "q", 2);
  SUBCASE("it closed its connection") {
    gone.reset();
  }
  SUBCASE("it shut down its sending half") {
    REQUIRE(shutdown(gone->fd(), SHUT_WR) == 0);
  }
  SUBCASE("it was reset") {
    const linger at_once = {1, 0};
    REQUIRE(setsockopt(gone->fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    gone.reset();
  }
  SUBCASE("it was killed by an operator, in the same breath as the push") {
    const std::string list = control.run("CLIENT", "LIST").text;
    const size_t at = list.find("cmd=blpop");
    REQUIRE(at != std::string::npos);
    const size_t line = list.rfind("id=", at);
    const std::string id = list.substr(line + 3, list.find(' ', line) - line - 3);
    control.send("CLIENT", "KILL", "ID", id);
    control.send("RPUSH", "q", "job");
    CHECK(control.read() == integer(1));
    CHECK(control.read() == integer(1));
    const resp::Value job = alive->read();
    CHECK(job.children.size() == 2);
    return;
  }
  CHECK(control.run("RPUSH", "q", "job") == integer(1));
  const resp::Value job = alive->read();
  REQUIRE(job.children.size() == 2);
  CHECK(job.children[1].text == "job");
  CHECK(control.run("LLEN", "q") == integer(0));
  CHECK(soon([&] { return blocked_clients(control) == "0"; }));
}

TEST_CASE("a push that arrives together with the worker's hanging up is not lost") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  for (int round = 0; round < 50; ++round) {
    auto gone = waiter(server, control, "q", 1);
    gone.reset();
    control.run("RPUSH", "q", "job");
    // The hang-up was on its way before the push was sent, on the same machine: the job is still there.
    CHECK(control.run("LPOP", "q").text == "job");
    REQUIRE(soon([&] { return blocked_clients(control) == "0"; }));
  }
}

TEST_CASE("commands sent behind a blocked one wait for it, and are answered after it") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  RedisClient worker(server.port());
  worker.send("BLPOP", "q", "0");
  worker.send("RPUSH", "done", "1");
  worker.send("PING");
  worker.flush();
  REQUIRE(soon([&] { return blocked_clients(control) == "1"; }));
  CHECK(control.run("LLEN", "done") == integer(0));
  control.run("RPUSH", "q", "job");
  CHECK(worker.read().children.size() == 2);
  CHECK(worker.read() == integer(1));
  CHECK(worker.read().text == "PONG");
}

TEST_CASE("XREAD BLOCK: a reader gets the entry it waits for, also when its key went and came again") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  RedisClient reader(server.port());
  const auto wait = [&] {
    reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
    reader.flush();
    REQUIRE(soon([&] { return blocked_clients(control) == "1"; }));
  };
  wait();
  CHECK(control.run("XADD", "s", "1-1", "f", "v").text == "1-1");
  CHECK(resp::describe(reader.read()) == "[[\"s\", [[\"1-1\", [\"f\", \"v\"]]]]]");
  wait();
  CHECK(control.run("DEL", "s") == integer(1));
  CHECK(blocked_clients(control) == "1");
  CHECK(control.run("XADD", "s", "2-1", "f", "w").text == "2-1");
  CHECK(resp::describe(reader.read()) == "[[\"s\", [[\"2-1\", [\"f\", \"w\"]]]]]");
}

TEST_CASE("XREADGROUP BLOCK: workers of one group get one entry each, and are told when the group goes") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  control.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  RedisClient first(server.port());
  RedisClient second(server.port());
  const auto wait = [&](RedisClient& worker, const std::string& waiting) {
    worker.send("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "BLOCK", "0", "STREAMS", "s", ">");
    worker.flush();
    REQUIRE(soon([&] { return blocked_clients(control) == waiting; }));
  };
  wait(first, "1");
  wait(second, "2");
  CHECK(control.run("XADD", "s", "1-1", "f", "v").text == "1-1");
  CHECK(resp::describe(first.read()) == "[[\"s\", [[\"1-1\", [\"f\", \"v\"]]]]]");
  wait(first, "2");
  CHECK(control.run("XADD", "s", "1-2", "f", "w").text == "1-2");
  CHECK(resp::describe(second.read()) == "[[\"s\", [[\"1-2\", [\"f\", \"w\"]]]]]");
  CHECK(control.run("XGROUP", "DESTROY", "s", "g") == integer(1));
  CHECK(first.read().text.starts_with("NOGROUP "));
}

TEST_CASE("XREADGROUP CLAIM: a waiting worker gets what another left idle, when it may be claimed") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  control.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  control.run("XADD", "s", "1-1", "f", "v");
  control.run("XREADGROUP", "GROUP", "g", "dead", "STREAMS", "s", ">");
  const auto began = std::chrono::steady_clock::now();
  RedisClient worker(server.port());
  worker.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "CLAIM", "200", "STREAMS", "s", ">");
  worker.flush();
  const resp::Value reply = worker.read();
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(190));
  CHECK(reply.children.at(0).children.at(1).children.at(0).children.at(3) == integer(1));
}

TEST_CASE("a blocking timeout ends on time, and not before") {
  ServerProcess server;
  server.start();
  RedisClient worker(server.port());
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  const resp::Value nothing = worker.run("BLPOP", "q", "0.15");
  clock_gettime(CLOCK_MONOTONIC, &after);
  const int64_t waited_ms =
      (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
  CHECK(nothing.children.empty());
  CHECK_FALSE(nothing.is_error());
  CHECK(waited_ms >= 150);
  CHECK(waited_ms < 5000);
}

TEST_CASE("subscribers get all messages in the order they were published, channels and patterns alike") {
  ServerProcess server;
  server.start();
  RedisClient publisher(server.port());
  RedisClient by_channel(server.port());
  RedisClient by_pattern(server.port());
  by_channel.run("SUBSCRIBE", "a", "b");
  by_channel.read();
  by_pattern.run("PSUBSCRIBE", "*");
  constexpr int kMessages = 2000;
  for (int i = 0; i < kMessages; ++i) publisher.send("PUBLISH", i % 3 == 0 ? "a" : "b", std::to_string(i));
  for (int i = 0; i < kMessages; ++i) REQUIRE(publisher.read() == integer(2));
  for (int i = 0; i < kMessages; ++i) {
    const resp::Value message = by_channel.read();
    REQUIRE(message.children.size() == 3);
    REQUIRE(message.children[2].text == std::to_string(i));
    const resp::Value matched = by_pattern.read();
    REQUIRE(matched.children.size() == 4);
    REQUIRE(matched.children[3].text == std::to_string(i));
  }
}

TEST_CASE("a client that publishes to itself reads its own answer first") {
  ServerProcess server;
  server.start();
  RedisClient client(server.port());
  client.send_raw("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
  client.send_raw("SUBSCRIBE c\r\nPUBLISH c hello\r\nPING\r\n");
  std::string text;
  CHECK(soon([&] {
    char buffer[4096];
    const ssize_t size = recv(client.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) text.append(buffer, static_cast<size_t>(size));
    return text.find("+PONG") != std::string::npos;
  }));
  const size_t answer = text.find(":1\r\n>3\r\n$7\r\nmessage");
  CHECK(answer != std::string::npos);
}

TEST_CASE("CLIENT LIST and INFO show connections as they are") {
  ServerProcess server({"--appendonly", "yes"});
  server.start();
  RedisClient client(server.port());
  const std::string line = client.run("CLIENT", "INFO").text;
  CHECK(line.find(" laddr=127.0.0.1:" + std::to_string(server.port()) + " ") != std::string::npos);
  CHECK(line.find(" addr=127.0.0.1:") != std::string::npos);
  CHECK(line.find(" lib-name= lib-ver=\n") != std::string::npos);
  const std::string info = client.run("INFO", "everything").text;
  CHECK(info.find("\r\nprocess_id:" + std::to_string(server.pid()) + "\r\n") != std::string::npos);
  CHECK(info.find("\r\ntcp_port:" + std::to_string(server.port()) + "\r\n") != std::string::npos);
  CHECK(info.find("\r\naof_enabled:1\r\n") != std::string::npos);
  // The cron has gone round the clients by now or soon.
  CHECK(soon([&] {
    return client.run("INFO", "memory").text.find("\r\nmem_clients_normal:0\r\n") == std::string::npos;
  }));
}

TEST_CASE("who keeps copies hears of a turn's changes in one message, also of those by woken workers") {
  ServerProcess server({"--appendonly", "yes", "--appendfsync", "always"});
  server.start();
  RedisClient control(server.port());
  RedisClient listener(server.port());
  const std::string id = std::to_string(listener.run("CLIENT", "ID").integer);
  listener.run("SUBSCRIBE", "__redis__:invalidate");
  control.run("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "u:", "REDIRECT", id);
  for (const char* key : {"u:2", "other", "u:1", "u:2"}) control.send("SET", key, "x");
  for (int i = 0; i < 4; ++i) control.read();
  const auto keys_of = [](const resp::Value& message) { return resp::describe(message.children.at(2)); };
  CHECK(keys_of(listener.read()) == "[\"u:1\", \"u:2\"]");

  RedisClient worker(server.port());
  worker.send("BLPOP", "q", "0");
  worker.send("SET", "u:3", "x");
  worker.flush();
  REQUIRE(soon([&] { return blocked_clients(control) == "1"; }));
  control.run("RPUSH", "q", "job");
  CHECK(keys_of(listener.read()) == "[\"u:3\"]");
}

}  // namespace sluice::test
