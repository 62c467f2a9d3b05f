#include "exec/stats.h"

#include <utility>

namespace sluice::exec {

void Stats::count_error(base::ByteView text) {
  ++error_replies;
  const base::ByteView code = text.substr(0, text.find(' '));
  if (const auto found = errors.find(code); found != errors.end()) {
    ++found->second;
  } else if (errors.size() < kMaxErrorKinds) {
    errors.emplace(code, 1);
  } else {
    ++errors["ERRORSTATS_OVERFLOW"];
  }
}

void Stats::reset() {
  Stats fresh;
  fresh.changes_since_save =
      changes_since_save;  // Not a statistic: `save` points and the log's rewrite read it.
  fresh.peak_memory_bytes = peak_memory_bytes;  // Of the process, not of what was asked of it.
  *this = std::move(fresh);
}

}  // namespace sluice::exec
