// Entry: one key with its value. Entries never move and are one allocation with their key, so that a pointer
// to one is good until the command that removed it has ended. The database owns those it holds, the ChangeLog
// those that were removed during the command at hand.
#pragma once

#include <cstdint>

#include "base/bytes.h"
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

  Value value;
  uint32_t deadline = kNoDeadline;  // Handle in Deadlines.
  uint32_t access_s = 0;            // Unix seconds of the last access, for OBJECT IDLETIME.
  bool detached = false;  // No longer in its database; the ChangeLog holds it until the command ends.

 private:
  Entry(Value held, uint32_t key_bytes) : value(std::move(held)), key_bytes_(key_bytes) {}
  ~Entry() = default;

  uint32_t key_bytes_;
};

}  // namespace sluice::keyspace
