// A log on a disk in memory: a Writer whose flusher runs when told to, a Loader that records what it hands
// over, and the bytes of records. For tests of the log; it knows no commands beyond their spelling.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aof/flusher.h"
#include "aof/frame.h"
#include "aof/loader.h"
#include "aof/manifest.h"
#include "aof/writer.h"
#include "base/clock.h"
#include "base/random.h"
#include "support/memory_fs.h"

namespace sluice::testing {

inline std::string record(std::initializer_list<std::string_view> args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string_view arg : args) {
    bytes += "$" + std::to_string(arg.size()) + "\r\n";
    bytes.append(arg).append("\r\n");
  }
  return bytes;
}

// Each thing handed over as one string: "SET a b", "~payload" for extensions, "--" for a new file,
// "rdb:path".
class RecordingSink final : public aof::LoadSink {
 public:
  void begin_file() override { seen.emplace_back("--"); }
  base::Result<void> apply(std::span<const base::ByteView> args) override {
    std::string line;
    for (const base::ByteView arg : args) {
      if (!line.empty()) line.push_back(' ');
      line.append(arg);
    }
    if (line == refuse) return base::Error{"unknown command"};
    seen.push_back(line);
    return {};
  }
  base::Result<void> extension(base::ByteView payload) override {
    seen.push_back("~" + std::string(payload));
    return {};
  }
  // Takes two steps, so that there is something between them.
  base::Result<aof::RdbProgress> rdb_base(const aof::RdbBase& rdb, size_t) override {
    if (refuse_rdb) return base::Error{"an RDB file, which cannot be read"};
    const bool first = rdb_begun != rdb.path;
    rdb_begun = first ? rdb.path : "";
    if (!first) seen.push_back("rdb:" + rdb.path);
    return aof::RdbProgress{rdb_bytes, !first};
  }

  // What was seen, without the marks of new files.
  [[nodiscard]] std::vector<std::string> records() const {
    std::vector<std::string> out;
    for (const std::string& line : seen) {
      if (line != "--") out.push_back(line);
    }
    return out;
  }

  std::vector<std::string> seen;
  std::string refuse;
  bool refuse_rdb = false;
  uint64_t rdb_bytes = 0;  // how long every base in RDB format is said to be
  std::string rdb_begun;
};

struct LoadOutcome {
  std::string error;  // empty if it loaded
  std::vector<std::string> records;
  std::vector<aof::Finding> findings;
  aof::StartPoint start;
  size_t steps = 0;

  [[nodiscard]] bool ok() const { return error.empty(); }
  [[nodiscard]] bool found(aof::FindingKind kind) const {
    for (const aof::Finding& finding : findings) {
      if (finding.kind == kind) return true;
    }
    return false;
  }
};

inline LoadOutcome load(base::Fs& fs, aof::LoaderOptions options = {}, size_t budget = 1 << 20) {
  RecordingSink sink;
  aof::Loader loader(fs, std::move(options), sink);
  LoadOutcome outcome;
  while (true) {
    ++outcome.steps;
    auto done = loader.step(budget);
    if (!done) outcome.error = done.error().message;
    if (!done || *done) break;
  }
  outcome.records = sink.records();
  outcome.findings = loader.findings();
  if (outcome.ok()) outcome.start = loader.take_start();
  return outcome;
}

// A running log. Destroy it before the disk. With a clock, whose syncs take no time, the writer makes those
// of `always` itself once one was made. Filler comes from `filled_from_bytes` on.
struct RunningLog {
  explicit RunningLog(base::Fs& disk, aof::SyncMode mode = aof::SyncMode::kAlways, aof::StartPoint start = {},
                      size_t retention_limit_bytes = 1 << 20, const base::Clock* sync_clock = nullptr,
                      uint64_t filled_from_bytes = aof::kFilledFromBytes)
      : flusher([this] { ++wakes; }, sync_clock),
        writer(disk, random, flusher, {{}, mode, retention_limit_bytes, filled_from_bytes}) {
    auto started = writer.start(std::move(start));
    if (!started) start_error = started.error().message;
  }

  // One unit, one turn, synced if the mode says so.
  uint64_t put(std::string_view unit) {
    const uint64_t tag = writer.append(unit, 0);
    turn();
    return tag;
  }
  void turn() {
    writer.end_turn(now_us);
    flusher.run_pending();
    writer.tick(now_us);
  }
  void wait_us(int64_t us) {
    now_us += us;
    turn();
  }

  base::Random random{7};
  int wakes = 0;
  int64_t now_us = 10'000'000;
  std::string start_error;
  aof::Flusher flusher;
  aof::Writer writer;
};

inline const std::string kFirstIncrement = "./appendonlydir/appendonly.aof.1.incr.aof";
inline const std::string kSecondIncrement = "./appendonlydir/appendonly.aof.2.incr.aof";
inline const std::string kManifestPath = "./appendonlydir/appendonly.aof.manifest";

}  // namespace sluice::testing
