// HashItem: one field of a hash that is a table, with its value and, perhaps, the moment at which it goes. A
// handle of 8 bytes to one allocation, which the table and its queue of deadlines share; whoever took it out
// of the table destroys it. A field without a deadline pays nothing for those that have one:
//
//   no deadline     field length: u32 | value length: u32 | field | value
//   deadline        deadline: i64 | place: u32 | unused | lengths, field, value as above
//
// The lowest bit of the handle tells which; `place` is where the queue holds it (types/field_deadlines.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "types/moment.h"

namespace sluice::types {

class HashItem {
 public:
  static HashItem create(base::ByteView field, base::ByteView value, int64_t deadline_ms = kNeverExpires);
  void destroy();

  [[nodiscard]] base::ByteView field() const { return {bytes(), lengths().field}; }
  [[nodiscard]] base::ByteView value() const { return {bytes() + lengths().field, lengths().value}; }
  [[nodiscard]] size_t memory_bytes() const;

  [[nodiscard]] bool has_deadline() const { return (bits_ & kTimed) != 0; }
  [[nodiscard]] int64_t deadline_ms() const { return has_deadline() ? timing().deadline_ms : kNeverExpires; }
  // REQUIRES (all three): has_deadline().
  void set_deadline_ms(int64_t deadline_ms) { timing().deadline_ms = deadline_ms; }
  [[nodiscard]] uint32_t place() const { return timing().place; }
  void set_place(uint32_t place) { timing().place = place; }

  friend bool operator==(const HashItem&, const HashItem&) = default;
  // Another one for each item.
  [[nodiscard]] uint64_t id() const { return bits_; }

 private:
  static constexpr uint64_t kTimed = 1;
  struct Timing {
    int64_t deadline_ms;
    uint32_t place;
  };
  struct Lengths {
    uint32_t field;
    uint32_t value;
  };

  explicit HashItem(uint64_t bits) : bits_(bits) {}
  [[nodiscard]] size_t head_bytes() const { return has_deadline() ? sizeof(Timing) : 0; }
  [[nodiscard]] char* memory() const { return reinterpret_cast<char*>(bits_ & ~kTimed); }  // NOLINT: tagged
  [[nodiscard]] Timing& timing() const { return *reinterpret_cast<Timing*>(memory()); }
  [[nodiscard]] Lengths& lengths() const { return *reinterpret_cast<Lengths*>(memory() + head_bytes()); }
  [[nodiscard]] const char* bytes() const { return memory() + head_bytes() + sizeof(Lengths); }

  uint64_t bits_;
};

}  // namespace sluice::types
