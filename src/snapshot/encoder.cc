#include "snapshot/encoder.h"

#include <bit>

#include <liblzf/lzf.h>

#include "base/number.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kLongestSmallInteger = 11;  // "-2147483648"
// LZF counts in 32 bits; what is longer goes as it is.
constexpr size_t kMostCompressed = UINT32_MAX;

void append_big_endian(base::Bytes& out, uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

void append_little_endian(base::Bytes& out, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint8_t special(StringForm form) {
  return static_cast<uint8_t>(kSpecialString | static_cast<uint8_t>(form));
}

}  // namespace

void append_id_bytes(base::Bytes& out, const types::StreamId& id) {
  append_big_endian(out, id.ms, 8);
  append_big_endian(out, id.seq, 8);
}

void Encoder::length(uint64_t value) {
  if (value < 64) {
    byte(static_cast<uint8_t>(value));
  } else if (value < 16384) {
    byte(static_cast<uint8_t>(kLength14 | (value >> 8)));
    byte(static_cast<uint8_t>(value));
  } else if (value <= UINT32_MAX) {
    byte(kLength32);
    append_big_endian(*out_, value, 4);
  } else {
    byte(kLength64);
    append_big_endian(*out_, value, 8);
  }
}

bool Encoder::small_integer(int64_t number) {
  if (number >= INT8_MIN && number <= INT8_MAX) {
    byte(special(StringForm::kInt8));
    append_little_endian(*out_, static_cast<uint64_t>(number), 1);
  } else if (number >= INT16_MIN && number <= INT16_MAX) {
    byte(special(StringForm::kInt16));
    append_little_endian(*out_, static_cast<uint64_t>(number), 2);
  } else if (number >= INT32_MIN && number <= INT32_MAX) {
    byte(special(StringForm::kInt32));
    append_little_endian(*out_, static_cast<uint64_t>(number), 4);
  } else {
    return false;
  }
  return true;
}

bool Encoder::compressed(base::ByteView text) {
  if (!compress_ || text.size() <= kCompressBytes || text.size() > kMostCompressed) return false;
  // Four bytes less, or the second length would eat what was won.
  scratch_.resize(text.size());
  const unsigned packed = lzf_compress(text.data(), static_cast<unsigned>(text.size()), scratch_.data(),
                                       static_cast<unsigned>(text.size()) - 4);
  if (packed == 0) return false;
  byte(special(StringForm::kLzf));
  length(packed);
  length(text.size());
  raw(base::ByteView(scratch_).substr(0, packed));
  // A single giant must not stay reserved for good.
  constexpr size_t kKeptScratch = size_t{1} << 20;
  if (scratch_.capacity() > kKeptScratch) base::Bytes().swap(scratch_);
  return true;
}

void Encoder::text(base::ByteView text) {
  if (text.size() <= kLongestSmallInteger && !text.empty()) {
    if (const auto number = base::parse_int64(text); number && small_integer(*number)) return;
  }
  if (compressed(text)) return;
  length(text.size());
  raw(text);
}

void Encoder::integer_text(int64_t number) {
  if (!small_integer(number)) text(base::format_int64(number).view());
}

void Encoder::element(const ds::Element& element) {
  if (element.is_int) {
    integer_text(element.number);
  } else {
    text(element.text);
  }
}

void Encoder::fixed64(uint64_t value) {
  append_little_endian(*out_, value, 8);
}

void Encoder::real(double value) {
  fixed64(std::bit_cast<uint64_t>(value));
}

void Encoder::id(const types::StreamId& id) {
  length(id.ms);
  length(id.seq);
}

void Encoder::id_bytes(const types::StreamId& id) {
  length(kStreamIdBytes);
  append_id_bytes(*out_, id);
}

}  // namespace sluice::snapshot
