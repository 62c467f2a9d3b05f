// The log on a real disk, with the real thread, and what redis-server 7.0 and redis-check-aof make of it:
// they load what we wrote, and we load what redis-server appended or rewrote.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "support/log_fixture.h"

using namespace sluice;
using namespace sluice::testing;

namespace {

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-log-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Output {
  int status = -1;
  std::string text;
};

Output shell(const std::string& script) {
  Output output;
  FILE* pipe = popen(("timeout 40 sh -c '" + script + "' 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.text.append(buffer.data(), got);
  output.status = pclose(pipe);
  return output;
}

// Runs redis-cli commands against a redis-server that loads `folder`, then stops it.
Output with_redis(const std::string& folder, const std::string& commands) {
  return shell(
      "cd " + folder +
      "; timeout 30 redis-server --port 0 --unixsocket s --dir . --appendonly yes --aof-use-rdb-preamble no "
      "--daemonize no --save \"\" >redis.log & "
      "for i in $(seq 150); do redis-cli -s s ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done; " +
      commands + " redis-cli -s s shutdown nosave; wait");
}

aof::LogPlace place_in(const Folder& folder) {
  aof::LogPlace place;
  place.dir = folder.path;
  return place;
}

// Writes three turns, the first two known to be synced through the thread.
void write_log(base::Fs& fs, const aof::LogPlace& place, aof::StartPoint start) {
  base::Random random(base::Random::entropy());
  aof::Flusher flusher([] {});
  aof::Writer writer(fs, random, flusher, {place, aof::SyncMode::kAlways, 1 << 20});
  REQUIRE(writer.start(std::move(start)).ok());
  flusher.start();
  std::string group = record({"MULTI"}) + record({"RPUSH", "q", "b"});
  aof::append_extension(group, std::string(1500, 'e'));
  group += record({"RPUSH", "q", "c"}) + record({"EXEC"});
  for (const std::string& unit :
       {record({"RPUSH", "q", "a"}), group, record({"SELECT", "3"}) + record({"SET", "x", "y"})}) {
    writer.append(unit, unit.starts_with(record({"SELECT", "3"})) ? 3 : 0);
    writer.end_turn(0);
  }
  flusher.stop();
  REQUIRE(writer.close().ok());
}

LoadOutcome load_from(base::Fs& fs, const aof::LogPlace& place) {
  aof::LoaderOptions options;
  options.place = place;
  return load(fs, options);
}

bool contains(const std::vector<std::string>& records, const std::string& record) {
  return std::find(records.begin(), records.end(), record) != records.end();
}

}  // namespace

TEST_CASE("Log and Redis: redis-check-aof and redis-server accept a directory we wrote, over two starts") {
  const Folder folder;
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

  const Output served = with_redis(folder.path, "redis-cli -s s lrange q 0 -1; redis-cli -s s -n 3 get x;");
  CAPTURE(served.text);
  CHECK(served.text.starts_with("a\nb\nc\na\nb\nc\ny\n"));
}

TEST_CASE("Log and Redis: what redis-server appended to our increment comes back, and what it rewrote") {
  const Folder folder;
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  write_log(fs, place, {});
  (void)with_redis(folder.path, "redis-cli -s s rpush q appended;");
  LoadOutcome loaded = load_from(fs, place);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error);
  CHECK(loaded.found(aof::FindingKind::kUnannotated));
  // redis-server logs the command as the client spelled it.
  CHECK(contains(loaded.records, "rpush q appended"));
  write_log(fs, place, loaded.start);

  (void)with_redis(
      folder.path,
      "redis-cli -s s bgrewriteaof; "
      "for i in $(seq 100); do redis-cli -s s info persistence | grep -q rewrite_in_progress:0 && break; "
      "sleep 0.1; done; redis-cli -s s rpush q last;");
  loaded = load_from(fs, place);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error);
  REQUIRE(loaded.start.manifest.base);
  CHECK(contains(loaded.records, "RPUSH q a b c appended a b c"));
  CHECK(contains(loaded.records, "rpush q last"));
}
