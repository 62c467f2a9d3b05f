// A sorted array of different integers, each as wide as the widest needs: 16, 32 or 64 bits. The block is
// laid out as Redis stores small sets of integers in RDB files, so that writing one is a copy:
//
//   | width in bytes: u32 | count: u32 | integers, ascending, little-endian |
//
// It only ever widens. Lookups are binary searches, changes move the tail: it is meant for some hundred
// members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "ds/marked_pointer.h"
#include "ds/size_class.h"

namespace sluice::ds {

class IntSet {
 public:
  IntSet();
  // Of a block from outside; nothing when it is not laid out as above.
  [[nodiscard]] static std::optional<IntSet> checked_copy(base::ByteView block);
  IntSet(IntSet&& other) noexcept;
  IntSet& operator=(IntSet&& other) noexcept;
  ~IntSet();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const { return class_bytes(static_cast<uint8_t>(data_.mark())); }
  [[nodiscard]] base::ByteView block() const;

  // True when it was not there yet.
  bool insert(int64_t value);
  bool erase(int64_t value);
  [[nodiscard]] bool contains(int64_t value) const;
  // The member at a place in ascending order. REQUIRES: index < size().
  [[nodiscard]] int64_t at(size_t index) const;

 private:
  static constexpr size_t kHeaderBytes = 8;

  [[nodiscard]] unsigned char* data() const { return data_.get(); }
  [[nodiscard]] size_t width() const;
  void set_header(size_t width, size_t count);
  [[nodiscard]] size_t lower_bound(int64_t value) const;
  void put(size_t index, int64_t value);
  void widen(size_t width);
  void resize_for(size_t count);

  MarkedPointer<unsigned char> data_;  // Marked with its size class; null once moved from.
};
static_assert(sizeof(IntSet) == 8, "every small set of integers has one");

}  // namespace sluice::ds
