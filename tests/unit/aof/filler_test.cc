#include "aof/filler.h"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/log_fixture.h"

using namespace sluice::testing;
using namespace sluice::aof;
using sluice::base::kOpenRead;
using sluice::base::kOpenWrite;
using Records = std::vector<std::string>;

namespace {

const std::string kA = record({"SET", "a", "1"});
const std::string kB = record({"SET", "b", "22"});
const std::string kC = record({"SET", "c", "333"});

RunningLog filled(MemoryFs& fs, StartPoint start = {}) {
  return RunningLog(fs, SyncMode::kAlways, std::move(start), 1 << 20, nullptr, 0);
}

bool ends_with_filler(const std::string& bytes) {
  return bytes.size() % 2 == 0 && bytes.ends_with("#\n#\n");
}

uint64_t filler_begin_of(const std::string& bytes) {
  MemoryFs fs;
  fs.put("f", bytes);
  auto file = fs.open("f", kOpenRead);
  return *filler_begin(**file, bytes.size());
}

}  // namespace

TEST_CASE("Filler: a line loses its CR where it would else end at an odd offset") {
  for (const uint64_t at : {0, 1, 7, 8}) {
    for (const char* text : {"#a\r\n", "#ab\r\n"}) {
      Bytes line = text;
      end_evenly(line, at);
      CHECK((at + line.size()) % 2 == 0);
      CHECK(ByteView(line).substr(0, 2) == "#a");
      CHECK(line.back() == '\n');
    }
  }
}

TEST_CASE("Filler: it begins where it was written, however long it is and whatever stands before") {
  for (const std::string before : {"", "ab", "b\n", "\r\n", "#\r\n\n", "a#"}) {
    for (const uint64_t size : {0, 2, 4, 16 * 1024 - 2, 16 * 1024, 16 * 1024 + 2, 100'000}) {
      MemoryFs fs;
      fs.put("f", before);
      auto file = fs.open("f", kOpenRead | kOpenWrite);
      REQUIRE(write_filler(**file, before.size(), size).ok());
      const std::string bytes = fs.content("f");
      CAPTURE(before);
      CAPTURE(size);
      REQUIRE(bytes.size() == before.size() + size);
      // A '#' in front is taken for its first half line, were there no end of a line before it.
      CHECK(filler_begin_of(bytes) == (before == "a#" && size == 0 ? 2 : before.size()));
      CHECK(is_filler(ByteView(bytes).substr(before.size()), before.size()));
    }
  }
  CHECK(filler_begin_of("abc") == 3);
  CHECK(filler_begin_of("ab#") == 2);  // cut in the middle of a line
  CHECK(filler_begin_of("ab#\n#") == 2);
  CHECK(filler_begin_of("ab#\nx") == 5);
  CHECK_FALSE(is_filler("#\n", 1));
  CHECK_FALSE(is_filler("#\n#x", 0));
}

TEST_CASE("Filler: under always batches are written over it, without a new length for most syncs") {
  MemoryFs fs;
  RunningLog log = filled(fs);
  size_t lengths = 1;
  uint64_t length = 0;
  Records all;
  for (int i = 0; i < 200; ++i) {
    const std::string value = std::to_string(i);
    log.put(record({"SET", "k", value}));
    all.push_back("SET k " + value);
    const std::string bytes = fs.durable_content(kFirstIncrement);
    REQUIRE(ends_with_filler(bytes));
    REQUIRE(filler_begin_of(bytes) == log.writer.increment_bytes());
    lengths += bytes.size() != std::exchange(length, bytes.size()) ? 1 : 0;
  }
  CHECK(lengths < 20);
  fs.crash();
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == all);
  CHECK(loaded.findings.empty());
}

TEST_CASE("Filler: none for long batches, nor under everysec, nor in an increment that is short") {
  MemoryFs fs;
  SUBCASE("long") {
    RunningLog log = filled(fs);
    log.put(record({"SET", "a", std::string(kLongestFilled, 'a')}));
    CHECK(fs.content(kFirstIncrement).size() == log.writer.increment_bytes());
    log.put(kB);
    CHECK(ends_with_filler(fs.content(kFirstIncrement)));
  }
  SUBCASE("everysec") {
    RunningLog log(fs, SyncMode::kEverysec, {}, 1 << 20, nullptr, 0);
    log.put(kA);
    CHECK(fs.content(kFirstIncrement).size() == log.writer.increment_bytes());
    log.writer.set_mode(SyncMode::kAlways);
    log.put(kB);
    CHECK(ends_with_filler(fs.content(kFirstIncrement)));
  }
  SUBCASE("short") {
    RunningLog log(fs, SyncMode::kAlways, {}, 1 << 20, nullptr, 300);
    log.put(kA);
    CHECK(fs.content(kFirstIncrement).size() == log.writer.increment_bytes());
    while (log.writer.increment_bytes() < 300) log.put(kA);
    CHECK(ends_with_filler(fs.content(kFirstIncrement)));
  }
}

TEST_CASE("Filler: a clean stop leaves none") {
  MemoryFs fs;
  RunningLog log = filled(fs);
  log.put(kA);
  REQUIRE(ends_with_filler(fs.content(kFirstIncrement)));
  REQUIRE(log.writer.close().ok());
  CHECK(fs.durable_content(kFirstIncrement).size() == log.writer.increment_bytes());
  CHECK(load(fs).records == Records{"SET a 1"});
}

TEST_CASE(
    "Filler: a start passes what a kill left, takes it away, and leaves it alone if it is to look only") {
  MemoryFs fs;
  {
    RunningLog log = filled(fs);
    log.put(kA);
    log.put(kB);
  }
  fs.kill_process();
  const std::string killed = fs.content(kFirstIncrement);
  REQUIRE(ends_with_filler(killed));
  LoaderOptions look_only;
  look_only.repair = false;
  CHECK(load(fs, look_only).findings.empty());
  CHECK(fs.content(kFirstIncrement) == killed);
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.findings.empty());
  CHECK(loaded.records == Records{"SET a 1", "SET b 22"});
  CHECK(killed.starts_with(fs.durable_content(kFirstIncrement)));
  CHECK(fs.durable_content(kFirstIncrement).size() == filler_begin_of(killed));
}

TEST_CASE("Filler: a batch torn over it is cut, and only what was written of the batch is kept beside") {
  MemoryFs fs;
  uint64_t begin = 0;
  {
    RunningLog log = filled(fs);
    log.put(kA);
    begin = log.writer.increment_bytes();
  }
  fs.kill_process();
  std::string bytes = fs.content(kFirstIncrement);
  const std::string torn = kB.substr(0, kB.size() - 3);
  bytes.replace(begin, torn.size(), torn);
  fs.put(kFirstIncrement, bytes);
  const LoadOutcome loaded = load(fs);
  CHECK(loaded.records == Records{"SET a 1"});
  CHECK(loaded.found(FindingKind::kCut));
  CHECK(fs.content(kFirstIncrement).size() == begin);
  CHECK(fs.content(kFirstIncrement + "." + std::to_string(begin) + ".cut").size() <= torn.size() + 1);
}

TEST_CASE("Filler: records of a batch whose annotation never came are sealed where they end") {
  MemoryFs fs;
  uint64_t begin = 0;
  {
    RunningLog log = filled(fs);
    log.put(kA);
    log.put(kC);
    begin = log.writer.increment_bytes();
  }
  fs.kill_process();
  std::string bytes = fs.content(kFirstIncrement);
  for (const std::string& unit : {kB, kC}) {  // one ends at an odd offset
    std::string tail = bytes.substr(0, begin) + unit + "#\n#\n";
    fs.put(kFirstIncrement, tail);
    const LoadOutcome loaded = load(fs);
    REQUIRE(loaded.ok());
    CHECK(loaded.found(FindingKind::kUnannotated));
    CHECK(loaded.records.size() == 3);
    const LoadOutcome again = load(fs);
    CHECK(again.records == loaded.records);
    CHECK(again.findings.empty());
  }
}

TEST_CASE("Filler: a disk too full for it takes batches, and none is lost") {
  MemoryFs fs;
  RunningLog log = filled(fs);
  fs.set_free_bytes(kA.size() + 150);
  log.put(kA);
  CHECK_FALSE(log.writer.failure());
  CHECK(log.writer.synced() == kA.size());
  CHECK(fs.content(kFirstIncrement).size() == log.writer.increment_bytes());
  fs.set_free_bytes(5);
  log.put(kB);
  CHECK(log.writer.failure());
  CHECK(fs.content(kFirstIncrement).size() == log.writer.increment_bytes());
  fs.set_free_unlimited();
  log.wait_us(kRetryIntervalUs);
  log.put(kC);
  log.turn();
  REQUIRE(log.writer.synced() == log.writer.offset());
  CHECK(ends_with_filler(fs.content(kFirstIncrement)));
  fs.crash();
  CHECK(load(fs).records == Records{"SET a 1", "SET b 22", "SET c 333"});
}

TEST_CASE("Filler: every byte of a killed log cut or changed is as without it") {
  MemoryFs fs;
  uint64_t begin = 0;
  {
    RunningLog log = filled(fs);
    log.put(kA);
    log.put(kB);
    begin = log.writer.increment_bytes();
  }
  fs.kill_process();
  const std::string whole = fs.content(kFirstIncrement);
  const Records all{"SET a 1", "SET b 22"};
  for (uint64_t at = begin; at < whole.size(); ++at) {
    CAPTURE(at);
    fs.put(kFirstIncrement, whole.substr(0, at));
    const LoadOutcome cut = load(fs);
    REQUIRE(cut.records == all);
    REQUIRE(cut.findings.empty());
    for (const int change : {1 << (at % 8), 0xff}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      fs.put(kFirstIncrement, changed);
      const LoadOutcome outcome = load(fs);
      REQUIRE(outcome.ok());
      REQUIRE(outcome.records == all);
      REQUIRE_FALSE(outcome.findings.empty());
      REQUIRE(load(fs).findings.empty());
    }
  }
}
