#include "aof/first_base.h"

#include <doctest/doctest.h>

#include "support/memory_fs.h"

namespace sluice::aof {
namespace {

const std::string kSnapshot = "./dump.rdb";
const std::string kBase = "./appendonlydir/appendonly.aof.1.base.rdb";
const std::string kContent = "REDIS0010" + std::string(3'000'000, 'd') + "checksum";

TEST_CASE("First base: a snapshot without a log becomes the base of one, and stays itself") {
  testing::MemoryFs fs;
  fs.put(kSnapshot, kContent);
  auto adopted = adopt_snapshot(fs, {}, kSnapshot);
  REQUIRE(adopted.ok());
  CHECK(*adopted);
  CHECK(fs.content(kBase) == kContent);
  CHECK(fs.content(kSnapshot) == kContent);
  const auto manifest = read_manifest(fs, {});
  REQUIRE(manifest.ok());
  CHECK(manifest->base->name == "appendonly.aof.1.base.rdb");
  CHECK_FALSE(*adopt_snapshot(fs, {}, kSnapshot));
}

TEST_CASE("First base: without a snapshot, or with a log of any kind, nothing is done") {
  testing::MemoryFs fs;
  CHECK_FALSE(*adopt_snapshot(fs, {}, kSnapshot));
  fs.put(kSnapshot, kContent);
  fs.put("./appendonly.aof", "*1\r\n");
  CHECK_FALSE(*adopt_snapshot(fs, {}, kSnapshot));
}

TEST_CASE("First base: a crash before the manifest is made good, a base that is another's is not touched") {
  testing::MemoryFs fs;
  fs.put(kSnapshot, kContent);
  fs.put(kBase, kContent);
  CHECK(*adopt_snapshot(fs, {}, kSnapshot));

  testing::MemoryFs other;
  other.put(kSnapshot, kContent);
  other.put(kBase, kContent + "more of it");
  CHECK_FALSE(*adopt_snapshot(other, {}, kSnapshot));
  CHECK(other.content(kBase) == kContent + "more of it");
}

}  // namespace
}  // namespace sluice::aof
