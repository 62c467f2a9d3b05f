// How long a string may become by being changed: APPEND, SETRANGE and the bit commands ask here, before they
// allocate. The limit is the option's (proto-max-bulk-len), looked up at each question; nothing is owned.
// Knows no command: each refuses in its own way.
#pragma once

#include <algorithm>
#include <cstddef>

#include "config/store.h"
#include "exec/call.h"
#include "types/string_value.h"

namespace sluice::commands {

// proto-max-bulk-len, and never more than a value can hold. What the log brings was allowed when it was
// written, whatever the limit is by now.
inline size_t string_limit_bytes(const exec::Call& call) {
  if (call.entrance == exec::Entrance::kReplay) return types::StringValue::kMaxBytes;
  const auto limit = static_cast<size_t>(call.on.config.number(config::Option::kProtoMaxBulkLen));
  return std::min(limit, types::StringValue::kMaxBytes);
}

}  // namespace sluice::commands
