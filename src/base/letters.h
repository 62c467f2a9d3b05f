// ASCII letters without their case: names of commands, options and words of a request are compared this way
// everywhere. Other bytes, and whatever a locale may say, are left as they are. Pure functions; who asks
// knows what the words mean.
#pragma once

#include <cstring>

#include "base/bytes.h"

namespace sluice::base {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
}

inline Bytes to_lower(ByteView text) {
  Bytes result(text);
  for (char& c : result) c = to_lower(c);
  return result;
}
inline Bytes to_upper(ByteView text) {
  Bytes result(text);
  for (char& c : result) c = to_upper(c);
  return result;
}

// Whether two words differ in the case of their letters at most.
inline bool same_word(ByteView left, ByteView right) {
  if (left.size() != right.size()) return false;
  if (std::memcmp(left.data(), right.data(), left.size()) == 0) return true;
  for (size_t i = 0; i < left.size(); ++i) {
    if (to_lower(left[i]) != to_lower(right[i])) return false;
  }
  return true;
}

}  // namespace sluice::base
