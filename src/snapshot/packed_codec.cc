#include "snapshot/packed_codec.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kZiplistHeaderBytes = 10;
constexpr size_t kCountUnknown = 65535;
constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLong = 254;  // a length of four bytes follows

uint8_t byte_at(base::ByteView bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

uint64_t little_endian(base::ByteView bytes, size_t at, unsigned count) {
  uint64_t value = 0;
  for (unsigned i = count; i-- > 0;) value = value << 8 | byte_at(bytes, at + i);
  return value;
}

}  // namespace

ZiplistReader::ZiplistReader(base::ByteView block) : block_(block), at_(kZiplistHeaderBytes) {
  ok_ = block.size() > kZiplistHeaderBytes && little_endian(block, 0, 4) == block.size() &&
        byte_at(block, block.size() - 1) == kEnd;
}

std::optional<ds::Element> ZiplistReader::give_up() {
  ok_ = false;
  return std::nullopt;
}

std::optional<ds::Element> ZiplistReader::integer(unsigned bytes) {
  if (block_.size() - 1 - at_ < bytes) return give_up();
  const uint64_t bits = little_endian(block_, at_, bytes) << (64 - 8 * bytes);
  at_ += bytes;
  return ds::Element{true, static_cast<int64_t>(bits) >> (64 - 8 * bytes), {}};
}

std::optional<ds::Element> ZiplistReader::number(uint8_t encoding) {
  switch (encoding) {
    case 0xc0:
      return integer(2);
    case 0xd0:
      return integer(4);
    case 0xe0:
      return integer(8);
    case 0xf0:
      return integer(3);
    case 0xfe:
      return integer(1);
    default:
      if (encoding < 0xf1 || encoding > 0xfd) return give_up();
      return ds::Element{true, (encoding & 0x0f) - 1, {}};
  }
}

// Lengths of 6, 14 or 32 bits, the longer ones big-endian, unlike every other number here.
std::optional<ds::Element> ZiplistReader::text(uint8_t encoding) {
  const size_t end = block_.size() - 1;
  const size_t more = encoding >= 0x80 ? 4 : encoding >= 0x40 ? 1 : 0;
  if (end - at_ < more) return give_up();
  uint64_t length = encoding >= 0x80 ? 0 : encoding & 0x3fU;
  for (size_t i = 0; i < more; ++i) length = length << 8 | byte_at(block_, at_++);
  if (length > end - at_) return give_up();
  const base::ByteView bytes = block_.substr(at_, length);
  at_ += length;
  return ds::Element{false, 0, bytes};
}

std::optional<ds::Element> ZiplistReader::next() {
  if (!ok_) return std::nullopt;
  const size_t end = block_.size() - 1;
  if (at_ == end) {
    const size_t stored = little_endian(block_, 8, 2);
    const size_t last = count_ == 0 ? kZiplistHeaderBytes : entry_at_;
    ok_ = little_endian(block_, 4, 4) == last && (stored == kCountUnknown || stored == count_);
    return std::nullopt;
  }
  const size_t start = at_;
  size_t before = byte_at(block_, at_++);
  if (before == kLong) {
    if (end - at_ < 4) return give_up();
    before = little_endian(block_, at_, 4);
    at_ += 4;
  }
  if (before != entry_bytes_ || at_ == end) return give_up();

  const uint8_t encoding = byte_at(block_, at_++);
  const std::optional<ds::Element> element = encoding < 0xc0 ? text(encoding) : number(encoding);
  if (!element) return give_up();
  entry_at_ = start;
  entry_bytes_ = at_ - start;
  ++count_;
  return element;
}

std::optional<ds::Listpack> listpack_of_ziplist(base::ByteView block) {
  ZiplistReader reader(block);
  ds::Listpack pack;
  while (const auto element = reader.next()) {
    pack.append(element->is_int ? ds::Packable(*element) : ds::Packable(element->text));
  }
  if (!reader.ok()) return std::nullopt;
  return pack;
}

ZipmapReader::ZipmapReader(base::ByteView block) : block_(block) {
  ok_ = block.size() >= 2 && byte_at(block, block.size() - 1) == kEnd;
}

std::optional<size_t> ZipmapReader::length() {
  const size_t end = block_.size() - 1;
  if (at_ >= end) return std::nullopt;
  size_t length = byte_at(block_, at_++);
  if (length == kEnd) return std::nullopt;
  if (length == kLong) {
    if (end - at_ < 4) return std::nullopt;
    length = little_endian(block_, at_, 4);
    at_ += 4;
  }
  if (length > end - at_) return std::nullopt;
  return length;
}

std::optional<std::pair<base::ByteView, base::ByteView>> ZipmapReader::next() {
  if (!ok_) return std::nullopt;
  const size_t end = block_.size() - 1;
  if (at_ == end) {
    const size_t stored = byte_at(block_, 0);
    ok_ = stored >= kLong || stored == count_;
    return std::nullopt;
  }
  ok_ = false;
  const auto field_length = length();
  if (!field_length) return std::nullopt;
  const base::ByteView field = block_.substr(at_, *field_length);
  at_ += *field_length;
  const auto value_length = length();
  if (!value_length || at_ == end) return std::nullopt;
  const size_t unused = byte_at(block_, at_++);
  if (*value_length + unused > end - at_) return std::nullopt;
  const base::ByteView value = block_.substr(at_, *value_length);
  at_ += *value_length + unused;
  ++count_;
  ok_ = true;
  return std::pair{field, value};
}

}  // namespace sluice::snapshot
