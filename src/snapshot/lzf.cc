#include "snapshot/lzf.h"

#include <cstring>

namespace sluice::snapshot {

namespace {

constexpr size_t kLiteralBytes = 32;  // at most, per run
constexpr size_t kStep = 16;

// `length` bytes from `distance` before, which may overlap what is written; up to kStep - 1 more are touched.
inline void copy_again(char* to, size_t distance, size_t length) {
  char* const end = to + length;
  if (distance >= kStep) [[likely]] {
    do {
      std::memcpy(to, to - distance, kStep);
      to += kStep;
    } while (to < end);
    return;
  }
  for (; to < end; ++to) *to = *(to - distance);
}

}  // namespace

bool lzf_unpack(base::ByteView packed, char* into, size_t size) {
  const auto* at = reinterpret_cast<const unsigned char*>(packed.data());
  const auto* const end = at + packed.size();
  char* to = into;
  char* const whole = into + size;
  while (at < end) {
    const size_t control = *at++;
    if (control < kLiteralBytes) {
      const size_t length = control + 1;
      if (length > static_cast<size_t>(whole - to) || length > static_cast<size_t>(end - at)) return false;
      if (static_cast<size_t>(end - at) >= kLiteralBytes) [[likely]] {
        std::memcpy(to, at, kLiteralBytes);
      } else {
        std::memcpy(to, at, length);
      }
      at += length;
      to += length;
      continue;
    }
    size_t length = control >> 5;
    if (length == 7) {
      if (at == end) return false;
      length += *at++;
    }
    length += 2;
    if (at == end) return false;
    const size_t distance = ((control & 31) << 8 | *at++) + 1;
    if (distance > static_cast<size_t>(to - into) || length > static_cast<size_t>(whole - to)) return false;
    copy_again(to, distance, length);
    to += length;
  }
  return to == whole;
}

}  // namespace sluice::snapshot
