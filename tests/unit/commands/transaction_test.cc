#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("UNWATCH: what changed before it no longer ends the transaction") {
  Harness h;
  h.run("WATCH", "k");
  h.client().run("SET", "k", "other");
  CHECK(h.run("UNWATCH") == status("OK"));
  h.run("MULTI");
  h.run("GET", "k");
  CHECK(h.text("EXEC") == "[\"other\"]");
}

TEST_CASE("MULTI: queues, and EXEC answers everything at once") {
  Harness h;
  CHECK(h.run("MULTI") == status("OK"));
  CHECK(h.run("PING") == status("QUEUED"));
  CHECK(h.run("ECHO", "x") == status("QUEUED"));
  CHECK(h.run("EXEC") == array({status("PONG"), bulk("x")}));
}

TEST_CASE("MULTI: an error while queueing aborts EXEC") {
  Harness h;
  h.run("MULTI");
  CHECK(h.run("NOSUCH").is_error());
  CHECK(h.run("PING") == status("QUEUED"));
  CHECK(h.run("EXEC") == error("EXECABORT Transaction discarded because of previous errors."));
  CHECK(h.run("EXEC") == error("ERR EXEC without MULTI"));
}

TEST_CASE("EXEC: when refused itself it ends the transaction and says why") {
  Harness h;
  h.run("MULTI");
  CHECK(h.run("EXEC", "x") ==
        error("EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"));
  CHECK(h.run("DISCARD") == error("ERR DISCARD without MULTI"));
}

TEST_CASE("MULTI and DISCARD: order is checked") {
  Harness h;
  CHECK(h.run("DISCARD") == error("ERR DISCARD without MULTI"));
  h.run("MULTI");
  CHECK(h.run("MULTI") == error("ERR MULTI calls can not be nested"));
  CHECK(h.run("WATCH", "k") == error("ERR WATCH inside MULTI is not allowed"));
  CHECK(h.run("DISCARD") == status("OK"));
}

TEST_CASE("MULTI: an empty transaction answers an empty array") {
  Harness h;
  h.run("MULTI");
  CHECK(h.run("EXEC") == array({}));
}

TEST_CASE("QUIT and RESET inside MULTI run at once") {
  Harness h;
  h.run("MULTI");
  CHECK(h.run("RESET") == status("RESET"));
}

}  // namespace sluice::test
