// Exact text <-> number, by the rules clients of Redis rely on: what is refused matters as much as what is
// read. Format functions write into a NumberText on the caller's stack and never allocate. No locale is ever
// consulted (the process stays in "C"). Whose number it is, and which error text a refusal deserves, is the
// caller's matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sluice::base {

// The text of one int64, uint64 or double.
class NumberText {
 public:
  [[nodiscard]] ByteView view() const { return ByteView(text_.data(), size_); }

 private:
  friend NumberText format_int64(int64_t value);
  friend NumberText format_uint64(uint64_t value);
  friend NumberText format_double(double value);

  std::array<char, 32> text_;
  uint8_t size_ = 0;
};

// Only the text format_int64 would write: no blanks, no '+', no leading zeros, no "-0".
[[nodiscard]] std::optional<int64_t> parse_int64(ByteView text);
[[nodiscard]] NumberText format_int64(int64_t value);

// Writes the digits of a number at `to`, where there must be kDigitsRoom bytes, and returns their end.
inline constexpr size_t kDigitsRoom = 24;
char* put_digits(char* to, uint64_t value);

// As stream ids are read: leading white space, one '+' and leading zeros pass, a sign '-' does not.
[[nodiscard]] std::optional<uint64_t> parse_uint64(ByteView text);
[[nodiscard]] NumberText format_uint64(uint64_t value);

// What strtod reads, all of it: decimal, hexadecimal, inf and infinity in any case. Refused: nothing, leading
// or trailing bytes of any kind, NaN, magnitudes that overflow, non-zero ones that underflow to 0.
[[nodiscard]] std::optional<double> parse_double(ByteView text);
// The shortest text that reads back equal. Integers in the range of int64 have neither point nor exponent; so
// have fractions from 1e-6 on and all above 1, since clients compare and parse scores as text. inf, -inf,
// nan, -0.
[[nodiscard]] NumberText format_double(double value);

// INCRBYFLOAT works in long double. Refusals as for parse_double, and texts of 5 KiB or more.
[[nodiscard]] std::optional<long double> parse_long_double(ByteView text);
// Never an exponent: up to 17 digits after the point, trailing zeros dropped; the text of the largest value
// has 4,933 digits. inf and -inf; a zero has no sign.
[[nodiscard]] Bytes format_long_double(long double value);

// "100", "1b", "1k" (1000), "1kb" (1024), m, mb, g, gb in any case; a missing number is 0. Refused: signs,
// blanks, fractions, other units, more than 2^64 - 1.
[[nodiscard]] std::optional<uint64_t> parse_memory(ByteView text);

}  // namespace sluice::base
