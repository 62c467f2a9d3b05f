// Reads the log back at start: manifest, base, increments, in slices, so that the server can answer -LOADING
// meanwhile. What was read is handed to a LoadSink, a unit only when all of it is there. Repairs what a crash
// leaves (torn tails are cut, the bytes kept beside) and refuses what only damage can explain, naming file,
// offset and what to do. The rules, with their reasons, are in README.md.
// Owns the open file and one buffer of at most a batch or a unit; knows no commands but MULTI and EXEC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aof/frame.h"
#include "aof/item.h"
#include "aof/manifest.h"
#include "aof/probe.h"
#include "aof/tail_cut.h"
#include "aof/writer.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

// Where a log is loaded into. An error stops the load and becomes part of its message.
class LoadSink {
 public:
  virtual ~LoadSink() = default;
  // A new file: database 0 is selected again.
  virtual void begin_file() = 0;
  // One record; SELECT comes through here, MULTI and EXEC do not. Views die when the call returns.
  virtual base::Result<void> apply(std::span<const ByteView> args) = 0;
  // What a #SLUICE: line carried.
  virtual base::Result<void> extension(ByteView payload) = 0;
  // A base in RDB format. A sink that cannot read one refuses here, and the load fails with its words.
  virtual base::Result<void> rdb_base(const std::string& path) = 0;
};

enum class FindingKind {
  kCut,             // a torn tail was cut
  kUnannotated,     // whole records behind our last annotation were loaded
  kSuperseded,      // the end of an increment is also the beginning of the next one
  kEmptyIncrement,  // ours, but without even its header
  kOrphan           // a file that the manifest does not name
};

struct Finding {
  FindingKind kind = FindingKind::kCut;
  std::string file;    // without directory
  uint64_t at = 0;     // file offset
  uint64_t bytes = 0;  // how many it concerns
  std::string text;    // all of it as a sentence, for the server's log
};

struct LoaderOptions {
  LogPlace place;
  bool load_truncated = true;  // `aof-load-truncated`
  bool repair = true;          // false: read only, for a look at a log
};

struct LoadProgress {
  uint64_t loaded_bytes = 0;
  uint64_t total_bytes = 0;
  uint64_t records = 0;
  uint64_t extensions = 0;
};

class Loader {
 public:
  Loader(base::Fs& fs, LoaderOptions options, LoadSink& sink);

  // Goes on for about `budget_bytes`; true when everything is loaded. After an error the loader is spent.
  base::Result<bool> step(size_t budget_bytes);

  [[nodiscard]] const LoadProgress& progress() const { return progress_; }
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  // For Writer::start. REQUIRES: step() said true.
  [[nodiscard]] StartPoint take_start();

 private:
  enum class Phase { kBegin, kOpenFile, kRead, kProbe, kCut, kDone };
  enum class Origin { kBase, kRedis, kOurs };
  enum class Torn { kNo, kYes };  // whether the bytes just stop, or are wrong

  struct Part {
    ManifestFile entry;
    Origin origin = Origin::kRedis;
    uint64_t size = 0;
    HeaderCheck header;
    bool last = false;              // no later part holds a byte
    std::optional<uint64_t> limit;  // journal offset at which the next increment, ours, goes on
    bool rdb = false;
    bool loaded_something = false;
  };

  base::Result<void> begin();
  base::Result<void> survey(const ManifestFile& entry, bool base);
  base::Result<void> check_headers();
  base::Result<void> open_part();
  base::Result<void> close_part();

  base::Result<void> read_on(size_t& budget);
  base::Result<void> fill(size_t& budget);
  base::Result<void> scan();
  base::Result<void> scan_line(const Item& item);
  base::Result<void> scan_record(const Item& item);
  base::Result<void> scan_annotation(const Item& item);
  void advance(size_t size);
  void grant_tail();
  base::Result<void> end_of_file();
  base::Result<void> broken(const std::string& why, Torn torn);
  base::Result<void> broken_batch(const std::string& why, bool annotated);
  base::Result<void> probed();
  base::Result<void> cut_at(uint64_t file_at, const std::string& why);
  base::Result<void> apply_next(size_t& budget);
  base::Result<void> finish_part();
  base::Result<void> cut_on(size_t& budget);
  base::Result<void> seal_tail();
  base::Result<void> end_at_limit();

  [[nodiscard]] Part& part() { return parts_[part_index_]; }
  [[nodiscard]] uint64_t file_offset(size_t in_buffer) const { return buffer_at_ + in_buffer; }
  [[nodiscard]] std::string path() { return options_.place.path(part().entry.name); }
  [[nodiscard]] base::Error error_at(uint64_t file_at, const std::string& what, const std::string& advice);
  [[nodiscard]] base::Error damage(uint64_t file_at, const std::string& what);
  void add_finding(FindingKind kind, uint64_t at, uint64_t bytes, const std::string& what);

  base::Fs& fs_;
  LoaderOptions options_;
  LoadSink& sink_;
  Phase phase_ = Phase::kBegin;
  LoadProgress progress_;
  std::vector<Finding> findings_;
  Manifest manifest_;
  std::vector<Part> parts_;
  size_t part_index_ = 0;

  std::optional<uint64_t> offset_;  // journal offset reached; none before the first increment

  // The part being read. Positions are indexes into buffer_: apply_ <= ready_ <= whole_ <= scan_.
  std::unique_ptr<base::File> file_;
  Bytes buffer_;
  uint64_t buffer_at_ = 0;  // file offset of buffer_[0]
  size_t apply_ = 0;        // next to be handed over
  size_t ready_ = 0;        // up to here it may be
  size_t whole_ = 0;        // up to here there are whole units
  size_t scan_ = 0;         // up to here the structure is known
  size_t wanted_ = 0;       // bytes the buffer must have before scanning makes sense
  size_t batch_ = 0;        // where the batch, or the tail, begins
  bool in_group_ = false;   // behind MULTI
  bool continued_ = false;  // behind an extension line that goes on
  bool tail_ = false;       // no annotation is to come
  bool tail_granted_ = false;
  bool ended_ = false;           // nothing further is to be scanned
  std::optional<uint64_t> cut_;  // file offset to cut at, once all that is ready has been applied
  std::string break_why_;
  bool break_annotated_ = false;
  std::optional<AnnotationProbe> probe_;
  std::optional<TailCut> tail_cut_;
  Bytes extension_;
  std::vector<ByteView> args_;
};

}  // namespace sluice::aof
