// A snapshot taken while everything is being changed holds what there was at its moment: random commands of
// every kind that writes run between slices as small as they get, with tables and trees big enough to be
// frozen among what they change, and consumer groups of streams. And a log rewritten meanwhile, killed
// wherever, loads as what was there.
#include <algorithm>
#include <map>
#include <optional>

#include <doctest/doctest.h>

#include "property/harness_log.h"
#include "property/replay_writers.h"
#include "property/stream_groups.h"
#include "server/snapshot_loading.h"
#include "snapshot/recorder.h"
#include "support/harness.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

constexpr int kStepsBefore = 400;
constexpr uint64_t kBigItems = 1500;  // of each kind, or about so many
constexpr int kMostSteps = 20'000;    // a walk that takes longer does not come to its end

constexpr testing::SeedCount kStories{40, 8, 25};

// The clients of the replay property, and one that works on values too big to be encoded at once.
class Crowd {
 public:
  Crowd(Harness& harness, uint64_t seed)
      : harness_(harness), random_(seed), writers_(harness, seed, tally_) {}
  // With changes of consumer groups beyond those of commands, which no log holds.
  Crowd(Harness& harness, uint64_t seed, GroupTally& groups) : Crowd(harness, seed) {
    groups_.emplace(
        harness, seed,
        std::vector<std::string>{"big:stream", "copy:big:stream", "stream0", "stream1", "stream2"}, groups);
  }

  void fill() {
    for (int i = 0; i < kStepsBefore; ++i) writers_.step();
    for (uint64_t i = 0; i < kBigItems * 5; ++i) change_big(false);
    for (int i = 0; groups_ && i < kStepsBefore; ++i) groups_->step();
  }
  void step() {
    writers_.step();
    change_big(true);
    if (groups_) groups_->step();
  }

 private:
  std::string item() { return "item:" + std::to_string(random_.below(kBigItems)); }
  std::string number() { return std::to_string(random_.below(1000)); }

  void change_big(bool with_removals) {
    Peer& peer = harness_.first();
    const uint64_t dice = random_.below(with_removals ? 15 : 6);
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
        peer.run("HPEXPIRE", "big:hash", std::to_string(1 + random_.below(100'000)), "FIELDS", "2", item(),
                 item());
        break;
      case 12:
        peer.run("HDEL", "big:hash", item());
        break;
      case 13:
        peer.run("HPERSIST", "big:hash", "FIELDS", "1", item());
        break;
      case 14:
        peer.run("HINCRBY", "big:hash", item(), "1");
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
  std::optional<StreamGroups> groups_;
};

void configure(Harness& h, uint64_t seed) {
  if (seed % 2 != 0) lower_limits(h);
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
      {" string int", " string"},    {" string embstr", " string"}, {" string raw", " string"},
      {" list quicklist", " list"},  {" list listpack", " list"},   {" set hashtable", " set"},
      {" set listpack", " set"},     {" set intset", " set"},       {" hash hashtable", " hash"},
      {" hash listpackex", " hash"}, {" hash listpack", " hash"},   {" zset skiplist", " zset"},
      {" zset listpack", " zset"},
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
  std::string digest;  // order counts where it counts; and what no digest covers
};

// When consumers were seen last is in a file, but not in a log: there it is when the log was loaded.
State logged_state_of(Harness& h, int64_t now_ms) {
  return {without_history(h.digest()), debug_digest(h, now_ms)};
}

State state_of(Harness& h, int64_t now_ms) {
  const std::string seen = StreamGroups::last_seen(h);
  return {without_history(h.digest()) + seen, debug_digest(h, now_ms) + seen};
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

void write_file(Harness& of, base::Fs& disk, const std::string& path) {
  snapshot::Recorder recorder(of.keyspace, disk, of.clock, [] {});
  snapshot::FileJob whole;
  whole.temporary_path = "./temp.rdb";
  whole.final_path = path;
  recorder.begin(whole, {});
  std::optional<base::Result<void>> end;
  for (int i = 0; !end && i < kMostSteps; ++i) {
    (void)recorder.step();
    recorder.run_pending();
    end = recorder.take_end();
  }
  REQUIRE(end);
  REQUIRE(end->ok());
}

void settle_graveyard(Harness& h) {
  while (h.keyspace.graveyard().step(1000, h.keyspace.deadlines())) {
  }
}

// A keyspace that a crowd changes while snapshots are written to a disk in memory.
struct Scene {
  Scene(uint64_t its_seed, GroupTally& tally)
      : seed(its_seed), harness(its_seed), crowd(harness, its_seed, tally) {
    configure(harness, seed);
    crowd.fill();
  }
  ~Scene() { settle_graveyard(harness); }

  void begin() { recorder.begin(job(seed), {}); }
  // One change and one slice.
  void step(size_t budget_bytes) {
    crowd.step();
    (void)recorder.step(budget_bytes);
    if (random.below(5) == 0) recorder.run_pending();
    if (random.below(50) == 0) (void)harness.keyspace.graveyard().step(100, harness.keyspace.deadlines());
  }
  // Goes on until it ends; how many steps that took.
  int finish(size_t most_bytes, std::optional<base::Result<void>>& end) {
    int steps = 0;
    while (!end && ++steps < kMostSteps) {
      step(random.below(most_bytes));
      end = recorder.take_end();
    }
    return steps;
  }

  const uint64_t seed;
  Harness harness;
  Crowd crowd;
  testing::MemoryFs disk;
  snapshot::Recorder recorder{harness.keyspace, disk, harness.clock, [] {}};
  base::Random random{seed};
};

// Loads what a kill at this moment leaves, and says what is wrong with it.
std::string after_kill(Harness& harness, HarnessLog& log, testing::MemoryFs& disk, uint64_t seed) {
  log.running.turn();
  const int64_t now_ms = harness.clock.unix_us() / 1000;
  const State held = logged_state_of(harness, now_ms);
  disk.kill_process();
  Harness copy(seed + 1);
  configure(copy, seed);
  if (const std::string error = load_log(copy, disk).error; !error.empty()) return error;
  return difference(held, logged_state_of(copy, now_ms));
}

}  // namespace

TEST_CASE("Snapshot: what is written while everything changes is what there was at its moment") {
  int steps_meanwhile = 0;
  GroupTally groups;
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    Scene scene(seed, groups);
    Harness& h = scene.harness;
    // Several in a row: what one stamped is the other's past.
    for (int round = 0; round < 3; ++round) {
      const int64_t now_ms = h.clock.unix_us() / 1000;
      const State moment = state_of(h, now_ms);
      scene.begin();
      std::optional<base::Result<void>> end;
      const int steps = scene.finish(600, end);
      REQUIRE(end);
      REQUIRE_MESSAGE(end->ok(), (end->ok() ? std::string() : end->error().message));
      steps_meanwhile += steps;
      Harness copy(seed + 1);
      configure(copy, seed);
      REQUIRE(load_file(copy, scene.disk, "./dump.rdb") == "");
      const std::string wrong = difference(moment, state_of(copy, now_ms));
      REQUIRE_MESSAGE(wrong.empty(), wrong);
    }
  }
  if (testing::asked_seed()) return;
  CHECK(steps_meanwhile > 200 * static_cast<int>(testing::seeds(kStories).size()));
  for (const uint64_t met : {groups.groups, groups.groups_gone, groups.consumers_gone, groups.delivered,
                             groups.claimed, groups.released, groups.acknowledged}) {
    CHECK(met > 0);
  }
}

TEST_CASE(
    "Snapshot: streams come back with groups, consumers and all that is pending, from file and from file") {
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    GroupTally groups;
    Scene scene(seed, groups);
    const int64_t now_ms = scene.harness.clock.unix_us() / 1000;
    const State held = state_of(scene.harness, now_ms);
    REQUIRE(held.text.find("\ngroup group:") != std::string::npos);
    REQUIRE(held.text.find("\nconsumer worker:") != std::string::npos);
    // Written, read, written and read again: what the first loses the second cannot bring back.
    std::string from = "./first.rdb";
    write_file(scene.harness, scene.disk, from);
    for (const char* to : {"./second.rdb", "./third.rdb"}) {
      Harness copy(seed + 1);
      configure(copy, seed);
      REQUIRE(load_file(copy, scene.disk, from) == "");
      const std::string wrong = difference(held, state_of(copy, now_ms));
      REQUIRE_MESSAGE(wrong.empty(), wrong);
      from = to;
      write_file(copy, scene.disk, from);
    }
  }
}

TEST_CASE("Snapshot: one that is given up leaves no file, and everything as it is") {
  GroupTally groups;
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    Scene scene(seed, groups);
    scene.begin();
    const uint64_t steps = scene.random.below(200);
    for (uint64_t i = 0; i < steps; ++i) scene.step(scene.random.below(4000));
    scene.recorder.cancel();
    std::optional<base::Result<void>> end;
    scene.finish(200, end);
    REQUIRE(end);
    CHECK(!scene.disk.exists("./temp.rdb"));
    CHECK(scene.harness.keyspace.gate().hook == nullptr);
  }
}

TEST_CASE("Snapshot: a log that is rewritten loads as what is held, killed wherever") {
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    testing::MemoryFs disk;
    Harness harness(seed);
    HarnessLog log(harness, disk, aof::SyncMode::kNo);
    REQUIRE(log.running.start_error.empty());
    configure(harness, seed);
    Crowd crowd(harness, seed);
    crowd.fill();
    log.running.turn();
    base::Random random(seed);
    const uint64_t killed_after = random.below(400);
    for (uint64_t i = 0; i < killed_after; ++i) {
      if (!log.rewrite.active()) log.begin_rewrite(seed % 3 != 0);
      crowd.step();
      log.running.turn();
      (void)log.rewrite.step(log.running.now_us, true);
      if (random.below(5) == 0) log.recorder.run_pending();
    }
    const std::string wrong = after_kill(harness, log, disk, seed);
    REQUIRE_MESSAGE(wrong.empty(), wrong);
  }
}

}  // namespace sluice::test
