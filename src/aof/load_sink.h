// The door through which a loaded log goes up to whoever holds the keyspace, and what the loader has to tell
// a person about the files it read. Whoever implements it owns what it builds; views are good for the call
// only. Knows no file format.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::aof {

using base::ByteView;

struct RdbBase {
  std::string path;
  bool log_follows = false;  // what stands behind its end is no damage, and the loader's to read
};

struct RdbProgress {
  uint64_t read_bytes = 0;  // of the file
  bool done = false;
};

// How far a load has come, of all the files together.
struct LoadProgress {
  uint64_t loaded_bytes = 0;
  uint64_t total_bytes = 0;
  uint64_t records = 0;
  uint64_t extensions = 0;
};

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
  // A base in RDB format: about `budget_bytes` of it, again and again until all of it is loaded.
  virtual base::Result<RdbProgress> rdb_base(const RdbBase& rdb, size_t budget_bytes) = 0;
};

// Where a log stops making sense that can only be damage.
struct Damage {
  std::string file;  // without directory
  uint64_t at = 0;   // file offset
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

}  // namespace sluice::aof
