// The log on a real disk, with the real thread, and what redis-server 7.0 and redis-check-aof make of it:
// they load what we wrote, and we load what redis-server appended or rewrote.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "integration/log_folder.h"

using namespace sluice;
using namespace sluice::testing;

namespace {

bool contains(const std::vector<std::string>& records, const std::string& record) {
  return std::find(records.begin(), records.end(), record) != records.end();
}

}  // namespace

TEST_CASE("Log and Redis: redis-check-aof and redis-server accept a directory we wrote, over two starts") {
  const TemporaryFolder folder;
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  write_log(fs, place, {});
  const LoadOutcome between = load_from(fs, place);
  REQUIRE_MESSAGE(between.ok(), between.error);
  CHECK(between.findings.empty());
  write_log(fs, place, between.start);

  const Output checked = shell("redis-check-aof " + place.manifest_path());
  CAPTURE(checked.text);
  CHECK(checked.status == 0);
  CHECK(checked.text.find("All AOF files and manifest are valid") != std::string::npos);

  const Output served = with_redis(folder.path(), "redis-cli -s s lrange q 0 -1; redis-cli -s s -n 3 get x;");
  CAPTURE(served.text);
  CHECK(served.text.starts_with("a\nb\nc\na\nb\nc\ny\n"));
}

TEST_CASE("Log and Redis: what redis-server appended to our increment comes back, and what it rewrote") {
  const TemporaryFolder folder;
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  write_log(fs, place, {});
  (void)with_redis(folder.path(), "redis-cli -s s rpush q appended;");
  LoadOutcome loaded = load_from(fs, place);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error);
  CHECK(loaded.found(aof::FindingKind::kUnannotated));
  // redis-server logs the command as the client spelled it.
  CHECK(contains(loaded.records, "rpush q appended"));
  write_log(fs, place, loaded.start);

  (void)with_redis(
      folder.path(),
      "redis-cli -s s bgrewriteaof; "
      "for i in $(seq 100); do redis-cli -s s info persistence | grep -q rewrite_in_progress:0 && break; "
      "sleep 0.1; done; redis-cli -s s rpush q last;");
  loaded = load_from(fs, place);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error);
  REQUIRE(loaded.start.manifest.base);
  CHECK(contains(loaded.records, "RPUSH q a b c appended a b c"));
  CHECK(contains(loaded.records, "rpush q last"));
}

TEST_CASE(
    "Log and Redis: redis-server reads past the filler of a killed server, and what it appends there comes "
    "back") {
  const TemporaryFolder folder;
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  // A second time behind what redis-server appended.
  for (int round = 0; round < 2; ++round) {
    aof::StartPoint start;
    if (round > 0) start = load_from(fs, place).start;
    write_log(fs, place, std::move(start), LogEnd::kKilled);
    const std::string increment = place.path(aof::read_manifest(fs, place)->increments.back().name);
    const auto bytes = base::read_whole(fs, increment, 1 << 20);
    REQUIRE(bytes.ok());
    REQUIRE(base::ByteView(*bytes).ends_with("#\n#\n#\n"));

    const Output checked = shell("redis-check-aof " + place.manifest_path());
    CAPTURE(checked.text);
    CHECK(checked.status == 0);
    CHECK(checked.text.find("All AOF files and manifest are valid") != std::string::npos);
    const std::string job = "appended-" + std::string(static_cast<size_t>(round), 'x');
    (void)with_redis(folder.path(), "redis-cli -s s rpush q " + job + ";");
    const Output served = with_redis(folder.path(), "redis-cli -s s lrange q 0 -1;");
    CAPTURE(served.text);
    CHECK(served.text.find("a\n" + job + "\n") != std::string::npos);
    const LoadOutcome loaded = load_from(fs, place);
    REQUIRE_MESSAGE(loaded.ok(), loaded.error);
    CHECK(contains(loaded.records, "rpush q " + job));
  }
}

TEST_CASE("Log and Redis: what a manifest notes as unfinished is nothing to redis-server") {
  const TemporaryFolder folder;
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  write_log(fs, place, {});
  auto manifest = aof::read_manifest(fs, place);
  REQUIRE(manifest.ok());
  manifest->unfinished.push_back("appendonly.aof.7.base.rdb");
  REQUIRE(aof::write_manifest(fs, place, *manifest).ok());
  REQUIRE(aof::read_manifest(fs, place)->unfinished.size() == 1);

  const Output checked = shell("redis-check-aof " + place.manifest_path());
  CAPTURE(checked.text);
  CHECK(checked.status == 0);
  const Output served = with_redis(folder.path(), "redis-cli -s s lrange q 0 -1;");
  CAPTURE(served.text);
  CHECK(served.text.starts_with("a\nb\nc\n"));
}
