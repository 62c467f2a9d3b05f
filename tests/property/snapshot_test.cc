// A snapshot taken while everything is being changed holds what there was at its moment: random commands of
// every kind that writes run between slices as small as they get, with tables and trees big enough to be
// frozen among what they change. And a log rewritten meanwhile, killed wherever, loads as what was there.
#include <algorithm>
#include <cstdlib>
#include <map>

#include <doctest/doctest.h>

#include "aof/rewrite.h"
#include "commands/debug_digest.h"
#include "property/replay_patterns.h"
#include "property/replay_writers.h"
#include "server/fanout.h"
#include "server/log_loading.h"
#include "server/snapshot_loading.h"
#include "snapshot/recorder.h"
#include "support/harness.h"
#include "support/log_fixture.h"

namespace sluice::test {

namespace {

constexpr int kStepsBefore = 400;
constexpr uint64_t kBigItems = 1500;  // of each kind, or about so many
constexpr int kMostSteps = 20'000;    // a walk that takes longer does not come to its end

int stories() {
#ifdef SLUICE_SANITIZED
  constexpr int kDaily = 8;
#else
  constexpr int kDaily = 40;
#endif
  return std::getenv("SLUICE_LONG") != nullptr ? kDaily * 25 : kDaily;
}

// The clients of the replay property, and one that works on values too big to be encoded at once.
class Crowd {
 public:
  Crowd(Harness& harness, uint64_t seed)
      : harness_(harness), random_(seed), writers_(harness, seed, tally_) {}

  void fill() {
    for (int i = 0; i < kStepsBefore; ++i) writers_.step();
    for (uint64_t i = 0; i < kBigItems * 5; ++i) change_big(false);
  }
  void step() {
    writers_.step();
    change_big(true);
  }

 private:
  std::string item() { return "item:" + std::to_string(random_.below(kBigItems)); }
  std::string number() { return std::to_string(random_.below(1000)); }

  void change_big(bool with_removals) {
    Peer& peer = harness_.first();
    const uint64_t dice = random_.below(with_removals ? 12 : 5);
    switch (dice) {
      case 0:
        peer.run("HSET", "big:hash", item(), number());
        break;
      case 1:
        peer.run("SADD", "big:set", item());
        break;
      case 2:
        peer.run("ZADD", "big:zset", number(), item());
        break;
      case 3:
        peer.run("RPUSH", "big:list", std::string(random_.below(300), 'x'), item());
        break;
      case 4:
        peer.run("XADD", "big:stream", "*", "field", item());
        break;
      case 5:
        peer.run("HDEL", "big:hash", item());
        break;
      case 6:
        peer.run("SREM", "big:set", item());
        break;
      case 7:
        peer.run("ZREM", "big:zset", item());
        break;
      case 8:
        peer.run("LPOP", "big:list");
        break;
      case 9:
        peer.run("XTRIM", "big:stream", "MAXLEN", "900");
        break;
      case 10:
        peer.run("ZREMRANGEBYRANK", "big:zset", "0", "1");
        break;
      default:
        change_big_whole();
        break;
    }
  }
  // What happens to a value as such.
  void change_big_whole() {
    constexpr const char* kNames[] = {"big:hash", "big:set", "big:zset", "big:list", "big:stream"};
    const std::string key = kNames[random_.below(5)];
    Peer& peer = harness_.first();
    switch (random_.below(60)) {
      case 0:
        peer.run("DEL", key);
        break;
      case 1:
        peer.run("SET", key, "gone");
        peer.run("DEL", key);
        break;
      case 2:
        peer.run("RENAME", key, key);
        break;
      case 3:
        peer.run("COPY", key, "copy:" + key, "REPLACE");
        break;
      case 4:
        peer.run("PEXPIRE", key, "100000000");
        break;
      case 5:
        peer.run("PERSIST", key);
        break;
      default:
        peer.run("LSET", "big:list", "0", item());
        break;
    }
  }

  Harness& harness_;
  base::Random random_;
  Tally tally_;
  Writers writers_;
};

void configure_low(Harness& h, uint64_t seed) {
  if (seed % 2 == 0) return;
  h.configure("list-max-listpack-size", "4");
  h.configure("hash-max-listpack-entries", "4");
  h.configure("set-max-listpack-entries", "5");
  h.configure("zset-max-listpack-entries", "4");
  h.configure("stream-node-max-entries", "3");
}

snapshot::FileJob job(uint64_t seed) {
  snapshot::FileJob job;
  job.temporary_path = "./temp.rdb";
  job.final_path = "./dump.rdb";
  job.compress = seed % 3 != 0;
  return job;
}

// Encodings that tell how a value came about, which no file holds.
std::string without_history(std::string digest) {
  constexpr std::pair<std::string_view, std::string_view> kNeutral[] = {
      {" string int", " string"},   {" string embstr", " string"}, {" string raw", " string"},
      {" list quicklist", " list"}, {" list listpack", " list"},   {" set hashtable", " set"},
      {" set listpack", " set"},    {" set intset", " set"},       {" hash hashtable", " hash"},
      {" hash listpack", " hash"},  {" zset skiplist", " zset"},   {" zset listpack", " zset"},
  };
  for (const auto& one : kNeutral) {
    for (size_t at = digest.find(one.first); at != std::string::npos; at = digest.find(one.first, at)) {
      digest.replace(at, one.first.size(), one.second);
    }
  }
  return digest;
}

// What a harness holds at this moment.
struct State {
  std::string text;    // for people: lines whose order says too much, since packed hashes have one
  std::string digest;  // order counts where it counts
};

State state_of(Harness& h, int64_t now_ms) {
  return {without_history(h.digest()), commands::digest_text(commands::digest_of(h.keyspace, now_ms))};
}

std::map<std::string, int> lines_of(const std::string& text) {
  std::map<std::string, int> lines;
  std::string key;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, std::min<size_t>(end - at, 100));
    if (key.empty()) key = line;
    ++lines[key + " / " + line];
    if (line.empty()) key.clear();
    at = end + 1;
  }
  return lines;
}

// The beginning of what differs; empty: nothing.
std::string difference(const State& left, const State& right) {
  if (left.digest == right.digest) return {};
  const auto lefts = lines_of(left.text);
  const auto rights = lines_of(right.text);
  std::string text = "the digests differ\n";
  const auto show = [&text](const auto& these, const auto& those, const char* mark) {
    int shown = 0;
    for (const auto& [line, count] : these) {
      const auto found = those.find(line);
      if (found != those.end() && found->second == count) continue;
      if (++shown < 20) text += mark + line + "\n";
    }
  };
  show(lefts, rights, "- ");
  show(rights, lefts, "+ ");
  return text;
}

std::string load_file(Harness& into, base::Fs& disk, const std::string& path) {
  auto loading = server::SnapshotLoading::open(disk, path, {into.keyspace});
  if (!loading.ok()) return loading.error().message;
  for (;;) {
    const auto done = (*loading)->step(1 << 16);
    if (!done.ok()) return done.error().message;
    if (*done) return {};
  }
}

std::string load_log(Harness& into, base::Fs& disk) {
  server::LogLoading loading({disk, into.executor, into.keyspace, into.clock, into.log},
                             aof::LoaderOptions{});
  for (;;) {
    const auto done = loading.step();
    if (!done.ok()) return done.error().message;
    if (*done) return {};
  }
}

void settle_graveyard(Harness& h) {
  while (h.keyspace.graveyard().step(1000, h.keyspace.deadlines())) {
  }
}

// A harness whose effects go into a log that is rewritten.
struct LoggedHarness {
  explicit LoggedHarness(uint64_t seed) : harness(seed), running(disk, aof::SyncMode::kNo), fanout(no_hub) {
    REQUIRE(running.start_error.empty());
    fanout.set_log(&running.writer);
    harness.sink.log = &fanout;
  }
  ~LoggedHarness() { harness.sink.log = nullptr; }

  testing::MemoryFs disk;
  Harness harness;
  testing::RunningLog running;
  client::ClientTable nobody;
  client::Hub no_hub{nobody};
  server::Fanout fanout;
  snapshot::Recorder recorder{harness.keyspace, disk, harness.clock, [] {}};
  aof::Rewrite rewrite{aof::LogPlace{}, running.writer, recorder};
};

// Loads what a kill at this moment leaves, and says what is wrong with it.
std::string after_kill(LoggedHarness& h, uint64_t seed) {
  h.running.turn();
  const int64_t now_ms = h.harness.clock.unix_us() / 1000;
  const State held = state_of(h.harness, now_ms);
  h.disk.kill_process();
  Harness copy(seed + 1);
  configure_low(copy, seed);
  if (const std::string error = load_log(copy, h.disk); !error.empty()) return error;
  return difference(held, state_of(copy, now_ms));
}

}  // namespace

TEST_CASE("Snapshot: what is written while everything changes is what there was at its moment") {
  int steps_meanwhile = 0;
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(stories()); ++seed) {
    CAPTURE(seed);
    Harness h(seed);
    configure_low(h, seed);
    Crowd crowd(h, seed);
    crowd.fill();
    testing::MemoryFs disk;
    snapshot::Recorder recorder(h.keyspace, disk, h.clock, [] {});
    base::Random random(seed);
    // Several in a row: what one stamped is the other's past.
    for (int round = 0; round < 3; ++round) {
      const int64_t now_ms = h.clock.unix_us() / 1000;
      const State moment = state_of(h, now_ms);
      recorder.begin(job(seed), {});
      int steps = 0;
      std::optional<base::Result<void>> end;
      while (!end && ++steps < kMostSteps) {
        crowd.step();
        (void)recorder.step(random.below(600));
        if (random.below(5) == 0) recorder.run_pending();
        if (random.below(50) == 0) (void)h.keyspace.graveyard().step(100, h.keyspace.deadlines());
        end = recorder.take_end();
      }
      REQUIRE(end);
      REQUIRE_MESSAGE(end->ok(), (end->ok() ? std::string() : end->error().message));
      steps_meanwhile += steps;
      Harness copy(seed + 1);
      configure_low(copy, seed);
      REQUIRE(load_file(copy, disk, "./dump.rdb") == "");
      const std::string wrong = difference(moment, state_of(copy, now_ms));
      REQUIRE_MESSAGE(wrong.empty(), wrong);
    }
    settle_graveyard(h);
  }
  CHECK(steps_meanwhile > 200 * stories());
}

TEST_CASE("Snapshot: one that is given up leaves no file, and everything as it is") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(stories()); ++seed) {
    CAPTURE(seed);
    Harness h(seed);
    configure_low(h, seed);
    Crowd crowd(h, seed);
    crowd.fill();
    testing::MemoryFs disk;
    snapshot::Recorder recorder(h.keyspace, disk, h.clock, [] {});
    base::Random random(seed);
    recorder.begin(job(seed), {});
    const uint64_t steps = random.below(200);
    for (uint64_t i = 0; i < steps; ++i) {
      crowd.step();
      (void)recorder.step(random.below(4000));
      if (random.below(5) == 0) recorder.run_pending();
    }
    recorder.cancel();
    std::optional<base::Result<void>> end;
    for (int i = 0; !end && i < kMostSteps; ++i) {
      crowd.step();
      (void)recorder.step(100);
      recorder.run_pending();
      end = recorder.take_end();
    }
    REQUIRE(end);
    CHECK(!disk.exists("./temp.rdb"));
    CHECK(h.keyspace.gate().hook == nullptr);
    settle_graveyard(h);
  }
}

TEST_CASE("Snapshot: a log that is rewritten loads as what is held, killed wherever") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(stories()); ++seed) {
    CAPTURE(seed);
    LoggedHarness h(seed);
    configure_low(h.harness, seed);
    Crowd crowd(h.harness, seed);
    crowd.fill();
    h.running.turn();
    base::Random random(seed);
    const uint64_t killed_after = random.below(400);
    int rewrites = 0;
    for (uint64_t i = 0; i < killed_after; ++i) {
      if (!h.rewrite.active()) {
        if (h.rewrite.take_end()) ++rewrites;
        h.rewrite.begin({job(seed), {}});
      }
      crowd.step();
      h.running.turn();
      (void)h.rewrite.step(h.running.now_us, true);
      if (random.below(5) == 0) h.recorder.run_pending();
    }
    const std::string wrong = after_kill(h, seed);
    REQUIRE_MESSAGE(wrong.empty(), wrong);
  }
}

}  // namespace sluice::test
