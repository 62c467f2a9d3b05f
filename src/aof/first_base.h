// The first start with a log, over data that has none: the snapshot that a server without a log left becomes
// the first base. Redis 7 would start empty beside it, which is how jobs are lost when `appendonly` is
// switched on in a configuration file.
#pragma once

#include <string>

#include "aof/manifest.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

// If there is no log yet, and a file at `snapshot_path`: copies it to where a base belongs and names it in a
// manifest, durably; the snapshot stays. True when it did. A crash in between leaves a start that does it
// again.
base::Result<bool> adopt_snapshot(base::Fs& fs, const LogPlace& place, const std::string& snapshot_path);

}  // namespace sluice::aof
