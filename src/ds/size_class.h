// The sizes the allocator really hands out: multiples of 16 up to 128, then four steps per doubling
// (jemalloc's small classes; other allocators waste a little more). Growing in these steps leaves no byte of
// an allocation unused and keeps growth geometric, so no container needs a slack policy of its own. A class
// also has a number that fits a byte, for headers that record how big their allocation is.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sluice::ds {

// The number of the smallest class that holds `bytes`; class 0 is 16 bytes. REQUIRES: bytes <= 2^62.
constexpr uint8_t size_code(size_t bytes) {
  if (bytes <= 128) return static_cast<uint8_t>(bytes == 0 ? 0 : (bytes - 1) / 16);
  const auto doubling = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;  // 2^doubling < bytes
  const size_t quarter = size_t{1} << (doubling - 2);
  const size_t step = (bytes - 1 - (size_t{1} << doubling)) / quarter;  // 0..3
  return static_cast<uint8_t>(8 + (doubling - 7) * 4 + step);
}

// Bytes of class `code`.
constexpr size_t class_bytes(uint8_t code) {
  if (code < 8) return (size_t{code} + 1) * 16;
  const unsigned doubling = 7 + (code - 8U) / 4;
  return (size_t{1} << doubling) + (((code - 8U) % 4) + 1) * (size_t{1} << (doubling - 2));
}

constexpr size_t size_class(size_t bytes) {
  return class_bytes(size_code(bytes));
}

}  // namespace sluice::ds
