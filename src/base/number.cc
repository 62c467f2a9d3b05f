#include "base/number.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/letters.h"

namespace sluice::base {

namespace {

constexpr size_t kLongDoubleTextLimit = 5 * 1024;
constexpr size_t kShortText = 128;  // no sane number is longer; longer ones pay for an allocation

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

double read_float(const char* text, char** end, double) {
  return std::strtod(text, end);
}
long double read_float(const char* text, char** end, long double) {
  return std::strtold(text, end);
}

// The C library needs a terminating NUL, which a view does not have.
template <class Float>
std::optional<Float> parse_terminated(const char* text, size_t size) {
  errno = 0;
  char* end = nullptr;
  const Float value = read_float(text, &end, Float{});
  if (static_cast<size_t>(end - text) != size || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

template <class Float>
std::optional<Float> parse_by_library(ByteView text) {
  if (text.empty() || is_space(text.front())) return std::nullopt;
  if (text.size() >= kShortText) return parse_terminated<Float>(Bytes(text).c_str(), text.size());
  std::array<char, kShortText> copy;
  std::memcpy(copy.data(), text.data(), text.size());
  copy[text.size()] = '\0';
  return parse_terminated<Float>(copy.data(), text.size());
}

// Eight digits at a time: the halves of a number, their halves and theirs are divided side by side, each in
// its part of one word.

constexpr uint64_t kEightDigits = 100'000'000;

// The digits of a number below kEightDigits, the first in the lowest byte, zeros before it included.
uint64_t digits_of(uint64_t value) {
  const uint64_t fours = value / 10'000 | value % 10'000 << 32;
  const uint64_t hundreds = (fours * 10'486 >> 20) & 0x0000'007f'0000'007f;  // / 100
  const uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  const uint64_t tens = (twos * 103 >> 10) & 0x000f'000f'000f'000f;  // / 10
  return tens | (twos - tens * 10) << 8;
}

char* put_word(char* to, uint64_t digits, size_t skipped) {
  static_assert(std::endian::native == std::endian::little, "the first digit is the lowest byte");
  const uint64_t text = (digits | 0x3030'3030'3030'3030) >> (skipped * CHAR_BIT);
  std::memcpy(to, &text, sizeof text);
  return to + sizeof text - skipped;
}

char* put_first(char* to, uint64_t value) {
  const uint64_t digits = digits_of(value);
  constexpr size_t kMostSkipped = sizeof digits - 1;
  const size_t zeros = static_cast<size_t>(std::countr_zero(digits)) / CHAR_BIT;
  return put_word(to, digits, std::min(zeros, kMostSkipped));
}

char* put_eight(char* to, uint64_t value) {
  return put_word(to, digits_of(value), 0);
}

char* put(char* to, ByteView text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_zeros(char* to, int count) {
  std::memset(to, '0', static_cast<size_t>(count));
  return to + count;
}

// `digits` without leading or trailing zeros; the value is 0.d1d2d3... * 10^point.
char* put_shortest(char* to, ByteView digits, int point) {
  const int count = static_cast<int>(digits.size());
  const int scale = point - count;  // the value is digits * 10^scale
  const int exponent = point - 1;
  if (scale >= 0 && exponent < count + 7) return put_zeros(put(to, digits), scale);
  // Redis 7.2 falls back to an exponent here for seven or more decimals behind four or more digits; a time in
  // seconds with seven decimals is such a number, and clients that compare scores as text could not read it.
  if (scale < 0 && (scale > -7 || exponent > -4)) {
    if (point > 0) {
      to = put(to, digits.substr(0, point));
      *to++ = '.';
      return put(to, digits.substr(point));
    }
    return put(put_zeros(put(to, "0."), -point), digits);
  }
  *to++ = digits.front();
  if (count > 1) {
    *to++ = '.';
    to = put(to, digits.substr(1));
  }
  *to++ = 'e';
  *to++ = exponent < 0 ? '-' : '+';
  return std::to_chars(to, to + 4, std::abs(exponent)).ptr;
}

}  // namespace

char* put_digits(char* to, uint64_t value) {
  if (value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  if (value < kEightDigits) return put_first(to, value);
  const uint64_t above = value / kEightDigits;
  to = above < kEightDigits ? put_first(to, above)
                            : put_eight(put_first(to, above / kEightDigits), above % kEightDigits);
  return put_eight(to, value % kEightDigits);
}

std::optional<int64_t> parse_int64(ByteView text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const bool negative = text.front() == '-';
  const size_t first = negative ? 1 : 0;
  if (text.size() == first || !is_digit(text[first])) return std::nullopt;
  if (text[first] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

NumberText format_int64(int64_t value) {
  NumberText out;
  char* to = out.text_.data();
  if (value < 0) *to++ = '-';
  const uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  out.size_ = static_cast<uint8_t>(put_digits(to, magnitude) - out.text_.data());
  return out;
}

std::optional<uint64_t> parse_uint64(ByteView text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

NumberText format_uint64(uint64_t value) {
  NumberText out;
  out.size_ = static_cast<uint8_t>(put_digits(out.text_.data(), value) - out.text_.data());
  return out;
}

std::optional<double> parse_double(ByteView text) {
  // Plain decimals, nearly every score there is, take the quick way; the library decides about the rest.
  const size_t first = !text.empty() && text.front() == '-' ? 1 : 0;
  if (text.size() > first && is_digit(text[first])) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec == std::errc() && result.ptr == text.data() + text.size()) return value;
  }
  return parse_by_library<double>(text);
}

NumberText format_double(double value) {
  NumberText out;
  char* const begin = out.text_.data();
  char* end = begin;
  if (std::isnan(value)) {
    end = put(begin, "nan");
  } else if (std::isinf(value)) {
    end = put(begin, value < 0 ? "-inf" : "inf");
  } else if (value == 0) {
    end = put(begin, std::signbit(value) ? "-0" : "0");
  } else if (value >= -0x1p62 && value <= 0x1p62 && value == std::trunc(value)) {
    end = std::to_chars(begin, begin + out.text_.size(), static_cast<int64_t>(value)).ptr;
  } else {
    // Shortest scientific text: d[.ddd]e(+|-)dd.
    std::array<char, 32> scientific;
    const auto result = std::to_chars(scientific.data(), scientific.data() + scientific.size(),
                                      std::fabs(value), std::chars_format::scientific);
    const ByteView text(scientific.data(), static_cast<size_t>(result.ptr - scientific.data()));
    const size_t mark = text.find('e');
    int exponent = 0;
    const size_t digits_at = text[mark + 1] == '+' ? mark + 2 : mark + 1;
    std::from_chars(text.data() + digits_at, text.data() + text.size(), exponent);
    std::array<char, 20> digits;
    size_t count = 0;
    for (const char c : text.substr(0, mark)) {
      if (c != '.') digits[count++] = c;
    }
    if (value < 0) *end++ = '-';
    end = put_shortest(end, ByteView(digits.data(), count), exponent + 1);
  }
  out.size_ = static_cast<uint8_t>(end - begin);
  return out;
}

std::optional<long double> parse_long_double(ByteView text) {
  if (text.size() >= kLongDoubleTextLimit) return std::nullopt;
  return parse_by_library<long double>(text);
}

Bytes format_long_double(long double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, kLongDoubleTextLimit> text;
  const int size = std::snprintf(text.data(), text.size(), "%.17Lf", value);
  SLUICE_CHECK(size > 0 && static_cast<size_t>(size) < text.size(),
               "a long double has at most 4,952 characters");
  ByteView view(text.data(), static_cast<size_t>(size));
  while (view.back() == '0') view.remove_suffix(1);
  if (view.back() == '.') view.remove_suffix(1);
  return view == "-0" ? Bytes("0") : Bytes(view);
}

std::optional<uint64_t> parse_memory(ByteView text) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  uint64_t value = 0;
  if (digits > 0 && std::from_chars(text.data(), text.data() + digits, value).ec != std::errc())
    return std::nullopt;

  const Bytes unit = to_lower(text.substr(digits));
  struct Unit {
    ByteView name;
    uint64_t bytes;
  };
  static constexpr std::array<Unit, 8> kUnits = {{{"", 1},
                                                  {"b", 1},
                                                  {"k", 1000},
                                                  {"kb", 1024},
                                                  {"m", 1000 * 1000},
                                                  {"mb", 1024 * 1024},
                                                  {"g", 1000 * 1000 * 1000},
                                                  {"gb", 1024 * 1024 * 1024}}};
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.name == unit; });
  if (found == kUnits.end()) return std::nullopt;
  if (value > std::numeric_limits<uint64_t>::max() / found->bytes) return std::nullopt;
  return value * found->bytes;
}

}  // namespace sluice::base
