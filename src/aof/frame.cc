#include "aof/frame.h"

#include <array>
#include <charconv>
#include <span>
#include <string>

#include <xxhash.h>

namespace sluice::aof {

namespace {

constexpr ByteView kAnnotationPrefix = "#XXH3:";
constexpr ByteView kHeaderPrefix = "#SLUICE-INCR:1:";
constexpr ByteView kLineEnd = "\r\n";
constexpr size_t kHexDigits = 16;

void append_number(Bytes& out, uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_hex(Bytes& out, uint64_t number) {
  constexpr ByteView kHex = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kHex[(number >> shift) & 15]);
}

// One spelling per number, so that no flipped bit goes unnoticed: no sign, no leading zero.
std::optional<uint64_t> parse_number(ByteView text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint64_t> parse_hex(ByteView text) {
  if (text.size() != kHexDigits) return std::nullopt;
  uint64_t number = 0;
  for (const char digit : text) {
    uint64_t nibble = 0;
    if (digit >= '0' && digit <= '9') {
      nibble = static_cast<uint64_t>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      nibble = static_cast<uint64_t>(digit - 'a') + 10;
    } else {
      return std::nullopt;
    }
    number = (number << 4) | nibble;
  }
  return number;
}

// Fills `fields` with the parts between colons; false unless there are exactly as many.
bool split(ByteView text, std::span<ByteView> fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const size_t colon = text.find(':');
    const bool last = i + 1 == fields.size();
    if ((colon == ByteView::npos) != last) return false;
    fields[i] = text.substr(0, colon);
    if (!last) text.remove_prefix(colon + 1);
  }
  return true;
}

// Little-endian on every machine: the hash is part of the format.
void append_word(Bytes& out, uint64_t word) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>((word >> shift) & 255));
}

uint64_t header_hash(const Header& header) {
  Bytes words(kHeaderPrefix);
  for (const uint64_t word : {header.seed, header.start, header.synced, uint64_t{header.db}})
    append_word(words, word);
  return XXH3_64bits(words.data(), words.size());
}

void append_select(Bytes& out, uint32_t db) {
  const std::string digits = std::to_string(db);
  out.append("*2\r\n$6\r\nSELECT\r\n$").append(std::to_string(digits.size())).append(kLineEnd);
  out.append(digits).append(kLineEnd);
}

std::optional<Header> parse_header_line(ByteView line) {
  std::array<ByteView, 5> fields;
  if (!line.starts_with(kHeaderPrefix) || !split(line.substr(kHeaderPrefix.size()), fields))
    return std::nullopt;
  const auto seed = parse_hex(fields[0]);
  const auto start = parse_number(fields[1]);
  const auto synced = parse_number(fields[2]);
  const auto db = parse_number(fields[3]);
  const auto hash = parse_hex(fields[4]);
  if (!seed || !start || !synced || !db || !hash || *db > UINT32_MAX || *synced > *start) return std::nullopt;
  const Header header{*seed, *start, *synced, static_cast<uint32_t>(*db)};
  if (header_hash(header) != *hash) return std::nullopt;
  return header;
}

}  // namespace

uint64_t annotation_hash(const Annotation& numbers, ByteView batch, uint64_t seed) {
  Bytes words;
  words.reserve(32);
  append_word(words, XXH3_64bits_withSeed(batch.data(), batch.size(), seed));
  for (const uint64_t word : {numbers.length, numbers.offset, numbers.synced}) append_word(words, word);
  return XXH3_64bits_withSeed(words.data(), words.size(), seed);
}

void append_annotation(Bytes& out, Annotation numbers, ByteView batch, uint64_t seed) {
  numbers.hash = annotation_hash(numbers, batch, seed);
  out.append(kAnnotationPrefix);
  append_hex(out, numbers.hash);
  for (const uint64_t number : {numbers.length, numbers.offset, numbers.synced}) {
    out.push_back(':');
    append_number(out, number);
  }
  out.append(kLineEnd);
}

bool looks_like_annotation(ByteView line) {
  return line.starts_with(kAnnotationPrefix);
}

std::optional<Annotation> parse_annotation(ByteView line) {
  std::array<ByteView, 4> fields;
  if (!looks_like_annotation(line) || !split(line.substr(kAnnotationPrefix.size()), fields))
    return std::nullopt;
  const auto hash = parse_hex(fields[0]);
  const auto length = parse_number(fields[1]);
  const auto offset = parse_number(fields[2]);
  const auto synced = parse_number(fields[3]);
  if (!hash || !length || !offset || !synced) return std::nullopt;
  if (*offset < *length || *synced > *offset - *length) return std::nullopt;
  return Annotation{*hash, *length, *offset, *synced};
}

void append_header(Bytes& out, const Header& header) {
  out.append(kHeaderPrefix);
  append_hex(out, header.seed);
  for (const uint64_t number : {header.start, header.synced, uint64_t{header.db}}) {
    out.push_back(':');
    append_number(out, number);
  }
  out.push_back(':');
  append_hex(out, header_hash(header));
  out.append(kLineEnd);
  append_select(out, header.db);
}

HeaderCheck check_header(ByteView head) {
  if (head.empty()) return {};
  if (head[0] == '*' || head.starts_with("#TS:")) return {HeaderState::kForeign, {}, 0};
  const size_t line_size = head.find(kLineEnd);
  if (line_size == ByteView::npos) {
    const ByteView known = head.substr(0, kHeaderPrefix.size());
    const bool torn = head.size() < kMaxHeader && kHeaderPrefix.starts_with(known);
    return {torn ? HeaderState::kTorn : HeaderState::kBroken, {}, 0};
  }
  const auto header = parse_header_line(head.substr(0, line_size));
  if (!header) return {HeaderState::kBroken, {}, 0};
  Bytes select;
  append_select(select, header->db);
  const ByteView rest = head.substr(line_size + kLineEnd.size());
  if (rest.starts_with(select)) {
    return {HeaderState::kOurs, *header, line_size + kLineEnd.size() + select.size()};
  }
  return {ByteView(select).starts_with(rest) ? HeaderState::kTorn : HeaderState::kBroken, {}, 0};
}

}  // namespace sluice::aof
