#include "resp/extension.h"

#include <cstdint>
#include <utility>

namespace sluice::resp {

using base::Bytes;
using base::ByteView;

namespace {

constexpr ByteView kPrefix = "#SLUICE:";
constexpr ByteView kLineEnd = "\r\n";
// 888 of base64 and the rest of the line make 899 bytes.
constexpr size_t kBytesPerLine = 666;
constexpr ByteView kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<uint32_t> base64_value(char digit) {
  const size_t at = kBase64.find(digit);
  if (at == ByteView::npos) return std::nullopt;
  return static_cast<uint32_t>(at);
}

void append_base64(Bytes& out, ByteView bytes) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    const size_t digits = bytes.size() - i >= 3 ? 4 : bytes.size() - i + 1;
    for (size_t j = 0; j < 4; ++j) out.push_back(j < digits ? kBase64[(group >> (18 - 6 * j)) & 63] : '=');
  }
}

std::optional<Bytes> parse_base64(ByteView text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    size_t digits = 4;
    if (i + 4 == text.size()) {
      while (digits > 2 && text[i + digits - 1] == '=') --digits;
    }
    uint32_t group = 0;
    for (size_t j = 0; j < digits; ++j) {
      const auto value = base64_value(text[i + j]);
      if (!value) return std::nullopt;
      group |= *value << (18 - 6 * j);
    }
    // Bits behind the last byte are zero in the one spelling we accept.
    const size_t count = digits - 1;
    if ((group & ((uint32_t{1} << (24 - 8 * count)) - 1)) != 0) return std::nullopt;
    for (size_t j = 0; j < count; ++j) bytes.push_back(static_cast<char>((group >> (16 - 8 * j)) & 255));
  }
  return bytes;
}

}  // namespace

void append_extension(Bytes& out, ByteView payload) {
  while (true) {
    const ByteView part = payload.substr(0, kBytesPerLine);
    payload.remove_prefix(part.size());
    out.append(kPrefix);
    append_base64(out, part);
    if (!payload.empty()) out.push_back('+');
    out.append(kLineEnd);
    if (payload.empty()) return;
  }
}

bool looks_like_extension(ByteView line) {
  return line.starts_with(kPrefix);
}

std::optional<ExtensionLine> parse_extension(ByteView line) {
  if (!looks_like_extension(line)) return std::nullopt;
  line.remove_prefix(kPrefix.size());
  // '+' is also a digit of base64, but only groups of four make a whole: one more character is the mark.
  const bool continues = line.size() % 4 == 1 && line.ends_with('+');
  if (continues) line.remove_suffix(1);
  auto bytes = parse_base64(line);
  if (!bytes) return std::nullopt;
  return ExtensionLine{std::move(*bytes), continues};
}

}  // namespace sluice::resp
