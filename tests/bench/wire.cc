#include "bench/wire.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::bench {

namespace {

// Lines of replies are short: a number, a status, an error.
constexpr size_t kLongestLine = 64 * 1024;

// The line that starts at `from`, without its end, and the place after it; an empty line when it is not all
// there.
struct Line {
  std::string_view text;
  size_t next = 0;
};

Line line_at(std::string_view data, size_t from) {
  const size_t end = data.find('\n', from);
  if (end == std::string_view::npos) {
    if (data.size() - from > kLongestLine) fail("a line of a reply does not end");
    return {};
  }
  return {data.substr(from, end - from - 1), end + 1};
}

int64_t number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) fail("a reply has a bad length");
  return number;
}

bool is_aggregate(char kind) {
  return kind == '*' || kind == '~' || kind == '>' || kind == '%';
}
bool is_blob(char kind) {
  return kind == '$' || kind == '=' || kind == '!';
}

}  // namespace

void fail(std::string_view why) {
  std::fprintf(stderr, "sluice-bench: %.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

std::string encode(const std::vector<std::string>& arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    bytes += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return bytes;
}

uint64_t Dice::below(uint64_t bound) {
  // splitmix64 (Steele, Lea and Flood)
  state_ += 0x9e3779b97f4a7c15;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) % bound;
}

Batch::Batch(const std::vector<std::string>& arguments, size_t copies, uint64_t random_range)
    : copies_(copies), random_range_(random_range) {
  const std::string one = encode(arguments);
  for (size_t copy = 0; copy < copies; ++copy) {
    for (const std::string_view mark : {kCounter, kRandom}) {
      for (size_t at = one.find(mark); at != std::string::npos; at = one.find(mark, at + kDigits)) {
        patches_.push_back({bytes_.size() + at, copy, mark == kCounter});
      }
    }
    bytes_ += one;
  }
}

std::string_view Batch::next(uint64_t& counter, Dice& dice) {
  for (const Patch& patch : patches_) {
    write_digits(&bytes_[patch.offset], patch.counts ? counter + patch.copy : dice.below(random_range_));
  }
  counter += copies_;
  return bytes_;
}

void write_digits(char* at, uint64_t number) {
  for (size_t place = kDigits; place-- > 0; number /= 10) at[place] = static_cast<char>('0' + number % 10);
}

size_t reply_length(std::string_view data) {
  size_t at = 0;
  // Elements still to come, over all levels of nesting: an array of n adds n and counts as one itself.
  for (int64_t owed = 1; owed > 0; --owed) {
    if (at >= data.size()) return 0;
    const char kind = data[at];
    const Line line = line_at(data, at + 1);
    if (line.next == 0) return 0;
    at = line.next;
    if (is_blob(kind)) {
      const int64_t length = number_of(line.text);
      if (length >= 0) at += static_cast<size_t>(length) + 2;
    } else if (is_aggregate(kind)) {
      const int64_t elements = number_of(line.text);
      if (elements > 0) owed += kind == '%' ? 2 * elements : elements;
    }
    if (at > data.size()) return 0;
  }
  return at;
}

int64_t ReplyWalker::header(std::string_view kinds) {
  if (rest_.empty() || kinds.find(rest_[0]) == std::string_view::npos) {
    fail("unexpected reply: " + std::string(rest_.substr(0, 80)));
  }
  const bool null = rest_[0] == '_';
  const Line line = line_at(rest_, 1);
  rest_.remove_prefix(line.next);
  return null ? -1 : number_of(line.text);
}

int64_t ReplyWalker::array() {
  return header("*$_");
}

std::string_view ReplyWalker::bulk() {
  const int64_t length = header("$");
  if (length < 0) return {};
  const std::string_view text = rest_.substr(0, static_cast<size_t>(length));
  rest_.remove_prefix(static_cast<size_t>(length) + 2);
  return text;
}

}  // namespace sluice::bench
