#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("ROLE: a primary without replicas") {
  Harness h;
  CHECK(h.run("ROLE") == array({bulk("master"), integer(0), array({})}));
}

TEST_CASE("REPLICAOF and SLAVEOF: NO ONE is how it is; another server is not followed") {
  Harness h;
  for (const char* name : {"REPLICAOF", "SLAVEOF"}) {
    CHECK(h.run(name, "NO", "one") == status("OK"));
    const resp::Value port = error("ERR Invalid master port");
    CHECK(h.run(name, "no", "two") == port);
    CHECK(h.run(name, "localhost", "x") == port);
    CHECK(h.run(name, "localhost", "65536") == port);
    CHECK(h.run(name, "localhost", "-1") == port);
    CHECK(h.run(name, "localhost", "6379") ==
          error("ERR This server follows no other: REPLICAOF takes NO ONE only"));
    CHECK(h.run(name, "no").is_error());
  }
  CHECK(h.run("ROLE").children[0] == bulk("master"));
}

TEST_CASE("FAILOVER: there is no replica to hand over to, and none is under way") {
  Harness h;
  const resp::Value nobody = error("ERR FAILOVER requires connected replicas.");
  const resp::Value syntax = error("ERR syntax error");
  CHECK(h.run("FAILOVER") == nobody);
  CHECK(h.run("FAILOVER", "TO", "127.0.0.1", "4444", "FORCE", "TIMEOUT", "10") == nobody);
  CHECK(h.run("FAILOVER", "ABORT") == error("ERR No failover in progress."));
  CHECK(h.run("FAILOVER", "ABORT", "TIMEOUT", "5") == syntax);
  CHECK(h.run("FAILOVER", "TO", "host") == syntax);
  CHECK(h.run("FAILOVER", "TIMEOUT") == syntax);
  CHECK(h.run("FAILOVER", "TIMEOUT", "5", "TIMEOUT", "6") == syntax);
  CHECK(h.run("FAILOVER", "x") == syntax);
  CHECK(h.run("FAILOVER", "TIMEOUT", "0") == error("ERR FAILOVER timeout must be greater than 0"));
  const resp::Value number = error("ERR value is not an integer or out of range");
  CHECK(h.run("FAILOVER", "TIMEOUT", "x") == number);
  CHECK(h.run("FAILOVER", "TO", "127.0.0.1", "x") == number);
}
