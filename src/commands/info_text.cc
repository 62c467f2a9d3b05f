#include "commands/info_text.h"

#include <array>
#include <cstdio>

namespace sluice::commands {

void InfoText::section(base::ByteView name) {
  if (!text_.empty()) text_ += "\r\n";
  text_.append("# ").append(name).append("\r\n");
}

void InfoText::field(base::ByteView name, base::ByteView value) {
  text_.append(name).append(":").append(value).append("\r\n");
}

void InfoText::decimal(base::ByteView name, double value, int decimals) {
  field(name, base::ByteView(fixed(value, decimals)));
}

void InfoText::percent(base::ByteView name, uint64_t part, uint64_t whole) {
  const double value = whole == 0 ? 0 : static_cast<double>(part) * 100 / static_cast<double>(whole);
  field(name, base::ByteView(fixed(value, 2) + "%"));
}

void InfoText::bytes(base::ByteView name, uint64_t value) {
  field(name, value);
  human(base::Bytes(name) + "_human", value);
}

void InfoText::human(base::ByteView name, uint64_t value) {
  field(name, base::ByteView(human_bytes(value)));
}

std::string human_bytes(uint64_t value) {
  constexpr std::array<char, 5> kUnits = {'K', 'M', 'G', 'T', 'P'};
  if (value < 1024) return std::to_string(value) + "B";
  double scaled = static_cast<double>(value) / 1024;
  size_t unit = 0;
  while (scaled >= 1024 && unit + 1 < kUnits.size()) {
    scaled /= 1024;
    ++unit;
  }
  return fixed(scaled, 2) + kUnits[unit];
}

std::string fixed(double value, int decimals) {
  std::array<char, 512> text{};  // The largest double has 309 digits before the point.
  const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return std::string(text.data(), static_cast<size_t>(size));
}

}  // namespace sluice::commands
