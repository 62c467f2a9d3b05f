// InfoText: the lines of INFO as they are written: "# Section" headers and "name:value" fields,
// each ended by CRLF.
// Owns the text until it is taken; knows formats, not facts.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "base/bytes.h"

namespace sluice::commands {

class InfoText {
 public:
  // A blank line stands between sections.
  void section(base::ByteView name);

  template <class Number, class = std::enable_if_t<std::is_integral_v<Number>>>
  void field(base::ByteView name, Number value) {
    field(name, base::ByteView(std::to_string(value)));
  }
  void field(base::ByteView name, base::ByteView value);
  void field(base::ByteView name, const char* value) { field(name, base::ByteView(value)); }
  // With a fixed number of decimals.
  void decimal(base::ByteView name, double value, int decimals = 2);
  // "12.34%", of a whole; 0 of nothing.
  void percent(base::ByteView name, uint64_t part, uint64_t whole);
  // `name`, and `name`_human: "967.56K".
  void bytes(base::ByteView name, uint64_t value);
  void human(base::ByteView name, uint64_t value);

  [[nodiscard]] const base::Bytes& text() const { return text_; }

 private:
  base::Bytes text_;
};

// "967.56K", as INFO's _human fields show sizes.
std::string human_bytes(uint64_t value);
std::string fixed(double value, int decimals);

}  // namespace sluice::commands
