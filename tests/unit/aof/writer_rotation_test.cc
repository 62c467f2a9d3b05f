#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

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
