#include "resp/reply.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/number.h"

namespace sluice::resp {
namespace {

constexpr size_t kHeaderRoom = 24;      // A type, 20 digits, CR and LF.
constexpr size_t kComposedBytes = 256;  // Bulks up to this size are put together in one piece.

// Writes `<type><number>\r\n` at `to`, which has kHeaderRoom; returns its length.
template <class Number>
size_t put_header(char* to, char type, Number number) {
  to[0] = type;
  size_t size = 2;
  if (number >= 0 && number <= 9) {
    to[1] = static_cast<char>('0' + number);
  } else {
    size = static_cast<size_t>(std::to_chars(to + 1, to + kHeaderRoom, number).ptr - to);
  }
  to[size] = '\r';
  to[size + 1] = '\n';
  return size + 2;
}

template <class Number>
void append_header(base::Bytes& out, char type, Number number) {
  char text[kHeaderRoom];
  out.append(text, put_header(text, type, number));
}

// Short ones are put together where they go: a copy of what was just written in pieces waits for the pieces.
void append_bulk(base::Bytes& out, base::ByteView bytes) {
  if (bytes.size() > kComposedBytes) {
    append_header(out, '$', bytes.size());
    out.append(bytes).append("\r\n", 2);
    return;
  }
  const size_t before = out.size();
  out.resize(before + kHeaderRoom + bytes.size() + 2);
  char* end = out.data() + before;
  end += put_header(end, '$', bytes.size());
  if (!bytes.empty()) std::memcpy(end, bytes.data(), bytes.size());
  end += bytes.size();
  end[0] = '\r';
  end[1] = '\n';
  out.resize(static_cast<size_t>(end + 2 - out.data()));
}

char type_of(Kind kind, bool resp3) {
  switch (kind) {
    case Kind::kStatus:
      return '+';
    case Kind::kError:
      return '-';
    case Kind::kBigNumber:
      return '(';
    case Kind::kMap:
      return resp3 ? '%' : '*';
    case Kind::kSet:
      return resp3 ? '~' : '*';
    case Kind::kPush:
      return resp3 ? '>' : '*';
    case Kind::kAttribute:
      return '|';
    default:
      return '*';
  }
}

bool counts_pairs(Kind kind) {
  return kind == Kind::kMap || kind == Kind::kAttribute;
}

bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}

// A line of the wire cannot hold a line end.
base::Bytes on_one_line(base::ByteView text) {
  base::Bytes line(text);
  std::replace_if(line.begin(), line.end(), is_line_end, ' ');
  return line;
}

}  // namespace

void Reply::integer(int64_t value) {
  if (out_ != nullptr) [[likely]] {
    append_header(*out_, ':', value);
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_integer(value));
  }
}

void Reply::bulk(base::ByteView bytes) {
  if (out_ != nullptr) [[likely]] {
    append_bulk(*out_, bytes);
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_text(Kind::kBulk, bytes));
  }
}

void Reply::bulk_integer(int64_t value) {
  bulk(base::format_int64(value).view());
}

void Reply::ok() {
  if (out_ != nullptr) [[likely]] {
    out_->append("+OK\r\n", 5);
  } else {
    line(Kind::kStatus, "OK");
  }
}

void Reply::status(base::ByteView text) {
  if (std::any_of(text.begin(), text.end(), is_line_end)) {
    line(Kind::kStatus, on_one_line(text));
  } else {
    line(Kind::kStatus, text);
  }
}

void Reply::error(base::ByteView text) {
  ++errors_;
  while (!text.empty() && is_line_end(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_line_end(text.back())) text.remove_suffix(1);
  line(Kind::kError, on_one_line(text));
}

void Reply::line(Kind kind, base::ByteView text) {
  if (out_ != nullptr) {
    out_->append(1, type_of(kind, resp3())).append(text).append("\r\n", 2);
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_text(kind, text));
  }
}

void Reply::null() {
  if (out_ != nullptr) {
    out_->append(resp3() ? "_\r\n" : "$-1\r\n");
  } else if (capture_ != nullptr) {
    capture_->add(Value());
  }
}

void Reply::null_array() {
  if (out_ != nullptr) {
    out_->append(resp3() ? "_\r\n" : "*-1\r\n");
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_aggregate(resp3() ? Kind::kNull : Kind::kNullArray));
  }
}

void Reply::boolean(bool value) {
  if (!resp3()) {
    integer(value ? 1 : 0);
  } else if (out_ != nullptr) {
    out_->append(value ? "#t\r\n" : "#f\r\n");
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_boolean(value));
  }
}

void Reply::real(double value) {
  if (!resp3()) {
    bulk(base::format_double(value).view());
  } else if (out_ != nullptr) {
    out_->append(1, ',').append(base::format_double(value).view()).append("\r\n", 2);
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_double(value));
  }
}

void Reply::verbatim(base::ByteView format, base::ByteView text) {
  SLUICE_CHECK(format.size() == sizeof(Value::format), "a verbatim format has three letters");
  if (!resp3()) {
    bulk(text);
  } else if (out_ != nullptr) {
    append_header(*out_, '=', format.size() + 1 + text.size());
    out_->append(format).append(1, ':').append(text).append("\r\n", 2);
  } else if (capture_ != nullptr) {
    capture_->add(Value::make_verbatim(format, text));
  }
}

void Reply::big_number(base::ByteView digits) {
  if (resp3()) {
    line(Kind::kBigNumber, digits);
  } else {
    bulk(digits);
  }
}

void Reply::array(size_t count) {
  header(Kind::kArray, count);
}
void Reply::map(size_t pairs) {
  header(Kind::kMap, pairs * 2);
}
void Reply::set(size_t count) {
  header(Kind::kSet, count);
}
void Reply::push(size_t count) {
  header(Kind::kPush, count);
}

// `children` counts a map's keys and values.
void Reply::header(Kind kind, size_t children) {
  if (out_ != nullptr) [[likely]] {
    append_header(*out_, type_of(kind, resp3()), resp3() && counts_pairs(kind) ? children / 2 : children);
  } else if (capture_ != nullptr) {
    capture_->open(resp3() ? kind : Kind::kArray, children);
  }
}

// On the wire a deferred header is written as for zero, and replaced when the count is known: in place when
// it has one digit, else by moving what follows once.
Reply::Mark Reply::begin(Kind kind) {
  if (out_ != nullptr) {
    const Mark mark{out_->size()};
    header(kind, 0);
    return mark;
  }
  if (capture_ != nullptr) capture_->open_deferred(resp3() ? kind : Kind::kArray);
  return {0};
}

void Reply::end(Mark mark, Kind kind, size_t children) {
  if (out_ != nullptr) {
    constexpr size_t kZeroHeader = 4;  // "*0\r\n"
    char text[kHeaderRoom];
    const size_t count = resp3() && counts_pairs(kind) ? children / 2 : children;
    out_->replace(mark.at, kZeroHeader, text, put_header(text, type_of(kind, resp3()), count));
  } else if (capture_ != nullptr) {
    capture_->close(children);
  }
}

void Reply::value(const Value& tree) {
  switch (tree.kind) {
    case Kind::kNull:
      return null();
    case Kind::kNullArray:
      return null_array();
    case Kind::kStatus:
      return status(tree.text);
    case Kind::kError:
      return error(tree.text);
    case Kind::kInteger:
      return integer(tree.integer);
    case Kind::kDouble:
      return real(tree.number);
    case Kind::kBoolean:
      return boolean(tree.boolean);
    case Kind::kBulk:
      return bulk(tree.text);
    case Kind::kVerbatim:
      return verbatim(base::ByteView(tree.format, sizeof(tree.format)), tree.text);
    case Kind::kBigNumber:
      return big_number(tree.text);
    case Kind::kAttribute:
      if (!resp3()) return value(tree.children.back());
      break;
    default:
      break;
  }
  header(tree.kind, tree.children.size());
  for (const Value& child : tree.children) value(child);
}

void Reply::raw(base::ByteView wire) {
  if (out_ != nullptr) {
    out_->append(wire);
  } else if (capture_ != nullptr) {
    Decoder decoder;
    decoder.feed(wire);
    while (decoder.next() == Decoder::Status::kValue) capture_->add(decoder.take());
    SLUICE_CHECK(decoder.error().empty() && decoder.buffered_bytes() == 0, "raw() takes whole replies");
  }
}

}  // namespace sluice::resp
