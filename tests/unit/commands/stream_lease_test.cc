#include <optional>

#include <doctest/doctest.h>

#include "keyspace/write_hook.h"
#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

// Entries 1-0 and 2-0, pending with "a" under a lease of a second.
void make(Harness& h) {
  h.run("XADD", "s", "1", "f", "1");
  h.run("XADD", "s", "2", "f", "2");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000");
  h.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">");
  h.propagated();
}

std::string pending(Harness& h) {
  return h.text("XPENDING", "s", "g", "-", "+", "100");
}

// As a snapshot would take over what it owes: when was "a" seen, by what there is before the first change?
class SeenBefore final : public keyspace::WriteHook {
 public:
  void before_change(const keyspace::Database& /*db*/, keyspace::Entry& entry) override {
    const auto* const stream = keyspace::get_if<types::Stream>(entry.value);
    seen_ms = stream->find_group("g")->find_consumer("a")->seen_ms;
  }
  bool keep(keyspace::Value& /*value*/) override { return false; }
  bool keep(std::unique_ptr<keyspace::Database>& /*database*/) override { return false; }

  std::optional<int64_t> seen_ms;
};

}  // namespace

TEST_CASE("XRENEW: leases of what is still its own begin anew, with the same count") {
  Harness h;
  make(h);
  h.advance(900ms);
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "3", "1", "3", "1-0") == "[1, 0, 1]");
  CHECK(h.propagated() ==
        Lines{"XCLAIM s g a 0 1-0 1-0 TIME 1700000000900 RETRYCOUNT 1 FORCE JUSTID LASTID 2-0"});
  CHECK(h.text("XRENEW", "s", "g", "b", "IDS", "1", "1") == "[0]");
  CHECK(h.propagated() == Lines{});
  h.advance(100ms);
  CHECK(pending(h) == "[[\"1-0\", \"a\", 100, 1], [\"2-0\", \"\", -1, 1]]");
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "2", "1", "2") == "[1, 0]");
  h.run("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">");
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "2") == "[0]");
  CHECK(h.text("XRENEW", "s", "g", "b", "IDS", "1", "2") == "[1]");
  CHECK(pending(h) == "[[\"1-0\", \"a\", 0, 1], [\"2-0\", \"b\", 0, 2]]");
}

TEST_CASE("XRENEW: a lease of another length ends after that") {
  Harness h;
  make(h);
  CHECK(h.text("XRENEW", "s", "g", "a", "LEASE", "5000", "IDS", "1", "1") == "[1]");
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "2", "LEASE", "300") == "[1]");
  CHECK(pending(h) == "[[\"1-0\", \"a\", 0, 1], [\"2-0\", \"a\", 700, 1]]");
  h.propagated();
  h.advance(300ms);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 2-0 RETRYCOUNT 1 FORCE"});
  h.advance(4699ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE"});
}

TEST_CASE("XRENEW: what the stream no longer has is dropped, and a consumer that is not there is not made") {
  Harness h;
  make(h);
  h.run("XDEL", "s", "1");
  h.propagated();
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "1") == "[0]");
  CHECK(h.propagated() == Lines{"XACK s g 1-0"});
  CHECK(h.text("XRENEW", "s", "g", "none", "IDS", "1", "2") == "[0]");
  CHECK(h.text("XINFO", "CONSUMERS", "s", "g").find("none") == std::string::npos);
}

TEST_CASE("XRENEW: refuses what makes no sense") {
  Harness h;
  make(h);
  h.run("SET", "str", "x");
  const std::string lease = "ERR LEASE must be between 1 and 315360000000 milliseconds";
  CHECK(h.run("XRENEW", "s", "no", "a", "IDS", "1", "1") ==
        error("NOGROUP No such key 's' or consumer group 'no'"));
  CHECK(h.run("XRENEW", "none", "g", "a", "IDS", "1", "1") ==
        error("NOGROUP No such key 'none' or consumer group 'g'"));
  CHECK(h.run("XRENEW", "str", "g", "a", "IDS", "1", "1").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XRENEW", "s", "g", "a", "IDS", "1", "1", "LEASE", "0") == error(lease));
  CHECK(h.run("XRENEW", "s", "g", "a", "LEASE", "5", "odd", "1", "1") == error("ERR syntax error"));
  CHECK(h.run("XRENEW", "s", "g", "a", "IDS", "2", "1") == error("ERR number of IDs doesn't match numids"));
  CHECK(h.run("XRENEW", "s", "g", "a", "LEASE", "5", "LEASE", "5") == error("ERR syntax error"));
  CHECK(h.run("XRENEW", "s", "g", "a", "IDS", "1", "x").text.starts_with("ERR Invalid stream ID"));
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "0");
  CHECK(h.run("XRENEW", "s", "g", "a", "LEASE", "5", "IDS", "1", "1") ==
        error("ERR LEASE needs a group whose policy has one"));
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "1") == "[1]");
}

TEST_CASE("XRENEW: a snapshot under way hears of it before the consumer is seen, though nothing is renewed") {
  Harness h;
  make(h);
  h.advance(100ms);
  SeenBefore hook;
  ++h.keyspace.gate().epoch.current;
  h.keyspace.gate().hook = &hook;
  CHECK(h.text("XRENEW", "s", "g", "a", "IDS", "1", "9") == "[0]");
  h.keyspace.gate().hook = nullptr;
  CHECK(hook.seen_ms == 1'700'000'000'000);
}

}  // namespace sluice::test
