#include "aof/first_base.h"

#include <doctest/doctest.h>

#include "aof/leftovers.h"
#include "support/dying_fs.h"
#include "support/log_fixture.h"
#include "support/memory_fs.h"

namespace sluice::aof {
namespace {

using testing::MemoryFs;

const std::string kSnapshot = "./dump.rdb";
const std::string kBase = "./appendonlydir/appendonly.aof.1.base.rdb";
const std::string kContent = "REDIS0010" + std::string(3'000'000, 'd') + "checksum";
const std::string kSingleFile = "./appendonly.aof";
const std::string kMoved = "./appendonlydir/appendonly.aof";
const std::string kLog = testing::record({"SET", "a", "1"});

// As a start does: what is copied is loaded, and a log begun behind it.
base::Result<Adopted> try_to_adopt(base::Fs& fs) {
  FirstBase first(fs, {}, kSnapshot);
  for (;;) {
    const auto done = first.step(size_t{1} << 20);
    if (!done.ok()) return done.error();
    if (*done) break;
  }
  if (first.adopted() != Adopted::kSnapshot) return first.adopted();
  LoaderOptions options;
  options.manifest = first.to_load();
  testing::LoadOutcome loaded = testing::load(fs, options);
  if (!loaded.ok()) return base::Error{loaded.error};
  if (auto settled = first.settle(loaded.start.manifest); !settled) return settled.error();
  const testing::RunningLog log(fs, SyncMode::kAlways, std::move(loaded.start));
  if (!log.start_error.empty()) return base::Error{log.start_error};
  return first.adopted();
}

Adopted adopt(base::Fs& fs) {
  const auto adopted = try_to_adopt(fs);
  REQUIRE_MESSAGE(adopted.ok(), adopted.error().message);
  return *adopted;
}

// Adopts what put(fs) put there, and dies at each call of the disk in turn, by a kill and by a power cut;
// check(fs) sees what is left. Answers how many calls there are.
template <class Put, class Check>
uint64_t die_at_each_call(Put put, Check check) {
  uint64_t calls = 0;
  for (uint64_t died_at = 0; calls == 0 || died_at < calls; ++died_at) {
    CAPTURE(died_at);
    for (const bool power_goes : {false, true}) {
      MemoryFs fs;
      put(fs);
      testing::DyingFs dying(fs);
      dying.die_after(died_at);
      if (try_to_adopt(dying).ok()) calls = dying.calls();
      if (power_goes) {
        fs.crash();
      } else {
        fs.kill_process();
      }
      check(fs);
    }
  }
  return calls;
}

TEST_CASE("First base: a snapshot without a log becomes the base of one, and stays itself") {
  MemoryFs fs;
  fs.put(kSnapshot, kContent);
  CHECK(adopt(fs) == Adopted::kSnapshot);
  CHECK(fs.content(kBase) == kContent);
  CHECK(fs.content(kSnapshot) == kContent);
  const auto manifest = read_manifest(fs, {});
  REQUIRE(manifest.ok());
  CHECK(manifest->base->name == "appendonly.aof.1.base.rdb");
  CHECK(adopt(fs) == Adopted::kNothing);
}

TEST_CASE("First base: a snapshot is copied in slices, and says how far it is") {
  MemoryFs fs;
  fs.put(kSnapshot, std::string(9'000'000, 'd'));
  FirstBase first(fs, {}, kSnapshot);
  uint64_t copied = 0;
  size_t steps = 0;
  for (;; ++steps) {
    const auto done = first.step(100'000);
    REQUIRE(done.ok());
    if (*done) break;
    CHECK_FALSE(fs.exists(testing::kManifestPath));
    CHECK(first.copied_bytes() <= copied + 100'000);
    copied = first.copied_bytes();
    CHECK(first.total_bytes() == 9'000'000);
  }
  CHECK(steps > 90);
  CHECK(copied == 9'000'000);
  // Written out on the way, never waited for as a whole.
  CHECK(fs.calls(testing::DiskCall::kSyncRange) == 3);
}

TEST_CASE("First base: copying a snapshot survives a crash between any two steps") {
  const uint64_t steps =
      die_at_each_call([](MemoryFs& fs) { fs.put(kSnapshot, kContent); },
                       [](MemoryFs& fs) {
                         REQUIRE(clear_leftovers(fs, {}).ok());
                         (void)adopt(fs);
                         CHECK(fs.content(kBase) == kContent);
                         CHECK(fs.content(kSnapshot) == kContent);
                         CHECK(read_manifest(fs, {})->base->name == "appendonly.aof.1.base.rdb");
                         CHECK(testing::load(fs).records == std::vector<std::string>{"rdb:" + kBase});
                       });
  CHECK(steps > 8);
}

TEST_CASE("First base: a snapshot that cannot be loaded is nothing's base, and a good one in its place is") {
  MemoryFs fs;
  fs.put(kSnapshot, "REDIS0010, and damaged");
  FirstBase first(fs, {}, kSnapshot);
  while (!*first.step(1000)) continue;
  REQUIRE(first.to_load());
  const std::string copy = "./appendonlydir/" + first.to_load()->base->name;
  CHECK(first.refuse(base::Error{copy + ": at offset 9: no"}).message == kSnapshot + ": at offset 9: no");
  const auto left = fs.list_dir("./appendonlydir");
  CHECK(left->empty());
  CHECK(fs.content(kSnapshot) == "REDIS0010, and damaged");
  fs.put(kSnapshot, kContent);
  CHECK(adopt(fs) == Adopted::kSnapshot);
  CHECK(fs.content(kBase) == kContent);
}

TEST_CASE("First base: without a snapshot, or with a log in parts, nothing is done") {
  MemoryFs fs;
  CHECK(adopt(fs) == Adopted::kNothing);
  CHECK_FALSE(fs.exists(testing::kManifestPath));
  Manifest manifest;
  manifest.increments = {{"appendonly.aof.1.incr.aof", 1}};
  REQUIRE(fs.mkdir("./appendonlydir").ok());
  REQUIRE(write_manifest(fs, {}, manifest).ok());
  fs.put(kSnapshot, kContent);
  fs.put(kSingleFile, kLog);
  CHECK(adopt(fs) == Adopted::kNothing);
  CHECK(fs.content(kSingleFile) == kLog);
}

TEST_CASE("First base: a crash before the manifest is made good, a base that is another's is not touched") {
  MemoryFs fs;
  fs.put(kSnapshot, kContent);
  fs.put(kBase, kContent);
  CHECK(adopt(fs) == Adopted::kSnapshot);

  MemoryFs other;
  other.put(kSnapshot, kContent);
  other.put(kBase, kContent + "more of it");
  CHECK(adopt(other) == Adopted::kNothing);
  CHECK(other.content(kBase) == kContent + "more of it");
}

TEST_CASE("First base: a log in one file is moved as it is, and wins over a snapshot") {
  MemoryFs fs;
  fs.put(kSingleFile, kLog);
  fs.put(kSnapshot, kContent);
  CHECK(adopt(fs) == Adopted::kSingleFile);
  CHECK_FALSE(fs.exists(kSingleFile));
  CHECK(fs.content(kMoved) == kLog);
  CHECK(fs.content(kSnapshot) == kContent);
  CHECK(testing::load(fs).records == std::vector<std::string>{"SET a 1"});
  CHECK(adopt(fs) == Adopted::kNothing);
}

TEST_CASE("First base: moving the one file survives a crash between any two steps") {
  const auto put = [](MemoryFs& fs) {
    fs.put(kSingleFile, kLog);
    fs.put(kSnapshot, kContent);
  };
  const uint64_t steps = die_at_each_call(put, [](MemoryFs& fs) {
    (void)adopt(fs);
    CHECK(testing::load(fs).records == std::vector<std::string>{"SET a 1"});
    CHECK(fs.content(kMoved) == kLog);
  });
  CHECK(steps > 4);
}

TEST_CASE("First base: increments without a manifest, or a second file of that name, are not guessed about") {
  MemoryFs fs;
  fs.put(kSingleFile, kLog);
  SUBCASE("increments") {
    fs.put(testing::kFirstIncrement, std::string(1000, 'x'));
    CHECK(adopt(fs) == Adopted::kNothing);
    CHECK_FALSE(testing::load(fs).ok());
  }
  SUBCASE("a second one") {
    fs.put(kMoved, "another");
    CHECK_FALSE(try_to_adopt(fs).ok());
    CHECK(fs.content(kMoved) == "another");
  }
  CHECK(fs.content(kSingleFile) == kLog);
}

}  // namespace
}  // namespace sluice::aof
