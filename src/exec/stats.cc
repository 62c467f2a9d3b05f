#include "exec/stats.h"

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
  const uint64_t changes = changes_since_save;
  *this = Stats{};
  changes_since_save = changes;  // Not a statistic: `save` points and the log's rewrite read it.
}

}  // namespace sluice::exec
