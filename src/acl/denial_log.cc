#include "acl/denial_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::acl {

namespace {

bool same(const DenialLog::Entry& entry, const Denial& denial, int64_t now_ms) {
  const Denial& known = entry.denial;
  const int64_t apart_ms = now_ms > entry.updated_ms ? now_ms - entry.updated_ms : entry.updated_ms - now_ms;
  return known.reason == denial.reason && known.context == denial.context && apart_ms <= kSameDenialMs &&
         known.object == denial.object && known.user == denial.user;
}

void cut(base::Bytes& text) {
  if (text.size() > kMaxLoggedBytes) text.resize(kMaxLoggedBytes);
}

}  // namespace

void DenialLog::add(Denial denial, int64_t now_ms, size_t max_entries) {
  cut(denial.object);
  cut(denial.user);
  const auto compared = std::next(entries_.begin(), std::min(entries_.size(), kDenialsCompared));
  const auto known = std::find_if(entries_.begin(), compared,
                                  [&](const Entry& entry) { return same(entry, denial, now_ms); });
  if (known != compared) {
    known->denial.client = std::move(denial.client);
    known->updated_ms = now_ms;
    ++known->count;
    entries_.splice(entries_.begin(), entries_, known);
    return;
  }
  entries_.push_front(Entry{std::move(denial), next_id_++, 1, now_ms, now_ms});
  while (entries_.size() > max_entries) entries_.pop_back();
}

}  // namespace sluice::acl
