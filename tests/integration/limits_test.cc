// What the running server refuses, and how: requests that break the protocol, too much of anything, peers
// that never read, strangers. Each is answered or closed, and nobody else notices.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

constexpr size_t kMiB = size_t{1} << 20;

resp::Value status(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kStatus, text);
}
resp::Value error(const std::string& text) {
  return resp::Value::make_text(resp::Kind::kError, text);
}

bool is_lost(const resp::Value& reply) {
  return reply.is_error() && reply.text.starts_with("connection: ");
}

// Sends bytes that no client would, reads the answer, and sees the connection closed.
std::string refusal_of(const ServerProcess& server, const std::string& bytes) {
  RedisClient client(server.port());
  client.send_raw(bytes);
  const resp::Value answer = client.read();
  CHECK(is_lost(client.read()));
  return answer.text;
}

}  // namespace

TEST_CASE("requests that break the protocol are answered once, and the connection is closed") {
  ServerProcess server;
  server.start();
  const std::string broken = "ERR Protocol error: ";
  CHECK(refusal_of(server, "*x\r\n") == broken + "invalid multibulk length");
  CHECK(refusal_of(server, "*3000000000\r\n") == broken + "invalid multibulk length");
  CHECK(refusal_of(server, "*1\r\n$-1\r\n") == broken + "invalid bulk length");
  CHECK(refusal_of(server, "*1\r\n$536870913\r\n") == broken + "invalid bulk length");
  CHECK(refusal_of(server, "*1\r\n$99999999999999999999\r\n") == broken + "invalid bulk length");
  CHECK(refusal_of(server, "*1\r\nPING\r\n") == broken + "expected '$', got 'P'");
  CHECK(refusal_of(server, "GET \"half\r\n") == broken + "unbalanced quotes in request");
  CHECK(refusal_of(server, std::string(70'000, 'x')) == broken + "too big inline request");
  CHECK(refusal_of(server, "*" + std::string(70'000, '1')) == broken + "too big mbulk count string");
  CHECK(refusal_of(server, "*1\r\n$" + std::string(70'000, '1')) == broken + "too big bulk count string");
  RedisClient other(server.port());
  CHECK(other.run("PING") == status("PONG"));
}

TEST_CASE("a broken request is answered after the good ones before it") {
  ServerProcess server;
  server.start();
  RedisClient client(server.port());
  client.send_raw("PING\r\n*1\r\n$4\r\nPING\r\n*1\r\n!\r\n");
  CHECK(client.read() == status("PONG"));
  CHECK(client.read() == status("PONG"));
  CHECK(client.read() == error("ERR Protocol error: expected '$', got '!'"));
  CHECK(is_lost(client.read()));
}

TEST_CASE("empty and negative counts are passed over") {
  ServerProcess server;
  server.start();
  RedisClient client(server.port());
  client.send_raw("*0\r\n*-5\r\n\r\n\r\nPING\r\n");
  CHECK(client.read() == status("PONG"));
}

TEST_CASE("a huge count announced costs nothing until its arguments come") {
  ServerProcess server;
  server.start();
  RedisClient control(server.port());
  const uint64_t before = info_number(control, "memory", "used_memory");
  RedisClient client(server.port());
  client.send_raw("*1000000000\r\n$4\r\nECHO\r\n$500000000\r\nabc");
  CHECK(soon([&] { return info_number(control, "clients", "connected_clients") == 2; }));
  CHECK(info_number(control, "memory", "used_memory_rss") < before + 100 * kMiB);
}

TEST_CASE("strangers get small requests only, and are told to authenticate") {
  ServerProcess server({"--appendonly", "no"});
  server.start();
  RedisClient owner(server.port());
  REQUIRE(owner.run("CONFIG", "SET", "requirepass", "secret") == status("OK"));
  const std::string broken = "ERR Protocol error: ";
  CHECK(refusal_of(server, "*11\r\n") == broken + "unauthenticated multibulk length");
  CHECK(refusal_of(server, "*2\r\n$4\r\nECHO\r\n$16385\r\n") == broken + "unauthenticated bulk length");
  RedisClient stranger(server.port());
  CHECK(stranger.run("LLEN", "x") == error("NOAUTH Authentication required."));
  CHECK(stranger.run("AUTH", "wrong").text.starts_with("WRONGPASS "));
  CHECK(stranger.run("AUTH", "secret") == status("OK"));
  CHECK(stranger.run("ECHO", std::string(20'000, 'x')).text.size() == 20'000);
  CHECK(info_number(owner, "stats", "acl_access_denied_auth") == 1);
}

TEST_CASE("maxclients: one too many is told so and closed, and may come when another leaves") {
  ServerProcess server({"--maxclients", "2"});
  server.start();
  RedisClient first(server.port());
  REQUIRE(first.run("PING") == status("PONG"));
  {
    RedisClient second(server.port());
    REQUIRE(second.run("PING") == status("PONG"));
    RedisClient third(server.port());
    CHECK(third.read() == error("ERR max number of clients reached"));
    CHECK(is_lost(third.read()));
  }
  CHECK(soon([&] {
    RedisClient again(server.port());
    return again.run("PING") == status("PONG");
  }));
  CHECK(info_number(first, "stats", "rejected_connections") >= 1);
}

TEST_CASE("client-query-buffer-limit: half a request that grows past it ends the connection") {
  ServerProcess server({"--client-query-buffer-limit", "1mb"});
  server.start();
  RedisClient control(server.port());
  uint64_t closed = 0;
  SUBCASE("as many small arguments") {
    RedisClient client(server.port());
    std::string arguments = "*1000000\r\n$5\r\nRPUSH\r\n$1\r\nq\r\n";
    while (arguments.size() < 2 * kMiB) arguments += "$10\r\n0123456789\r\n";
    client.send_raw(arguments);
    CHECK(is_lost(client.read()));
    ++closed;
  }
  SUBCASE("as one big argument") {
    RedisClient client(server.port());
    client.send_raw("*2\r\n$4\r\nECHO\r\n$2000000\r\n" + std::string(2'000'000, 'x'));
    CHECK(is_lost(client.read()));
    ++closed;
  }
  SUBCASE("behind a command that waits") {
    RedisClient client(server.port());
    client.send("BLPOP", "nothing", "0");
    client.flush();
    CHECK(soon([&] { return info_number(control, "clients", "blocked_clients") == 1; }));
    client.send_raw(std::string(2 * kMiB, '\n'));
    CHECK(is_lost(client.read()));
    ++closed;
  }
  SUBCASE("queued in MULTI") {
    RedisClient client(server.port());
    REQUIRE(client.run("MULTI") == status("OK"));
    const std::string part(100'000, 'x');
    for (int i = 0; i < 20; ++i) client.send("RPUSH", "q", part);
    client.flush();
    resp::Value last;
    for (int i = 0; i < 20 && !is_lost(last); ++i) last = client.read();
    CHECK(is_lost(last));
    ++closed;
  }
  CHECK(info_number(control, "stats", "client_query_buffer_limit_disconnections") == closed);
  CHECK(control.run("EXISTS", "q") == resp::Value::make_integer(0));
}

TEST_CASE("client-output-buffer-limit: a peer that never reads is closed, others go on") {
  ServerProcess server(
      {"--client-output-buffer-limit", "normal 4mb 0 0", "--client-output-buffer-limit", "pubsub 1mb 0 0"});
  server.start();
  RedisClient control(server.port());
  REQUIRE(control.run("RPUSH", "big", std::string(kMiB, 'x')) == resp::Value::make_integer(1));
  RedisClient client(
      server.port());  // there until the end: a connection that closes by itself is none that was closed
  SUBCASE("who asks for too much") {
    for (int i = 0; i < 100; ++i) client.send("LINDEX", "big", "0");
    client.flush();
  }
  SUBCASE("who listens to too much") {
    client.run("SUBSCRIBE", "news");
    const std::string news(100'000, 'n');
    for (int i = 0; i < 300; ++i) control.run("PUBLISH", "news", news);
    CHECK(info_number(control, "stats", "client_output_buffer_limit_disconnections") == 1);
    CHECK(control.run("PUBLISH", "news", news) == resp::Value::make_integer(0));
  }
  CHECK(
      soon([&] { return info_number(control, "stats", "client_output_buffer_limit_disconnections") == 1; }));
  CHECK(soon([&] { return info_number(control, "clients", "connected_clients") == 1; }));
}

TEST_CASE("client-output-buffer-limit: a soft limit ends the connection after its time") {
  ServerProcess server({"--client-output-buffer-limit", "normal 0 1mb 1"});
  server.start();
  RedisClient control(server.port());
  REQUIRE(control.run("RPUSH", "big", std::string(kMiB, 'x')) == resp::Value::make_integer(1));
  RedisClient client(server.port());
  for (int i = 0; i < 50; ++i) client.send("LINDEX", "big", "0");
  client.flush();
  CHECK(soon([&] { return control.run("CLIENT", "LIST").text.find("cmd=lindex") != std::string::npos; }));
  CHECK(info_number(control, "stats", "client_output_buffer_limit_disconnections") == 0);
  CHECK(
      soon([&] { return info_number(control, "stats", "client_output_buffer_limit_disconnections") == 1; }));
}

TEST_CASE("a pipeline of 100,000 commands is answered whole and in order") {
  ServerProcess server({"--appendonly", "yes"});
  server.start();
  RedisClient client(server.port());
  constexpr int kCommands = 100'000;
  for (int i = 0; i < kCommands; ++i) client.send("RPUSH", "q", std::to_string(i));
  for (int i = 0; i < kCommands; ++i) REQUIRE(client.read() == resp::Value::make_integer(i + 1));
  CHECK(client.run("LINDEX", "q", "-1").text == std::to_string(kCommands - 1));
}

TEST_CASE("values of 64 MiB come back as they went, from memory and from the log") {
  ServerProcess server({"--appendonly", "yes"});
  server.start();
  std::string value(64 * kMiB, '\0');
  for (size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>((i * 2654435761u) >> 13);
  {
    RedisClient client(server.port());
    REQUIRE(client.run("RPUSH", "list", value, "small") == resp::Value::make_integer(2));
    CHECK(client.run("LINDEX", "list", "0").text == value);
  }
  CHECK(server.stop() == 0);
  server.start();
  RedisClient again(server.port());
  CHECK(again.run("LINDEX", "list", "0").text == value);
  CHECK(again.run("LRANGE", "list", "1", "1").children.at(0).text == "small");
}

}  // namespace sluice::test
