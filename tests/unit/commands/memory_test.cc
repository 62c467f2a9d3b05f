#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("MEMORY USAGE: grows with the value, and no key takes nothing") {
  Harness h;
  CHECK(h.run("MEMORY", "USAGE", "q") == null());
  h.run("RPUSH", "q", "x");
  const int64_t small = h.run("MEMORY", "USAGE", "q").integer;
  h.run("RPUSH", "q", std::string(1000, 'x'));
  const int64_t large = h.run("MEMORY", "USAGE", "q").integer;
  CHECK(small > 0);
  CHECK(large >= small + 1000);
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "0") == integer(large));
}

TEST_CASE("MEMORY USAGE: looking is not using") {
  Harness h;
  h.run("RPUSH", "q", "x");
  h.advance(std::chrono::milliseconds(9000));
  h.run("MEMORY", "USAGE", "q");
  CHECK(h.run("OBJECT", "IDLETIME", "q") == integer(9));
}

TEST_CASE("MEMORY: refuses what it does not know") {
  Harness h;
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "-1") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "USAGE", "q", "SAMPLES", "x") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("MEMORY", "USAGE", "q", "foo", "1") == error("ERR syntax error"));
  CHECK(h.run("MEMORY", "NOSUCH") == error("ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP."));
  CHECK(h.run("MEMORY", "HELP").children.size() == 5);
}

}  // namespace sluice::test
