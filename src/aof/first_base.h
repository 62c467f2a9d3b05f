// The first start with a log, over data that has none in parts: what there is becomes the first base. Redis 7
// would start empty beside a snapshot, which is how jobs are lost when `appendonly` is switched on in a
// configuration file. Where both are there the old log wins, as in Redis: it was kept to the end, the
// snapshot only now and then.
#pragma once

#include <cstdint>
#include <string>

#include "aof/manifest.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

enum class Adopted : uint8_t {
  kNothing,
  kSingleFile,  // the log in one file that Redis 6 and older write: moved, under its name
  kSnapshot     // the file at `snapshot_path`: copied
};

// If there is no manifest yet, names one of them in a first one, durably. A crash in between leaves a start
// that does it again, or to its end; redis-server 7 would, too.
base::Result<Adopted> adopt_first_base(base::Fs& fs, const LogPlace& place, const std::string& snapshot_path);

}  // namespace sluice::aof
