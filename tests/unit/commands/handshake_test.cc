#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("PING: answers PONG, or its message") {
  Harness h;
  CHECK(h.run("PING") == status("PONG"));
  CHECK(h.run("ping", "hello") == bulk("hello"));
  CHECK(h.run("PING", "a", "b") == error("ERR wrong number of arguments for 'ping' command"));
}

TEST_CASE("ECHO: returns binary bytes as they came") {
  Harness h;
  const std::string binary("\0\r\n\xff", 4);
  CHECK(h.run("ECHO", binary) == bulk(binary));
  CHECK(h.run("ECHO") == error("ERR wrong number of arguments for 'echo' command"));
}

TEST_CASE("SELECT: takes the numbers there are, and no others") {
  Harness h;
  CHECK(h.run("SELECT", "15") == status("OK"));
  CHECK(h.first().client.db == 15);
  CHECK(h.run("SELECT", "16") == error("ERR DB index is out of range"));
  CHECK(h.run("SELECT", "-1") == error("ERR DB index is out of range"));
  CHECK(h.run("SELECT", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.first().client.db == 15);
}

TEST_CASE("HELLO: switches the protocol and tells about the server") {
  Harness h;
  const resp::Value facts = h.run("HELLO", "3");
  CHECK(facts.kind == resp::Kind::kMap);
  CHECK(resp::describe(facts).find("7.2.4") != std::string::npos);
  CHECK(h.first().client.protocol == resp::Protocol::kResp3);
  CHECK(h.run("HELLO", "2").kind == resp::Kind::kArray);
}

TEST_CASE("HELLO: changes nothing unless all of it succeeds") {
  Harness h;
  CHECK(h.run("HELLO", "4") == error("NOPROTO unsupported protocol version"));
  CHECK(h.run("HELLO", "x") == error("ERR Protocol version is not an integer or out of range"));
  CHECK(h.run("HELLO", "3", "SETNAME", "a b").is_error());
  CHECK(h.run("HELLO", "3", "SETNAME", "ok", "AUTH", "nobody", "x") ==
        error("WRONGPASS invalid username-password pair or user is disabled."));
  CHECK(h.run("HELLO", "3", "NONSENSE") == error("ERR Syntax error in HELLO option 'NONSENSE'"));
  CHECK(h.first().client.protocol == resp::Protocol::kResp2);
  CHECK(h.first().client.name.empty());
}

TEST_CASE("AUTH: lets in who knows the password, and nobody else runs anything") {
  Harness h;
  CHECK(h.run("AUTH", "x").is_error());
  h.configure("requirepass", "secret");
  h.first().client.authenticated = false;
  CHECK(h.run("PING") == error("NOAUTH Authentication required."));
  CHECK(h.run("AUTH", "wrong") == error("WRONGPASS invalid username-password pair or user is disabled."));
  CHECK(h.run("AUTH", "default", "secret") == status("OK"));
  CHECK(h.run("PING") == status("PONG"));
}

TEST_CASE("RESET: puts the session back to new") {
  Harness h;
  h.run("SELECT", "3");
  h.run("MULTI");
  CHECK(h.run("RESET") == status("RESET"));
  CHECK(h.first().client.db == 0);
  CHECK(h.run("EXEC") == error("ERR EXEC without MULTI"));
}

TEST_CASE("QUIT: answers OK and takes nothing more") {
  Harness h;
  CHECK(h.first().send("QUIT") == exec::Next::kClose);
  CHECK(h.first().reply() == status("OK"));
}

TEST_CASE("unknown commands and wrong arity are refused in Redis's words") {
  Harness h;
  CHECK(h.run("NOSUCH", "a", "b") ==
        error("ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' "));
  CHECK(h.run("SELECT") == error("ERR wrong number of arguments for 'select' command"));
}

}  // namespace sluice::test
