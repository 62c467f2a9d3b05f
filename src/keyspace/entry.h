// Entry: one key with its value. Entries never move and are one allocation with their key, so that a pointer
// to one is good until the command that removed it has ended. The database owns those it holds, the ChangeLog
// those that were removed during the command at hand.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "keyspace/usage.h"
#include "keyspace/value.h"

namespace sluice::keyspace {

inline constexpr uint32_t kNoDeadline = UINT32_MAX;

class Entry {
 public:
  static Entry* create(base::ByteView key, Value value);
  static void destroy(Entry* entry);
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  [[nodiscard]] base::ByteView key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes_}; }
  // The whole allocation, key included, the value's heap not.
  [[nodiscard]] size_t memory_bytes() const { return sizeof(Entry) + key_bytes_; }

  [[nodiscard]] bool is_of(uint32_t now) const { return epoch == (now & kEpochMask); }
  void stamp(uint32_t now) { epoch = now & kEpochMask; }

  Value value;
  uint32_t deadline = kNoDeadline;  // Handle in Deadlines.
  Usage usage;                      // Of its use: for eviction and OBJECT.
  uint32_t epoch : 31 = 0;          // Of its creation, or in which a snapshot last had it.
  bool detached : 1 = false;  // No longer in its database; the ChangeLog holds it until the command ends.

 private:
  static constexpr uint32_t kEpochMask = (uint32_t{1} << 31) - 1;

  Entry(Value held, uint32_t key_bytes) : value(std::move(held)), key_bytes_(key_bytes) {}
  ~Entry() = default;

  uint32_t key_bytes_;
};
static_assert(sizeof(Entry) == 40, "every key pays for what is added here");

}  // namespace sluice::keyspace
