// Deadlines: the one ordered index of what is due when. Exact, not sampled: whatever waits for a moment is
// found here when it comes, in order, and the reactor sleeps until then. Times are unix milliseconds.
//
// It only orders; what a firing does is its kind's business and runs as a unit of the executor. Today's kind
// is the expiry of a key; an entry has at most one such deadline and knows its handle.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "ds/deadline_heap.h"
#include "keyspace/entry.h"

namespace sluice::keyspace {

class Database;

enum class DeadlineKind : uint8_t { kKeyExpiry };

struct Due {
  Database* db;
  Entry* entry;
  DeadlineKind kind;
};

class Deadlines {
 public:
  // Sets or moves the expiry of `entry`.
  void set_expiry(Database& db, Entry& entry, int64_t when_ms);
  // Takes it away; nothing happens if there is none.
  void clear_expiry(Entry& entry);
  // When `entry` expires. REQUIRES: entry.deadline != kNoDeadline.
  [[nodiscard]] int64_t expiry_ms(const Entry& entry) const;

  [[nodiscard]] std::optional<int64_t> next_ms() const;
  // The earliest one, left in place. REQUIRES: next_ms() has a value.
  [[nodiscard]] Due front() const;
  // Any one, each with the same probability. REQUIRES: size() > 0.
  [[nodiscard]] Due random(base::Random& random) const;
  [[nodiscard]] size_t size() const { return heap_.size(); }
  [[nodiscard]] size_t memory_bytes() const { return heap_.memory_bytes(); }

 private:
  ds::DeadlineHeap<Due> heap_;
};

}  // namespace sluice::keyspace
