// Reads the log back at start: manifest, base, increments, in slices, so that the server can answer -LOADING
// meanwhile. What was read is handed to a LoadSink, a unit only when all of it is there. Repairs what a crash
// leaves (torn tails are cut, the bytes kept beside) and refuses what only damage can explain, naming file,
// offset and what to do. The rules, with their reasons, are in README.md.
// Owns the open file and one buffer of at most a batch or a unit; knows no commands but MULTI and EXEC.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aof/frame.h"
#include "aof/item.h"
#include "aof/load_plan.h"
#include "aof/load_sink.h"
#include "aof/manifest.h"
#include "aof/probe.h"
#include "aof/reading.h"
#include "aof/tail_cut.h"
#include "aof/writer.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

struct LoaderOptions {
  LogPlace place;
  bool load_truncated = true;  // `aof-load-truncated`
  bool repair = true;          // false: read only, for a look at a log
  // What the log consists of, where no manifest at `place` says so: the one file of Redis 6.
  std::optional<Manifest> manifest = std::nullopt;
};

class Loader {
 public:
  Loader(base::Fs& fs, LoaderOptions options, LoadSink& sink);

  // Goes on for about `budget_bytes`; true when everything is loaded. After an error the loader is spent.
  base::Result<bool> step(size_t budget_bytes);

  [[nodiscard]] const LoadProgress& progress() const { return progress_; }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  // After an error that gives the place of damage.
  [[nodiscard]] const std::optional<Damage>& damaged() const { return damaged_; }
  // For Writer::start. REQUIRES: step() said true.
  [[nodiscard]] StartPoint take_start();

 private:
  enum class Phase { kBegin, kOpenPart, kRdbBase, kRead, kProbe, kCut, kRewrite, kDone };
  enum class Torn { kNo, kYes };  // whether the bytes just stop, or are wrong

  static constexpr size_t kReadChunk = size_t{256} * 1024;
  static void spend(size_t& budget, size_t cost) { budget -= std::min(budget, cost); }

  base::Result<void> begin();
  base::Result<void> open_part();
  base::Result<void> open_file();
  base::Result<void> open_increment();
  base::Result<void> load_rdb_base(size_t& budget);

  // Reading: one of these at a time, as read_on() chooses.
  base::Result<void> read_on(size_t& budget);
  base::Result<void> fill(size_t& budget);
  base::Result<void> scan();
  base::Result<void> apply_next(size_t& budget);
  base::Result<void> finish_part();

  base::Result<void> scan_line(const Item& item);
  base::Result<void> scan_record(const Item& item);
  base::Result<void> scan_annotation(const Item& item);
  base::Result<void> advance(size_t size);
  base::Result<void> end_of_file();
  base::Result<void> end_at_limit();

  // What to do where it cannot be read on.
  base::Result<void> broken(const std::string& why, Torn torn);
  base::Result<void> broken_batch(const std::string& why, bool annotated);
  base::Result<void> probe_on(size_t& budget);
  base::Result<void> probed();
  base::Result<void> cut_at(uint64_t file_at, const std::string& why);
  base::Result<void> cut_on(size_t& budget);
  base::Result<void> rewrite_on(size_t& budget);
  base::Result<void> finish_tail();

  [[nodiscard]] LogPart& part() { return parts_[part_index_]; }
  [[nodiscard]] bool ours() { return part().origin == Origin::kOurs; }
  [[nodiscard]] uint64_t file_offset(size_t in_buffer) const { return reading_.file_offset(in_buffer); }
  [[nodiscard]] uint64_t end_of_part() { return reading_.cut.value_or(part().size); }
  [[nodiscard]] std::string path() { return options_.place.path(part().entry.name); }
  [[nodiscard]] base::Error damage(uint64_t file_at, const std::string& what);
  [[nodiscard]] base::Error refused(uint64_t file_at, const std::string& what);
  [[nodiscard]] std::string how_to_give_up(uint64_t file_at) const;
  void add_finding(FindingKind kind, uint64_t at, uint64_t bytes, const std::string& what);

  base::Fs& fs_;
  LoaderOptions options_;
  LoadSink& sink_;
  Phase phase_ = Phase::kBegin;
  LoadProgress progress_;
  std::vector<Finding> findings_;
  std::optional<Damage> damaged_;
  Manifest manifest_;
  std::vector<LogPart> parts_;
  size_t part_index_ = 0;

  uint64_t base_at_ = 0;            // of progress_, where an RDB base begins
  std::optional<uint64_t> offset_;  // journal offset reached; none before the first increment

  std::unique_ptr<base::File> file_;
  Reading reading_;
  std::optional<AnnotationProbe> probe_;
  std::optional<TailCut> tail_cut_;
  std::vector<ByteView> args_;
};

}  // namespace sluice::aof
