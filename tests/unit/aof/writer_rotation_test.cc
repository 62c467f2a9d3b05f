#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "aof/manifest.h"
#include "aof/writer.h"
#include "support/log_fixture.h"

using namespace sluice::testing;
using namespace sluice::aof;
using Records = std::vector<std::string>;

namespace {

const std::string kA = record({"SET", "a", "1"});
const std::string kB = record({"SET", "b", "2"});

}  // namespace

TEST_CASE("Writer: a rewrite may be asked for again at once after its sync of the increment failed") {
  MemoryFs fs;
  RunningLog log(fs, SyncMode::kEverysec);
  log.put(kA);
  log.writer.prepare_rotation();
  log.turn();
  log.put(kB);
  REQUIRE(log.writer.rotation_ready());
  fs.fail_next(DiskCall::kFdatasync, EIO);
  CHECK_FALSE(log.writer.rotate(log.writer.next_base(), log.now_us).ok());
  log.writer.prepare_rotation();
  log.wait_us(kRetryIntervalUs);
  log.turn();
  log.turn();
  CHECK_FALSE(log.writer.failure());
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
}

TEST_CASE("Writer: a new increment of a log without a record is on disk before the manifest names it") {
  MemoryFs fs;
  RunningLog log(fs);
  log.writer.prepare_rotation();
  fs.fail_next(DiskCall::kFdatasync, EIO);
  REQUIRE_FALSE(log.writer.rotate(log.writer.next_base(), log.now_us).ok());
  log.now_us += kRetryIntervalUs;
  for (int i = 0; i < 2; ++i) log.writer.tick(log.now_us);  // the flusher does not come to it
  REQUIRE_FALSE(log.writer.failure());
  REQUIRE(log.writer.manifest().increments.size() == 2);
  CHECK(fs.durable_content(kSecondIncrement) == fs.content(kSecondIncrement));
  // Had it been empty, nothing behind it could be loaded.
  log.turn();
  log.writer.prepare_rotation();
  REQUIRE(log.writer.rotate(log.writer.next_base(), log.now_us).ok());
  log.put(kA);
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE("Writer: a file that the manifest does not name is never written over, however small it is") {
  const std::string lost = record({"SET", "lost", "1"});
  MemoryFs fs;
  {
    RunningLog log(fs);
    log.put(kA);
    REQUIRE(log.writer.close().ok());
    fs.kill_process();
  }
  const std::string manifest = fs.content(kManifestPath);
  std::string kept;
  {
    RunningLog log(fs, SyncMode::kAlways, load(fs).start);
    log.put(lost);
    fs.kill_process();
    kept = fs.content(kSecondIncrement);
    REQUIRE(kept.size() < kMaxHeader);
  }
  fs.put(kManifestPath, manifest);  // it lost the line of the second one
  const LoadOutcome loaded = load(fs);
  REQUIRE(loaded.ok());
  CHECK(loaded.found(FindingKind::kOrphan));
  SUBCASE("by a start") {
    const RunningLog log(fs, SyncMode::kAlways, loaded.start);
    CHECK(log.start_error.empty());
  }
  SUBCASE("by what comes after a failed sync, when the file appeared meanwhile") {
    RunningLog log(fs, SyncMode::kAlways, loaded.start);
    const std::string next = "./appendonlydir/appendonly.aof.4.incr.aof";
    fs.put(next, kept);
    fs.fail_next(DiskCall::kFdatasync, EIO);
    log.put(kB);
    log.wait_us(kRetryIntervalUs);
    log.turn();
    CHECK_FALSE(log.writer.failure());
    CHECK(fs.content(next) == kept);
    fs.crash();
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
  }
  CHECK(fs.content(kSecondIncrement) == kept);
}

TEST_CASE("Writer: starts that fail leave no increments behind") {
  MemoryFs fs;
  { const RunningLog first(fs); }
  const auto before = *fs.list_dir("./appendonlydir");
  for (const DiskCall call :
       {DiskCall::kOpen, DiskCall::kWrite, DiskCall::kFdatasync, DiskCall::kRename, DiskCall::kFsyncDir}) {
    for (uint64_t calls_before = 0; calls_before < 2; ++calls_before) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(calls_before);
      const LoadOutcome loaded = load(fs);
      REQUIRE(loaded.ok());
      fs.fail_later(call, EIO, calls_before);
      const RunningLog log(fs, SyncMode::kAlways, loaded.start);
      fs.clear_faults();
      // One that a crash may find named by a manifest stays: at most one, since the next start removes it.
      CHECK(fs.list_dir("./appendonlydir")->size() <= before.size() + 2);
    }
  }
}

TEST_CASE("Writer: a start on a full disk takes up the log that is there, and goes on once there is room") {
  for (const uint64_t free_bytes : {0, 10, 100, 150}) {
    CAPTURE(free_bytes);
    MemoryFs fs;
    {
      RunningLog log(fs);
      log.put(kA);
      REQUIRE(log.writer.close().ok());
      fs.kill_process();
    }
    fs.set_free_bytes(free_bytes);
    const LoadOutcome loaded = load(fs);
    REQUIRE(loaded.records == Records{"SET a 1"});
    RunningLog log(fs, SyncMode::kAlways, loaded.start);
    REQUIRE(log.start_error == "");
    REQUIRE(log.writer.failure());
    const uint64_t tag = log.put(kB);
    CHECK(log.writer.released() < tag);
    CHECK(load(fs).records == Records{"SET a 1"});
    fs.set_free_unlimited();
    log.wait_us(kRetryIntervalUs);
    log.turn();
    CHECK_FALSE(log.writer.failure());
    CHECK(log.writer.released() == tag);
    fs.crash();
    const LoadOutcome again = load(fs);
    CHECK(again.records == Records{"SET a 1", "SET b 2"});
    CHECK(again.findings.empty());
  }
  MemoryFs fs;
  fs.set_free_bytes(10);
  CHECK(RunningLog(fs).start_error != "");  // nothing is there that could be served
}

TEST_CASE("Writer: a full disk leaves no part of a batch behind, which a start would have no room to keep") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  const auto before = fs.content(kFirstIncrement);
  fs.set_free_bytes(5);
  log.put(kB);
  REQUIRE(log.writer.failure());
  CHECK(fs.content(kFirstIncrement) == before);
  fs.kill_process();
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1"});
  CHECK(loaded.findings.empty());
}
