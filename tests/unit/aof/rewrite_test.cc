#include "aof/rewrite.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "aof/leftovers.h"
#include "aof/load_plan.h"
#include "snapshot/crc64.h"
#include "snapshot/encoder.h"
#include "snapshot/writer.h"
#include "support/dying_fs.h"
#include "support/log_fixture.h"

namespace sluice::testing {

namespace {

using aof::Rewrite;
using aof::SyncMode;
using Records = std::vector<std::string>;

const std::string kBasePath = "./appendonlydir/appendonly.aof.1.base.rdb";
const std::string kTemporaryPath = "./appendonlydir/temp-rewrite.rdb";
const std::string kBefore = record({"SET", "before", "1"});
const std::string kDuring = record({"SET", "during", "1"});
const std::string kAfter = record({"SET", "after", "1"});

// A log, a keyspace to make its base of, and the rewrite between them. Destroy it before the disk.
struct Desk {
  explicit Desk(base::Fs& disk, SyncMode mode = SyncMode::kAlways, aof::StartPoint start = {})
      : log(disk, mode, std::move(start)),
        recorder(keyspace, disk, clock, [] {}),
        rewrite(aof::LogPlace{}, log.writer, recorder) {
    keyspace.database(0).insert("key", keyspace::Value(types::StringValue(5)));
  }

  void step() {
    log.turn();
    (void)rewrite.step(log.now_us, true);
  }
  // Until it ends; null if it does not.
  std::optional<base::Result<void>> finish() {
    for (int i = 0; i < 20 && rewrite.active(); ++i) {
      step();
      recorder.run_pending();
    }
    return rewrite.take_end();
  }
  // With something logged before its moment, after it, and after its end.
  std::optional<base::Result<void>> tell() {
    log.put(kBefore);
    rewrite.begin({});
    while (rewrite.active() && rewrite.preparing() && !log.writer.failure()) step();
    log.put(kDuring);
    auto end = finish();
    log.put(kAfter);
    return end;
  }

  base::ManualClock clock{1'000'000};
  keyspace::Keyspace keyspace{1, 1};
  RunningLog log;
  snapshot::Recorder recorder;
  Rewrite rewrite;
};

bool is_whole_base(const base::Bytes& file) {
  if (file.size() < 9) return false;
  base::Bytes sum;
  snapshot::Encoder out(sum, false);
  snapshot::encode_checksum(snapshot::crc64(0, base::ByteView(file).substr(0, file.size() - 8)), out);
  return file.ends_with(sum) && file[file.size() - 9] == '\xff';
}

}  // namespace

TEST_CASE("Rewrite: the base takes the place of everything logged before its moment") {
  for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo}) {
    MemoryFs fs;
    Desk desk(fs, mode);
    const auto end = desk.tell();
    REQUIRE(end);
    CHECK(end->ok());
    CHECK(is_whole_base(fs.content(kBasePath)));
    CHECK(desk.rewrite.base_bytes() == fs.content(kBasePath).size());
    CHECK(load(fs).records == Records{"rdb:" + kBasePath, "SET during 1", "SET after 1"});
    CHECK(!fs.exists(kFirstIncrement));
    CHECK(!fs.exists(kTemporaryPath));
    CHECK(desk.log.writer.manifest().history.empty());
  }
}

TEST_CASE("Rewrite: a second one replaces the base of the first") {
  MemoryFs fs;
  Desk desk(fs);
  REQUIRE(desk.tell());
  const auto end = desk.tell();
  REQUIRE(end);
  CHECK(end->ok());
  CHECK(!fs.exists(kBasePath));
  CHECK(load(fs).records ==
        Records{"rdb:./appendonlydir/appendonly.aof.2.base.rdb", "SET during 1", "SET after 1"});
}

TEST_CASE("Rewrite: it waits for its moment while a unit is half done") {
  MemoryFs fs;
  Desk desk(fs);
  desk.log.put(kBefore);
  desk.rewrite.begin({});
  for (int i = 0; i < 5; ++i) {
    desk.log.turn();
    CHECK(!desk.rewrite.step(desk.log.now_us, false));
    CHECK(desk.rewrite.preparing());
  }
  desk.step();
  CHECK(!desk.rewrite.preparing());
}

TEST_CASE("Rewrite: while it waits for a unit that is half done, what is logged is synced as ever") {
  MemoryFs fs;
  Desk desk(fs);
  desk.log.put(kBefore);
  desk.rewrite.begin({});
  CHECK(!desk.rewrite.step(desk.log.now_us, false));
  const uint64_t tag = desk.log.put(kDuring);
  CHECK(desk.log.writer.released() == tag);
}

TEST_CASE("Rewrite: what is logged between its moment and its end is synced as ever") {
  MemoryFs fs;
  Desk desk(fs);
  desk.log.put(kBefore);
  desk.rewrite.begin({});
  while (desk.rewrite.preparing()) desk.step();
  const uint64_t tag = desk.log.put(kDuring);
  CHECK(desk.log.writer.released() == tag);
  fs.crash();
  CHECK(load(fs).records == Records{"SET before 1", "SET during 1"});
}

TEST_CASE("Rewrite: cancelled, it leaves the old set and no file") {
  MemoryFs fs;
  Desk desk(fs);
  desk.log.put(kBefore);
  desk.rewrite.begin({});
  while (desk.rewrite.preparing()) desk.step();
  desk.rewrite.cancel();
  const auto end = desk.finish();
  REQUIRE(end);
  CHECK(!end->ok());
  desk.log.put(kAfter);
  CHECK(load(fs).records == Records{"SET before 1", "SET after 1"});
  CHECK(!fs.exists(kBasePath));
  CHECK(!fs.exists(kTemporaryPath));
}

TEST_CASE("Rewrite: a manifest that cannot be written is tried again until it can") {
  MemoryFs fs;
  Desk desk(fs);
  desk.log.put(kBefore);
  desk.rewrite.begin({});
  while (desk.rewrite.preparing()) desk.step();
  desk.step();
  desk.recorder.run_pending();
  desk.step();
  fs.fail_next(DiskCall::kRename, EIO, 3);
  for (int i = 0; i < 3; ++i) {
    desk.step();
    CHECK(!desk.rewrite.take_end());
    desk.log.now_us += aof::kRetryIntervalUs;
  }
  const auto end = desk.finish();
  REQUIRE(end);
  CHECK(end->ok());
  CHECK(load(fs).records == Records{"rdb:" + kBasePath});
}

// Everything that was released is there after any crash, in the base or behind it, and nothing else.
TEST_CASE("Rewrite: a crash between any two steps leaves a set that loads") {
  uint64_t steps = 0;
  {
    MemoryFs fs;
    DyingFs dying(fs);
    Desk desk(dying);
    REQUIRE(desk.tell());
    steps = dying.calls();
  }
  REQUIRE(steps > 20);
  for (const bool power_goes : {false, true}) {
    for (uint64_t died_at = 0; died_at < steps; ++died_at) {
      CAPTURE(power_goes);
      CAPTURE(died_at);
      MemoryFs fs;
      uint64_t released = 0;
      {
        DyingFs dying(fs);
        dying.die_after(died_at);
        Desk desk(dying);
        if (!desk.log.start_error.empty()) continue;
        (void)desk.tell();
        CHECK(dying.dead());
        released = desk.log.writer.released();
      }
      if (power_goes) {
        fs.crash();
      } else {
        fs.kill_process();
      }
      const LoadOutcome outcome = load(fs);
      REQUIRE_MESSAGE(outcome.ok(), outcome.error);
      Records records = outcome.records;
      if (!records.empty() && records[0] == "rdb:" + kBasePath) {
        CHECK(is_whole_base(fs.content(kBasePath)));
        records[0] = "SET before 1";
      }
      const Records all = {"SET before 1", "SET during 1", "SET after 1"};
      REQUIRE(records.size() <= all.size());
      CHECK(std::equal(records.begin(), records.end(), all.begin()));
      uint64_t loaded = 0;
      for (size_t i = 0; i < records.size(); ++i) loaded += std::array{kBefore, kDuring, kAfter}[i].size();
      CHECK(loaded >= released);
    }
  }
}

namespace {

// An earlier log that was closed, and one that is switched on beside it.
void leave_old_log(MemoryFs& fs) {
  RunningLog old(fs, SyncMode::kAlways);
  old.put(record({"SET", "old", "1"}));
  REQUIRE(old.writer.close().ok());
}

struct SwitchedOn {
  explicit SwitchedOn(base::Fs& disk)
      : recorder(keyspace, disk, clock, [] {}),
        writer(disk, random, flusher, {{}, SyncMode::kAlways, 1 << 20}) {
    keyspace.database(0).insert("key", keyspace::Value(types::StringValue(5)));
    auto start = aof::start_beside(disk, {}, 1);
    if (!start) return;
    first_offset = start->offset;
    if (writer.start_beside(std::move(*start)).ok()) rewrite.emplace(aof::LogPlace{}, writer, recorder);
  }

  void put(const std::string& unit) {
    writer.append(unit, 0);
    turn();
  }
  void turn() {
    writer.end_turn(now_us);
    flusher.run_pending();
    writer.tick(now_us);
  }
  void finish_base() {
    for (int i = 0; i < 20 && rewrite->active(); ++i) {
      turn();
      (void)rewrite->step(now_us, true);
      recorder.run_pending();
    }
  }
  // Logged before the base has its moment, while it is written, and when it is there.
  void tell() {
    if (!rewrite) return;
    put(kBefore);
    rewrite->begin({});
    for (int i = 0; i < 3; ++i) {
      turn();
      (void)rewrite->step(now_us, true);
    }
    put(kDuring);
    finish_base();
    put(kAfter);
  }

  base::ManualClock clock{1'000'000};
  keyspace::Keyspace keyspace{1, 1};
  base::Random random{9};
  int64_t now_us = 10'000'000;
  aof::Flusher flusher{[] {}};
  snapshot::Recorder recorder;
  aof::Writer writer;
  std::optional<Rewrite> rewrite;
  uint64_t first_offset = 0;
};

const Records kOldLog = {"SET old 1"};
const Records kNewLog = {"rdb:./appendonlydir/appendonly.aof.1.base.rdb", "SET during 1", "SET after 1"};

}  // namespace

TEST_CASE("Switching on: the new log takes the place of the old one when its base is there, not before") {
  for (const bool old_log : {false, true}) {
    MemoryFs fs;
    if (old_log) leave_old_log(fs);
    SwitchedOn log(fs);
    REQUIRE(log.rewrite);
    log.put(kBefore);
    CHECK_FALSE(log.writer.listed());
    CHECK(log.writer.synced() > log.first_offset);
    CHECK(log.writer.durable() == 0);
    if (old_log) CHECK(load(fs).records == kOldLog);
    log.rewrite->begin({});
    log.finish_base();
    CHECK(log.writer.listed());
    CHECK(log.writer.durable() == log.writer.synced());
    log.put(kDuring);
    log.put(kAfter);
    fs.crash();
    const LoadOutcome outcome = load(fs);
    CHECK(outcome.records == kNewLog);
    CHECK(outcome.start.offset == log.writer.offset());
    CHECK(outcome.findings.empty());
    CHECK(outcome.start.manifest.unfinished.empty());
  }
}

TEST_CASE("Switching on: a crash between any two steps leaves the old state or the new log, and no garbage") {
  for (const bool old_log : {false, true}) {
    uint64_t steps = 0;
    {
      MemoryFs fs;
      if (old_log) leave_old_log(fs);
      DyingFs dying(fs);
      SwitchedOn log(dying);
      log.tell();
      REQUIRE(log.writer.listed());
      steps = dying.calls();
    }
    for (const bool power_goes : {false, true}) {
      for (uint64_t died_at = 0; died_at < steps; ++died_at) {
        CAPTURE(old_log);
        CAPTURE(power_goes);
        CAPTURE(died_at);
        MemoryFs fs;
        if (old_log) leave_old_log(fs);
        uint64_t durable = 0;
        {
          DyingFs dying(fs);
          dying.die_after(died_at);
          SwitchedOn log(dying);
          log.tell();
          durable = log.writer.durable();
        }
        if (power_goes) {
          fs.crash();
        } else {
          fs.kill_process();
        }
        REQUIRE(aof::clear_leftovers(fs, {}).ok());
        const LoadOutcome outcome = load(fs);
        REQUIRE_MESSAGE(outcome.ok(), outcome.error);
        CHECK_FALSE(outcome.found(aof::FindingKind::kOrphan));
        CHECK(!fs.exists(kTemporaryPath));
        Records awaited = old_log ? kOldLog : Records{};
        const bool is_new = !outcome.records.empty() && outcome.records[0] == kNewLog[0];
        if (is_new) awaited.assign(kNewLog.begin(), kNewLog.begin() + std::ptrdiff_t(outcome.records.size()));
        CHECK(outcome.records == awaited);
        if (durable > 0) CHECK(is_new);
        if (durable > 0) CHECK(outcome.start.offset >= durable);
      }
    }
  }
}

TEST_CASE("Switching on: taken back, it leaves what was there and nothing else") {
  for (const bool old_log : {false, true}) {
    MemoryFs fs;
    if (old_log) leave_old_log(fs);
    const auto before = fs.list_dir("./appendonlydir");
    SwitchedOn log(fs);
    log.put(kBefore);
    log.rewrite->begin({});
    for (int i = 0; i < 3; ++i) {
      log.turn();
      (void)log.rewrite->step(log.now_us, true);
    }
    log.put(kDuring);
    log.rewrite->cancel();
    log.finish_base();
    log.rewrite.reset();
    log.writer.discard();
    if (old_log) CHECK(*fs.list_dir("./appendonlydir") == *before);
    if (!old_log) CHECK(fs.list_dir("./appendonlydir")->empty());
    CHECK(load(fs).records == (old_log ? kOldLog : Records{}));
  }
}

TEST_CASE("Switching on: files that cannot be made are an error, and nothing is left behind") {
  const DiskCall calls[] = {DiskCall::kMkdir, DiskCall::kOpen, DiskCall::kWrite, DiskCall::kFdatasync};
  for (const DiskCall call : calls) {
    CAPTURE(static_cast<int>(call));
    MemoryFs fs;
    leave_old_log(fs);
    const auto before = fs.list_dir("./appendonlydir");
    auto start = aof::start_beside(fs, {}, 1);
    REQUIRE(start);
    base::Random random(3);
    aof::Flusher flusher([] {});
    aof::Writer writer(fs, random, flusher, {});
    fs.fail_next(call, ENOSPC);
    CHECK_FALSE(writer.start_beside(std::move(*start)).ok());
    CHECK(*fs.list_dir("./appendonlydir") == *before);
    CHECK(load(fs).records == kOldLog);
  }
}

TEST_CASE("Rewrite: a base that a crash left behind is known as ours at the next start") {
  MemoryFs fs;
  {
    Desk desk(fs);
    desk.log.put(kBefore);
    desk.rewrite.begin({});
    while (desk.rewrite.preparing()) desk.step();
    desk.step();
    desk.recorder.run_pending();
    REQUIRE(fs.exists(kBasePath));
    fs.kill_process();
  }
  CHECK(*aof::clear_leftovers(fs, {}) == std::vector<std::string>{kBasePath});
  CHECK(load(fs).records == Records{"SET before 1"});
}

// The disk refuses one call and works again: the rewrite may fail, the log goes on.
TEST_CASE("Rewrite: any call of the disk that fails once loses nothing") {
  constexpr DiskCall kCalls[] = {DiskCall::kOpen,   DiskCall::kWrite,  DiskCall::kFdatasync, DiskCall::kClose,
                                 DiskCall::kRename, DiskCall::kUnlink, DiskCall::kFsyncDir};
  for (const DiskCall call : kCalls) {
    for (int before = 0; before < 12; ++before) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(before);
      MemoryFs fs;
      Desk desk(fs);
      desk.log.put(kBefore);
      desk.rewrite.begin({});
      for (int i = 0; i < before / 2; ++i) {
        desk.step();
        if (i % 2 == 1) desk.recorder.run_pending();
      }
      fs.fail_next(call, EIO);
      const uint64_t tag = desk.log.put(kDuring);
      for (int i = 0; i < 40; ++i) {
        desk.log.now_us += aof::kRetryIntervalUs;
        desk.step();
        desk.recorder.run_pending();
      }
      fs.clear_faults();
      CHECK(!desk.rewrite.active());
      CHECK(!desk.log.writer.failure());
      CHECK(desk.log.writer.released() >= tag);
      if (call != DiskCall::kUnlink) {
        CHECK(!fs.exists(kTemporaryPath));
        const auto names = *fs.list_dir("./appendonlydir");
        for (const std::string& name : names) {
          CAPTURE(name);
          CHECK((desk.log.writer.manifest().names(name) || name == "appendonly.aof.manifest"));
        }
      }
      fs.crash();
      const LoadOutcome outcome = load(fs);
      REQUIRE_MESSAGE(outcome.ok(), outcome.error);
      REQUIRE(!outcome.records.empty());
      CHECK((outcome.records[0] == "SET before 1" || outcome.records[0].starts_with("rdb:")));
    }
  }
}

}  // namespace sluice::testing
