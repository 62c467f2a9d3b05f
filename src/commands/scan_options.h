// What SCAN, HSCAN, SSCAN and ZSCAN share: reading the cursor and the options, and deciding which names of a
// page are shown. Redis reads the cursor first, then looks the key up, then reads the options: an absent key
// hides a bad option, and the two readers are apart for that reason. Knows no type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "exec/args.h"
#include "resp/reply.h"

namespace sluice::commands {

inline constexpr size_t kDefaultScanCount = 10;

struct ScanOptions {
  size_t count = kDefaultScanCount;       // about how many elements to look at
  std::optional<base::ByteView> pattern;  // none: every name fits, the empty one, too
  std::optional<base::ByteView> type;     // SCAN only: a type's name, in any case

  [[nodiscard]] bool shows(base::ByteView name) const;
};

enum class ScanOf : uint8_t { kKeys, kElements };

// As strtoul reads it: unsigned and decimal, a sign in front of it passes, nothing at all is 0. Latches
// "invalid cursor".
uint64_t scan_cursor(exec::Args& args);
// MATCH, COUNT and (of keys) TYPE, up to the last argument. Latches Redis's errors.
ScanOptions scan_options(exec::Args& args, ScanOf what);
// The head of every page: an array of two, its first element the cursor. The elements' array follows.
void reply_scan_cursor(resp::Reply& reply, uint64_t cursor);

}  // namespace sluice::commands
