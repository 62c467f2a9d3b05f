// MarkedPointer: an address and 16 bits of whoever holds it, in one word. Linux hands out no address above
// 2^47 to a process that does not ask for one, so the upper bits of a pointer are free to say what would
// otherwise take another word of every small value. It owns nothing. A mark hides the address from tools
// that look for pointers in memory: whoever marks one frees it by himself.
#pragma once

#include <cstdint>

#include "base/check.h"

namespace sluice::ds {

template <class T>
class MarkedPointer {
 public:
  MarkedPointer() = default;
  explicit MarkedPointer(T* pointer, uint16_t mark = 0)
      : word_(reinterpret_cast<uint64_t>(pointer) | uint64_t{mark} << kAddressBits) {
    SLUICE_CHECK(get() == pointer, "an address that leaves no room for a mark");
  }

  [[nodiscard]] T* get() const { return reinterpret_cast<T*>(word_ & kAddress); }  // NOLINT: tagged
  [[nodiscard]] uint16_t mark() const { return static_cast<uint16_t>(word_ >> kAddressBits); }
  // The address stays.
  void set_mark(uint16_t mark) { word_ = (word_ & kAddress) | uint64_t{mark} << kAddressBits; }

 private:
  static constexpr unsigned kAddressBits = 48;
  static constexpr uint64_t kAddress = (uint64_t{1} << kAddressBits) - 1;
  static_assert(sizeof(T*) == sizeof(uint64_t), "a word is 64 bits wide");

  uint64_t word_ = 0;
};

}  // namespace sluice::ds
