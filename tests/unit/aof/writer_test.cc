#include "aof/writer.h"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "support/log_fixture.h"

using namespace sluice::testing;
using namespace sluice::aof;
using Records = std::vector<std::string>;

namespace {

const std::string kA = record({"SET", "a", "1"});
const std::string kB = record({"SET", "b", "2"});
const std::string kC = record({"SET", "c", "3"});

}  // namespace

TEST_CASE("Writer: a start makes directory, increment and manifest durable") {
  MemoryFs fs;
  const RunningLog log(fs);
  REQUIRE(log.start_error.empty());
  fs.crash();
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.error.empty());
  CHECK(loaded.records.empty());
  CHECK(loaded.findings.empty());
  CHECK(loaded.start.offset == 0);
}

TEST_CASE("Writer: append answers the journal offset behind the unit, and a turn makes one write") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  const uint64_t writes = fs.calls(DiskCall::kWrite);
  CHECK(log.writer.append(kA, 0) == kA.size());
  CHECK(log.writer.append(kB, 0) == kA.size() + kB.size());
  CHECK(log.writer.offset() == kA.size() + kB.size());
  CHECK(log.writer.written() == 0);
  log.writer.end_turn(0);
  CHECK(log.writer.written() == kA.size() + kB.size());
  CHECK(fs.calls(DiskCall::kWrite) == writes + 1);
  log.writer.end_turn(0);
  CHECK(fs.calls(DiskCall::kWrite) == writes + 1);
}

TEST_CASE("Writer: under always nothing is released before it is synced") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways);
  const uint64_t tag = log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.written() == tag);
  CHECK(log.writer.released() == 0);
  log.flusher.run_pending();
  CHECK(log.wakes == 1);
  CHECK(log.writer.released() == 0);
  log.writer.tick(log.now_us);
  CHECK(log.writer.released() == tag);
  CHECK(log.writer.retained_bytes() == 0);
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE(
    "Writer: under always a short sync is made in the turn, and left to the thread while there is more to "
    "execute") {
  MemoryFs fs;
  const sluice::base::ManualClock clock{1'000'000};
  RunningLog log(fs, SyncMode::kAlways, {}, 1 << 20, &clock);
  log.put(kA);  // the first one tells how long they take
  uint64_t tag = log.writer.append(kB, 0);
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.released() == tag);
  CHECK_FALSE(log.flusher.run_pending());
  tag = log.writer.append(kC, 0);
  log.writer.end_turn(log.now_us, Writer::Left::kMore);
  CHECK(log.writer.released() == tag - kC.size());
  CHECK(log.flusher.run_pending());
  log.writer.tick(log.now_us);
  CHECK(log.writer.released() == tag);
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2", "SET c 3"});
}

TEST_CASE("Writer: under always what comes while a sync runs is written at once when it has ended") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways);
  log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.gathers());
  const uint64_t writes = fs.calls(DiskCall::kWrite);
  log.writer.append(kB, 0);
  log.writer.end_turn(log.now_us);
  const uint64_t tag = log.writer.append(kC, 0);
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.has_open_batch());
  CHECK(fs.calls(DiskCall::kWrite) == writes);
  CHECK(log.flusher.run_pending());
  log.writer.tick(log.now_us);
  CHECK_FALSE(log.writer.gathers());
  log.writer.end_turn(log.now_us);
  CHECK(fs.calls(DiskCall::kWrite) == writes + 1);
  CHECK(log.writer.released() == kA.size());
  CHECK(log.flusher.run_pending());
  log.writer.tick(log.now_us);
  CHECK(log.writer.released() == tag);
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2", "SET c 3"});
}

TEST_CASE("Writer: who reads the log finds in it what came while a sync runs") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways);
  log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  log.writer.append(kB, 0);
  log.writer.write_out(log.now_us);
  CHECK(log.writer.written() == log.writer.offset());
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
}

TEST_CASE("Writer: a batch that is full is written while a sync runs") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways);
  log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  const std::string large = record({"SET", "b", std::string(kBatchLimit, 'x')});
  log.writer.append(kB, 0);
  const uint64_t tag = log.writer.append(large, 0);
  CHECK_FALSE(log.writer.gathers());
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.written() == tag);
}

TEST_CASE("Writer: under everysec a reply leaves once written, and a sync follows within the second") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  log.put(kA);
  CHECK(log.writer.released() == kA.size());
  const uint64_t synced = log.writer.synced();
  log.put(kB);
  log.wait_us(kSyncIntervalUs - 1);
  CHECK(log.writer.synced() == synced);
  CHECK(log.writer.retained_bytes() == kB.size());
  log.wait_us(1);
  CHECK(log.writer.synced() == kA.size() + kB.size());
  CHECK(log.writer.retained_bytes() == 0);
}

TEST_CASE("Writer: its memory is that of its buffers, and goes with what they hold") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways);
  const size_t before = log.writer.memory_bytes();
  std::string many;
  while (many.size() < 4 * kSpareBufferBytes) many += kA;
  log.writer.append(many, 0);
  CHECK(log.writer.memory_bytes() >= many.size());
  log.writer.end_turn(log.now_us);
  CHECK(log.writer.memory_bytes() >= log.writer.retained_bytes());
  log.flusher.run_pending();
  log.writer.tick(log.now_us);
  CHECK(log.writer.retained_bytes() == 0);
  CHECK(log.writer.memory_bytes() <= before + kSpareBuffers * kSpareBufferBytes);
}

TEST_CASE("Writer: under everysec a sync that somebody waits for is not left to the second") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  log.put(kA);
  const uint64_t tag = log.writer.append(kB, 0);
  log.writer.end_turn(log.now_us);
  CHECK_FALSE(log.flusher.run_pending());
  log.writer.sync_soon(tag, log.now_us);
  CHECK(log.flusher.run_pending());
  log.writer.tick(log.now_us);
  CHECK(log.writer.synced() == tag);
  // Asked again for what is synced, or being synced, it does nothing; and the second begins anew.
  log.writer.append(kC, 0);
  log.writer.end_turn(log.now_us + kSyncIntervalUs - 1);
  log.writer.sync_soon(tag, log.now_us + kSyncIntervalUs - 1);
  CHECK_FALSE(log.flusher.run_pending());
  log.wait_us(kSyncIntervalUs);
  CHECK(log.writer.synced() == tag + kC.size());
}

TEST_CASE("Writer: under no a sync that somebody waits for is not made") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kNo);
  const uint64_t tag = log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  log.writer.sync_soon(tag, log.now_us);
  CHECK_FALSE(log.flusher.run_pending());
  CHECK(log.writer.synced() < tag);
}

TEST_CASE("Writer: under everysec a killed process loses nothing it had released") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  log.put(kA);
  log.put(kB);
  fs.kill_process();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
}

TEST_CASE("Writer: under no nothing is synced and nothing retained") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kNo);
  log.put(kA);
  log.wait_us(10 * kSyncIntervalUs);
  CHECK(log.wakes == 0);
  CHECK(log.writer.retained_bytes() == 0);
  CHECK(log.writer.released() == kA.size());
  fs.kill_process();
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE(
    "Writer: what was written under no is not kept, so a sync that fails later leaves a gap to a power cut") {
  for (const bool power_goes : {false, true}) {
    CAPTURE(power_goes);
    MemoryFs fs;
    RunningLog log(fs, SyncMode::kNo);
    log.put(kA);
    log.writer.set_mode(SyncMode::kAlways);
    fs.fail_next(DiskCall::kFdatasync, EIO);
    log.put(kB);
    log.wait_us(kRetryIntervalUs);
    log.turn();
    REQUIRE(log.writer.manifest().increments.size() == 2);
    REQUIRE(log.writer.released() == log.writer.offset());
    if (power_goes) {
      fs.crash();
    } else {
      fs.kill_process();
    }
    const LoadOutcome loaded = load(fs);
    if (power_goes) {
      CHECK(loaded.error.find("it goes on at journal offset " + std::to_string(kA.size()) +
                              ", but what comes before ends at 0") != std::string::npos);
    } else {
      CHECK(loaded.records == Records{"SET a 1", "SET b 2"});
    }
  }
}

TEST_CASE("Writer: a switch to always syncs what was written before it") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kNo);
  log.put(kA);
  log.writer.set_mode(SyncMode::kAlways);
  log.turn();
  CHECK(log.writer.synced() == kA.size());
}

TEST_CASE("Writer: a second start opens a new increment and the journal goes on") {
  MemoryFs fs;
  {
    RunningLog log(fs);
    log.put(kA);
    REQUIRE(log.writer.close().ok());
  }
  LoadOutcome loaded = load(fs);
  REQUIRE(loaded.ok());
  CHECK(loaded.start.offset == kA.size());
  {
    RunningLog log(fs, SyncMode::kAlways, loaded.start);
    CHECK(log.writer.offset() == kA.size());
    CHECK(log.put(kB) == kA.size() + kB.size());
    CHECK(log.writer.manifest().increments.size() == 2);
    REQUIRE(log.writer.close().ok());
  }
  loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2"});
  CHECK(loaded.findings.empty());
}

TEST_CASE("Writer: increments without a record do not pile up over starts, nor does history") {
  MemoryFs fs;
  StartPoint start;
  for (int round = 0; round < 5; ++round) {
    {
      RunningLog log(fs, SyncMode::kAlways, start);
      REQUIRE(log.start_error.empty());
      CHECK(log.writer.manifest().increments.size() == 1);
    }
    LoadOutcome loaded = load(fs);
    REQUIRE(loaded.ok());
    start = loaded.start;
  }
  fs.put("./appendonlydir/old.aof", "x");
  start.manifest.history = {{"old.aof", 1}};
  const RunningLog log(fs, SyncMode::kAlways, start);
  CHECK_FALSE(fs.exists("./appendonlydir/old.aof"));
  CHECK(fs.list_dir("./appendonlydir")->size() == 2);
}

TEST_CASE("Writer: a file that the manifest does not name is not overwritten") {
  MemoryFs fs;
  fs.put("./appendonlydir/appendonly.aof.1.incr.aof", std::string(1000, 'x'));
  const RunningLog log(fs);
  REQUIRE(log.start_error.empty());
  CHECK(log.writer.manifest().increments.back().seq == 2);
  CHECK(fs.content("./appendonlydir/appendonly.aof.1.incr.aof") == std::string(1000, 'x'));
}

TEST_CASE("Writer: a start on a disk that fails says so") {
  MemoryFs fs;
  SUBCASE("mkdir") {
    fs.fail_next(DiskCall::kMkdir, EACCES);
  }
  SUBCASE("open") {
    fs.fail_next(DiskCall::kOpen, EROFS);
  }
  SUBCASE("write") {
    fs.set_free_bytes(10);
  }
  SUBCASE("sync") {
    fs.fail_next(DiskCall::kFdatasync, EIO);
  }
  SUBCASE("directory") {
    fs.fail_next(DiskCall::kFsyncDir, EIO);
  }
  const RunningLog log(fs);
  CHECK_FALSE(log.start_error.empty());
}

TEST_CASE("Writer: a batch is closed before it outgrows its limit, a big unit is alone in one") {
  MemoryFs fs;
  RunningLog log(fs);
  const std::string half = record({"SET", "h", std::string(kBatchLimit / 2 + 1, 'h')});
  const std::string big = record({"SET", "b", std::string(kBatchLimit + 1, 'b')});
  for (const std::string* unit : {&half, &half, &big, &kA, &kB}) log.writer.append(*unit, 0);
  log.turn();
  const std::string content = fs.content(kFirstIncrement);
  size_t batches = 0;
  for (size_t at = content.find("#XXH3:"); at != std::string::npos; at = content.find("#XXH3:", at + 1))
    ++batches;
  CHECK(batches == 4);
  CHECK(load(fs).records.size() == 5);
}

TEST_CASE("Writer: after a full disk the file is cut to its last whole batch and written on") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  fs.set_free_bytes(20);
  const uint64_t tag = log.put(kB);
  REQUIRE(log.writer.failure());
  CHECK(*log.writer.failure() == "No space left on device");
  CHECK(log.writer.released() == kA.size());
  log.put(kC);
  log.wait_us(kRetryIntervalUs);
  CHECK(log.writer.failure());
  fs.set_free_unlimited();
  log.wait_us(kRetryIntervalUs);
  log.turn();
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.released() >= tag);
  CHECK(log.writer.released() == log.writer.offset());
  fs.crash();
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2", "SET c 3"});
  CHECK(loaded.findings.empty());
}

TEST_CASE("Writer: short writes are carried on and are no failure") {
  MemoryFs fs;
  RunningLog log(fs);
  fs.limit_write(7);
  log.put(kA);
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.released() == kA.size());
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE("Writer: after a failed sync the unsynced batches move to a new increment, and nothing is lost") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  fs.fail_next(DiskCall::kFdatasync, EIO);
  log.put(kB);
  REQUIRE(log.writer.failure());
  CHECK(*log.writer.failure() == "Input/output error");
  CHECK(log.writer.released() == kA.size());
  log.put(kC);
  CHECK(log.writer.released() == kA.size());
  log.wait_us(kRetryIntervalUs);  // writes the new increment
  log.turn();                     // has it synced, switches
  log.turn();
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.released() == log.writer.offset());
  CHECK(log.writer.manifest().increments.size() == 2);
  CHECK(fs.content(kFirstIncrement).find("SET\r\n$1\r\nb") == std::string::npos);
  fs.crash();
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2", "SET c 3"});
  CHECK(loaded.start.offset == log.writer.offset());
}

TEST_CASE(
    "Writer: a rewrite that is asked for while a failed sync is made good does not lose what was not "
    "synced") {
  for (const bool proving : {false, true}) {
    CAPTURE(proving);
    MemoryFs fs;
    RunningLog log(fs);
    log.put(kA);
    fs.fail_next(DiskCall::kFdatasync, EIO);
    log.put(kB);
    REQUIRE(log.writer.failure());
    if (proving) log.wait_us(kRetryIntervalUs);  // the new increment waits for its sync
    log.writer.prepare_rotation();
    CHECK_FALSE(log.writer.rotation_ready());
    log.wait_us(kRetryIntervalUs);
    log.turn();
    log.turn();
    CHECK_FALSE(log.writer.failure());
    CHECK(log.writer.released() == log.writer.offset());
    CHECK(log.writer.rotation_ready());
    fs.crash();
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
  }
}

TEST_CASE("Writer: the database selected goes along to a new increment") {
  MemoryFs fs;
  RunningLog log(fs);
  log.writer.append(record({"SELECT", "5"}) + kA, 5);
  log.turn();
  fs.fail_next(DiskCall::kFdatasync, EIO);
  log.writer.append(kB, 5);
  log.turn();
  REQUIRE(log.writer.failure());
  log.wait_us(kRetryIntervalUs);
  log.turn();
  REQUIRE_FALSE(log.writer.failure());
  CHECK(load(fs).records == Records{"SELECT 5", "SET a 1", "SELECT 5", "SET b 2"});
}

TEST_CASE("Writer: a new increment that fails too is given up and tried again") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  fs.fail_next(DiskCall::kFdatasync, EIO);
  log.put(kB);
  SUBCASE("open") {
    fs.fail_next(DiskCall::kOpen, EMFILE);
  }
  SUBCASE("write") {
    fs.fail_next(DiskCall::kWrite, EIO);
  }
  SUBCASE("sync") {
    fs.fail_next(DiskCall::kFdatasync, EIO);
  }
  SUBCASE("directory") {
    fs.fail_next(DiskCall::kFsyncDir, EIO);
  }
  SUBCASE("rename") {
    fs.fail_next(DiskCall::kRename, EIO);
  }
  log.wait_us(kRetryIntervalUs);
  log.turn();
  CHECK(log.writer.failure());
  CHECK(log.writer.released() == kA.size());
  log.wait_us(kRetryIntervalUs);
  log.turn();
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.released() == log.writer.offset());
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
}

TEST_CASE("Writer: under everysec a failed sync keeps what was released and its memory of it") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  fs.fail_next(DiskCall::kFdatasync, EIO);
  log.put(kA);
  CHECK(log.writer.released() == kA.size());
  CHECK(log.writer.failure());
  CHECK(log.writer.retained_bytes() == kA.size());
  log.wait_us(kRetryIntervalUs);
  log.turn();
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.synced() == kA.size());
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE("Writer: past the retention limit it says so and still keeps every batch") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways, {}, 64);
  fs.set_free_bytes(0);
  log.put(kA);
  CHECK_FALSE(log.writer.past_retention_limit());
  log.put(kB);
  log.put(kC);
  CHECK(log.writer.past_retention_limit());
  fs.set_free_unlimited();
  log.wait_us(kRetryIntervalUs);
  log.turn();
  CHECK_FALSE(log.writer.past_retention_limit());
  CHECK(load(fs).records.size() == 3);
}

TEST_CASE("Writer: a retention limit that is changed while the disk fails is in force at once") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kAlways, {}, 1000);
  fs.set_free_bytes(0);
  log.put(kA);
  log.put(kB);
  CHECK_FALSE(log.writer.past_retention_limit());
  log.writer.set_retention_limit(8);
  CHECK(log.writer.past_retention_limit());
}

TEST_CASE("Writer: a sync that is still running when the next is due counts as delayed") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  log.writer.append(kA, 0);
  log.writer.end_turn(log.now_us);
  log.writer.append(kB, 0);
  log.writer.end_turn(log.now_us + kSyncIntervalUs);
  CHECK(log.writer.delayed_syncs() == 1);
}

TEST_CASE("Writer: close syncs and seals, under every mode") {
  for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kEverysec, SyncMode::kNo}) {
    MemoryFs fs;
    RunningLog log(fs, mode);
    log.writer.append(kA, 0);
    REQUIRE(log.writer.close().ok());
    CHECK(log.writer.synced() == kA.size());
    fs.crash();
    CHECK(load(fs).records == Records{"SET a 1"});
    // The seal makes damage to the last batch tell itself from a torn tail.
    std::string content = fs.content(kFirstIncrement);
    content[content.find("SET")] = 'X';
    fs.put(kFirstIncrement, content);
    CHECK_FALSE(load(fs).ok());
  }
}

TEST_CASE("Writer: a close that failed is taken back, and the log goes on without a loss") {
  for (const SyncMode mode : {SyncMode::kAlways, SyncMode::kEverysec}) {
    for (const DiskCall call : {DiskCall::kWrite, DiskCall::kFdatasync}) {
      for (uint64_t calls_before = 0; calls_before < 2; ++calls_before) {
        CAPTURE(static_cast<int>(call));
        CAPTURE(calls_before);
        MemoryFs fs;
        RunningLog log(fs, mode);
        log.writer.append(kA, 0);
        log.writer.end_turn(log.now_us);  // its sync is asked for, and the thread stops before it comes to it
        const uint64_t tag = log.writer.append(kB, 0);
        log.flusher.stop();
        fs.fail_later(call, EIO, calls_before);  // 1: the seal
        const bool closed = log.writer.close().ok();
        CHECK(closed == (call == DiskCall::kWrite && calls_before == 0));  // which is tried again at once
        fs.clear_faults();
        for (int i = 0; i < 6; ++i) log.wait_us(kSyncIntervalUs);
        CHECK_FALSE(log.writer.failure());
        CHECK(log.writer.synced() >= tag);
        log.put(kC);
        CHECK(log.writer.close().ok());
        fs.crash();
        CHECK(load(fs).records == Records{"SET a 1", "SET b 2", "SET c 3"});
      }
    }
  }
}

TEST_CASE("Writer: close gets over a failure that has passed, and reports one that lasts") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  SUBCASE("a failed sync") {
    fs.fail_next(DiskCall::kFdatasync, EIO);
    log.put(kB);
    REQUIRE(log.writer.failure());
    CHECK(log.writer.close().ok());
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
  }
  SUBCASE("a full disk, freed") {
    fs.set_free_bytes(3);
    log.put(kB);
    fs.set_free_unlimited();
    CHECK(log.writer.close().ok());
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
  }
  SUBCASE("a full disk") {
    fs.set_free_bytes(3);
    log.put(kB);
    CHECK_FALSE(log.writer.close().ok());
    CHECK(load(fs).records == Records{"SET a 1"});
  }
}
