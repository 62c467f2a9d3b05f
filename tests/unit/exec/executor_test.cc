#include "exec/executor.h"

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

TEST_CASE("Executor: what is no command is refused and counted as an error") {
  Harness h;
  CHECK(h.run("NOSUCH", "a") == error("ERR unknown command 'NOSUCH', with args beginning with: 'a' "));
  CHECK(h.run("LPUSH", "q") == error("ERR wrong number of arguments for 'lpush' command"));
  CHECK(h.run("PUBSUB", "nosuch") == error("ERR unknown subcommand 'nosuch'. Try PUBSUB HELP."));
  CHECK(h.stats.errors.at("ERR") == 3);
  CHECK(h.stats.commands == 0);
  CHECK(h.table.find("lpush")->stats.rejected == 1);
}

TEST_CASE("Executor: commands are counted with their time, failures apart") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("RPUSH", "q", "b");
  h.run("LINDEX", "q", "x");
  CHECK(h.table.find("rpush")->stats.calls == 2);
  CHECK(h.table.find("rpush")->stats.failed == 0);
  CHECK(h.table.find("lindex")->stats.failed == 1);
  CHECK(h.table.find("rpush")->latency != nullptr);
  CHECK(h.stats.commands == 3);
  CHECK(h.first().client.last_command == "lindex");
}

TEST_CASE("Executor: slow commands are remembered, unless their row says not to") {
  Harness h;
  h.configure("slowlog-log-slower-than", "0");
  h.configure("slowlog-max-len", "2");
  h.run("RPUSH", "q", "a");
  h.run("LLEN", "q");
  h.run("LPOP", "q");
  REQUIRE(h.slowlog.entries().size() == 2);
  CHECK(h.slowlog.entries()[0].words[0] == "LPOP");
  h.run("MULTI");
  h.run("EXEC");
  CHECK(h.slowlog.entries()[0].words[0] == "MULTI");
}

TEST_CASE("Executor: a lone record goes to the log bare, several in one unit inside MULTI and EXEC") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.run("MULTI");
  h.run("LPOP", "q");
  h.run("EXEC");
  h.run("MULTI");
  h.run("LPOP", "q");
  h.run("RPUSH", "r", "x");
  h.run("LLEN", "r");
  h.run("EXEC");
  CHECK(h.propagated() == Lines{"RPUSH q a b", "LPOP q", "MULTI", "LPOP q", "RPUSH r x", "EXEC"});
}

TEST_CASE("Executor: records name their database when it is another than before") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("SELECT", "3");
  h.run("RPUSH", "q", "b");
  h.run("RPUSH", "q", "c");
  h.run("MULTI");
  h.run("RPUSH", "q", "d");
  h.run("SELECT", "0");
  h.run("RPUSH", "q", "e");
  h.run("EXEC");
  CHECK(h.propagated() == Lines{"RPUSH q a", "SELECT 3", "RPUSH q b", "RPUSH q c", "MULTI", "RPUSH q d",
                                "SELECT 0", "RPUSH q e", "EXEC"});
}

TEST_CASE("Executor: commands that change nothing or fail leave the log alone") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.propagated();
  h.run("LREM", "q", "0", "nope");
  h.run("LSET", "q", "9", "x");
  h.run("LPOP", "none");
  h.run("LINSERT", "q", "BEFORE", "nope", "x");
  CHECK(h.propagated().empty());
}

TEST_CASE("Executor: an expired key is logged as deleted before the command that met it") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "10");
  h.propagated();
  h.clock.advance_us(20'000);
  CHECK(h.run("LPUSHX", "q", "b") == integer(0));
  CHECK(h.propagated() == Lines{"DEL q"});
  CHECK(h.stats.expired_keys == 1);
}

TEST_CASE("Executor: keys expire on time by themselves, each as a unit of its own") {
  Harness h;
  h.configure("notify-keyspace-events", "Ex");
  for (const char* key : {"c", "a", "b"}) h.run("RPUSH", key, "x");
  h.run("PEXPIRE", "a", "100");
  h.run("PEXPIRE", "b", "200");
  h.run("PEXPIRE", "c", "300");
  h.propagated();
  h.advance(99ms);
  CHECK(h.propagated().empty());
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"DEL a"});
  h.advance(1s);
  CHECK(h.propagated() == Lines{"DEL b", "DEL c"});
  CHECK(h.events() ==
        Lines{"__keyevent@0__:expired a", "__keyevent@0__:expired b", "__keyevent@0__:expired c"});
  CHECK(h.stats.expired_keys == 3);
}

TEST_CASE("Executor: firings of one turn are bounded; the rest follow") {
  Harness h;
  for (size_t i = 0; i < exec::kFiringsPerTurn + 5; ++i) {
    const std::string key = "k" + std::to_string(i);
    h.run("RPUSH", key, "x");
    h.run("PEXPIRE", key, "10");
  }
  h.clock.advance_us(20'000);
  CHECK(h.executor.tick());
  CHECK(h.keyspace.database(0).size() == 5);
  CHECK_FALSE(h.executor.tick());
  CHECK(h.keyspace.database(0).size() == 0);
}

TEST_CASE("Executor: no deadline fires while the disk fails, during a pause, or when told not to") {
  Harness h;
  h.run("RPUSH", "q", "x");
  h.run("PEXPIRE", "q", "10");
  h.state.disk_error = "MISCONF no";
  h.advance(20ms);
  CHECK(h.keyspace.database(0).size() == 1);
  h.state.disk_error.clear();
  h.executor.pause(exec::PauseMode::kWrite, 1000);
  h.settle();
  CHECK(h.keyspace.database(0).size() == 1);
  h.executor.unpause();
  h.settings.active_expire = false;
  h.settle();
  CHECK(h.keyspace.database(0).size() == 1);
  h.settings.active_expire = true;
  h.settle();
  CHECK(h.keyspace.database(0).size() == 0);
}

TEST_CASE("Executor: the next tick is when the nearest thing is due") {
  Harness h;
  CHECK_FALSE(h.executor.next_tick_us().has_value());
  h.run("RPUSH", "q", "x");
  h.run("PEXPIRE", "q", "700");
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 700'000);
  h.client().send("BLPOP", "none", "0.3");
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 300'000);
  h.advance(300ms);
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 400'000);
  h.executor.pause(exec::PauseMode::kWrite, h.clock.monotonic_us() / 1000 + 50);
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 50'000);
}

TEST_CASE("Executor: the furthest deadlines and timeouts leave the timer far away, not always due") {
  Harness h;
  const auto is_far = [&] { return h.executor.next_tick_us().value_or(0) > INT64_MAX / 4; };
  CHECK(h.run("SET", "k", "v", "EX", "10000000000000") == status("OK"));
  CHECK(is_far());
  CHECK(h.run("SET", "k", "v", "PXAT", "9223372036854775807") == status("OK"));
  CHECK(is_far());
  h.run("DEL", "k");
  h.client().send("BLPOP", "q", "10000000000000");
  CHECK(is_far());
  h.client().send("XREAD", "BLOCK", "4000000000000000000", "STREAMS", "s", "$");
  CHECK(is_far());
  h.run("ZADD", "later", "9.2e15", "m");
  h.client().send("BZMPOP", "0", "1", "later", "MIN", "DUE");
  h.executor.pause(exec::PauseMode::kWrite, INT64_MAX);
  CHECK(is_far());
  CHECK_FALSE(h.executor.tick());
}

TEST_CASE("WATCH: a change by anybody, the watcher included, makes EXEC answer null") {
  Harness h;
  Peer& other = h.client();
  h.run("WATCH", "q");
  other.run("RPUSH", "q", "x");
  h.run("MULTI");
  h.run("LLEN", "q");
  CHECK(h.run("EXEC") == null_array());

  h.run("WATCH", "q");
  h.run("LPOP", "q");
  h.run("MULTI");
  CHECK(h.run("EXEC") == null_array());
}

TEST_CASE("WATCH: reads, changes of other keys and failed commands are no change") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("WATCH", "q", "absent");
  h.run("LLEN", "q");
  h.run("RPUSH", "other", "x");
  h.run("LSET", "q", "7", "x");
  h.run("LPOP", "absent");
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "in another database");
  h.run("SELECT", "0");
  h.run("MULTI");
  h.run("LLEN", "q");
  CHECK(h.run("EXEC") == array({integer(1)}));
}

TEST_CASE("WATCH: EXEC's own changes do not count against the next") {
  Harness h;
  h.run("WATCH", "q");
  h.run("MULTI");
  h.run("RPUSH", "q", "a");
  CHECK(h.run("EXEC") == array({integer(1)}));
  h.run("MULTI");
  h.run("RPUSH", "q", "b");
  CHECK(h.run("EXEC") == array({integer(2)}));
}

TEST_CASE("WATCH: a watched key that expires counts as changed, whether or not it was removed yet") {
  Harness h;
  for (const bool removed : {false, true}) {
    CAPTURE(removed);
    h.run("RPUSH", "q", "a");
    h.run("PEXPIRE", "q", "100");
    h.run("WATCH", "q");
    h.run("MULTI");
    h.run("PING");
    if (removed) {
      h.advance(200ms);
    } else {
      h.clock.advance_us(200'000);
    }
    CHECK(h.run("EXEC") == null_array());
    h.settle();
  }
}

TEST_CASE("WATCH: a key that had expired before is absent, and its removal no change") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "100");
  h.clock.advance_us(200'000);
  h.run("WATCH", "q");
  h.settle();
  h.run("MULTI");
  h.run("PING");
  CHECK(h.run("EXEC") == array({status("PONG")}));
}

TEST_CASE("WATCH: UNWATCH, DISCARD and a served waiter's pop") {
  Harness h;
  Peer& other = h.client();
  h.run("WATCH", "q");
  other.run("RPUSH", "q", "x");
  h.run("UNWATCH");
  h.run("MULTI");
  CHECK(h.run("EXEC") == array({}));

  h.run("WATCH", "q");
  h.run("MULTI");
  h.run("DISCARD");
  other.run("RPUSH", "q", "x");
  h.run("MULTI");
  CHECK(h.run("EXEC") == array({}));

  h.run("WATCH", "moved");
  other.send("BLMOVE", "source", "moved", "LEFT", "LEFT", "0");
  h.run("RPUSH", "source", "x");
  CHECK(other.reply() == bulk("x"));
  h.run("MULTI");
  CHECK(h.run("EXEC") == null_array());
}

TEST_CASE("Executor: replies are tagged with the offset their unit reached") {
  Harness h;
  Peer& worker = h.client();
  h.run("RPUSH", "q", "a");
  const uint64_t before = h.sink.offset();
  worker.send("RPUSH", "q", "b");
  CHECK(h.sink.offset() > before);
  CHECK(worker.client.outbox.sendable(h.sink.offset() - 1).empty());
  CHECK(worker.client.outbox.sendable(h.sink.offset()) == ":2\r\n");
  worker.reply();
  // A read may show what was just pushed: it waits for the same offset.
  Peer& reader = h.client();
  reader.send("LLEN", "q");
  CHECK(reader.client.outbox.sendable(h.sink.offset() - 1).empty());
  CHECK(reader.client.outbox.sendable(h.sink.offset()) == ":2\r\n");
}

TEST_CASE("Executor: a waiter's answer is held until its own pop is safe, not just the push") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BLPOP", "q", "0");
  h.first().send("RPUSH", "q", "a");
  const uint64_t after_both = h.sink.offset();
  CHECK(worker.client.outbox.sendable(after_both - 1).empty());
  CHECK_FALSE(h.first().client.outbox.sendable(after_both - 1).empty());
  CHECK_FALSE(worker.client.outbox.sendable(after_both).empty());
}

TEST_CASE("Executor: while the disk fails an answer waits for what its client is owed, and no more") {
  Harness h;
  Peer& writer = h.client();
  writer.send("RPUSH", "q", "a");
  const uint64_t offset = h.sink.offset();
  h.state.disk_error = "MISCONF no";
  Peer& stranger = h.client();
  stranger.send("PING");
  CHECK(stranger.client.outbox.sendable(0) == "-MISCONF no\r\n");
  writer.send("RPUSH", "q", "b");
  CHECK(writer.client.outbox.sendable(offset - 1).empty());
  CHECK(writer.client.outbox.sendable(offset) == ":1\r\n-MISCONF no\r\n");
}

TEST_CASE("Executor: a snapshot that failed refuses writes, and nothing is shown before its sync") {
  Harness h;
  Peer& writer = h.client();
  writer.send("RPUSH", "q", "a");
  const uint64_t offset = h.sink.offset();
  h.state.snapshot_error = "MISCONF no snapshot";
  Peer& stranger = h.client();
  stranger.send("LLEN", "q");
  CHECK(stranger.client.outbox.sendable(offset - 1).empty());
  CHECK(stranger.client.outbox.sendable(offset) == ":1\r\n");
  CHECK(h.run("RPUSH", "q", "b") == error("MISCONF no snapshot"));
}

TEST_CASE("Executor: a snapshot that failed does not keep keys past their deadline") {
  Harness h;
  h.run("SET", "k", "v", "PX", "10");
  h.state.snapshot_error = "MISCONF no snapshot";
  h.propagated();
  h.advance(20ms);
  CHECK(h.keyspace.database(0).size() == 0);
  CHECK(h.propagated() == Lines{"DEL k"});
}

TEST_CASE("Executor: while the log is behind no deadline adds to it") {
  Harness h;
  h.run("SET", "k", "v", "PX", "10");
  h.state.log_is_behind = true;
  h.propagated();
  h.advance(20ms);
  CHECK(h.propagated().empty());
  h.state.log_is_behind = false;
  h.advance(1ms);
  CHECK(h.propagated() == Lines{"DEL k"});
}

TEST_CASE("Executor: while the disk fails a monitor does not hold back what others read") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.hub.monitor(h.client().client);
  h.state.disk_error = "MISCONF no";
  Peer& reader = h.client();
  reader.send("LLEN", "q");
  CHECK(h.sink.monitored == Lines{"LLEN q"});
  CHECK(reader.client.outbox.sendable(0) == ":1\r\n");
}

TEST_CASE("Executor: CLIENT REPLY decides about the answer of the command, also when it comes late") {
  Harness h;
  Peer& worker = h.client();
  worker.client.set(client::kReplySkip);
  worker.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply_text() == "(nothing)");
  CHECK(worker.run("PING") == status("PONG"));

  worker.client.set(client::kReplyOff);
  worker.send("BLPOP", "q", "0.1");
  h.advance(100ms);
  worker.send("BLPOP", "q", "0");
  CHECK(h.executor.unblock(worker.client, {}));
  worker.send("PING");
  worker.client.unset(client::kReplyOff);
  CHECK(worker.reply_text() == "(nothing)");
}

TEST_CASE("Executor: monitors see a command when it is sent, once, and not what it became") {
  Harness h;
  h.hub.monitor(h.client().client);
  Peer& worker = h.client();
  worker.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "a");
  worker.reply();
  CHECK(h.sink.monitored == Lines{"BLPOP q 0", "RPUSH q a"});
}

TEST_CASE("Executor: a renamed command is logged by its first name, and replayed by it") {
  Harness h;
  REQUIRE(h.table.rename("LPUSH", "mypush").ok());
  REQUIRE(h.table.rename("DEL", "").ok());
  REQUIRE(h.table.rename("SCRIPT", "texts").ok());
  h.run("MyPush", "q", "a");
  h.run("MULTI");
  h.run("MYPUSH", "q", "b");
  h.run("EXEC");
  h.run("EVAL", "return redis.call('mypush', 'q', 'c')", "0");
  CHECK(h.propagated() == Lines{"lpush q a", "lpush q b", "lpush q c"});
  CHECK(h.run("LPUSH", "q", "d").is_error());
  CHECK(h.text("TEXTS", "EXISTS", "x") == "[0]");

  client::Client loader(h.clients.next_id());
  const std::vector<base::ByteView> push = {"LPUSH", "q", "d"};
  CHECK(h.executor.replay(loader, push).ok());
  const std::vector<base::ByteView> renamed = {"MYPUSH", "q", "d"};
  CHECK_FALSE(h.executor.replay(loader, renamed).ok());
  CHECK(h.text("LLEN", "q") == "4");
  const std::vector<base::ByteView> removed = {"DEL", "q"};
  CHECK(h.executor.replay(loader, removed).ok());
  CHECK(h.text("LLEN", "q") == "0");
}

TEST_CASE("Executor: replay runs records without effects of its own, and says what it cannot do") {
  Harness h;
  client::Client loader(h.clients.next_id());
  const auto replay = [&](const std::vector<base::ByteView>& words) {
    const auto done = h.executor.replay(loader, words);
    return done.ok() ? std::string("ok") : done.error().message;
  };
  CHECK(replay({"RPUSH", "q", "a", "b"}) == "ok");
  CHECK(replay({"MULTI"}) == "ok");
  CHECK(replay({"LPOP", "q"}) == "ok");
  CHECK(replay({"EXEC"}) == "ok");
  CHECK(replay({"SELECT", "2"}) == "ok");
  CHECK(replay({"RPUSH", "q", "z"}) == "ok");
  CHECK(replay({"NOSUCH"}).rfind("ERR unknown command", 0) == 0);
  CHECK(replay({"LPUSH"}).rfind("ERR wrong number of arguments", 0) == 0);
  CHECK(replay({"LSET", "none", "0", "x"}).find("no such key") != std::string::npos);
  CHECK(replay({"BLPOP", "none", "0"}) == "ok");
  CHECK(h.blocking.blocked_clients() == 0);
  CHECK(h.propagated().empty());
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"b"}));
  CHECK(h.keyspace.database(2).size() == 1);
}

TEST_CASE("Executor: keys emptied by replayed records are gone") {
  Harness h;
  client::Client loader(h.clients.next_id());
  const std::vector<base::ByteView> push = {"RPUSH", "q", "a"};
  const std::vector<base::ByteView> pop = {"LPOP", "q"};
  REQUIRE(h.executor.replay(loader, push).ok());
  REQUIRE(h.executor.replay(loader, pop).ok());
  CHECK(h.digest().empty());
}

TEST_CASE("Executor: notifications name created keys when asked for") {
  Harness h;
  h.configure("notify-keyspace-events", "KEln");
  h.run("RPUSH", "q", "a");
  h.run("RPUSH", "q", "b");
  CHECK(h.events() == Lines{"__keyspace@0__:q new", "__keyevent@0__:new q", "__keyspace@0__:q rpush",
                            "__keyevent@0__:rpush q", "__keyspace@0__:q rpush", "__keyevent@0__:rpush q"});
}

TEST_CASE("Executor: the first word of an HTTP request closes the connection without an answer") {
  for (const char* word : {"POST", "post", "Host:", "HOST:"}) {
    Harness h;
    Peer& browser = h.client();
    CHECK(browser.send(word, "/") == exec::Next::kClose);
    CHECK(browser.client.has(client::kCloseNow));
    CHECK(browser.reply_text() == "(nothing)");
    CHECK(h.stats.error_replies == 0);
  }
}

TEST_CASE("Executor: what fails within EXEC is no failure of EXEC") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("MULTI");
  h.run("HGET", "q", "f");
  h.run("EXEC");
  CHECK(h.table.find("exec")->stats.failed == 0);
  CHECK(h.table.find("hget")->stats.failed == 1);
  h.run("EXEC");
  CHECK(h.table.find("exec")->stats.failed == 1);
}

TEST_CASE("Executor: a full memory refuses WATCH and MULTI inside MULTI, and EXEC aborts") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"WATCH", "a"}, {"MULTI"}}) {
    Harness h;
    h.configure("maxmemory", "1");
    h.run("MULTI");
    h.first().send_words(words);
    CHECK(h.first().reply() == error("OOM command not allowed when used memory > 'maxmemory'."));
    CHECK(h.run("EXEC") == error("EXECABORT Transaction discarded because of previous errors."));
  }
}

TEST_CASE("Executor: the last command of a client is none when it named none") {
  Harness h;
  h.run("LLEN", "q");
  h.run("NOSUCH");
  CHECK(h.first().client.last_command.empty());
  h.run("LLEN");
  CHECK(h.first().client.last_command == "llen");
}

TEST_CASE("Executor: a watched key that had expired is not changed by FLUSHALL or SWAPDB") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"FLUSHALL"}, {"SWAPDB", "0", "1"}}) {
    Harness h;
    h.settings.active_expire = false;
    h.run("RPUSH", "q", "a");
    h.run("PEXPIRE", "q", "10");
    h.clock.advance_us(20'000);
    h.run("WATCH", "q");
    h.client().send_words(words);
    h.run("MULTI");
    CHECK(h.run("EXEC") == array({}));
  }
}

}  // namespace sluice::test
