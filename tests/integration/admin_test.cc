// Commands that concern the whole server, over a real log and real sockets: names that the log keeps, limits
// changed while it runs.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "integration/server_fixture.h"

namespace sluice::test {

namespace {

resp::Value integer(int64_t value) {
  return resp::Value::make_integer(value);
}

}  // namespace

TEST_CASE("rename-command: a log written under other names, or none, is loaded by the next start") {
  ServerProcess helper;
  const std::string file =
      write_file(helper.dir() + "/it.conf",
                 "appendonly yes\nrename-command PEXPIREAT \"\"\nrename-command DEL \"\"\n"
                 "rename-command SELECT \"\"\nrename-command LPUSH mypush\n");
  ServerProcess server({file});
  server.start();
  {
    RedisClient client(server.port());
    CHECK(client.run("LPUSH", "q", "a").is_error());
    CHECK(client.run("MYPUSH", "q", "a", "b") == integer(2));
    CHECK(client.run("EVAL", "return redis.call('mypush', KEYS[1], 'c')", "1", "q") == integer(3));
    CHECK(client.run("RPUSH", "short", "x") == integer(1));
    CHECK(client.run("PEXPIRE", "q", "1000000") == integer(1));
    CHECK(client.run("PEXPIRE", "short", "1") == integer(1));
    CHECK(soon([&] { return client.run("EXISTS", "short") == integer(0); }));
  }
  SUBCASE("under the same names") {}
  SUBCASE("under the names of the beginning") {
    write_file(file, "appendonly yes\n");
  }
  CHECK(server.stop() == 0);
  server.start();
  RedisClient again(server.port());
  CHECK(resp::describe(again.run("LRANGE", "q", "0", "-1")) == "[\"c\", \"b\", \"a\"]");
  CHECK(again.run("PTTL", "q").integer > 0);
  CHECK(again.run("EXISTS", "short") == integer(0));
}

TEST_CASE("SHUTDOWN: every variant ends the server with 0, and what was acknowledged is in the log") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"SHUTDOWN"},
                                             {"SHUTDOWN", "NOSAVE"},
                                             {"SHUTDOWN", "NOW"},
                                             {"SHUTDOWN", "NOSAVE", "NOW", "FORCE"}}) {
    CAPTURE(words.size());
    ServerProcess server({"--appendonly", "yes"});
    server.start();
    {
      RedisClient client(server.port());
      CHECK(client.run("RPUSH", "q", "a") == integer(1));
      client.send_words(words);
      client.flush();
      CHECK(client.read().text.starts_with("connection: "));
    }
    CHECK(server.stop(0) == 0);  // no signal: it ends by itself
    server.start();
    RedisClient again(server.port());
    CHECK(again.run("LLEN", "q") == integer(1));
  }
}

TEST_CASE("SHUTDOWN: words that contradict each other, and ABORT with nothing to abort, leave it running") {
  ServerProcess server;
  server.start();
  RedisClient client(server.port());
  CHECK(client.run("SHUTDOWN", "SAVE", "NOSAVE").text == "ERR syntax error");
  CHECK(client.run("SHUTDOWN", "ABORT").text == "ERR No shutdown in progress.");
  CHECK(client.run("PING").text == "PONG");
}

}  // namespace sluice::test
