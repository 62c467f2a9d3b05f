#include "aof/item.h"

#include <charconv>

#include "base/letters.h"

namespace sluice::aof {

namespace {

// "*" or "$", a number, "\r\n": the longest is a 10-digit length.
constexpr size_t kMaxLengthLine = 16;

struct Length {
  ItemKind kind = ItemKind::kMalformed;  // kRecord stands for "read"
  size_t value = 0;
  size_t next = 0;  // where the bytes behind the line begin
};

// A line that is right, with room behind it in memory, as nearly all are: where the bytes behind it begin.
// Else 0, and nothing is said. Numbers in registers: a struct returned here would cost as much again.
inline size_t read_plain_length(ByteView bytes, size_t at, char mark, size_t& value) {
  if (bytes.size() < at + kMaxLengthLine || bytes[at] != mark) return 0;
  const char* const first = bytes.data() + at + 1;
  const char* const last = first + kMaxLengthLine - 3;
  const char* digit = first;
  size_t number = 0;
  for (; digit < last && *digit >= '0' && *digit <= '9'; ++digit) {
    number = number * 10 + static_cast<size_t>(*digit - '0');
  }
  const bool spelt = digit > first && (*first != '0' || digit == first + 1);
  if (!spelt || digit[0] != '\r' || digit[1] != '\n') return 0;
  value = number;
  return static_cast<size_t>(digit + 2 - bytes.data());
}

Length read_length(ByteView bytes, size_t at, char mark) {
  if (at >= bytes.size()) return {ItemKind::kIncomplete, 0, at + 4};
  if (bytes[at] != mark) return {};
  const ByteView window = bytes.substr(at, kMaxLengthLine);
  const size_t end = window.find('\r');
  if (end == ByteView::npos) {
    if (window.size() == kMaxLengthLine) return {};
    return {ItemKind::kIncomplete, 0, bytes.size() + 1};
  }
  const ByteView digits = window.substr(1, end - 1);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return {};
  size_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return {};
  if (at + end + 1 >= bytes.size()) return {ItemKind::kIncomplete, 0, bytes.size() + 1};
  if (bytes[at + end + 1] != '\n') return {};
  return {ItemKind::kRecord, value, at + end + 2};
}

Item incomplete(size_t needed) {
  return {ItemKind::kIncomplete, needed, {}};
}

Item next_record(ByteView bytes, std::vector<ByteView>& args) {
  size_t count = 0;
  size_t at = read_plain_length(bytes, 0, '*', count);
  if (at == 0) {
    const Length line = read_length(bytes, 0, '*');
    if (line.kind == ItemKind::kIncomplete) return incomplete(line.next);
    if (line.kind != ItemKind::kRecord) return {};
    count = line.value;
    at = line.next;
  }
  if (count == 0 || count > kMaxArgs) return {};
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    size_t begin = read_plain_length(bytes, at, '$', length);
    if (begin == 0) {
      const Length line = read_length(bytes, at, '$');
      if (line.kind == ItemKind::kIncomplete) return incomplete(line.next);
      if (line.kind != ItemKind::kRecord) return {};
      length = line.value;
      begin = line.next;
    }
    if (length > kMaxArgBytes) return {};
    const size_t end = begin + length;
    if (end + 2 > bytes.size()) {
      // A wrong line end is found now if it is there to be seen.
      if (end < bytes.size() && bytes[end] != '\r') return {};
      return incomplete(end + 2);
    }
    if (bytes[end] != '\r' || bytes[end + 1] != '\n') return {};
    args.push_back(ByteView(bytes.data() + begin, length));
    at = end + 2;
  }
  return {ItemKind::kRecord, at, {}};
}

Item next_line(ByteView bytes) {
  const ByteView window = bytes.substr(0, kMaxRedisLine);
  const size_t end = window.find('\n');
  if (end == ByteView::npos) {
    if (window.size() == kMaxRedisLine || window.find('\0') != ByteView::npos) return {};
    return incomplete(bytes.size() + 1);
  }
  ByteView line = window.substr(0, end);
  if (line.find('\0') != ByteView::npos) return {};
  if (line.ends_with('\r')) line.remove_suffix(1);
  return {ItemKind::kLine, end + 1, line};
}

}  // namespace

Item next_item(ByteView bytes, std::vector<ByteView>& args) {
  args.clear();
  if (bytes[0] == '*') return next_record(bytes, args);
  if (bytes[0] == '#') return next_line(bytes);
  return {};
}

GroupMark group_mark(const std::vector<ByteView>& args) {
  if (args.size() != 1) return GroupMark::kNone;
  if (base::same_word(args[0], "MULTI")) return GroupMark::kMulti;
  if (base::same_word(args[0], "EXEC")) return GroupMark::kExec;
  return GroupMark::kNone;
}

}  // namespace sluice::aof
