#include "aof/load_plan.h"

#include <string>

#include <doctest/doctest.h>

#include "support/log_fixture.h"

using namespace sluice::aof;
using namespace sluice::testing;

namespace {

std::string header(uint64_t start) {
  Bytes bytes;
  append_header(bytes, {1, start, start, 0});
  return bytes;
}

struct Plan {
  MemoryFs fs;
  LogPlace place;
  Manifest manifest;

  void increment(const std::string& bytes) {
    const uint64_t seq = manifest.last_increment_seq() + 1;
    manifest.increments.push_back({place.increment_name(seq), seq});
    fs.put(place.path(manifest.increments.back().name), bytes);
  }
};

}  // namespace

TEST_CASE("LoadPlan: origins are told from the first bytes") {
  Plan plan;
  plan.manifest.base = ManifestFile{"base", 1};
  plan.increment("*1\r\n$4\r\nPING\r\n");
  plan.increment(header(0));
  plan.fs.put(plan.place.path("base"), "REDIS0010");
  CHECK(plan_load(plan.fs, plan.place, plan.manifest)->at(0).origin == Origin::kRdbBase);
  plan.fs.put(plan.place.path("base"), "*1\r\n$4\r\nPING\r\n");
  auto parts = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE(parts);
  CHECK(parts->at(0).origin == Origin::kPlainBase);
  CHECK(parts->at(1).origin == Origin::kRedis);
  CHECK(parts->at(2).origin == Origin::kOurs);
}

TEST_CASE("LoadPlan: an increment of ours ends where the next one begins") {
  Plan plan;
  plan.increment(header(0));
  plan.increment(header(100));
  plan.increment("");
  auto parts = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE(parts);
  CHECK(parts->at(0).limit == 100);
  CHECK_FALSE(parts->at(0).last);
  CHECK_FALSE(parts->at(1).limit);
  CHECK(parts->at(1).last);
}

TEST_CASE("LoadPlan: a file that begins with neither is refused, and so is a cut header before the last") {
  Plan plan;
  plan.increment(header(0).substr(0, 10));
  CHECK(plan_load(plan.fs, plan.place, plan.manifest).ok());
  plan.increment(header(0));
  CHECK_FALSE(plan_load(plan.fs, plan.place, plan.manifest).ok());
  Plan other;
  other.increment("garbage");
  auto refused = plan_load(other.fs, other.place, other.manifest);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("incr.aof: offset 0: ") != std::string::npos);
}

TEST_CASE("LoadPlan: an RDB base that lost all its bytes is refused, not loaded as an empty one") {
  Plan plan;
  plan.increment(header(0));
  plan.manifest.base = ManifestFile{plan.place.base_name(1, true), 1};
  plan.fs.put(plan.place.path(plan.manifest.base->name), "");
  auto refused = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("base.rdb: offset 0: ") != std::string::npos);
  // redis-server writes a plain one like this when it has nothing.
  plan.manifest.base->name = plan.place.base_name(1, false);
  plan.fs.put(plan.place.path(plan.manifest.base->name), "");
  CHECK(plan_load(plan.fs, plan.place, plan.manifest).ok());
}

TEST_CASE("LoadPlan: a log made anew goes on behind every offset there was, ours and others'") {
  Plan plan;
  CHECK(start_beside(plan.fs, plan.place, 7)->offset == 7);
  plan.increment(header(5000));
  plan.increment("*1\r\n$4\r\nPING\r\n");
  REQUIRE(write_manifest(plan.fs, plan.place, plan.manifest).ok());
  auto start = start_beside(plan.fs, plan.place, 7);
  REQUIRE(start);
  CHECK(start->offset >= 5014);
  CHECK(start->manifest.increments == plan.manifest.increments);
  CHECK(start_beside(plan.fs, plan.place, 9000)->offset == 9000);
  plan.fs.put(plan.place.path(plan.manifest.increments[0].name), "garbage");
  CHECK_FALSE(start_beside(plan.fs, plan.place, 7));
}

TEST_CASE("LoadPlan: only the one file of Redis 6 has commands behind its snapshot, and may be torn") {
  Plan plan;
  plan.manifest.base = ManifestFile{"appendonly.aof", 1};
  plan.fs.put(plan.place.path("appendonly.aof"), "REDIS0009");
  auto parts = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE(parts);
  CHECK(parts->at(0).log_follows);
  CHECK(parts->at(0).last);
  plan.increment("*1\r\n$4\r\nPING\r\n");
  CHECK_FALSE(plan_load(plan.fs, plan.place, plan.manifest)->at(0).last);
  Plan snapshot;
  snapshot.manifest.base = ManifestFile{"appendonly.aof.1.base.rdb", 1};
  snapshot.fs.put(snapshot.place.path("appendonly.aof.1.base.rdb"), "REDIS0010");
  parts = plan_load(snapshot.fs, snapshot.place, snapshot.manifest);
  CHECK_FALSE(parts->at(0).log_follows);
  CHECK_FALSE(parts->at(0).last);
}

TEST_CASE("LoadPlan: filler at the end of an increment of ours is no part of it; of others' everything is") {
  Plan plan;
  plan.increment(header(0) + "*1\r\n$4\r\nPING\r\n" + (header(0).size() % 2 == 0 ? "#\n#\n" : "\n#\n#\n"));
  plan.increment("*1\r\n$4\r\nPING\r\n#\n#\n");
  const auto parts = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE(parts);
  CHECK(parts->at(0).size == header(0).size() + 14 + header(0).size() % 2);
  CHECK(parts->at(1).size == 18);
}

TEST_CASE("LoadPlan: a file that is not there is named together with the manifest") {
  Plan plan;
  plan.increment(header(0));
  REQUIRE(plan.fs.unlink(plan.place.path(plan.manifest.increments[0].name)).ok());
  auto refused = plan_load(plan.fs, plan.place, plan.manifest);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("appendonly.aof.1.incr.aof") != std::string::npos);
  CHECK(refused.error().message.find("appendonly.aof.manifest") != std::string::npos);
}
