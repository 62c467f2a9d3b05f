#include "base/words.h"

namespace sluice::base {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Splitter {
 public:
  explicit Splitter(ByteView line) : line_(line) {}

  bool at_end() {
    while (at_ < line_.size() && is_space(line_[at_])) ++at_;
    return at_ == line_.size();
  }

  // False when a quote is left open, or closed with something glued to it.
  bool word(Bytes& out) {
    while (at_ < line_.size() && !is_space(line_[at_])) {
      const char c = line_[at_++];
      if (c == '"' || c == '\'') return (c == '"' ? double_quoted(out) : single_quoted(out)) && closed();
      out.push_back(c);
    }
    return true;
  }

 private:
  bool closed() const { return at_ == line_.size() || is_space(line_[at_]); }

  bool double_quoted(Bytes& out) {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '"') return true;
      if (c == '\\' && at_ < line_.size()) {
        out.push_back(escaped());
      } else {
        out.push_back(c);
      }
    }
    return false;
  }

  char escaped() {
    const char c = line_[at_++];
    if (c == 'x' && at_ + 1 < line_.size()) {
      const int high = hex_digit(line_[at_]);
      const int low = hex_digit(line_[at_ + 1]);
      if (high >= 0 && low >= 0) {
        at_ += 2;
        return static_cast<char>(high * 16 + low);
      }
    }
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'b':
        return '\b';
      case 'a':
        return '\a';
      default:
        return c;
    }
  }

  bool single_quoted(Bytes& out) {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '\'') return true;
      if (c == '\\' && at_ < line_.size() && line_[at_] == '\'') {
        out.push_back('\'');
        ++at_;
      } else {
        out.push_back(c);
      }
    }
    return false;
  }

  ByteView line_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<Bytes>> split_words(ByteView line) {
  std::vector<Bytes> words;
  Splitter splitter(line);
  while (!splitter.at_end()) {
    if (!splitter.word(words.emplace_back())) return std::nullopt;
  }
  return words;
}

void append_quoted(Bytes& out, ByteView word) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : word) {
    switch (c) {
      case '\\':
      case '"':
        out.push_back('\\');
        out.push_back(c);
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '\a':
        out.append("\\a");
        break;
      case '\b':
        out.append("\\b");
        break;
      default:
        if (c >= ' ' && c <= '~') {
          out.push_back(c);
        } else {
          const auto byte = static_cast<unsigned char>(c);
          out.append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
        }
    }
  }
  out.push_back('"');
}

}  // namespace sluice::base
