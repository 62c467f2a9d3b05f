// What the log promises when it is cut, damaged, or written to a disk that fails and loses power: varied
// units, at every byte; and faults drawn at random, over many seeds.
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "resp/extension.h"
#include "support/log_fixture.h"
#include "support/seeds.h"

using namespace sluice;
using namespace sluice::testing;
using aof::FindingKind;
using aof::SyncMode;
using Records = std::vector<std::string>;

namespace {

struct Unit {
  std::string bytes;
  Records records;  // as RecordingSink sees them
  uint64_t tag = 0;
};

std::string payload(base::Random& random, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(1 + random.below(255)));
  return bytes;
}

// One record, a group of several, or a group with effects that Redis has no command for.
Unit make_unit(base::Random& random, uint64_t number, size_t max_bytes) {
  Unit unit;
  const auto add = [&](const std::string& value) {
    const std::string key = "k" + std::to_string(number);
    unit.bytes += record({"RPUSH", key, value});
    unit.records.push_back("RPUSH " + key + " " + value);
  };
  const uint64_t kind = random.below(10);
  if (kind < 6) {
    add(payload(random, random.below(max_bytes)));
    return unit;
  }
  unit.bytes = record({"MULTI"});
  add(payload(random, random.below(40)));
  if (kind < 8) {
    const std::string effect = payload(random, random.below(kind == 6 ? 900 : 20));
    resp::append_extension(unit.bytes, effect);
    unit.records.push_back("~" + effect);
  }
  add("\r\n#XXH3:0123456789abcdef:1:2:0\r\n*1\r\n");
  unit.bytes += record({"EXEC"});
  return unit;
}

Records flatten(const std::vector<Unit>& units) {
  Records out;
  for (const Unit& unit : units) out.insert(out.end(), unit.records.begin(), unit.records.end());
  return out;
}

// How many whole units `records` are the beginning of; nothing if they are anything else.
std::optional<size_t> whole_units(const std::vector<Unit>& units, const Records& records) {
  size_t at = 0;
  for (size_t i = 0; i < units.size(); ++i) {
    if (at == records.size()) return i;
    for (const std::string& each : units[i].records) {
      if (at == records.size() || records[at] != each) return std::nullopt;
      ++at;
    }
  }
  if (at == records.size()) return units.size();
  return std::nullopt;
}

// Two increments: one closed, one of a process that was killed. Some batches hold several units.
struct Sample {
  std::vector<Unit> units;
  size_t in_first = 0;         // units of the first increment
  std::vector<uint64_t> ends;  // file offset behind each unit of the second
  std::string manifest, first, second;

  Sample(SyncMode mode, uint64_t per_increment) {
    MemoryFs fs;
    base::Random random(11);
    aof::StartPoint start;
    for (int round = 0; round < 2; ++round) {
      RunningLog log(fs, mode, start);
      for (uint64_t i = 0; i < per_increment; ++i) {
        add_unit(log, random, round == 1);
        if (random.below(3) == 0 && i + 1 < per_increment) continue;
        log.turn();
        log.turn();
        at_ = log.writer.increment_bytes();
      }
      if (round == 0) {
        in_first = units.size();
        REQUIRE(log.writer.close().ok());
      }
      start = load(fs, look_only()).start;
    }
    manifest = fs.content(kManifestPath);
    first = fs.content(kFirstIncrement);
    second = fs.content(kSecondIncrement);
  }

  static aof::LoaderOptions look_only() {
    aof::LoaderOptions options;
    options.repair = false;
    return options;
  }

  [[nodiscard]] LoadOutcome load_changed(const std::string& first_bytes,
                                         const std::string& second_bytes) const {
    MemoryFs changed;
    changed.put(kManifestPath, manifest);
    changed.put(kFirstIncrement, first_bytes);
    changed.put(kSecondIncrement, second_bytes);
    LoadOutcome outcome = load(changed);
    if (outcome.ok() && !outcome.findings.empty()) {
      // What was repaired is whole: it loads again, the same, with nothing more to repair.
      const LoadOutcome again = load(changed);
      CHECK(again.records == outcome.records);
      CHECK_FALSE(again.found(FindingKind::kCut));
      CHECK_FALSE(again.found(FindingKind::kSuperseded));
    }
    return outcome;
  }

 private:
  void add_unit(RunningLog& log, base::Random& random, bool second_increment) {
    if (at_ == 0 || units.size() == in_first) at_ = log.writer.increment_bytes();
    units.push_back(make_unit(random, units.size(), 90));
    log.writer.append(units.back().bytes, 0);
    at_ += units.back().bytes.size();
    if (second_increment) ends.push_back(at_);
  }

  uint64_t at_ = 0;  // file offset behind what was appended
};

}  // namespace

TEST_CASE("Log: cut at every byte, it loses only what stood behind the cut") {
  const Sample sample(SyncMode::kAlways, 100);
  REQUIRE(sample.load_changed(sample.first, sample.second).records == flatten(sample.units));
  for (size_t cut = 0; cut < sample.second.size(); ++cut) {
    CAPTURE(cut);
    const LoadOutcome outcome = sample.load_changed(sample.first, sample.second.substr(0, cut));
    REQUIRE(outcome.ok());
    size_t whole = sample.in_first;
    for (const uint64_t end : sample.ends) whole += end <= cut ? 1 : 0;
    REQUIRE(whole_units(sample.units, outcome.records) == whole);
  }
}

TEST_CASE("Log: an increment cut before the last one is refused unless nothing of it is lost") {
  const Sample sample(SyncMode::kAlways, 60);
  const Records all = flatten(sample.units);
  size_t refused = 0;
  for (size_t cut = 0; cut < sample.first.size(); ++cut) {
    CAPTURE(cut);
    const LoadOutcome outcome = sample.load_changed(sample.first.substr(0, cut), sample.second);
    if (outcome.ok()) {
      REQUIRE(outcome.records == all);
    } else {
      ++refused;
    }
  }
  CHECK(refused > sample.first.size() * 9 / 10);
}

TEST_CASE("Log: every byte changed is refused or reported, and nothing is invented") {
  for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kNo}) {
    const Sample sample(mode, 60);
    for (const bool in_first : {true, false}) {
      const std::string& whole = in_first ? sample.first : sample.second;
      for (size_t at = 0; at < whole.size(); ++at) {
        for (const int change : {1 << (at % 8), 0xff}) {
          CAPTURE(in_first);
          CAPTURE(at);
          CAPTURE(change);
          std::string changed = whole;
          changed[at] = static_cast<char>(changed[at] ^ change);
          const LoadOutcome outcome = in_first ? sample.load_changed(changed, sample.second)
                                               : sample.load_changed(sample.first, changed);
          if (!outcome.ok()) continue;
          REQUIRE_FALSE(outcome.findings.empty());
          REQUIRE(whole_units(sample.units, outcome.records).has_value());
        }
      }
    }
  }
}

namespace {

// One life after another on the same disk, each ended by a kill, a power cut or a close.
class DiskStory {
 public:
  explicit DiskStory(uint64_t seed) : random_(seed) {}

  void run() {
    for (int life = 0; life < 4; ++life) {
      const LoadOutcome loaded = load(fs_);
      REQUIRE_MESSAGE(loaded.ok(), loaded.error);
      const auto kept = whole_units(units_, loaded.records);
      REQUIRE(kept.has_value());
      REQUIRE(*kept >= must_survive_);
      units_.resize(*kept);
      must_survive_ = *kept;  // what was loaded was synced, too
      live(loaded.start);
    }
  }

 private:
  void live(const aof::StartPoint& start) {
    constexpr std::array kModes = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
    RunningLog log(fs_, kModes[random_.below(3)], start, 1 << 20, nullptr, random_.below(20'000));
    REQUIRE(log.start_error.empty());
    uint64_t released = 0;
    const uint64_t turns = 3 + random_.below(40);
    for (uint64_t turn = 0; turn < turns; ++turn) {
      cause_trouble();
      for (uint64_t i = random_.below(4); i > 0; --i) {
        units_.push_back(make_unit(random_, ++number_, 9000));
        units_.back().tag = log.writer.append(units_.back().bytes, 0);
      }
      if (random_.below(4) > 0) log.writer.end_turn(log.now_us);
      if (random_.below(2) > 0) log.flusher.run_pending();
      if (random_.below(2) > 0) log.now_us += 300'000;
      log.writer.tick(log.now_us);
      released = std::max(released, log.writer.released());
    }
    end(log, released);
  }

  void cause_trouble() {
    switch (random_.below(16)) {
      case 0:
        fs_.fail_next(DiskCall::kFdatasync, EIO);
        break;
      case 1:
        fs_.fail_next(DiskCall::kWrite, EIO);
        break;
      case 2:
        fs_.set_free_bytes(random_.below(3000));
        break;
      case 3:
        fs_.limit_write(1 + random_.below(700));
        break;
      case 4:
        fs_.fail_next(DiskCall::kRename, EIO);
        break;
      case 5:
        fs_.fail_next(DiskCall::kTruncate, EIO);
        break;
      case 6:
        fs_.fail_next(DiskCall::kFsyncDir, EIO);
        break;
      case 7:
        fs_.fail_next(DiskCall::kOpen, EMFILE);
        break;
      case 8:
      case 9:
      case 10:
        fs_.set_free_unlimited();
        fs_.limit_write(0);
        break;
      default:
        break;
    }
  }

  void end(RunningLog& log, uint64_t released) {
    const uint64_t how = random_.below(4);
    if (log.writer.mode() == SyncMode::kAlways) REQUIRE(log.writer.synced() >= released);
    uint64_t safe = how == 0 ? released : log.writer.synced();
    if (how == 3 && log.writer.close().ok()) safe = log.writer.offset();
    for (size_t i = must_survive_; i < units_.size(); ++i) {
      if (units_[i].tag <= safe) must_survive_ = i + 1;
    }
    fs_.set_free_unlimited();
    fs_.limit_write(0);
    fs_.clear_faults();  // one still waiting would hit the next start, which is another test's matter
    switch (how) {
      case 0:
        fs_.kill_process();
        break;
      case 1:
        fs_.crash();
        break;
      default:
        fs_.crash(random_);
        break;
    }
  }

  base::Random random_;
  MemoryFs fs_;
  std::vector<Unit> units_;
  size_t must_survive_ = 0;  // units that the end of the life before had to spare
  uint64_t number_ = 0;
};

constexpr testing::SeedCount kStories{1500, 300, 6};

}  // namespace

TEST_CASE(
    "Log: on a disk that fails and loses power, what was acknowledged is there and nothing is invented") {
  for (const uint64_t seed : seeds(kStories)) {
    CAPTURE(seed);
    DiskStory(seed).run();
  }
}
