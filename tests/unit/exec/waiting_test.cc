#include <doctest/doctest.h>

#include "exec/executor.h"
#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

const std::string kSilence = "(nothing)";

Peer& waiter(Harness& h, const std::vector<std::string>& words) {
  Peer& peer = h.client();
  REQUIRE(peer.send_words(words) == exec::Next::kWait);
  return peer;
}

}  // namespace

TEST_CASE("Waiting: first come, first served") {
  Harness h;
  Peer& first = waiter(h, {"BLPOP", "q", "0"});
  Peer& second = waiter(h, {"BRPOP", "q", "0"});
  Peer& third = waiter(h, {"BLPOP", "q", "0"});
  h.run("RPUSH", "q", "a", "b");
  CHECK(first.reply() == bulks({"q", "a"}));
  CHECK(second.reply() == bulks({"q", "b"}));
  CHECK(third.reply_text() == kSilence);
  h.run("RPUSH", "q", "c");
  CHECK(third.reply() == bulks({"q", "c"}));
}

TEST_CASE("Waiting: a client that waits again stands at the end") {
  Harness h;
  Peer& first = waiter(h, {"BLPOP", "q", "0"});
  Peer& second = waiter(h, {"BLPOP", "q", "0"});
  h.run("RPUSH", "q", "1");
  CHECK(first.reply() == bulks({"q", "1"}));
  first.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "2");
  CHECK(first.reply_text() == kSilence);
  CHECK(second.reply() == bulks({"q", "2"}));
}

TEST_CASE("Waiting: keys are served in the order touched, each with its own waiters") {
  Harness h;
  Peer& on_a = waiter(h, {"BLPOP", "a", "0"});
  Peer& on_b = waiter(h, {"BLPOP", "b", "0"});
  h.run("MULTI");
  h.run("RPUSH", "b", "1");
  h.run("RPUSH", "a", "2");
  h.run("EXEC");
  CHECK(on_a.reply() == bulks({"a", "2"}));
  CHECK(on_b.reply() == bulks({"b", "1"}));
  CHECK(h.propagated() == Lines{"MULTI", "RPUSH b 1", "RPUSH a 2", "EXEC", "LPOP b", "LPOP a"});
}

TEST_CASE(
    "Waiting: a waiter takes from the first of its keys that has elements, whichever was touched first") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "high", "low", "0"});
  h.run("MULTI");
  h.run("RPUSH", "low", "l");
  h.run("RPUSH", "high", "h");
  h.run("EXEC");
  CHECK(worker.reply() == bulks({"high", "h"}));
  CHECK(h.run("LLEN", "low") == integer(1));
}

TEST_CASE("Waiting: pushes inside MULTI wake after EXEC has run, and its answer is complete") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  h.run("MULTI");
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply_text() == kSilence);
  h.run("LLEN", "q");
  CHECK(h.run("EXEC") == array({integer(1), integer(1)}));
  CHECK(worker.reply() == bulks({"q", "a"}));
}

TEST_CASE("Waiting: what EXEC pushed and took back wakes nobody") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  h.run("MULTI");
  h.run("RPUSH", "q", "a");
  h.run("LPOP", "q");
  h.run("EXEC");
  CHECK(worker.reply_text() == kSilence);
  h.run("RPUSH", "q", "b");
  CHECK(worker.reply() == bulks({"q", "b"}));
}

TEST_CASE("Waiting: keys touched while others are served come in the next generation") {
  Harness h;
  // Touched: a, then b. Serving a pushes onto c; b is served before c.
  Peer& on_a = waiter(h, {"BRPOPLPUSH", "a", "c", "0"});
  Peer& on_c = waiter(h, {"BLPOP", "c", "0"});
  Peer& on_b = waiter(h, {"BLPOP", "b", "0"});
  h.run("MULTI");
  h.run("RPUSH", "a", "1");
  h.run("RPUSH", "b", "2");
  h.run("EXEC");
  CHECK(on_a.reply() == bulk("1"));
  CHECK(on_b.reply() == bulks({"b", "2"}));
  CHECK(on_c.reply() == bulks({"c", "1"}));
  h.propagated();
  CHECK(h.run("LLEN", "c") == integer(0));
}

TEST_CASE("Waiting: two lists feeding each other end when their waiters are served") {
  Harness h;
  Peer& there = waiter(h, {"BRPOPLPUSH", "a", "b", "0"});
  Peer& back = waiter(h, {"BRPOPLPUSH", "b", "a", "0"});
  h.run("RPUSH", "a", "x");
  CHECK(there.reply() == bulk("x"));
  CHECK(back.reply() == bulk("x"));
  CHECK(h.run("LRANGE", "a", "0", "-1") == bulks({"x"}));
}

TEST_CASE("Waiting: only the type waited for wakes, and others behind are not held up") {
  Harness h;
  Peer& on_stream = waiter(h, {"XREAD", "BLOCK", "0", "STREAMS", "k", "$"});
  Peer& on_list = waiter(h, {"BLPOP", "k", "0"});
  h.run("RPUSH", "k", "a");
  CHECK(on_list.reply() == bulks({"k", "a"}));
  CHECK(on_stream.reply_text() == kSilence);
  on_list.send("BLPOP", "k", "0");
  h.run("XADD", "k", "1-1", "f", "v");
  CHECK(on_list.reply_text() == kSilence);
  CHECK(on_stream.reply_text() != kSilence);
}

TEST_CASE("Waiting: databases are apart") {
  Harness h;
  Peer& worker = h.client();
  worker.run("SELECT", "1");
  worker.send("BLPOP", "q", "0");
  h.run("RPUSH", "q", "in 0");
  CHECK(worker.reply_text() == kSilence);
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "in 1");
  CHECK(worker.reply() == bulks({"q", "in 1"}));
}

TEST_CASE("Waiting: databases that change places serve whoever waits for what came") {
  Harness h;
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "x");
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  h.run("SWAPDB", "0", "1");
  CHECK(worker.reply() == bulks({"q", "x"}));
}

TEST_CASE("Waiting: a key that came expired is logged as deleted, and its waiter waits on") {
  Harness h;
  h.settings.active_expire = false;
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "x");
  h.run("PEXPIRE", "q", "10");
  h.propagated();
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  h.clock.advance_us(20'000);
  h.run("SWAPDB", "0", "1");
  CHECK(worker.reply_text() == kSilence);
  CHECK(h.propagated() == Lines{"SWAPDB 0 1", "SELECT 0", "DEL q"});
  CHECK(h.blocking.blocked_clients() == 1);
}

TEST_CASE("Waiting: a client that left consumes nothing") {
  Harness h;
  Peer& gone = waiter(h, {"BLPOP", "q", "0"});
  Peer& stays = waiter(h, {"BLPOP", "q", "0"});
  h.disconnect(gone);
  h.run("RPUSH", "q", "a");
  CHECK(stays.reply() == bulks({"q", "a"}));
  CHECK(h.blocking.blocked_clients() == 0);
}

TEST_CASE("Waiting: a peer known to be dead is passed over and closed") {
  Harness h;
  Peer& dead = waiter(h, {"BLPOP", "q", "0"});
  Peer& alive = waiter(h, {"BLPOP", "q", "0"});
  h.control.dead_peer = dead.client.id;
  h.run("RPUSH", "q", "a");
  CHECK(dead.client.has(client::kCloseNow));
  CHECK(dead.client.outbox.empty());
  CHECK(alive.reply() == bulks({"q", "a"}));
  const auto attention = h.clients.take_attention();
  CHECK(std::find(attention.begin(), attention.end(), dead.client.id) != attention.end());
}

TEST_CASE("Waiting: a dead peer's job stays in its list") {
  Harness h;
  Peer& dead = waiter(h, {"BLPOP", "q", "0"});
  h.control.dead_peer = dead.client.id;
  h.run("RPUSH", "q", "a");
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"a"}));
}

TEST_CASE("Waiting: a timeout takes its client out of the queue") {
  Harness h;
  Peer& hasty = waiter(h, {"BLPOP", "q", "1"});
  Peer& patient = waiter(h, {"BLPOP", "q", "5"});
  h.advance(1s);
  CHECK(hasty.reply() == null_array());
  h.run("RPUSH", "q", "a");
  CHECK(hasty.reply_text() == kSilence);
  CHECK(patient.reply() == bulks({"q", "a"}));
  h.advance(10s);
  CHECK(patient.reply_text() == kSilence);
}

TEST_CASE("Waiting: a re-run that finds nothing keeps place and timeout") {
  Harness h;
  Peer& first = waiter(h, {"BLPOP", "q", "3"});
  Peer& second = waiter(h, {"BLPOP", "q", "0"});
  h.run("MULTI");
  h.run("RPUSH", "q", "a");
  h.run("LPOP", "q");
  h.run("EXEC");
  h.advance(2s);
  h.run("RPUSH", "q", "b");
  CHECK(first.reply() == bulks({"q", "b"}));
  first.send("BLPOP", "q", "3");
  h.advance(3s);
  CHECK(first.reply() == null_array());
  CHECK(second.reply_text() == kSilence);
}

TEST_CASE("Waiting: unblocked by hand, as if by timeout or with an error") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  CHECK(h.executor.unblock(worker.client, {}));
  CHECK(worker.reply() == null_array());
  CHECK_FALSE(h.executor.unblock(worker.client, {}));
  worker.send("BLMOVE", "q", "r", "LEFT", "LEFT", "0");
  CHECK(h.executor.unblock(worker.client, "UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  CHECK(worker.reply() == error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  CHECK(h.stats.errors.at("UNBLOCKED") == 1);
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply_text() == kSilence);
  CHECK(h.run("LLEN", "q") == integer(1));
}

TEST_CASE("Waiting: a command counts when it really runs") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  const exec::Command& blpop = *h.table.find("blpop");
  CHECK(blpop.stats.calls == 0);
  h.run("RPUSH", "q", "a");
  worker.reply();
  CHECK(blpop.stats.calls == 1);
  CHECK(h.stats.unblocked_clients == 1);
  CHECK(worker.client.has(client::kUnblocked));
}

TEST_CASE("Waiting: the gates are walked again when a command runs again") {
  Harness h;
  Peer& worker = waiter(h, {"BLPOP", "q", "0"});
  h.users.set_default_password("secret");
  worker.client.authenticated = false;
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply() == error("NOAUTH Authentication required."));
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"a"}));
  CHECK(h.table.find("blpop")->stats.rejected == 1);
}

TEST_CASE("Waiting: a full memory refuses the move that was waited for, and leaves the element") {
  Harness h;
  Peer& mover = waiter(h, {"BLMOVE", "q", "r", "LEFT", "LEFT", "0"});
  h.run("SELECT", "1");
  h.run("RPUSH", "q", "a");
  h.configure("maxmemory", "1");
  h.run("SWAPDB", "0", "1");
  CHECK(mover.reply() == error("OOM command not allowed when used memory > 'maxmemory'."));
  CHECK(h.keyspace.database(0).size() == 1);
}

TEST_CASE("Waiting: during a pause commands wait and run at its end, in order") {
  Harness h;
  h.executor.pause(exec::PauseMode::kWrite, 100);
  Peer& first = waiter(h, {"RPUSH", "q", "1"});
  Peer& second = waiter(h, {"RPUSH", "q", "2"});
  CHECK(first.client.has(client::kPaused));
  CHECK(h.run("LLEN", "q") == integer(0));
  CHECK_FALSE(h.executor.unblock(first.client, {}));
  h.advance(99ms);
  CHECK(first.reply_text() == kSilence);
  h.advance(1ms);
  CHECK(first.reply() == integer(1));
  CHECK(second.reply() == integer(2));
  CHECK_FALSE(first.client.has(client::kPaused | client::kBlocked));
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"1", "2"}));
}

TEST_CASE("Waiting: the longer and stricter of two pauses holds, and an end ends both") {
  Harness h;
  h.executor.pause(exec::PauseMode::kAll, 50);
  h.executor.pause(exec::PauseMode::kWrite, 200);
  Peer& reader = waiter(h, {"LLEN", "q"});
  h.advance(100ms);
  CHECK(reader.reply_text() == kSilence);
  h.executor.unpause();
  h.settle();
  CHECK(reader.reply() == integer(0));
}

TEST_CASE("Waiting: a blocking command held by a pause may wait for its key afterwards") {
  Harness h;
  h.executor.pause(exec::PauseMode::kWrite, 100);
  Peer& worker = waiter(h, {"BLPOP", "q", "1"});
  h.advance(100ms);
  CHECK(worker.client.has(client::kBlocked));
  CHECK_FALSE(worker.client.has(client::kPaused));
  h.run("RPUSH", "q", "a");
  CHECK(worker.reply() == bulks({"q", "a"}));
}

TEST_CASE("Waiting: while the disk is behind, writes wait in order and reads go on") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.state.log_is_behind = true;
  Peer& first = waiter(h, {"RPUSH", "q", "b"});
  Peer& second = waiter(h, {"RPUSH", "q", "c"});
  Peer& script = waiter(h, {"EVAL", "return redis.call('RPUSH', KEYS[1], 'd')", "1", "q"});
  h.advance(1000ms);
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"a"}));
  CHECK_FALSE(h.executor.next_tick_us().has_value());
  h.state.log_is_behind = false;
  CHECK(h.executor.next_tick_us() == 0);
  h.settle();
  CHECK(first.reply() == integer(2));
  CHECK(second.reply() == integer(3));
  CHECK(script.reply() == integer(4));
  CHECK(h.run("LRANGE", "q", "0", "-1") == bulks({"a", "b", "c", "d"}));
}

TEST_CASE("Waiting: a client that leaves during a pause never runs") {
  Harness h;
  h.executor.pause(exec::PauseMode::kAll, 100);
  Peer& gone = waiter(h, {"RPUSH", "q", "x"});
  h.disconnect(gone);
  h.advance(200ms);
  CHECK(h.run("LLEN", "q") == integer(0));
}

TEST_CASE("Waiting: keys served in one turn are bounded; the rest follow in the next") {
  Harness h;
  std::vector<std::string> words = {"BLPOP"};
  for (size_t i = 0; i < exec::kServicesPerTurn; ++i) words.push_back("k" + std::to_string(i));
  words.push_back("0");
  Peer& crowd = waiter(h, words);
  Peer& last = waiter(h, {"BLPOP", "after all", "0"});
  h.run("SELECT", "1");
  h.run("RPUSH", "after all", "x");
  h.run("SWAPDB", "0", "1");
  CHECK(h.executor.next_tick_us() == 0);
  h.settle();
  CHECK_FALSE(h.executor.next_tick_us().has_value());
  CHECK(last.reply() == bulks({"after all", "x"}));
  CHECK(crowd.reply_text() == kSilence);
}

TEST_CASE("Waiting: one entry for thousands of readers is handed out in slices, oldest first") {
  Harness h;
  constexpr size_t kReaders = 2 * exec::kServicesPerTurn + 100;
  std::vector<Peer*> readers;
  for (size_t i = 0; i < kReaders; ++i) {
    readers.push_back(&waiter(h, {"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}));
  }
  h.run("XADD", "s", "1-1", "f", "v");
  size_t served_before = 0;
  for (int turns = 0; served_before < kReaders; ++turns) {
    REQUIRE(turns < 4);
    size_t served = 0;
    while (served < kReaders && !readers[served]->client.has(client::kBlocked)) ++served;
    CHECK(served - served_before <= exec::kServicesPerTurn);
    for (size_t i = served; i < kReaders; ++i) REQUIRE(readers[i]->client.has(client::kBlocked));
    served_before = served;
    h.executor.tick();
  }
  CHECK_FALSE(h.executor.next_tick_us().has_value());
}

TEST_CASE("Waiting: 15,000 clients that wait for one list are served in the order they came") {
  Harness h;
  constexpr size_t kWorkers = 15'000;
  std::vector<Peer*> workers;
  for (size_t i = 0; i < kWorkers; ++i) workers.push_back(&waiter(h, {"BLPOP", "q", "0"}));
  std::vector<std::string> words = {"RPUSH", "q"};
  for (size_t i = 0; i < kWorkers; ++i) words.push_back(std::to_string(i));
  h.first().send_words(words);
  h.settle();
  for (size_t i = 0; i < kWorkers; ++i) REQUIRE(workers[i]->reply() == bulks({"q", std::to_string(i)}));
  CHECK(h.blocking.blocked_clients() == 0);
}

TEST_CASE("Waiting: a member that is not due yet runs one of thousands of waiters again, not all") {
  Harness h;
  std::vector<Peer*> waiters;
  for (size_t i = 0; i < 2 * exec::kServicesPerTurn; ++i) {
    const char* unit = i % 2 == 0 ? "MS" : "S";
    waiters.push_back(&waiter(h, {"BZMPOP", "0", "2", "other", "sched", "MIN", "DUE", "UNIT", unit}));
  }
  const int64_t now_ms = h.clock.unix_us() / 1000;
  const auto in_ms = [now_ms](int64_t ms) { return std::to_string(now_ms + ms); };
  h.run("ZADD", "sched", in_ms(5000), "late");
  // Were all of them run again, the turn would have ended in between.
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 5'000'000);
  h.run("ZADD", "sched", in_ms(1000), "early", in_ms(1000), "also early");
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 1'000'000);
  h.advance(1000ms);
  CHECK(waiters[0]->reply_text().find("also early") != std::string::npos);
  CHECK(waiters[2]->reply_text().find("early") != std::string::npos);
  CHECK(h.executor.next_tick_us() == h.clock.monotonic_us() + 4'000'000);
  h.advance(4000ms);
  CHECK(waiters[4]->reply_text().find("late") != std::string::npos);
  h.run("ZADD", "sched", "1", "long ago");
  CHECK(waiters[1]->reply_text().find("long ago") != std::string::npos);
  CHECK(waiters[3]->reply_text() == kSilence);
}

TEST_CASE("Waiting: who comes while waiters are being served stands behind them") {
  Harness h;
  constexpr size_t kWorkers = exec::kServicesPerTurn + 10;
  std::vector<Peer*> workers;
  for (size_t i = 0; i < kWorkers; ++i) workers.push_back(&waiter(h, {"BLPOP", "q", "0"}));
  std::vector<std::string> words = {"RPUSH", "q"};
  for (size_t i = 0; i < kWorkers; ++i) words.push_back(std::to_string(i));
  h.first().send_words(words);
  Peer& late = waiter(h, {"BLPOP", "q", "0"});
  h.settle();
  CHECK(workers.back()->reply() == bulks({"q", std::to_string(kWorkers - 1)}));
  CHECK(late.reply_text() == kSilence);
  CHECK(late.client.has(client::kBlocked));
  CHECK_FALSE(late.client.has(client::kPaused));
  h.first().reply();
  h.run("RPUSH", "q", "x");
  CHECK(late.reply() == bulks({"q", "x"}));
}

TEST_CASE("Waiting: thousands of commands held by a pause run in slices, in order") {
  Harness h;
  constexpr size_t kWriters = 2 * exec::kHeldPerTurn + 10;
  h.executor.pause(exec::PauseMode::kWrite, 100);
  std::vector<Peer*> writers;
  for (size_t i = 0; i < kWriters; ++i) writers.push_back(&waiter(h, {"RPUSH", "q", "x"}));
  h.clock.advance_us(100'000);
  CHECK(h.executor.tick());
  CHECK(h.blocking.blocked_clients() == kWriters - exec::kHeldPerTurn);
  CHECK(h.executor.next_tick_us() == 0);
  h.settle();
  for (size_t i = 0; i < kWriters; ++i) {
    REQUIRE(writers[i]->reply() == integer(static_cast<int64_t>(i) + 1));
  }
}

TEST_CASE("Waiting: the command of a client killed during a pause does not run at its end") {
  Harness h;
  h.run("RPUSH", "jobs", "j1", "j2");
  h.executor.pause(exec::PauseMode::kAll, 200);
  Peer& killed = waiter(h, {"LPOP", "jobs"});
  Peer& dead = waiter(h, {"LPOP", "jobs"});
  killed.client.set(client::kCloseNow);
  h.control.dead_peer = dead.client.id;
  h.advance(200ms);
  CHECK(h.run("LRANGE", "jobs", "0", "-1") == bulks({"j1", "j2"}));
  CHECK(dead.client.has(client::kCloseNow));
}

TEST_CASE("Waiting: commands ended by timeout or CLIENT UNBLOCK count as calls") {
  Harness h;
  const exec::CommandStats& stats = h.table.find("blpop")->stats;
  Peer& hasty = waiter(h, {"BLPOP", "q", "0.1"});
  const uint64_t before = h.stats.commands;
  h.advance(100ms);
  CHECK(hasty.reply() == null_array());
  CHECK(stats.calls == 1);
  CHECK(h.stats.commands == before + 1);
  hasty.send("BLPOP", "q", "0");
  h.executor.unblock(hasty.client, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(stats.calls == 2);
  CHECK(stats.failed == 1);
  hasty.reply();
  hasty.send("BLPOP", "q", "0");
  h.executor.unblock(hasty.client, {});
  CHECK(stats.calls == 3);
  CHECK(stats.failed == 1);
  CHECK(h.stats.commands == before + 3);
}

namespace {

// Appends an entry at each of the moments 10 ms apart, so many as there are fields in the first.
exec::Outcome fire_test_stream(exec::Call& call) {
  const base::ByteView key = call.args.key();
  auto stream = call.edit_existing<types::Stream>(key);
  REQUIRE(stream.ok());
  if (!*stream) return exec::Outcome::kDone;
  const int64_t now_ms = call.access().now_ms;
  const types::StreamId id{static_cast<uint64_t>(now_ms), 0};
  const base::ByteView fields[] = {"f", "v"};
  REQUIRE((*stream)->append(id, fields).ok());
  (*stream)->agenda().file_own((*stream)->size() < 4 ? now_ms + 10 : types::kNeverExpires);
  call.propagate_as({"XADD", key, types::StreamIdText(id).view(), "f", "v"});
  stream->commit(keyspace::events::xadd);
  return exec::Outcome::kDone;
}

constexpr exec::CommandSpec kTestFiring = {
    "test-firing", fire_test_stream,     exec::exactly(2), exec::one_key(1, exec::kKeyRw),
    exec::kWrite,  exec::Group::kStream, "7.2.4",          "Appends an entry."};

// A stream with one entry whose next moment is 10 ms away.
void file_test_stream(Harness& h) {
  h.services.stream_firing = &kTestFiring;
  h.run("XADD", "s", "1-0", "f", "v");
  keyspace::Entry& entry = *h.keyspace.database(0).find("s");
  keyspace::get_if<types::Stream>(entry.value)->agenda().file_own(h.clock.unix_us() / 1000 + 10);
  h.keyspace.deadlines().follow_value(h.keyspace.database(0), entry);
  h.propagated();
}

}  // namespace

TEST_CASE("Waiting: a stream's moment is a unit of its own, with its record, events and wake-ups") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "__keyevent@0__:xadd");
  file_test_stream(h);
  Peer& reader = waiter(h, {"XREAD", "BLOCK", "0", "STREAMS", "s", "$"});
  h.run("WATCH", "s");
  const int64_t due_us = h.clock.unix_us() + 10'000;
  const auto tick_us = h.executor.next_tick_us();
  REQUIRE(tick_us);
  CHECK(*tick_us + (h.clock.unix_us() - h.clock.monotonic_us()) == due_us);
  h.events();
  h.advance(9ms);
  CHECK(h.propagated() == Lines{});
  h.advance(1ms);
  const std::string id = std::to_string(due_us / 1000) + "-0";
  CHECK(h.propagated() == Lines{"XADD s " + id + " f v"});
  CHECK(h.events() == Lines{"__keyspace@0__:s xadd", "__keyevent@0__:xadd s"});
  CHECK(reader.reply_text().find(id) != std::string::npos);
  h.run("MULTI");
  h.run("PING");
  CHECK(h.run("EXEC") == null_array());
  h.advance(1s);  // what is late acts once, and goes on from there
  CHECK(h.run("XLEN", "s") == integer(3));
  h.advance(10ms);
  CHECK(h.run("XLEN", "s") == integer(4));
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("Waiting: a stream's moments follow it to another key and database, and go with it") {
  Harness h;
  file_test_stream(h);
  h.run("RENAME", "s", "t");
  h.run("MOVE", "t", "3");
  h.advance(10ms);
  h.run("SELECT", "3");
  CHECK(h.run("XLEN", "t") == integer(2));
  h.run("PEXPIRE", "t", "10");
  h.advance(10ms);
  CHECK(h.run("EXISTS", "t") == integer(0));
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("Waiting: nothing of a stream acts while active expiry is off or the disk fails") {
  Harness h;
  file_test_stream(h);
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  h.advance(10ms);
  CHECK(h.run("XLEN", "s") == integer(1));
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  h.state.disk_error = "no space";
  h.settle();
  CHECK(h.run("XLEN", "s") == integer(1));
  h.state.disk_error.clear();
  h.settle();
  CHECK(h.run("XLEN", "s") == integer(2));
}

}  // namespace sluice::test
