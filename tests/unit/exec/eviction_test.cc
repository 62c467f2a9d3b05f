#include "exec/eviction.h"

#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "resp/parser.h"
#include "support/harness.h"

namespace sluice::exec {

namespace {

using namespace std::chrono_literals;
using test::error;
using test::Harness;
using test::integer;
using test::Lines;
using test::status;

constexpr size_t kBigBytes = size_t{100} << 10;

const resp::Value kOutOfMemory = error("OOM command not allowed when used memory > 'maxmemory'.");

std::string name(int i) {
  return "key:" + std::to_string(i);
}

void add_big(Harness& h, const std::string& key) {
  REQUIRE(h.run("SET", key, std::string(kBigBytes, 'x')) == status("OK"));
}

// So many big keys, the first added first, a second apart.
void fill(Harness& h, int keys) {
  for (int i = 0; i < keys; ++i) {
    add_big(h, name(i));
    h.advance(1s);
  }
}

// What the sink keeps for the test is memory, too: forgotten, and room made for what it will get.
void forget_records(Harness& h) {
  h.propagated();
  base::Bytes().swap(h.sink.wire);
  h.sink.wire.reserve(4 * kBigBytes);
}

// From now on there is room for so many big keys less. The tick that follows makes it.
void take_room(Harness& h, double big_keys) {
  forget_records(h);
  const auto bytes = static_cast<uint64_t>(big_keys * static_cast<double>(kBigBytes));
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - bytes));
}

void obey(Harness& h, const std::string& policy, int samples = 100) {
  h.configure("maxmemory-policy", policy);
  h.configure("maxmemory-samples", std::to_string(samples));
}

std::set<std::string> evicted(Harness& h) {
  std::set<std::string> keys;
  for (const std::string& line : h.propagated()) {
    if (line.starts_with("DEL ")) keys.insert(line.substr(4));
  }
  return keys;
}

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("Eviction: below the limit nothing goes, and without one nothing ever") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 3);
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() + kBigBytes));
  h.settle();
  CHECK(h.run("DBSIZE") == integer(3));
  h.configure("maxmemory", "0");
  h.settle();
  CHECK(h.run("DBSIZE") == integer(3));
  CHECK(h.stats.evicted_keys == 0);
}

TEST_CASE("Eviction: a lower limit holds at the next tick, before any command") {
  Harness h;
  obey(h, "allkeys-random");
  fill(h, 5);
  take_room(h, 1.5);
  CHECK(h.executor.next_tick_us() == 0);
  h.settle();
  CHECK(h.keyspace.database(0).size() == 3);
  CHECK(h.executor.next_tick_us() == std::nullopt);
}

TEST_CASE("Eviction: by LRU the key goes that was unused longest") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 10);
  h.run("GET", name(0));
  take_room(h, 1.5);
  h.settle();
  CHECK(evicted(h) == Names{name(1), name(2)});
}

TEST_CASE("Eviction: a key used since it was remembered as idle is not the next to go") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 10);
  take_room(h, 0.5);
  h.settle();
  CHECK(evicted(h) == Names{name(0)});
  for (const int i : {1, 2, 3, 4, 6, 7, 8, 9}) h.run("TOUCH", name(i));
  take_room(h, 0.5);
  h.settle();
  CHECK(evicted(h) == Names{name(5)});
}

TEST_CASE("Eviction: five samples find idle keys among many") {
  Harness h(3);
  h.configure("maxmemory-policy", "allkeys-lru");
  constexpr int kKeys = 1000;
  for (int i = 0; i < kKeys; ++i) h.run("SET", name(i), std::string(2000, 'x'));
  h.advance(100s);
  for (int i = kKeys / 2; i < kKeys; ++i) h.run("GET", name(i));
  h.advance(10s);
  forget_records(h);
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - 400'000));
  h.settle();
  const Names gone = evicted(h);
  REQUIRE(gone.size() > 150);
  const auto idle = std::count_if(
      gone.begin(), gone.end(), [](const std::string& key) { return std::stoi(key.substr(4)) < kKeys / 2; });
  CHECK(idle * 100 >= static_cast<int64_t>(gone.size()) * 95);
}

TEST_CASE("Eviction: by LFU hot keys stay, however long ago they were added") {
  Harness h;
  obey(h, "allkeys-lfu");
  h.configure("lfu-log-factor", "0");
  fill(h, 6);
  for (const int i : {0, 3}) {
    for (int use = 0; use < 20; ++use) h.run("GET", name(i));
  }
  take_room(h, 3.5);
  h.settle();
  CHECK(evicted(h) == Names{name(1), name(2), name(4), name(5)});
}

TEST_CASE("Eviction: what was hot long ago goes before what is warm now") {
  Harness h;
  obey(h, "allkeys-lfu");
  h.configure("lfu-log-factor", "0");
  fill(h, 2);
  for (int use = 0; use < 20; ++use) h.run("GET", name(0));
  h.advance(24min);
  for (int use = 0; use < 5; ++use) h.run("GET", name(1));
  take_room(h, 0.5);
  h.settle();
  CHECK(evicted(h) == Names{name(0)});
}

TEST_CASE("Eviction: volatile policies leave alone what never expires") {
  for (const char* policy : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    CAPTURE(policy);
    Harness h;
    obey(h, policy);
    fill(h, 6);
    for (const int i : {1, 4}) h.run("EXPIRE", name(i), "1000");
    take_room(h, 2.5);
    CHECK(h.run("SET", "small", "x") == kOutOfMemory);
    CHECK(evicted(h) == Names{name(1), name(4)});
    CHECK(h.run("GET", "small") == test::null());
    CHECK(h.stats.evicted_keys == 2);
  }
}

TEST_CASE("Eviction: volatile-ttl takes what would expire first, whatever the samples") {
  Harness h;
  obey(h, "volatile-ttl", 1);
  fill(h, 8);
  for (int i = 0; i < 8; ++i) h.run("EXPIRE", name(i), std::to_string(1000 + (i * 5) % 8));
  take_room(h, 2.5);
  h.settle();
  // In the order of deadlines: 0, 5, 2, 7, ...
  CHECK(evicted(h) == Names{name(0), name(5), name(2)});
}

TEST_CASE("Eviction: by chance every key may go") {
  Names seen;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Harness h(seed);
    obey(h, "allkeys-random");
    fill(h, 4);
    take_room(h, 0.5);
    h.settle();
    const Names gone = evicted(h);
    REQUIRE(gone.size() == 1);
    seen.insert(*gone.begin());
  }
  CHECK(seen.size() == 4);
}

TEST_CASE("Eviction: keys of every database go, each logged in its own") {
  Harness h;
  obey(h, "allkeys-lru");
  h.run("SELECT", "3");
  fill(h, 1);
  h.run("SELECT", "0");
  h.run("SET", "small", "x");
  take_room(h, 0.5);
  h.settle();
  CHECK(h.propagated() == Lines{"SELECT 3", "DEL key:0"});
}

TEST_CASE("Eviction: a key that goes is logged as DEL, announced, counted, and fails who watches it") {
  Harness h;
  obey(h, "allkeys-lru");
  h.configure("notify-keyspace-events", "Ee");
  fill(h, 2);
  auto& watcher = h.client();
  watcher.run("WATCH", name(0));
  watcher.run("MULTI");
  watcher.run("PING");
  const uint64_t changes = h.stats.changes_since_save;
  take_room(h, 0.5);
  h.settle();
  CHECK(h.propagated() == Lines{"DEL key:0"});
  CHECK(h.events() == Lines{"__keyevent@0__:evicted key:0"});
  CHECK(h.stats.evicted_keys == 1);
  CHECK(h.stats.expired_keys == 0);
  CHECK(h.stats.changes_since_save == changes);
  h.configure("maxmemory", "0");
  CHECK(watcher.run("EXEC") == test::null_array());
}

TEST_CASE("Eviction: who keeps a copy of a key that goes is told") {
  Harness h;
  obey(h, "allkeys-lru");
  test::Peer& reader = h.client();
  reader.resp3();
  reader.run("CLIENT", "TRACKING", "ON");
  fill(h, 2);
  reader.run("EXISTS", name(0));
  take_room(h, 0.5);
  h.settle();
  REQUIRE(evicted(h) == Names{name(0)});
  resp::Value push = resp::Value::make_aggregate(resp::Kind::kPush);
  push.children = {test::bulk("invalidate"), test::bulks({name(0)})};
  CHECK(reader.reply_text() == resp::describe(push));
}

TEST_CASE("Eviction: what a command needs room for is evicted before it, in the log too") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 3);
  take_room(h, 0.5);
  CHECK(h.run("SET", "small", "x") == status("OK"));
  CHECK(h.propagated() == Lines{"DEL key:0", "SET small x"});
}

TEST_CASE("Eviction: a key found past its deadline expires instead") {
  Harness h;
  obey(h, "volatile-ttl");
  h.configure("notify-keyspace-events", "Exe");
  h.settings.active_expire = false;
  fill(h, 2);
  h.run("PEXPIRE", name(0), "10");
  h.advance(1s);
  h.events();
  take_room(h, 0.5);
  h.settle();
  CHECK(h.events() == Lines{"__keyevent@0__:expired key:0"});
  CHECK(h.stats.evicted_keys == 0);
  CHECK(h.stats.expired_keys == 1);
}

TEST_CASE("Eviction: one slice takes so many keys; commands run meanwhile, ticks take the rest") {
  Harness h;
  obey(h, "allkeys-random", 5);
  constexpr int kKeys = 1000;
  for (int i = 0; i < kKeys; ++i) h.run("SET", name(i), std::string(2000, 'x'));
  forget_records(h);
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - 1'500'000));
  CHECK(h.run("SET", "small", "x") == status("OK"));
  CHECK(h.stats.evicted_keys == kEvictionsPerSlice);
  CHECK(h.executor.next_tick_us() == 0);
  h.executor.tick();
  CHECK(h.stats.evicted_keys == 2 * kEvictionsPerSlice);
  for (int tick = 0; tick < 10; ++tick) h.executor.tick();
  CHECK(h.stats.evicted_keys > 700);
  CHECK(h.stats.evicted_keys < kKeys);
  CHECK(h.executor.next_tick_us() == std::nullopt);
}

TEST_CASE("Eviction: values wait to be freed in slices, and nothing else goes for them") {
  Harness h;
  obey(h, "allkeys-lru");
  std::vector<std::string> push = {"RPUSH", "list"};
  for (int i = 0; i < 20'000; ++i) push.push_back("element:" + std::to_string(i));
  h.first().send_words(push);
  push = {};
  h.first().reply();
  h.run("SET", "small", "x");
  forget_records(h);
  const uint64_t before = h.memory.used_bytes();
  h.run("DEL", "list");
  REQUIRE_FALSE(h.keyspace.graveyard().empty());
  h.configure("maxmemory", std::to_string(before - 100'000));
  h.settle();
  CHECK(h.run("EXISTS", "small") == integer(1));
  CHECK(h.stats.evicted_keys == 0);
}

TEST_CASE("Eviction: under noeviction a push is not refused for what is about to be freed") {
  Harness h;
  std::vector<std::string> push = {"RPUSH", "list"};
  for (int i = 0; i < 20'000; ++i) push.push_back("element:" + std::to_string(i));
  h.first().send_words(push);
  push = {};
  h.first().reply();
  forget_records(h);
  const uint64_t before = h.memory.used_bytes();
  h.run("DEL", "list");
  h.configure("maxmemory", std::to_string(before - 100'000));
  CHECK(h.run("RPUSH", "other", "x") == integer(1));
}

TEST_CASE("Eviction: nothing goes while writes are paused, a script runs on or the disk fails") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 3);
  take_room(h, 0.5);
  SUBCASE("paused") {
    h.state.pause = PauseMode::kWrite;
  }
  SUBCASE("busy") {
    h.state.script_busy = true;
  }
  SUBCASE("loading") {
    h.state.loading = true;
  }
  SUBCASE("disk") {
    h.state.disk_error = "MISCONF x";
  }
  SUBCASE("behind") {
    h.state.log_is_behind = true;
  }
  h.state.pause_until_ms = INT64_MAX / 2'000'000;
  h.run("PING");
  h.executor.tick();
  CHECK(h.stats.evicted_keys == 0);
  CHECK(h.state.room == Room::kEnough);
}

TEST_CASE("Eviction: what waits for the disk, or is held for a snapshot, is not counted") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 3);
  h.control.log.memory_bytes = kBigBytes;
  take_room(h, 0.5);
  h.settle();
  CHECK(h.stats.evicted_keys == 0);
  h.control.log.memory_bytes = 0;
  h.run("PING");
  CHECK(h.stats.evicted_keys == 1);
}

TEST_CASE("Eviction: the log rebuilds what was left") {
  Harness h(5);
  obey(h, "allkeys-lru", 5);
  base::Random random(11);
  h.sink.wire.reserve(size_t{4} << 20);
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() + 200'000));
  for (int step = 0; step < 1000; ++step) {
    const std::string key = name(static_cast<int>(random.below(400)));
    switch (random.below(4)) {
      case 0:
        h.run("SET", key, std::string(1500, 'x'));
        break;
      case 1:
        h.run("SET", key, std::string(500, 'x'), "EX", "1000");
        break;
      case 2:
        h.run("DEL", key);
        h.run("RPUSH", key, std::string(1000, 'x'));
        break;
      default:
        h.run("GET", key);
    }
    h.propagated();
  }
  CHECK(h.stats.evicted_keys > 50);
  CHECK(h.keyspace.database(0).size() > 50);
  Harness copy;
  client::Client loader(99);
  loader.set(client::kLoader);
  resp::Parser parser;
  base::ByteView rest = h.sink.wire;
  while (!rest.empty()) {
    REQUIRE(parser.next(rest, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
    REQUIRE(copy.executor.replay(loader, parser.args()).ok());
    rest.remove_prefix(parser.consumed());
  }
  CHECK(copy.digest() == h.digest());
}

TEST_CASE("Eviction: the reserve is for moves, retries and the state of jobs, within its bounds") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c");
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - 1000));
  CHECK(h.run("LMOVE", "q", "busy", "LEFT", "RIGHT") == kOutOfMemory);
  h.configure("maxmemory-reserve", "1mb");
  CHECK(h.run("RPUSH", "q", "d") == kOutOfMemory);
  CHECK(h.run("SET", "k", "v") == kOutOfMemory);
  CHECK(h.run("XADD", "s", "*", "f", "v") == kOutOfMemory);
  CHECK(h.run("LMOVE", "q", "busy", "LEFT", "RIGHT") == test::bulk("a"));
  CHECK(h.run("RPOPLPUSH", "q", "busy") == test::bulk("c"));
  CHECK(h.run("BRPOPLPUSH", "q", "busy", "0") == test::bulk("b"));
  CHECK(h.text("LMPOP", "1", "busy", "LEFT", "TO", "failed", "LEFT") == "[\"busy\", [\"b\"]]");
  CHECK(h.text("BLMPOP", "0", "1", "failed", "LEFT", "COUNT", "1", "TO", "busy", "LEFT") ==
        "[\"failed\", [\"b\"]]");
  CHECK(h.run("ZADD", "retry", "1", "job") == integer(1));
  CHECK(h.run("HSET", "job", "state", "failed") == integer(1));
  CHECK(h.run("LPOP", "busy") == test::bulk("b"));
  h.configure("maxmemory-reserve", "1");
  CHECK(h.run("ZADD", "retry", "1", "other") == kOutOfMemory);
}

TEST_CASE("Eviction: a pop with a target grows a list, and is refused above maxmemory and its reserve") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.run("RPUSH", "TO", "c");
  auto& mover = h.client();
  mover.send("BLMPOP", "0", "1", "later", "LEFT", "TO", "busy", "LEFT");
  h.configure("maxmemory", "1");
  CHECK(h.run("LMPOP", "1", "q", "LEFT", "TO", "busy", "LEFT") == kOutOfMemory);
  CHECK(h.run("BLMPOP", "0", "1", "q", "LEFT", "COUNT", "1", "TO", "busy", "LEFT") == kOutOfMemory);
  CHECK(h.text("EVAL", "return redis.call('LMPOP', '1', KEYS[1], 'LEFT', 'TO', KEYS[2], 'LEFT')", "2", "q",
               "busy")
            .find("OOM") != std::string::npos);
  CHECK(h.run("RENAME", "q", "later") == status("OK"));
  CHECK(mover.reply() == kOutOfMemory);
  CHECK(h.text("LMPOP", "1", "later", "LEFT") == "[\"later\", [\"a\"]]");
  CHECK(h.text("LMPOP", "1", "TO", "LEFT", "COUNT", "1") == "[\"TO\", [\"c\"]]");
}

TEST_CASE("Eviction: a transaction may use the reserve when all of it may") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  auto& mover = h.client();
  auto& pusher = h.client();
  for (auto* client : {&mover, &pusher}) client->run("MULTI");
  pusher.run("LMOVE", "q", "busy", "LEFT", "RIGHT");
  pusher.run("RPUSH", "q", "c");
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - 1000));
  h.configure("maxmemory-reserve", "1mb");
  CHECK(mover.run("LMOVE", "q", "busy", "LEFT", "RIGHT") == status("QUEUED"));
  CHECK(mover.run("GET", "k") == status("QUEUED"));
  CHECK(resp::describe(mover.run("EXEC")) == "[\"a\", nil]");
  CHECK(pusher.text("EXEC").find("EXECABORT") != std::string::npos);
}

TEST_CASE("Eviction: a script is judged by what it calls, the reserve included") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() - 1000));
  h.configure("maxmemory-reserve", "1mb");
  CHECK(h.text("EVAL", "return redis.call('RPUSH', KEYS[1], 'x')", "1", "q").find("OOM") !=
        std::string::npos);
  CHECK(h.run("EVAL", "return redis.call('RPOPLPUSH', KEYS[1], KEYS[1])", "1", "q") == test::bulk("a"));
}

TEST_CASE("Eviction: a waiter that runs again makes room first") {
  Harness h;
  obey(h, "allkeys-lru");
  fill(h, 8);
  auto& mover = h.client();
  mover.send("BLMOVE", "q", "busy", "LEFT", "RIGHT", "0");
  forget_records(h);
  h.configure("maxmemory", std::to_string(h.memory.used_bytes() + kBigBytes * 3 / 2));
  // The element is there several times: as what the sink recorded, too.
  h.run("RPUSH", "q", std::string(kBigBytes, 'y'));
  CHECK(h.stats.evicted_keys > 0);
  CHECK(h.run("EXISTS", "busy") == integer(1));
  CHECK(mover.reply().has_value());
}

TEST_CASE("Eviction: it is counted how long memory was too much") {
  Harness h;
  obey(h, "volatile-lru");
  fill(h, 2);
  take_room(h, 0.5);
  CHECK(h.run("SET", "k", "v") == kOutOfMemory);
  h.advance(3s);
  const std::string during = h.text("INFO", "stats");
  CHECK(during.find("total_eviction_exceeded_time:3000") != std::string::npos);
  CHECK(during.find("current_eviction_exceeded_time:3000") != std::string::npos);
  h.configure("maxmemory", "0");
  h.run("PING");
  h.advance(3s);
  const std::string after = h.text("INFO", "stats");
  CHECK(after.find("total_eviction_exceeded_time:3000") != std::string::npos);
  CHECK(after.find("current_eviction_exceeded_time:0") != std::string::npos);
}

TEST_CASE("Eviction: a slow slice shows in LATENCY") {
  Harness h;
  obey(h, "allkeys-random");
  fill(h, 2);
  h.configure("latency-monitor-threshold", "1");
  take_room(h, 0.5);
  h.clock.step_with_each_reading(5'000);
  h.executor.tick();
  h.clock.step_with_each_reading(0);
  CHECK(h.latency.series(LatencyEvent::kEvictionCycle).samples.size() == 1);
}

}  // namespace sluice::exec
