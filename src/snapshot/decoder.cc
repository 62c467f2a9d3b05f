#include "snapshot/decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/number.h"
#include "snapshot/crc64.h"
#include "snapshot/format.h"
#include "snapshot/lzf.h"

namespace sluice::snapshot {

namespace {

uint64_t big_endian(base::ByteView bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

uint64_t little_endian(base::ByteView bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

Decoder::Decoder(base::ByteView bytes) : ready_(bytes), size_(bytes.size()), checked_(bytes.data()) {}

Decoder::Decoder(ByteSource& source, uint64_t size_bytes) : source_(&source), size_(size_bytes) {
  window_.resize(static_cast<size_t>(std::min<uint64_t>(kWindowBytes, size_bytes)));
  ready_ = base::ByteView(window_).substr(0, 0);
  checked_ = ready_.data();
}

base::Error Decoder::error() const {
  return base::Error{"at offset " + std::to_string(offset_) + ": " + reason_};
}

void Decoder::fail_at(uint64_t offset, const std::string& reason) {
  if (!ok()) return;
  offset_ = offset;
  reason_ = reason;
  ready_ = {};
}

uint64_t Decoder::checksum() {
  if (!ok()) return 0;
  sum_up();
  return checksum_;
}

void Decoder::sum_up() {
  const auto unchecked = static_cast<size_t>(ready_.data() - checked_);
  checksum_ = crc64(checksum_, base::ByteView(checked_, unchecked));
  checked_ = ready_.data();
}

// Brings the next `size` bytes together in the window.
bool Decoder::fetch(uint64_t size) {
  if (!ok()) return false;
  if (size > left()) {
    fail("it ends too early: " + std::to_string(size) + " bytes are wanted and " + std::to_string(left()) +
         " left");
    return false;
  }
  sum_up();
  const size_t kept = ready_.size();
  if (size > window_.size()) {
    base::Bytes wider(static_cast<size_t>(size), '\0');
    std::memcpy(wider.data(), ready_.data(), kept);
    window_ = std::move(wider);
  } else {
    std::memmove(window_.data(), ready_.data(), kept);
    // A giant was read: its window goes back.
    if (window_.size() > 2 * kWindowBytes && size <= kWindowBytes && kept <= kWindowBytes) {
      window_.resize(kWindowBytes);
      window_.shrink_to_fit();
    }
  }
  size_t filled = kept;
  while (filled < size) {
    const base::Result<size_t> got = source_->read(window_.data() + filled, window_.size() - filled);
    if (!got.ok() || *got == 0) {
      fail(got.ok() ? "the file has become shorter" : got.error().message);
      return false;
    }
    filled += *got;
  }
  // A file that grows meanwhile has the size it was opened with.
  filled = static_cast<size_t>(std::min<uint64_t>(filled, left()));
  ready_ = base::ByteView(window_).substr(0, filled);
  checked_ = ready_.data();
  return true;
}

base::ByteView Decoder::take(uint64_t size) {
  if (size > ready_.size() && (source_ == nullptr || size > left() || !ok())) {
    fail("it ends too early: " + std::to_string(size) + " bytes are wanted and " + std::to_string(left()) +
         " left");
    return {};
  }
  if (size > ready_.size() && !fetch(size)) return {};
  const base::ByteView taken = ready_.substr(0, static_cast<size_t>(size));
  ready_.remove_prefix(static_cast<size_t>(size));
  offset_ += size;
  return taken;
}

uint8_t Decoder::byte() {
  const base::ByteView one = take(1);
  return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
}

uint64_t Decoder::length_or_form(bool& special) {
  special = false;
  const uint64_t at = offset_;
  const uint8_t first = byte();
  switch (first & 0xc0) {
    case kLength6:
      return first & 0x3f;
    case kLength14:
      return uint64_t{first & 0x3fU} << 8 | byte();
    case kSpecialString:
      special = true;
      return first & 0x3f;
    default:
      break;
  }
  if (first == kLength32) return big_endian(take(4));
  if (first == kLength64) return big_endian(take(8));
  fail_at(at, "no length begins with byte " + std::to_string(first));
  return 0;
}

uint64_t Decoder::length() {
  bool special = false;
  const uint64_t at = offset_;
  const uint64_t value = length_or_form(special);
  if (!special) return value;
  fail_at(at, "a length is expected, not a string of a special form");
  return 0;
}

uint64_t Decoder::count(uint64_t least_bytes) {
  const uint64_t at = offset_;
  const uint64_t items = length();
  if (items <= left() / least_bytes) return items;
  fail_at(at, std::to_string(items) + " items are announced, more than what is left can hold");
  return 0;
}

base::ByteView Decoder::integer_text(int64_t number) {
  number_ = base::format_int64(number);
  return number_.view();
}

Decoder::StoredText Decoder::packed_text() {
  const uint64_t at = offset_;
  const uint64_t packed = length();
  const uint64_t size = length();
  if (packed > left() || size == 0 || size > packed * kMostExpansion || size > kMostTextBytes) {
    fail_at(at, "a compressed string cannot have " + std::to_string(packed) + " bytes for " +
                    std::to_string(size));
    return {};
  }
  const base::ByteView bytes = take(packed);
  return ok() ? StoredText{bytes, size} : StoredText{};
}

base::ByteView Decoder::text() {
  // A giant that was unpacked before must not stay for good.
  if (text_.capacity() > 2 * kWindowBytes) base::Bytes().swap(text_);
  const uint64_t at = offset_;
  const StoredText stored = stored_text();
  if (stored.unpacked_bytes == 0) return stored.bytes;
  const auto wanted = static_cast<size_t>(stored.unpacked_bytes);
  if (text_.size() < wanted + kLzfSlack) text_.resize(wanted + kLzfSlack);
  if (lzf_unpack(stored.bytes, text_.data(), wanted)) return base::ByteView(text_).substr(0, wanted);
  fail_at(at, kDamagedText);
  return {};
}

Decoder::StoredText Decoder::stored_text() {
  bool special = false;
  const uint64_t at = offset_;
  const uint64_t value = length_or_form(special);
  if (!special) {
    if (value <= kMostTextBytes) return {take(value)};
    fail_at(at, "a string of " + std::to_string(value) + " bytes is too long");
    return {};
  }
  switch (static_cast<StringForm>(value)) {
    case StringForm::kInt8:
      return {integer_text(static_cast<int8_t>(byte()))};
    case StringForm::kInt16:
      return {integer_text(static_cast<int16_t>(little_endian(take(2))))};
    case StringForm::kInt32:
      return {integer_text(int32())};
    case StringForm::kLzf:
      return packed_text();
  }
  fail_at(at, "a string has the unknown form " + std::to_string(value));
  return {};
}

int32_t Decoder::int32() {
  return static_cast<int32_t>(little_endian(take(4)));
}

uint64_t Decoder::fixed64() {
  return little_endian(take(8));
}

double Decoder::real() {
  return std::bit_cast<double>(fixed64());
}

types::StreamId Decoder::id() {
  const uint64_t ms = length();
  return {ms, length()};
}

types::StreamId Decoder::id_bytes() {
  const uint64_t ms = big_endian(take(8));
  return {ms, big_endian(take(8))};
}

}  // namespace sluice::snapshot
