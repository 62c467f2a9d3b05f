// What the loader is about to read: the parts of a log in order, each with its header, and where one goes
// over into the next. Looks at the first bytes of each file only; refuses what cannot be the beginning of
// one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aof/frame.h"
#include "aof/manifest.h"
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
  uint64_t size = 0;
  HeaderCheck header;  // of an increment
  bool last = false;   // no later part holds a byte
  std::optional<uint64_t>
      limit;  // of one of ours: journal offset at which the next increment, ours too, goes on
  bool loaded_something = false;  // set by the loader

  [[nodiscard]] bool is_base() const { return origin == Origin::kRdbBase || origin == Origin::kPlainBase; }
};

[[nodiscard]] base::Result<std::vector<LogPart>> plan_load(base::Fs& fs, const LogPlace& place,
                                                           const Manifest& manifest);

}  // namespace sluice::aof
