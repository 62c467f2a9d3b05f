#include "aof/loader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "resp/extension.h"
#include "support/log_fixture.h"

using namespace sluice::testing;
using namespace sluice::aof;
using Records = std::vector<std::string>;

namespace {

const std::string kA = record({"SET", "a", "1"});
const std::string kB = record({"SET", "b", "2"});
const std::string kC = record({"SET", "c", "3"});
const std::string kMulti = record({"MULTI"});
const std::string kExec = record({"EXEC"});

// A log of one increment, units a turn each, left as a killed process leaves it.
void write_log(MemoryFs& fs, const std::vector<std::string>& units, SyncMode mode = SyncMode::kAlways) {
  RunningLog log(fs, mode);
  for (const std::string& unit : units) log.put(unit);
}

void append_to(MemoryFs& fs, const std::string& path, const std::string& bytes) {
  fs.put(path, fs.content(path) + bytes);
}

void flip_after(MemoryFs& fs, const std::string& path, const std::string& mark) {
  std::string content = fs.content(path);
  const size_t at = content.find(mark);
  REQUIRE(at != std::string::npos);
  content[at + mark.size()] = static_cast<char>(content[at + mark.size()] ^ 1);
  fs.put(path, content);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void put_redis_log(MemoryFs& fs, const std::string& base, const std::string& increment) {
  fs.put(kManifestPath,
         "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
  fs.put("./appendonlydir/appendonly.aof.1.base.aof", base);
  fs.put(kFirstIncrement, increment);
}

}  // namespace

TEST_CASE("Loader: nothing on disk is an empty log") {
  MemoryFs fs;
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.ok());
  CHECK(loaded.start.offset == 0);
  CHECK(loaded.start.manifest.increments.empty());
}

TEST_CASE("Loader: units come back in order, MULTI and EXEC left out, extensions decoded") {
  MemoryFs fs;
  std::string unit = kMulti + kA;
  sluice::resp::append_extension(unit, std::string(2000, 'x'));
  unit += kB + kExec;
  write_log(fs, {unit, kC});
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "~" + std::string(2000, 'x'), "SET b 2", "SET c 3"});
  CHECK(loaded.findings.empty());
}

TEST_CASE("Loader: small budgets load the same in many steps") {
  MemoryFs fs;
  std::vector<std::string> units;
  for (int i = 0; i < 50; ++i) units.push_back(record({"RPUSH", "q", std::to_string(i)}));
  write_log(fs, units);
  const LoadOutcome at_once = load(fs);
  const LoadOutcome sliced = load(fs, {}, 100);
  CHECK(sliced.records == at_once.records);
  CHECK(sliced.steps > 20);
}

TEST_CASE("Loader: a value bigger than a read chunk comes back whole") {
  MemoryFs fs;
  const std::string value(3'000'000, 'v');
  write_log(fs, {kA, record({"SET", "big", value}), kB});
  const LoadOutcome loaded = load(fs, {}, 1000);
  CHECK(loaded.records == Records{"SET a 1", "SET big " + value, "SET b 2"});
}

TEST_CASE("Loader: progress reaches the total") {
  MemoryFs fs;
  write_log(fs, {kA, kB});
  RecordingSink sink;
  Loader loader(fs, {}, sink);
  while (!*loader.step(10)) CHECK(loader.progress().loaded_bytes <= loader.progress().total_bytes);
  CHECK(loader.progress().loaded_bytes == loader.progress().total_bytes);
  CHECK(loader.progress().total_bytes > 0);
  CHECK(loader.progress().records == 2);
}

TEST_CASE("Loader: a torn last batch is cut, kept beside and reported") {
  MemoryFs fs;
  write_log(fs, {kA});
  const std::string whole = fs.content(kFirstIncrement);
  append_to(fs, kFirstIncrement, kB.substr(0, kB.size() - 3));
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1"});
  REQUIRE(loaded.findings.size() == 1);
  CHECK(loaded.findings[0].kind == FindingKind::kCut);
  CHECK(loaded.findings[0].at == whole.size());
  CHECK(fs.content(kFirstIncrement) == whole);
  const std::string kept = kFirstIncrement + "." + std::to_string(whole.size()) + ".cut";
  CHECK(fs.content(kept) == kB.substr(0, kB.size() - 3));
  CHECK(contains(loaded.findings[0].text, kept));
  CHECK(load(fs).findings.empty());
}

TEST_CASE("Loader: a torn tail is refused when aof-load-truncated says no, and left alone by a mere look") {
  MemoryFs fs;
  write_log(fs, {kA});
  append_to(fs, kFirstIncrement, "*3\r\n$3\r\nSE");
  const std::string before = fs.content(kFirstIncrement);
  LoaderOptions options;
  SUBCASE("refused") {
    options.load_truncated = false;
    const LoadOutcome loaded = load(fs, options);
    CHECK(contains(loaded.error, kFirstIncrement));
    CHECK(contains(loaded.error, "aof-load-truncated"));
  }
  SUBCASE("looked at") {
    options.repair = false;
    CHECK(load(fs, options).found(FindingKind::kCut));
  }
  CHECK(fs.content(kFirstIncrement) == before);
  CHECK(fs.list_dir("./appendonlydir")->size() == 2);
}

TEST_CASE(
    "Loader: damage to a batch that a later one knows to be synced is refused with file, offset and advice") {
  MemoryFs fs;
  write_log(fs, {kA, kB, kC});
  const size_t at = fs.content(kFirstIncrement).find(kB);
  flip_after(fs, kFirstIncrement, "$1\r\nb\r\n$1\r\n");
  const std::string before = fs.content(kFirstIncrement);
  const LoadOutcome loaded = load(fs);
  CHECK(contains(loaded.error, kFirstIncrement + ": offset " + std::to_string(at) + ": "));
  CHECK(contains(loaded.error, "Restore the file"));
  CHECK(fs.content(kFirstIncrement) == before);
}

TEST_CASE("Loader: damage to a batch never known to be synced cuts there, even if later batches are whole") {
  MemoryFs fs;
  write_log(fs, {kA, kB, kC}, SyncMode::kNo);
  flip_after(fs, kFirstIncrement, "$1\r\nb\r\n$1\r\n");
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1"});
  CHECK(loaded.found(FindingKind::kCut));
  CHECK(loaded.start.offset == kA.size());
}

TEST_CASE("Loader: a destroyed annotation does not hide that its batch was synced") {
  MemoryFs fs;
  write_log(fs, {kA, kB, kC});
  std::string content = fs.content(kFirstIncrement);
  content.replace(content.find("#XXH3:"), 6, "#OTHER");
  fs.put(kFirstIncrement, content);
  CHECK(contains(load(fs).error, "it was on disk before"));
}

TEST_CASE("Loader: a value that imitates an annotation does not make a torn tail look like damage") {
  MemoryFs fs;
  Bytes fake;
  append_annotation(fake, {0, 0, 1'000'000, 1'000'000}, "", 0);
  write_log(fs, {kA, record({"SET", "x", "\n" + fake})});
  // The last batch is torn in its annotation; the imitation stands behind the last good one.
  std::string content = fs.content(kFirstIncrement);
  fs.put(kFirstIncrement, content.substr(0, content.rfind("#XXH3:") + 9));
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.ok());
  CHECK(loaded.records.size() == 2);
}

TEST_CASE("Loader: records that Redis appended behind our annotations are loaded, reported and sealed") {
  MemoryFs fs;
  write_log(fs, {kA});
  append_to(fs, kFirstIncrement, "#TS:1795385078\r\n" + record({"SELECT", "0"}) + kB);
  LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SELECT 0", "SET b 2"});
  CHECK(loaded.found(FindingKind::kUnannotated));
  { const RunningLog log(fs, SyncMode::kAlways, loaded.start); }
  loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SELECT 0", "SET b 2"});
  CHECK(loaded.findings.empty());
  flip_after(fs, kFirstIncrement, "$1\r\nb\r\n$1\r\n");
  CHECK_FALSE(load(fs).ok());
}

TEST_CASE("Loader: a tail longer than any batch is handed over piece by piece") {
  MemoryFs fs;
  write_log(fs, {kA});
  std::string tail;
  const std::string unit = record({"RPUSH", "q", std::string(100'000, 'j')});
  while (tail.size() < kBatchLimit + kBatchLimit / 2) tail += unit;
  append_to(fs, kFirstIncrement, tail + "*1\r\n$4\r\nPI");
  LoadOutcome loaded = load(fs);
  CHECK(loaded.records.size() == 1 + tail.size() / unit.size());
  CHECK(loaded.found(FindingKind::kUnannotated));
  CHECK(loaded.found(FindingKind::kCut));
  CHECK(loaded.start.offset == kA.size() + tail.size());
  const RunningLog log(fs, SyncMode::kAlways, loaded.start);
  CHECK(load(fs).records.size() == 1 + tail.size() / unit.size());
}

TEST_CASE("Loader: zeros and garbage behind the last annotation are cut like a torn tail") {
  for (const std::string& rest :
       {std::string(5000, '\0'), std::string("garbage"), kB + std::string(1, '\0')}) {
    MemoryFs fs;
    write_log(fs, {kA});
    append_to(fs, kFirstIncrement, rest);
    const LoadOutcome loaded = load(fs);
    CHECK(loaded.ok());
    CHECK(loaded.found(FindingKind::kCut));
    CHECK(loaded.records.size() == (rest.starts_with('*') ? 2 : 1));
  }
}

TEST_CASE("Loader: a lost page inside a value of the tail does not become a job") {
  MemoryFs fs;
  write_log(fs, {kA});
  std::string job = record({"RPUSH", "q", std::string(10'000, 'j')});
  job.replace(4096, 4096, std::string(4096, '\0'));
  append_to(fs, kFirstIncrement, kB + job);
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2"});
  CHECK(loaded.found(FindingKind::kCut));
}

TEST_CASE("Loader: half a unit is never handed over") {
  MemoryFs fs;
  write_log(fs, {kA});
  append_to(fs, kFirstIncrement, kMulti + kB + kC);
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1"});
  CHECK(loaded.found(FindingKind::kCut));
}

TEST_CASE("Loader: groups that cannot be are not applied") {
  for (const std::string& tail : {kExec + kB, kMulti + kMulti + kB + kExec}) {
    MemoryFs fs;
    write_log(fs, {kA});
    append_to(fs, kFirstIncrement, tail);
    CHECK(load(fs).records == Records{"SET a 1"});
  }
}

TEST_CASE("Loader: the log of redis-server with a plain base loads, timestamps skipped") {
  MemoryFs fs;
  put_redis_log(fs, "#TS:1795385078\r\n" + record({"SELECT", "0"}) + kA,
                "#TS:1795385079\r\n" + record({"SELECT", "0"}) + kMulti + kB + kC + kExec);
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SELECT 0", "SET a 1", "SELECT 0", "SET b 2", "SET c 3"});
  CHECK(loaded.findings.empty());
  const RunningLog log(fs, SyncMode::kAlways, loaded.start);
  REQUIRE(log.start_error.empty());
  CHECK(load(fs).records == loaded.records);
}

TEST_CASE("Loader: the last increment of redis-server may be truncated, wrong bytes in it are refused") {
  MemoryFs fs;
  const std::string select = record({"SELECT", "0"});
  SUBCASE("truncated") {
    put_redis_log(fs, kA, select + kB + kMulti + kC);
    const LoadOutcome loaded = load(fs);
    CHECK(loaded.records == Records{"SET a 1", "SELECT 0", "SET b 2"});
    CHECK(loaded.found(FindingKind::kCut));
    CHECK(fs.content(kFirstIncrement) == select + kB);
  }
  SUBCASE("wrong bytes") {
    put_redis_log(fs, kA, select + "wrong" + kB);
    CHECK(contains(load(fs).error, "offset " + std::to_string(select.size())));
  }
  SUBCASE("a truncated base") {
    put_redis_log(fs, kA.substr(0, 9), select + kB);
    CHECK(contains(load(fs).error, ".base.aof: offset 0: "));
  }
  SUBCASE("a truncated increment before the last") {
    put_redis_log(fs, kA, select + kB.substr(0, 5));
    fs.put(kManifestPath,
           "file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n");
    fs.put(kSecondIncrement, select + kC);
    CHECK(contains(load(fs).error, "the file ends inside a record"));
  }
}

TEST_CASE("Loader: an RDB base goes to the sink by name, and its refusal names the file") {
  MemoryFs fs;
  const std::string path = "./appendonlydir/appendonly.aof.1.base.rdb";
  fs.put(kManifestPath,
         "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
  fs.put(path, "REDIS0010rest");
  fs.put(kFirstIncrement, kA);
  CHECK(load(fs).records == Records{"rdb:" + path, "SET a 1"});
  RecordingSink sink;
  sink.refuse_rdb = true;
  Loader loader(fs, {}, sink);
  auto done = loader.step(1 << 20);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().message == path + ": an RDB file, which cannot be read");
}

// As first_base leaves it.
void put_moved_file(MemoryFs& fs, const std::string& content) {
  fs.put(kManifestPath, "file appendonly.aof seq 1 type b\n");
  fs.put("./appendonlydir/appendonly.aof", content);
}

TEST_CASE("Loader: behind the snapshot that the one file of Redis 6 begins with, commands are read") {
  MemoryFs fs;
  const std::string path = "./appendonlydir/appendonly.aof";
  const std::string snapshot = "REDIS0009 as long as the sink says";
  put_moved_file(fs, snapshot + kA + kMulti + kB + kC + kExec);
  RecordingSink sink;
  sink.rdb_bytes = snapshot.size();
  Loader loader(fs, {}, sink);
  for (;;) {
    const auto done = loader.step(1);
    REQUIRE(done);
    if (*done) break;
  }
  CHECK(sink.records() == Records{"rdb:" + path, "SET a 1", "SET b 2", "SET c 3"});
  CHECK(loader.progress().loaded_bytes == loader.progress().total_bytes);
}

TEST_CASE(
    "Loader: the torn end of the one file of Redis 6 is cut and kept, or refused if that is configured") {
  const std::string path = "./appendonlydir/appendonly.aof";
  const std::string torn = kMulti + kB + kC.substr(0, 7);
  LoaderOptions strict;
  strict.load_truncated = false;
  MemoryFs fs;
  put_moved_file(fs, kA + torn);
  CHECK(contains(load(fs, strict).error, path + ": offset " + std::to_string(kA.size())));
  CHECK(fs.content(path) == kA + torn);
  const LoadOutcome outcome = load(fs);
  CHECK(outcome.records == Records{"SET a 1"});
  CHECK(outcome.found(FindingKind::kCut));
  CHECK(fs.content(path) == kA);
  CHECK(fs.content(path + "." + std::to_string(kA.size()) + ".cut") == torn);
  // Behind it an increment was written: from now on it cannot be torn.
  RunningLog log(fs, SyncMode::kAlways, outcome.start);
  log.put(kB);
  fs.put(path, kA.substr(0, 9));
  CHECK_FALSE(load(fs).ok());
}

TEST_CASE("Loader: the one file of Redis 6 is on disk once it was loaded, a torn one or a whole one") {
  for (const std::string& torn : {std::string(), kB.substr(0, 7)}) {
    CAPTURE(torn);
    MemoryFs fs;
    put_moved_file(fs, "");
    {
      // By a server that did not sync it.
      auto file = fs.open("./appendonlydir/appendonly.aof", sluice::base::kOpenWrite);
      REQUIRE(file.ok());
      REQUIRE(sluice::base::write_all(**file, kA + torn).ok());
    }
    CHECK(load(fs).records == Records{"SET a 1"});
    fs.crash();
    CHECK(load(fs).records == Records{"SET a 1"});
  }
}

TEST_CASE("Loader: garbage in the one file of Redis 6 is refused") {
  MemoryFs fs;
  put_moved_file(fs, kA + "garbage" + kB);
  CHECK(contains(load(fs).error, "appendonly.aof: offset " + std::to_string(kA.size())));
}

TEST_CASE("Loader: a manifest that only the kernel shows is on disk before anything is loaded by it") {
  MemoryFs fs;
  write_log(fs, {kA});
  LoadOutcome first = load(fs);
  {
    RunningLog log(fs, SyncMode::kAlways, first.start);
    log.put(kB);
  }
  Manifest older = *read_manifest(fs, {});
  const std::string newer = fs.content(kManifestPath);
  older.increments.pop_back();
  REQUIRE(write_manifest(fs, {}, older).ok());
  // The process was killed when the sync of the directory had failed.
  fs.put("./appendonlydir/appendonly.aof.manifest.tmp", newer);
  REQUIRE(fs.rename("./appendonlydir/appendonly.aof.manifest.tmp", kManifestPath).ok());
  SUBCASE("that cannot be done") {
    fs.fail_next(DiskCall::kFsyncDir, EIO);
    const LoadOutcome refused = load(fs);
    CHECK(contains(refused.error, "sync"));
    CHECK(refused.records.empty());
  }
  SUBCASE("it is done") {
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
    fs.crash();
    CHECK(load(fs).records == Records{"SET a 1", "SET b 2"});
  }
}

TEST_CASE("Loader: a lost manifest or a lost increment is not an empty log") {
  MemoryFs fs;
  write_log(fs, {record({"SET", "a", std::string(400, 'a')})});
  SUBCASE("manifest") {
    REQUIRE(fs.unlink(kManifestPath).ok());
    CHECK(contains(load(fs).error, "the manifest is missing"));
  }
  SUBCASE("increment") {
    REQUIRE(fs.unlink(kFirstIncrement).ok());
    CHECK(contains(load(fs).error, "lists this file"));
  }
}

TEST_CASE("Loader: an increment that does not go on where the one before ended is refused") {
  MemoryFs fs;
  write_log(fs, {kA, kB});
  LoadOutcome loaded = load(fs);
  loaded.start.offset += 10;
  { const RunningLog log(fs, SyncMode::kAlways, loaded.start); }
  CHECK_FALSE(load(fs).ok());
}

TEST_CASE("Loader: a torn increment is refused when increments follow it") {
  MemoryFs fs;
  write_log(fs, {kA, kB});
  {
    RunningLog log(fs, SyncMode::kAlways, load(fs).start);
    log.put(kC);
  }
  std::string content = fs.content(kFirstIncrement);
  fs.put(kFirstIncrement, content.substr(0, content.size() - 20));
  CHECK_FALSE(load(fs).ok());
}

TEST_CASE("Loader: what a new increment repeats is skipped by journal offset") {
  MemoryFs fs;
  RunningLog log(fs);
  log.put(kA);
  fs.fail_next(DiskCall::kFdatasync, 5);
  log.put(kB);
  const std::string both = fs.content(kFirstIncrement);
  log.wait_us(kRetryIntervalUs);
  log.turn();
  REQUIRE_FALSE(log.writer.failure());
  log.put(kC);
  fs.put(kFirstIncrement, both);  // as if the power had gone before the old increment was cut
  LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2", "SET c 3"});
  CHECK(loaded.found(FindingKind::kSuperseded));
  CHECK(fs.content(kFirstIncrement).size() < both.size());
  loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1", "SET b 2", "SET c 3"});
  CHECK(loaded.findings.empty());
}

TEST_CASE("Loader: a record the sink refuses stops the load with file, offset and what to do") {
  MemoryFs fs;
  write_log(fs, {kA, kB});
  RecordingSink sink;
  sink.refuse = "SET b 2";
  Loader loader(fs, {}, sink);
  auto done = loader.step(1 << 20);
  REQUIRE_FALSE(done.ok());
  const size_t at = fs.content(kFirstIncrement).find(kB);
  const std::string& text = done.error().message;
  CHECK(text.starts_with(kFirstIncrement + ": offset " + std::to_string(at) + ": unknown command. "));
  CHECK(text.find("Start the server that wrote it") != std::string::npos);
  CHECK(text.find("cut the file to " + std::to_string(at) + " bytes") != std::string::npos);
}

TEST_CASE("Loader: every file begins in database 0, ours with the one it was opened in") {
  MemoryFs fs;
  put_redis_log(fs, kA, kB);
  RecordingSink sink;
  Loader loader(fs, {}, sink);
  REQUIRE(*loader.step(1 << 20));
  CHECK(sink.seen == Records{"--", "SET a 1", "--", "SET b 2"});
}

TEST_CASE("Loader: a lone cut header or an empty increment is an empty log, and said") {
  for (const size_t size : {size_t{0}, size_t{20}}) {
    MemoryFs fs;
    write_log(fs, {});
    fs.put(kFirstIncrement, fs.content(kFirstIncrement).substr(0, size));
    const LoadOutcome loaded = load(fs);
    CHECK(loaded.ok());
    CHECK(loaded.findings.size() == 1);
    CHECK(loaded.start.manifest.increments.empty());
    CHECK(loaded.start.obsolete.size() == 1);
  }
}

TEST_CASE("Loader: a file the manifest does not name is reported and kept") {
  MemoryFs fs;
  write_log(fs, {kA});
  fs.put("./appendonlydir/appendonly.aof.9.incr.aof", std::string(400, 'x'));
  CHECK(load(fs).found(FindingKind::kOrphan));
  CHECK(fs.exists("./appendonlydir/appendonly.aof.9.incr.aof"));
}

TEST_CASE("Loader: an error of the disk stops the load with its reason") {
  MemoryFs fs;
  write_log(fs, {kA});
  SUBCASE("read") {
    fs.fail_next(DiskCall::kRead, 5);
  }
  SUBCASE("open") {
    fs.fail_next(DiskCall::kOpen, 13);
  }
  SUBCASE("sync") {
    fs.fail_next(DiskCall::kFdatasync, 5);
  }
  CHECK_FALSE(load(fs).ok());
}
