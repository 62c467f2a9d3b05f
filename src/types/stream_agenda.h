// StreamAgenda: what of one stream acts by itself, and when: each group of it, and the stream's own part,
// once, under its next moment. So one look tells what comes first, and filing one of them costs O(log n) of
// their number. The stream owns it from the first such moment on, and nothing is paid before.
//
// It only orders: a group is named, never looked into, and what is filed may be too early, never too late.
// Moments are unix milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "types/moment.h"

namespace sluice::types {

class StreamGroup;

class StreamAgenda {
 public:
  static constexpr uint32_t kNoTicket = UINT32_MAX;

  // Files a group, or the stream's own part, which is null, under its next moment; kNeverExpires takes it
  // out. `filed_ms` says, and is told, under which moment it is filed.
  void file(StreamGroup* group, int64_t& filed_ms, int64_t next_ms);
  void file_own(int64_t next_ms) { file(nullptr, own_ms_, next_ms); }

  // kNeverExpires when nothing is filed.
  [[nodiscard]] int64_t next_ms() const { return items_.empty() ? kNeverExpires : items_.begin()->first; }
  // What comes first; null: the stream's own part. REQUIRES: next_ms() != kNeverExpires.
  [[nodiscard]] StreamGroup* front() const { return items_.begin()->second; }
  [[nodiscard]] size_t memory_bytes() const;  // This object included.
  // Forgets up to `max` moments when it is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

  uint32_t ticket = kNoTicket;  // by which keyspace/deadlines knows the stream

 private:
  std::set<std::pair<int64_t, StreamGroup*>> items_;
  int64_t own_ms_ = kNeverExpires;
};

}  // namespace sluice::types
