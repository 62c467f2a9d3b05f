#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "commands/info_text.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

Lines lines_of(const std::string& text) {
  Lines lines;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = text.find("\r\n", at);
    REQUIRE_MESSAGE(end != std::string::npos, "every line ends with CRLF");
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

std::string headers_of(const std::string& text) {
  std::string found;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("# ")) found += (found.empty() ? "" : " ") + line.substr(2);
  }
  return found;
}

// The value of a field; "(none)" if INFO has no such line.
std::string field(const std::string& text, const std::string& name) {
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  }
  return "(none)";
}

template <class... Sections>
std::string info(Harness& h, const Sections&... sections) {
  return h.run("INFO", sections...).text;
}

}  // namespace

TEST_CASE("INFO: shows the sections that are asked for, in one order") {
  Harness h;
  const std::string usual =
      "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace";
  const std::string all =
      "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats Latencystats "
      "Cluster Keyspace";
  CHECK(headers_of(info(h)) == usual);
  CHECK(headers_of(info(h, "default")) == usual);
  CHECK(headers_of(info(h, "all")) == all);
  CHECK(headers_of(info(h, "everything")) == all);
  CHECK(headers_of(info(h, "KEYspace", "SERVER")) == "Server Keyspace");
  CHECK(headers_of(info(h, "server", "server")) == "Server");
  CHECK(headers_of(info(h, "nonsense", "cpu")) == "CPU");
  CHECK(info(h, "nonsense").empty());
  CHECK(headers_of(info(h, "default", "commandstats")).find("Commandstats") != std::string::npos);
}

TEST_CASE("INFO: is a bulk in RESP2 and verbatim text in RESP3") {
  Harness h;
  CHECK(h.run("INFO", "cluster") == bulk("# Cluster\r\ncluster_enabled:0\r\n"));
  h.first().resp3();
  const resp::Value answer = h.run("INFO", "cluster");
  CHECK(answer.kind == resp::Kind::kVerbatim);
}

TEST_CASE("INFO server: says which Redis this is and which Sluice, and where it listens") {
  Harness h;
  h.control.facts.run_id = std::string(40, 'a');
  h.control.facts.tcp_port = 6399;
  h.control.facts.started_unix_us = h.clock.unix_us() - 90'000 * int64_t{1'000'000};
  h.control.facts.listeners = {"name=tcp,bind=127.0.0.1,port=6399", "name=unix,bind=/run/x"};
  const std::string text = info(h, "server");
  CHECK(field(text, "redis_version") == "7.2.4");
  CHECK(field(text, "sluice_version") != "(none)");
  CHECK(field(text, "redis_mode") == "standalone");
  CHECK(field(text, "run_id") == std::string(40, 'a'));
  CHECK(field(text, "tcp_port") == "6399");
  CHECK(field(text, "uptime_in_seconds") == "90000");
  CHECK(field(text, "uptime_in_days") == "1");
  CHECK(std::stoi(field(text, "process_id")) > 0);
  CHECK(field(text, "listener0") == "name=tcp,bind=127.0.0.1,port=6399");
  CHECK(field(text, "listener1") == "name=unix,bind=/run/x");
  CHECK(field(text, "shutdown_in_milliseconds") == "(none)");
  h.control.facts.stops_in_ms = 70;
  CHECK(field(info(h, "server"), "shutdown_in_milliseconds") == "70");
}

TEST_CASE("INFO clients: counts who is connected, who waits, and for how many keys") {
  Harness h;
  h.client();
  const std::string text = info(h, "clients");
  CHECK(field(text, "connected_clients") == "2");
  CHECK(field(text, "maxclients") == "10000");
  CHECK(field(text, "blocked_clients") == "0");
  CHECK(field(text, "total_blocking_keys") == "0");
  CHECK(field(text, "total_blocking_keys_on_nokey") == "0");
  CHECK(field(text, "clients_in_timeout_table") == "0");
}

TEST_CASE("INFO memory: gives sizes as numbers and for people, and a policy always") {
  Harness h;
  h.configure("maxmemory", "3mb");
  const std::string text = info(h, "memory");
  CHECK(field(text, "maxmemory") == "3145728");
  CHECK(field(text, "maxmemory_human") == "3.00M");
  CHECK(field(text, "maxmemory_policy") == "noeviction");
  const uint64_t used = std::stoull(field(text, "used_memory"));
  CHECK(used > 0);
  CHECK(field(text, "used_memory_human") == commands::human_bytes(used));
  CHECK(std::stoull(field(text, "used_memory_peak")) >= used);
  CHECK(std::stoull(field(text, "used_memory_rss")) > 0);
  CHECK(std::stoull(field(text, "total_system_memory")) > 0);
}

TEST_CASE("INFO persistence: tells the state of the log and of loading it") {
  Harness h;
  CHECK(field(info(h, "persistence"), "aof_enabled") == "0");
  CHECK(field(info(h, "persistence"), "aof_current_size") == "(none)");
  h.control.log.enabled = true;
  h.control.saving.log_bytes = 1000;
  h.control.saving.log_bytes_after_rewrite = 400;
  h.control.log.last_write_ok = false;
  h.control.log.loading = true;
  h.control.log.load_started_unix_s = h.clock.unix_us() / 1'000'000 - 10;
  h.control.log.load_total_bytes = 400;
  h.control.log.load_done_bytes = 100;
  const std::string text = info(h, "persistence");
  CHECK(field(text, "aof_enabled") == "1");
  CHECK(field(text, "aof_current_size") == "1000");
  CHECK(field(text, "aof_base_size") == "400");
  CHECK(field(text, "aof_last_write_status") == "err");
  CHECK(field(text, "loading") == "1");
  CHECK(field(text, "loading_loaded_perc") == "25.00");
  CHECK(field(text, "loading_eta_seconds") == "30");
}

TEST_CASE("INFO persistence: tells of snapshots and rewrites") {
  Harness h;
  exec::SavingFacts& saving = h.control.saving;
  saving.save_in_progress = true;
  saving.last_save_ok = false;
  saving.last_save_unix_s = 1'699'999'999;
  saving.last_save_took_s = 3;
  saving.current_save_s = 2;
  saving.saves = 7;
  saving.rewrite_scheduled = true;
  saving.rewrites = 5;
  saving.rewrite_failures = 4;
  saving.keys_total = 200;
  saving.keys_passed = 50;
  saving.held_bytes = 11;
  saving.held_peak_bytes = 12;
  const std::string text = info(h, "persistence");
  CHECK(field(text, "rdb_bgsave_in_progress") == "1");
  CHECK(field(text, "rdb_last_bgsave_status") == "err");
  CHECK(field(text, "rdb_last_save_time") == "1699999999");
  CHECK(field(text, "rdb_last_bgsave_time_sec") == "3");
  CHECK(field(text, "rdb_current_bgsave_time_sec") == "2");
  CHECK(field(text, "rdb_saves") == "7");
  CHECK(field(text, "aof_rewrite_in_progress") == "0");
  CHECK(field(text, "aof_rewrite_scheduled") == "1");
  CHECK(field(text, "aof_last_bgrewrite_status") == "ok");
  CHECK(field(text, "aof_rewrites") == "5");
  CHECK(field(text, "aof_rewrites_consecutive_failures") == "4");
  CHECK(field(text, "current_save_keys_total") == "200");
  CHECK(field(text, "current_save_keys_processed") == "50");
  CHECK(field(text, "current_fork_perc") == "25.00");
  CHECK(field(text, "current_cow_size") == "11");
  CHECK(field(text, "current_cow_peak") == "12");
}

TEST_CASE("INFO stats: counts commands, lookups and errors, also those of handlers") {
  Harness h;
  h.run("PING");
  h.run("NOSUCH");
  h.run("SELECT", "99");
  h.run("EXISTS", "nothing");
  const std::string text = info(h, "stats", "errorstats");
  CHECK(field(text, "total_commands_processed") == "3");
  CHECK(field(text, "keyspace_misses") == "1");
  CHECK(field(text, "total_error_replies") == "2");
  CHECK(field(text, "errorstat_ERR") == "count=2");
  CHECK(field(text, "acl_access_denied_auth") == "0");
}

TEST_CASE("INFO commandstats and latencystats: one line for each command that was asked for") {
  Harness h;
  h.run("PING");
  h.run("PING");
  h.run("SELECT", "x");
  h.run("ECHO");
  const std::string text = info(h, "commandstats", "latencystats");
  CHECK(field(text, "cmdstat_ping") == "calls=2,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0");
  CHECK(field(text, "cmdstat_select") == "calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1");
  CHECK(field(text, "cmdstat_echo") == "calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0");
  CHECK(field(text, "cmdstat_info") == "(none)");
  CHECK(field(text, "latency_percentiles_usec_ping") == "p50=0.000,p99=0.000,p99.9=0.000");
  CHECK(field(text, "latency_percentiles_usec_echo") == "(none)");
  h.configure("latency-tracking-info-percentiles", "25");
  CHECK(field(info(h, "latencystats"), "latency_percentiles_usec_ping") == "p25=0.000");
}

TEST_CASE("INFO keyspace: lists databases that hold keys, with how long their volatile keys live") {
  Harness h;
  CHECK(info(h, "keyspace") == "# Keyspace\r\n");
  keyspace::ChangeLog changes(h.keyspace.graveyard());
  const int64_t now_ms = h.clock.unix_us() / 1000;
  const keyspace::Access access{&h.keyspace.database(3), &changes, now_ms};
  for (const char* key : {"a", "b", "c"}) {
    h.keyspace.store(access, key, types::StringValue(), keyspace::events::set);
  }
  changes.clear();
  h.run("SELECT", "3");
  h.run("PEXPIRE", "a", "1000");
  h.run("PEXPIRE", "b", "4000");
  CHECK(field(info(h, "keyspace"), "db3") == "keys=3,expires=2,avg_ttl=2500");
  h.run("PEXPIRE", "b", "2000");
  CHECK(field(info(h, "keyspace"), "db3") == "keys=3,expires=2,avg_ttl=1500");
  h.run("PERSIST", "a");
  h.run("DEL", "c");
  CHECK(field(info(h, "keyspace"), "db3") == "keys=2,expires=1,avg_ttl=2000");
  h.run("PERSIST", "b");
  CHECK(field(info(h, "keyspace"), "db3") == "keys=2,expires=0,avg_ttl=0");
}

TEST_CASE("INFO: sizes for people have two decimals from a kibibyte on") {
  using commands::human_bytes;
  CHECK(human_bytes(0) == "0B");
  CHECK(human_bytes(1023) == "1023B");
  CHECK(human_bytes(1024) == "1.00K");
  CHECK(human_bytes(990784) == "967.56K");
  CHECK(human_bytes(uint64_t{3} << 30) == "3.00G");
  CHECK(human_bytes(uint64_t{2} << 50) == "2.00P");
}

}  // namespace sluice::test
