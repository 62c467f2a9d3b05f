// Deadlines: the one ordered index of what is due when. Exact, not sampled: whatever waits for a moment is
// found here when it comes, in order, and the reactor sleeps until then. Times are unix milliseconds.
//
// It only orders; what a firing does is its kind's business and runs as a unit of the executor. A key that
// expires is one kind, and its entry knows the handle. A value that acts by itself is another: a hash whose
// fields expire, a stream whose groups have leases. It is filed once, under the next moment of anything in
// it, and keeps the handle beside those moments, so that entries pay nothing for it. What is filed may be
// earlier than that moment, never later: whoever fires looks.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "ds/deadline_heap.h"
#include "keyspace/entry.h"

namespace sluice::keyspace {

class Database;

enum class DeadlineKind : uint8_t { kKeyExpiry, kHashFields, kStream };

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

  // Files the hash or stream in `entry` under its next moment, or takes it out; does nothing about other
  // values. To be called after every change of one, and when one has come to a key.
  void follow_value(Database& db, Entry& entry);
  // Takes it out: before the value leaves its entry.
  void clear_value(Entry& entry);
  // Everything that names the entry goes: before it leaves its database.
  void forget(Entry& entry) {
    clear_expiry(entry);
    clear_value(entry);
  }

  [[nodiscard]] std::optional<int64_t> next_ms() const;
  // The earliest one, left in place. REQUIRES: next_ms() has a value.
  [[nodiscard]] Due front() const;
  [[nodiscard]] size_t size() const { return keys_.size() + values_.size(); }
  [[nodiscard]] size_t memory_bytes() const { return keys_.memory_bytes() + values_.memory_bytes(); }

  // Keys that expire, for whoever chooses among those only: how many, the first one, any one, each with the
  // same probability. REQUIRES (of the last two): keys() > 0.
  [[nodiscard]] size_t keys() const { return keys_.size(); }
  [[nodiscard]] Due front_key() const { return keys_.top(); }
  [[nodiscard]] Due random_key(base::Random& random) const;

 private:
  // What a value that may act by itself knows of that.
  struct OwnMoment {
    uint32_t* ticket = nullptr;  // null: it never had any
    int64_t next_ms = 0;
    DeadlineKind kind = DeadlineKind::kHashFields;
  };
  static OwnMoment moment_of(Value& value);

  ds::DeadlineHeap<Due> keys_;
  ds::DeadlineHeap<Due> values_;
};

}  // namespace sluice::keyspace
