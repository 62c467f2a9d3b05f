// The first line of a script: `#!lua flags=no-writes,allow-oom`. It tells the gates what the script promises.
// A script without one keeps the older, laxer rules (`declared` is false): each of its calls is judged when
// it is made.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::script {

struct ScriptFlags {
  bool declared = false;  // There was a shebang; the flags below hold for the whole run.
  bool no_writes = false;
  bool allow_oom = false;
  bool allow_stale = false;
  bool no_cluster = false;
  bool allow_cross_slot_keys = false;
};

struct Shebang {
  ScriptFlags flags;
  size_t bytes =
      0;  // Of the line without its line end: the code begins there, so that line numbers stay true.
};

// The error is the text a client reads, code included.
[[nodiscard]] base::Result<Shebang> parse_shebang(base::ByteView script);

}  // namespace sluice::script
