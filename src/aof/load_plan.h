// What the loader is about to read: the parts of a log in order, each with its header, and where one goes
// over into the next. Looks at the first bytes of each file only; refuses what cannot be the beginning of
// one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aof/frame.h"
#include "aof/load_sink.h"
#include "aof/manifest.h"
#include "aof/writer.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

enum class Origin {
  kRdbBase,
  kPlainBase,
  kRedis,  // an increment written by redis-server
  kOurs
};

struct LogPart {
  ManifestFile entry;
  Origin origin = Origin::kRedis;
  uint64_t size = 0;         // without the filler that a kill left behind one of ours
  HeaderCheck header;        // of an increment
  bool last = false;         // may be torn: no later part holds a byte
  bool log_follows = false;  // an RDB base behind which commands may stand: the one file of Redis 6
  std::optional<uint64_t>
      limit;  // of one of ours: journal offset at which the next increment, ours too, goes on
  bool loaded_something = false;  // set by the loader

  [[nodiscard]] bool is_base() const { return origin == Origin::kRdbBase || origin == Origin::kPlainBase; }
};

// The manifest of the log at `place`, or nothing where there is no log yet. Refuses what must not be started
// on: increments whose manifest is gone.
[[nodiscard]] base::Result<std::optional<Manifest>> open_log(base::Fs& fs, const LogPlace& place);

[[nodiscard]] base::Result<std::vector<LogPart>> plan_load(base::Fs& fs, const LogPlace& place,
                                                           const Manifest& manifest);

// Where a log begins that is made anew beside what lies at `place`, with offsets that go on behind it, and
// behind `at_least`: for Writer::start_beside().
[[nodiscard]] base::Result<StartPoint> start_beside(base::Fs& fs, const LogPlace& place, uint64_t at_least);

// What is told of a file that the manifest does not name.
[[nodiscard]] Finding finding_of(const Orphan& orphan, const LogPlace& place);

// Where the log goes on once these parts were loaded. Increments without a record are no longer listed: they
// would pile up over restarts.
[[nodiscard]] StartPoint start_behind(Manifest manifest, const std::vector<LogPart>& parts, uint64_t offset);

}  // namespace sluice::aof
