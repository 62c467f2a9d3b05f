#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("CONFIG GET: shows every option that fits one of the patterns, each once") {
  Harness h;
  CHECK(h.run("CONFIG", "GET", "maxmemory") == bulks({"maxmemory", "0"}));
  CHECK(h.run("config", "get", "MAXMEMORY-P*", "maxmemory-policy") ==
        bulks({"maxmemory-policy", "noeviction"}));
  CHECK(h.run("CONFIG", "GET", "no-such-option") == array({}));
  CHECK(h.run("CONFIG", "GET", "*").children.size() > 200);
  CHECK(h.run("CONFIG", "GET") == error("ERR wrong number of arguments for 'config|get' command"));
  h.first().resp3();
  CHECK(h.run("CONFIG", "GET", "maxmemory").kind == resp::Kind::kMap);
}

TEST_CASE("CONFIG SET: changes all options it is given") {
  Harness h;
  CHECK(h.run("CONFIG", "SET", "maxmemory", "1mb", "slowlog-max-len", "7") == status("OK"));
  CHECK(h.run("CONFIG", "GET", "maxmemory") == bulks({"maxmemory", "1048576"}));
  CHECK(h.settings.maxmemory_bytes == 1048576);
  CHECK(h.settings.slowlog_max_entries == 7);
}

TEST_CASE("CONFIG SET: changes nothing when one of them is wrong") {
  Harness h;
  CHECK(h.run("CONFIG", "SET", "maxmemory", "1mb", "slowlog-max-len", "many").is_error());
  CHECK(h.run("CONFIG", "SET", "maxmemory", "1mb", "nonsense", "1") ==
        error("ERR Unknown option or number of arguments for CONFIG SET - 'nonsense'"));
  CHECK(h.run("CONFIG", "SET", "maxmemory", "1mb", "maxmemory", "2mb") ==
        error("ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter"));
  CHECK(h.run("CONFIG", "SET", "maxmemory", "1mb", "hz") == error("ERR syntax error"));
  CHECK(h.run("CONFIG", "SET", "maxmemory") ==
        error("ERR wrong number of arguments for 'config|set' command"));
  CHECK(h.settings.maxmemory_bytes == 0);
}

TEST_CASE("CONFIG SET: immutable options stay, protected ones open only to whom they are opened") {
  Harness h;
  CHECK(
      h.run("CONFIG", "SET", "daemonize", "yes") ==
      error("ERR CONFIG SET failed (possibly related to argument 'daemonize') - can't set immutable config"));
  const resp::Value refused =
      error("ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config");
  CHECK(h.run("CONFIG", "SET", "dir", "/") == refused);

  const std::vector<base::Bytes> local = {"local"};
  REQUIRE(h.config.load("enable-protected-configs", local).ok());
  CHECK(h.run("CONFIG", "SET", "dir", "/") == status("OK"));
  h.first().client.address = "10.0.0.7:5555";
  CHECK(h.run("CONFIG", "SET", "dir", "/") == refused);
  h.first().client.set(client::kUnixSocket);
  CHECK(h.run("CONFIG", "SET", "dir", "/") == status("OK"));

  h.first().client.unset(client::kUnixSocket);
  const std::vector<base::Bytes> yes = {"yes"};
  REQUIRE(h.config.load("enable-protected-configs", yes).ok());
  CHECK(h.run("CONFIG", "SET", "dir", "/") == status("OK"));
}

TEST_CASE("CONFIG RESETSTAT: counting begins anew") {
  Harness h;
  h.run("PING");
  h.run("NONSENSE");
  CHECK(h.stats.commands == 1);
  CHECK(h.run("CONFIG", "RESETSTAT") == status("OK"));
  CHECK(h.stats.error_replies == 0);
  CHECK(h.stats.errors.empty());
  CHECK(h.table.find("ping")->stats.calls == 0);
  CHECK(h.run("INFO", "commandstats").text.find("cmdstat_ping") == std::string::npos);
}

TEST_CASE("CONFIG REWRITE: is the server's to do") {
  Harness h;
  CHECK(h.run("CONFIG", "REWRITE") == status("OK"));
  CHECK(h.control.rewrites == 1);
  CHECK(h.run("CONFIG", "NOSUCH") == error("ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP."));
  CHECK(h.run("CONFIG", "HELP").children.size() == 11);
}

TEST_CASE("CONFIG RESETSTAT: the reactor's sums begin anew, the memory's peak stays") {
  Harness h;
  h.control.facts.loop_cycles = 70;
  h.control.facts.loop_busy_us = 900;
  h.stats.peak_memory_bytes = 5;
  h.run("CONFIG", "RESETSTAT");
  h.control.facts.loop_cycles = 72;
  h.control.facts.loop_busy_us = 950;
  const std::string info = h.run("INFO", "stats").text;
  CHECK(info.find("eventloop_cycles:2\r\n") != std::string::npos);
  CHECK(info.find("eventloop_duration_sum:50\r\n") != std::string::npos);
  CHECK(h.stats.peak_memory_bytes == 5);
}

}  // namespace sluice::test
