// What a crash, or a start that was given up, left of files that were being made: temporary files under our
// own names, and what the manifest says was unfinished. Nothing else is touched: a file that merely is not
// part of the log may be somebody's copy. To be called by whoever holds the directory's lock.
#pragma once

#include <string>
#include <vector>

#include "aof/manifest.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

// Files that are written before they get the name of a part; in the log's directory.
inline constexpr const char* kRewriteFile = "temp-rewrite.rdb";
inline constexpr const char* kFirstBaseFile = "temp-first-base.rdb";

// Deletes them, and has the manifest forget those it noted; a manifest of nothing else goes, too, since there
// is no log. Answers their paths. A manifest that is damaged, or not as we wrote it, is left to the loader
// with what it notes.
base::Result<std::vector<std::string>> clear_leftovers(base::Fs& fs, const LogPlace& place);

}  // namespace sluice::aof
