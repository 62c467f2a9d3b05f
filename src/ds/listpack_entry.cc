// Single entries of a listpack: how they are written, read and checked.
#include <bit>
#include <cstring>

#include "ds/listpack.h"

namespace sluice::ds {

namespace {

constexpr size_t kHeaderBytes = ListpackView::kHeaderBytes;
constexpr size_t kCountUnknown = 65535;
constexpr size_t kMaxIntegerText = 20;  // "-9223372036854775808"

// First bytes of an entry; the rest of the byte carries data where the mask leaves room.
constexpr uint8_t kInt16 = 0xf1;
constexpr uint8_t kInt24 = 0xf2;
constexpr uint8_t kInt32 = 0xf3;
constexpr uint8_t kInt64 = 0xf4;
constexpr uint8_t kString32 = 0xf0;
constexpr bool is_uint7(uint8_t b) {
  return (b & 0x80) == 0;
}
constexpr bool is_string6(uint8_t b) {
  return (b & 0xc0) == 0x80;
}
constexpr bool is_int13(uint8_t b) {
  return (b & 0xe0) == 0xc0;
}
constexpr bool is_string12(uint8_t b) {
  return (b & 0xf0) == 0xe0;
}

static_assert(std::endian::native == std::endian::little, "numbers are kept as the format has them");

template <class Word>
uint64_t load_word(const uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Of 2, 3, 4 or 8 bytes, lowest first; loops over bytes are what most of a walk would cost.
uint64_t load_le(const uint8_t* at, unsigned bytes) {
  if (bytes == 2) return load_word<uint16_t>(at);
  if (bytes == 3) return load_word<uint16_t>(at) | uint64_t{at[2]} << 16;
  return bytes == 4 ? load_word<uint32_t>(at) : load_word<uint64_t>(at);
}

void store_le(uint8_t* at, uint64_t value, unsigned bytes) {
  if (bytes == 3) {
    std::memcpy(at, &value, 2);
    at[2] = static_cast<uint8_t>(value >> 16);
  } else if (bytes == 2) {
    std::memcpy(at, &value, 2);
  } else if (bytes == 4) {
    std::memcpy(at, &value, 4);
  } else {
    std::memcpy(at, &value, 8);
  }
}

int64_t load_signed(const uint8_t* at, unsigned bytes) {
  const unsigned unused = 64 - 8 * bytes;
  return static_cast<int64_t>(load_le(at, bytes) << unused) >> unused;
}

// How many bytes say that an entry of `length` bytes (encoding and data) precedes them. The bounds one below
// the powers of two are the format's.
unsigned back_length_bytes(size_t length) {
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  if (length < 268435455) return 4;
  return 5;
}

// Most significant group first; all but the first carry a mark, so that the number can be read backwards.
uint8_t* store_back_length(uint8_t* at, size_t length) {
  const unsigned bytes = back_length_bytes(length);
  for (unsigned i = 0; i < bytes; ++i) {
    const auto group = static_cast<uint8_t>((length >> (7 * (bytes - 1 - i))) & 127);
    at[i] = i == 0 ? group : static_cast<uint8_t>(group | 128);
  }
  return at + bytes;
}

// Whether store_back_length(at, length) would have written these `bytes`.
bool is_back_length(const uint8_t* at, unsigned bytes, size_t length) {
  for (unsigned i = bytes; i-- > 1; length >>= 7) {
    if (at[i] != ((length & 127) | 128)) return false;
  }
  return at[0] == length;
}

// Data bytes of an integer entry beside its first byte: 0, 1 (13 bits), 2, 3, 4 or 8.
unsigned integer_bytes(int64_t number) {
  if (number >= 0 && number <= 127) return 0;
  if (number >= -4096 && number <= 4095) return 1;
  if (number >= INT16_MIN && number <= INT16_MAX) return 2;
  if (number >= -8388608 && number <= 8388607) return 3;
  if (number >= INT32_MIN && number <= INT32_MAX) return 4;
  return 8;
}

unsigned string_header_bytes(size_t length) {
  if (length < 64) return 1;
  return length < 4096 ? 2 : 5;
}

uint8_t* store_integer(uint8_t* at, int64_t number) {
  const unsigned bytes = integer_bytes(number);
  const auto bits = static_cast<uint64_t>(number);
  switch (bytes) {
    case 0:
      at[0] = static_cast<uint8_t>(number);
      return at + 1;
    case 1:
      at[0] = static_cast<uint8_t>(0xc0 | ((bits >> 8) & 0x1f));
      at[1] = static_cast<uint8_t>(bits);
      return at + 2;
    case 2:
      at[0] = kInt16;
      break;
    case 3:
      at[0] = kInt24;
      break;
    case 4:
      at[0] = kInt32;
      break;
    default:
      at[0] = kInt64;
      break;
  }
  store_le(at + 1, bits, bytes);
  return at + 1 + bytes;
}

uint8_t* store_string(uint8_t* at, base::ByteView text) {
  const size_t length = text.size();
  if (length < 64) {
    *at++ = static_cast<uint8_t>(0x80 | length);
  } else if (length < 4096) {
    *at++ = static_cast<uint8_t>(0xe0 | (length >> 8));
    *at++ = static_cast<uint8_t>(length);
  } else {
    *at++ = kString32;
    store_le(at, length, 4);
    at += 4;
  }
  if (length != 0) std::memcpy(at, text.data(), length);
  return at + length;
}

// Bytes of encoding and data, or 0 if the first byte begins no entry. Reads at most 5 bytes.
size_t body_bytes(const uint8_t* entry) {
  const uint8_t b = entry[0];
  if (is_uint7(b)) return 1;
  if (is_string6(b)) return 1 + (b & 0x3fU);
  if (is_int13(b)) return 2;
  if (is_string12(b)) return 2 + ((size_t{b} & 0x0f) << 8 | entry[1]);
  switch (b) {
    case kInt16:
      return 3;
    case kInt24:
      return 4;
    case kInt32:
      return 5;
    case kInt64:
      return 9;
    case kString32:
      return 5 + load_le(entry + 1, 4);
    default:
      return 0;
  }
}

// How many bytes body_bytes() has to see for this first byte.
size_t header_bytes(uint8_t b) {
  if (is_string12(b)) return 2;
  return b == kString32 ? 5 : 1;
}

}  // namespace

base::ByteView Element::to_text(base::NumberText& buffer) const {
  if (!is_int) return text;
  buffer = base::format_int64(number);
  return buffer.view();
}

Packable::Packable(base::ByteView text) : text_(text) {
  if (text.empty() || text.size() > kMaxIntegerText) return;
  if (text.front() != '-' && (text.front() < '0' || text.front() > '9')) return;
  if (const auto number = base::parse_int64(text)) {
    is_int_ = true;
    number_ = *number;
  }
}

size_t Packable::text_bytes() const {
  return is_int_ && text_.empty() ? base::format_int64(number_).view().size() : text_.size();
}

size_t Packable::encoded_bytes() const {
  const size_t body =
      is_int_ ? (integer_bytes(number_) + 1) : string_header_bytes(text_.size()) + text_.size();
  return body + back_length_bytes(body);
}

uint8_t* Packable::encode(uint8_t* at) const {
  uint8_t* const end = is_int_ ? store_integer(at, number_) : store_string(at, text_);
  return store_back_length(end, static_cast<size_t>(end - at));
}

bool equals(const Element& element, base::ByteView text) {
  if (!element.is_int) return element.text == text;
  return Packable(text).equals(element);
}

Element decode_entry(const uint8_t* entry) {
  const uint8_t b = entry[0];
  const auto text = [entry](size_t header, size_t length) {
    return Element{false, 0, base::ByteView(reinterpret_cast<const char*>(entry) + header, length)};
  };
  const auto number = [](int64_t value) { return Element{true, value, {}}; };
  if (is_uint7(b)) return number(b);
  if (is_string6(b)) return text(1, b & 0x3fU);
  if (is_string12(b)) return text(2, (size_t{b} & 0x0f) << 8 | entry[1]);
  if (is_int13(b)) {
    const int value = (b & 0x1f) << 8 | entry[1];
    return number(value >= 4096 ? value - 8192 : value);
  }
  switch (b) {
    case kString32:
      return text(5, load_le(entry + 1, 4));
    case kInt16:
      return number(load_signed(entry + 1, 2));
    case kInt24:
      return number(load_signed(entry + 1, 3));
    case kInt32:
      return number(load_signed(entry + 1, 4));
    default:
      return number(load_signed(entry + 1, 8));
  }
}

size_t entry_bytes(const uint8_t* entry) {
  const size_t body = body_bytes(entry);
  return body + back_length_bytes(body);
}

const uint8_t* entry_before(const uint8_t* end) {
  size_t length = 0;
  unsigned bytes = 0;
  for (const uint8_t* at = end - 1;; --at) {
    length |= size_t{*at & 127U} << (7 * bytes);
    ++bytes;
    if ((*at & 128) == 0 || bytes == 5) break;
  }
  return end - bytes - length;
}

bool validate(base::ByteView block, bool deep) {
  const auto* data = reinterpret_cast<const uint8_t*>(block.data());
  if (block.size() < kHeaderBytes + 1 || load_le(data, 4) != block.size()) return false;
  if (data[block.size() - 1] != ListpackView::kEnd) return false;
  if (!deep) return true;
  const size_t end = block.size() - 1;
  size_t count = 0;
  for (size_t at = kHeaderBytes; at < end; ++count) {
    if (header_bytes(data[at]) > end - at) return false;
    const size_t body = body_bytes(data + at);
    if (body == 0 || body > end - at) return false;
    const unsigned back = back_length_bytes(body);
    if (back > end - at - body) return false;
    if (!is_back_length(data + at + body, back, body)) return false;
    at += body + back;
  }
  const size_t stored = load_le(data + 4, 2);
  return stored == kCountUnknown || stored == count;
}

}  // namespace sluice::ds
