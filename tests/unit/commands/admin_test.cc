#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("TIME: seconds and microseconds, standing still inside EXEC") {
  Harness h;
  h.clock.advance_us(1'234'567);
  CHECK(h.run("TIME") == bulks({"1700000001", "234567"}));
  h.run("MULTI");
  h.run("TIME");
  h.run("TIME");
  const resp::Value both = h.run("EXEC");
  CHECK(both.children[0] == both.children[1]);
}

TEST_CASE("DBSIZE counts the keys of the selected database") {
  Harness h;
  h.run("RPUSH", "a", "1");
  h.run("RPUSH", "b", "1");
  CHECK(h.run("DBSIZE") == integer(2));
  h.run("SELECT", "1");
  CHECK(h.run("DBSIZE") == integer(0));
}

TEST_CASE("FLUSHDB empties one database, FLUSHALL every one") {
  Harness h;
  h.run("RPUSH", "a", "1");
  h.run("SELECT", "1");
  h.run("RPUSH", "b", "1");
  CHECK(h.run("FLUSHDB") == status("OK"));
  CHECK(h.run("DBSIZE") == integer(0));
  h.run("SELECT", "0");
  CHECK(h.run("DBSIZE") == integer(1));
  CHECK(h.run("FLUSHALL", "async") == status("OK"));
  CHECK(h.run("DBSIZE") == integer(0));
}

TEST_CASE("FLUSHDB and FLUSHALL take one word at most") {
  Harness h;
  const resp::Value syntax = error("ERR syntax error");
  CHECK(h.run("FLUSHDB", "SYNC") == status("OK"));
  CHECK(h.run("FLUSHDB", "NOW") == syntax);
  CHECK(h.run("FLUSHDB", "ASYNC", "SYNC") == syntax);
  CHECK(h.run("FLUSHALL", "SYNC", "SYNC") == syntax);
}

TEST_CASE("FLUSHDB and FLUSHALL go to the log as received, even when nothing was there") {
  Harness h;
  h.run("FLUSHDB", "ASYNC");
  h.run("FLUSHALL");
  CHECK(h.propagated() == Lines{"FLUSHDB ASYNC", "FLUSHALL"});
}

TEST_CASE("FLUSHDB inside MULTI: what is queued behind it meets the empty database") {
  Harness h;
  h.run("RPUSH", "a", "1");
  h.propagated();
  h.run("MULTI");
  h.run("RPUSH", "a", "2");
  h.run("FLUSHDB");
  h.run("RPUSH", "b", "3");
  h.run("DBSIZE");
  CHECK(h.run("EXEC") == array({integer(2), status("OK"), integer(1), integer(1)}));
  CHECK(h.propagated() == Lines{"MULTI", "RPUSH a 2", "FLUSHDB", "RPUSH b 3", "EXEC"});
}

TEST_CASE("FLUSHALL breaks the transaction of whoever watched a key that was there") {
  Harness h;
  Peer& watcher = h.client();
  h.run("RPUSH", "a", "1");
  watcher.run("WATCH", "a");
  h.run("FLUSHALL");
  watcher.run("MULTI");
  watcher.run("PING");
  CHECK(watcher.run("EXEC") == null_array());
}

TEST_CASE("SWAPDB: keys change places, whoever waits is served from the database that came") {
  Harness h;
  Peer& worker = h.client();
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "job");
  worker.send("BLPOP", "q", "0");
  CHECK(h.run("SWAPDB", "0", "1") == status("OK"));
  CHECK(worker.reply_text() == "[\"q\", \"job\"]");
}

TEST_CASE("SWAPDB: refusals, and the same database twice is fine") {
  Harness h;
  CHECK(h.run("SWAPDB", "a", "1") == error("ERR invalid first DB index"));
  CHECK(h.run("SWAPDB", "0", "b") == error("ERR invalid second DB index"));
  CHECK(h.run("SWAPDB", "9999999999", "b") == error("ERR invalid first DB index"));
  CHECK(h.run("SWAPDB", "0", "99") == error("ERR DB index is out of range"));
  CHECK(h.run("SWAPDB", "-1", "0") == error("ERR DB index is out of range"));
  CHECK(h.run("SWAPDB", "0", "0") == status("OK"));
}

TEST_CASE("SWAPDB goes to the log in the database of its client") {
  Harness h;
  h.run("RPUSH", "a", "1");
  h.run("SWAPDB", "0", "3");
  h.run("RPUSH", "b", "1");
  CHECK(h.propagated() == Lines{"RPUSH a 1", "SWAPDB 0 3", "RPUSH b 1"});
}

TEST_CASE("SHUTDOWN: options reach the server, success is not answered") {
  Harness h;
  CHECK(h.first().send("SHUTDOWN", "nosave", "now", "force") == exec::Next::kWait);
  CHECK(h.first().reply_text() == "(nothing)");
  REQUIRE(h.control.asked_to_stop);
  CHECK(h.control.asked_to_stop->save == exec::ShutdownSave::kNoSave);
  CHECK(h.control.asked_to_stop->now);
  CHECK(h.control.asked_to_stop->force);
}

TEST_CASE("SHUTDOWN: words that contradict each other") {
  Harness h;
  const resp::Value syntax = error("ERR syntax error");
  CHECK(h.run("SHUTDOWN", "x") == syntax);
  CHECK(h.run("SHUTDOWN", "SAVE", "NOSAVE") == syntax);
  CHECK(h.run("SHUTDOWN", "ABORT", "NOSAVE") == syntax);
  CHECK(h.run("SHUTDOWN", "FORCE", "ABORT") == syntax);
  CHECK_FALSE(h.control.asked_to_stop);
}

TEST_CASE("SHUTDOWN ABORT: takes it back, and whoever asked for it is told") {
  Harness h;
  CHECK(h.run("SHUTDOWN", "ABORT") == error("ERR No shutdown in progress."));
  Peer& admin = h.client();
  admin.send("SHUTDOWN");
  CHECK(h.run("SHUTDOWN", "ABORT") == status("OK"));
  CHECK(admin.reply_text() == "-ERR Errors trying to SHUTDOWN. Check logs.");
  CHECK(admin.run("PING") == status("PONG"));
}

TEST_CASE("SHUTDOWN is refused inside MULTI, and unless NOSAVE while a script is busy") {
  Harness h;
  h.run("MULTI");
  CHECK(h.run("SHUTDOWN") == error("ERR Command not allowed inside a transaction"));
  h.run("DISCARD");
  h.state.script_busy = true;
  CHECK(h.run("SHUTDOWN").is_error());
  CHECK_FALSE(h.control.asked_to_stop);
  h.first().send("SHUTDOWN", "NOSAVE");
  CHECK(h.control.asked_to_stop);
}

TEST_CASE("MONITOR: sees what others run once it has run, EXEC after its queue") {
  Harness h;
  Peer& watcher = h.client();
  CHECK(watcher.run("MONITOR") == status("OK"));
  h.run("RPUSH", "q", "a");
  h.run("MULTI");
  h.run("LLEN", "q");
  h.run("EXEC");
  CHECK(h.sink.monitored == Lines{"RPUSH q a", "MULTI", "LLEN q", "EXEC"});
}

TEST_CASE("MONITOR: neither administration nor secrets are shown") {
  Harness h;
  Peer& watcher = h.client();
  watcher.run("MONITOR");
  h.run("AUTH", "secret");
  h.run("AUTH", "default", "secret");
  h.run("HELLO", "2", "AUTH", "default", "secret", "SETNAME", "me");
  h.run("SLOWLOG", "LEN");
  CHECK(h.sink.monitored == Lines{"AUTH (redacted)", "AUTH (redacted) (redacted)",
                                  "HELLO 2 AUTH (redacted) (redacted) SETNAME me"});
}

TEST_CASE("MONITOR: a blocking pop is shown when it is sent, not again when it is served") {
  Harness h;
  Peer& watcher = h.client();
  Peer& worker = h.client();
  watcher.run("MONITOR");
  worker.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "a");
  CHECK(h.sink.monitored == Lines{"BLPOP q 0", "RPUSH q a"});
}

TEST_CASE("MONITOR: a monitor stays away from the keyspace until RESET, and is not queued") {
  Harness h;
  h.run("MULTI");
  h.run("MONITOR");
  CHECK(h.run("EXEC") == array({error("ERR MONITOR isn't allowed for DENY BLOCKING client")}));
  CHECK(h.run("MONITOR") == status("OK"));
  h.first().send("MONITOR");
  CHECK(h.first().reply_text() == "(nothing)");
  CHECK(h.run("LLEN", "q") == error("ERR Replica can't interact with the keyspace"));
  CHECK(h.run("PING") == status("PONG"));
  CHECK(h.run("RESET") == status("RESET"));
  CHECK(h.run("LLEN", "q") == integer(0));
}

TEST_CASE("SLOWLOG GET: newest first, with who sent it and how long it took") {
  Harness h;
  h.configure("slowlog-log-slower-than", "0");
  h.run("PING");
  h.run("AUTH", "secret");
  const resp::Value log = h.run("SLOWLOG", "GET", "2");
  REQUIRE(log.children.size() == 2);
  h.run("CONFIG", "SET", "timeout", "0", "requirepass", "");
  CHECK(h.run("SLOWLOG", "GET", "1").children[0].children[3] ==
        bulks({"CONFIG", "SET", "timeout", "0", "requirepass", "(redacted)"}));
  CHECK(log.children[0].children[3] == bulks({"AUTH", "(redacted)"}));
  const resp::Value& oldest = log.children[1];
  REQUIRE(oldest.children.size() == 6);
  CHECK(oldest.children[0] == integer(0));
  CHECK(oldest.children[1] == integer(1'700'000'000));
  CHECK(oldest.children[3] == bulks({"PING"}));
  CHECK(oldest.children[4] == bulk("127.0.0.1:40001"));
}

TEST_CASE("SLOWLOG: LEN, RESET, counts and refusals") {
  Harness h;
  h.configure("slowlog-log-slower-than", "0");
  for (int i = 0; i < 12; ++i) h.run("PING");
  CHECK(h.run("SLOWLOG", "LEN") == integer(12));
  CHECK(h.run("SLOWLOG", "GET").children.size() == 10);
  CHECK(h.run("SLOWLOG", "GET", "-1").children.size() == 14);
  CHECK(h.run("SLOWLOG", "GET", "0") == array({}));
  const resp::Value bad = error("ERR count should be greater than or equal to -1");
  CHECK(h.run("SLOWLOG", "GET", "-2") == bad);
  CHECK(h.run("SLOWLOG", "GET", "x") == bad);
  CHECK(h.run("SLOWLOG", "GET", "1", "2") ==
        error("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."));
  h.configure("slowlog-log-slower-than", "-1");
  CHECK(h.run("SLOWLOG", "RESET") == status("OK"));
  CHECK(h.run("SLOWLOG", "LEN") == integer(0));
  CHECK(h.run("SLOWLOG", "HELP").children.size() == 9);
}

}  // namespace sluice::test
