// A server's log on a simulated disk, over several lives: clients of every kind that writes, rewrites of the
// log meanwhile, and a disk that writes short, fills up, fails calls, is slow to sync, tears pages and lands
// unsynced ones in any order when the power goes; processes are killed between any two calls to it, while
// they load, too. After each end the next life loads by itself, holds exactly what was held at some moment,
// and that moment is not before anything that was acknowledged.
//
//   what ended a life         what must be there afterwards
//   kill                      whatever was released, under any appendfsync
//   power cut                 whatever was released under always, or said to be synced
//   clean stop                everything
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "property/harness_log.h"
#include "property/replay_writers.h"
#include "support/dying_fs.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

using aof::SyncMode;
using testing::DiskCall;
using testing::DyingFs;
using testing::MemoryFs;

constexpr testing::SeedCount kStories{1500, 150, 15};
constexpr int kLives = 5;
// A torn tail may end behind the record that selects a unit's database: it changes nothing.
constexpr base::ByteView kSelect = "*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n";

// What was met over all stories: a disk that never failed would prove nothing.
struct Met {
  uint64_t rewrites = 0;      // that came to their end
  uint64_t cut_short = 0;     // rewrites that a crash ended
  uint64_t bases_loaded = 0;  // lives that began with a base
  uint64_t failures = 0;      // turns in which the writer said that the disk fails
  uint64_t deaths_in_load = 0;
  uint64_t tails_lost = 0;  // loads that found less than was written, as they may
  uint64_t units = 0;
  uint64_t synced_in_turn = 0;  // turns whose end waited for its sync itself
  uint64_t failed_in_turn = 0;  // the same, and the sync failed
  uint64_t closes_failed = 0;   // and the log went on
};

// What was held when the journal had come to an offset.
struct Moment {
  uint64_t offset = 0;
  std::string digest;
};

// Journal offsets up to which everything must be there after an end of this kind.
struct Promised {
  uint64_t to_a_kill = 0;
  uint64_t to_a_power_cut = 0;
};

class DiskStory {
 public:
  DiskStory(uint64_t seed, Met& met) : seed_(seed), random_(seed), met_(met) {
    Harness empty;
    moments_.push_back({0, debug_digest(empty, kBeforeAnyDeadline)});
  }

  void run() {
    for (int life = 0; life < kLives; ++life) {
      CAPTURE(life);
      Harness harness(seed_ * kLives + static_cast<uint64_t>(life));
      harness.clock.advance_us(lived_us_);
      aof::StartPoint start = begin(harness);
      live(harness, std::move(start));
    }
  }

 private:
  // Loads, now and then first through a process that dies or meets a failing disk while it does.
  aof::StartPoint begin(Harness& harness) {
    while (random_.below(4) == 0) {
      Harness victim(seed_);
      DyingFs process(disk_);
      const bool healthy = random_.below(2) == 0;
      if (healthy) process.die_after(random_.below(12));
      if (!healthy) cause_trouble(SyncMode::kAlways);
      const LogLoad load = load_log(victim, process);
      if (healthy && !process.dead()) REQUIRE(load.error == "");
      end_trouble();
      met_.deaths_in_load += process.dead() ? 1 : 0;
      lose_process(process, random_.below(2) == 0);
    }
    LogLoad load = load_log(harness, disk_);
    REQUIRE(load.error == "");
    check_loaded(harness, load.start.offset);
    met_.bases_loaded += load.start.manifest.base ? 1 : 0;
    return std::move(load.start);
  }

  void check_loaded(Harness& harness, uint64_t offset) {
    const auto next = std::find_if(moments_.begin(), moments_.end(),
                                   [&](const Moment& one) { return one.offset > offset; });
    REQUIRE(next != moments_.begin());
    met_.tails_lost += next != moments_.end() ? 1 : 0;
    moments_.erase(next, moments_.end());
    Moment& moment = moments_.back();
    const uint64_t behind_it = offset - moment.offset;
    REQUIRE((behind_it == 0 || behind_it == kSelect.size()));
    REQUIRE(offset >= promised_.to_a_kill);
    REQUIRE(debug_digest(harness, kBeforeAnyDeadline) == moment.digest);
    moment.offset = offset;
    promised_ = {offset, offset};  // what was loaded was synced, too
  }

  void live(Harness& harness, aof::StartPoint start) {
    constexpr std::array kModes = {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo};
    DyingFs process(disk_);
    if (random_.below(3) == 0) process.die_after(random_.below(400));
    const bool troubled = random_.below(8) == 0;
    const SyncMode mode = kModes[random_.below(3)];
    if (troubled) cause_trouble(mode);
    {
      const uint64_t filled_from = random_.below(4) == 0 ? aof::kFilledFromBytes : random_.below(3000);
      HarnessLog log(harness, process, mode, std::move(start), syncs_, filled_from);
      if (log.running.start_error.empty()) {
        log.after_unit = [&] {
          moments_.push_back({log.running.writer.offset(), debug_digest(harness, kBeforeAnyDeadline)});
          ++met_.units;
        };
        turns(harness, log, process);
      } else {
        REQUIRE((process.dead() || troubled));
      }
      end(log, process);
    }
    end_trouble();
    lived_us_ = harness.clock.unix_us() - Harness().clock.unix_us();
  }

  void turns(Harness& harness, HarnessLog& log, const DyingFs& process) {
    Tally unused;
    Writers writers(harness, random_.next(), unused);
    const uint64_t lag = 1 + random_.below(8);  // the flusher comes to work every so many turns
    aof::Writer& writer = log.running.writer;
    const uint64_t count = 3 + random_.below(60);
    for (uint64_t turn = 0; turn < count && !process.dead(); ++turn) {
      if (random_.below(3) == 0) cause_trouble(writer.mode());
      for (uint64_t i = random_.below(4); i > 0; --i) writers.step();
      if (writer.mode() != SyncMode::kNo && random_.below(30) == 0) {
        writer.set_mode(random_.below(2) == 0 ? SyncMode::kAlways : SyncMode::kEverysec);
      }
      if (random_.below(4) > 0) end_turn(log);
      if (random_.below(10) == 0) writer.sync_soon(writer.offset(), log.running.now_us);
      if (random_.below(lag) == 0) log.running.flusher.run_pending();
      if (random_.below(40) == 0 && closes(log)) break;
      if (random_.below(2) > 0) log.running.now_us += 300'000;
      writer.tick(log.running.now_us);
      met_.failures += writer.failure() ? 1 : 0;
      note_promises(writer);
    }
  }

  // As when the log is switched off; what cannot be closed goes on.
  bool closes(HarnessLog& log) {
    log.running.flusher.stop();
    const bool closed = log.running.writer.close().ok();
    met_.closes_failed += closed ? 0 : 1;
    if (closed) promised_ = {log.running.writer.offset(), log.running.writer.offset()};
    return closed;
  }

  void note_promises(const aof::Writer& writer) {
    promised_.to_a_kill = std::max(promised_.to_a_kill, writer.released());
    promised_.to_a_power_cut = std::max(promised_.to_a_power_cut, writer.synced());
    if (writer.mode() == SyncMode::kAlways) {
      promised_.to_a_power_cut = std::max(promised_.to_a_power_cut, writer.released());
    }
  }

  void end_turn(HarnessLog& log) {
    const uint64_t synced = log.running.flusher.done();
    const bool failed = log.running.flusher.failed();
    using Left = aof::Writer::Left;
    log.running.writer.end_turn(log.running.now_us, random_.below(4) == 0 ? Left::kMore : Left::kNothing);
    met_.synced_in_turn += log.running.flusher.done() > synced ? 1 : 0;
    met_.failed_in_turn += log.running.flusher.failed() && !failed ? 1 : 0;
    if (!log.rewrite.active() && random_.below(10) == 0) log.begin_rewrite(random_.below(2) == 0);
    if (!log.rewrite.active()) return;
    // A failure waits for its end: nothing more is to be done in a turn that does not begin with one.
    (void)log.rewrite.step(log.running.now_us, true);
    if (random_.below(3) == 0) log.recorder.run_pending();
    if (const auto ended = log.rewrite.take_end()) met_.rewrites += ended->ok() ? 1 : 0;
  }

  // Not what src/aof/README.md excepts: a first sync that fails after a time under `no`.
  void cause_trouble(SyncMode mode) {
    struct Fault {
      DiskCall call;
      int code;
    };
    constexpr std::array<Fault, 8> kFaults = {{{DiskCall::kFdatasync, EIO},
                                               {DiskCall::kWrite, EIO},
                                               {DiskCall::kRename, EIO},
                                               {DiskCall::kTruncate, EIO},
                                               {DiskCall::kFsyncDir, EIO},
                                               {DiskCall::kOpen, EMFILE},
                                               {DiskCall::kUnlink, EIO},
                                               {DiskCall::kClose, EIO}}};
    const uint64_t dice = random_.below(16);
    if (dice < kFaults.size()) {
      if (mode == SyncMode::kNo && kFaults[dice].call == DiskCall::kFdatasync) return;
      disk_.fail_later(kFaults[dice].call, kFaults[dice].code, random_.below(3));
    } else if (dice == 8) {
      disk_.set_free_bytes(random_.below(3000));
    } else if (dice == 9) {
      disk_.limit_write(1 + random_.below(700));
    } else {
      disk_.set_free_unlimited();
      disk_.limit_write(0);
    }
  }
  void end_trouble() {
    disk_.set_free_unlimited();
    disk_.limit_write(0);
    disk_.clear_faults();
  }

  void end(HarnessLog& log, DyingFs& process) {
    met_.cut_short += log.rewrite.active() ? 1 : 0;
    const bool stops = log.running.start_error.empty() && !process.dead() && random_.below(4) == 0;
    if (stops) (void)closes(log);
    lose_process(process, random_.below(2) == 0);
  }

  // Nothing the process still does reaches the disk.
  void lose_process(DyingFs& process, bool power_lost) {
    process.die_after(0);
    if (power_lost) promised_.to_a_kill = promised_.to_a_power_cut;  // pages that were only cached are gone
    if (!power_lost) {
      disk_.kill_process();
    } else if (random_.below(3) == 0) {
      disk_.crash();
    } else {
      disk_.crash(random_);
    }
  }

  const uint64_t seed_;
  // As on a slow disk or on a fast one.
  const HarnessLog::Syncs syncs_ =
      seed_ % 2 == 0 ? HarnessLog::Syncs::kInTurn : HarnessLog::Syncs::kByFlusher;
  base::Random random_;
  Met& met_;
  MemoryFs disk_;
  std::vector<Moment> moments_;  // by offset
  Promised promised_;
  int64_t lived_us_ = 0;
};

}  // namespace

TEST_CASE(
    "Disk: whatever it does and whenever it dies, what was acknowledged is there, and nothing is invented") {
  Met met;
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    DiskStory(seed, met).run();
  }
  if (testing::asked_seed()) return;
  CHECK(met.rewrites > 0);
  CHECK(met.cut_short > 0);
  CHECK(met.bases_loaded > 0);
  CHECK(met.failures > 0);
  CHECK(met.deaths_in_load > 0);
  CHECK(met.tails_lost > 0);
  CHECK(met.synced_in_turn > 0);
  CHECK(met.failed_in_turn > 0);
  CHECK(met.closes_failed > 0);
  MESSAGE("rewrites " << met.rewrites << ", cut short " << met.cut_short << ", bases " << met.bases_loaded
                      << ", failures " << met.failures << ", deaths in load " << met.deaths_in_load
                      << ", tails lost " << met.tails_lost << ", units " << met.units
                      << ", synced in the turn " << met.synced_in_turn << ", failed there "
                      << met.failed_in_turn << ", closes failed " << met.closes_failed);
}

}  // namespace sluice::test
