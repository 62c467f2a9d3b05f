#include "aof/leftovers.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "support/log_fixture.h"

namespace sluice::aof {
namespace {

using testing::DiskCall;
using testing::kManifestPath;
using testing::MemoryFs;

const LogPlace kPlace;
const std::string kUnnamedBase = "./appendonlydir/appendonly.aof.7.base.rdb";
const std::string kNamedBase = "./appendonlydir/appendonly.aof.2.base.rdb";

Manifest noting(std::vector<std::string> unfinished) {
  Manifest manifest;
  manifest.base = ManifestFile{"appendonly.aof.2.base.rdb", 2};
  manifest.unfinished = std::move(unfinished);
  return manifest;
}

TEST_CASE("Leftovers: what the manifest notes as unfinished goes, what it does not know stays") {
  MemoryFs fs;
  fs.put(kNamedBase, "REDIS");
  fs.put(kUnnamedBase, "a copy of somebody's");
  fs.put("./appendonlydir/appendonly.aof.3.base.rdb", "half");
  fs.put("./appendonlydir/notes.txt", "mine");
  // The one that it names by now, too, as when a base was installed and nobody forgot the note.
  REQUIRE(
      write_manifest(fs, kPlace, noting({"appendonly.aof.3.base.rdb", "appendonly.aof.2.base.rdb"})).ok());
  const auto cleared = clear_leftovers(fs, kPlace);
  REQUIRE(cleared.ok());
  CHECK(*cleared == std::vector<std::string>{"./appendonlydir/appendonly.aof.3.base.rdb"});
  CHECK(fs.exists(kNamedBase));
  CHECK(fs.exists(kUnnamedBase));
  CHECK(fs.exists("./appendonlydir/notes.txt"));
  const auto manifest = read_manifest(fs, kPlace);
  REQUIRE(manifest.ok());
  CHECK(manifest->unfinished.empty());
  CHECK(manifest->base->seq == 2);
  CHECK(clear_leftovers(fs, kPlace)->empty());
}

TEST_CASE("Leftovers: by a manifest that a power cut may take back nothing is deleted") {
  MemoryFs fs;
  fs.put(kUnnamedBase, "which the manifest before may name");
  REQUIRE(write_manifest(fs, kPlace, noting({"appendonly.aof.7.base.rdb"})).ok());
  fs.fail_next(DiskCall::kFsyncDir, EIO);
  CHECK_FALSE(clear_leftovers(fs, kPlace).ok());
  CHECK(fs.exists(kUnnamedBase));
  CHECK(clear_leftovers(fs, kPlace)->size() == 1);
}

TEST_CASE("Leftovers: temporary files of killed rewrites go, with a manifest and without one") {
  MemoryFs fs;
  fs.put("./appendonlydir/temp-rewrite.rdb", "half");
  fs.put("./appendonlydir/temp-first-base.rdb", "half");
  CHECK(clear_leftovers(fs, kPlace)->size() == 2);
  CHECK_FALSE(fs.exists("./appendonlydir/temp-rewrite.rdb"));
  CHECK_FALSE(fs.exists("./appendonlydir/temp-first-base.rdb"));
}

TEST_CASE("Leftovers: a manifest that notes nothing but what was unfinished is no log") {
  MemoryFs fs;
  Manifest manifest;
  manifest.unfinished = {"appendonly.aof.1.incr.aof"};
  fs.put(testing::kFirstIncrement, std::string(1000, 'x'));
  REQUIRE(write_manifest(fs, kPlace, manifest).ok());
  CHECK(clear_leftovers(fs, kPlace)->size() == 1);
  CHECK_FALSE(fs.exists(kManifestPath));
  CHECK(testing::load(fs).ok());
}

TEST_CASE("Leftovers: a manifest whose checksum does not hold, or is gone, has nothing deleted") {
  MemoryFs fs;
  fs.put(kUnnamedBase, "somebody's");
  std::string text = encode_manifest(noting({"appendonly.aof.7.base.rdb"}));
  SUBCASE("changed") {
    text[text.find("seq 2") + 4] = '3';
  }
  SUBCASE("without") {
    text.resize(text.find("#XXH3"));
  }
  fs.put(kManifestPath, text);
  CHECK(clear_leftovers(fs, kPlace)->empty());
  CHECK(fs.exists(kUnnamedBase));
  CHECK(fs.content(kManifestPath) == text);
}

TEST_CASE("Leftovers: a disk that does not delete is told of") {
  MemoryFs fs;
  fs.put("./appendonlydir/temp-rewrite.rdb", "half");
  fs.fail_next(DiskCall::kUnlink, EIO);
  CHECK_FALSE(clear_leftovers(fs, kPlace).ok());
}

}  // namespace
}  // namespace sluice::aof
