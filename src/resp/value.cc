#include "resp/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "base/words.h"
#include "resp/reply.h"

namespace sluice::resp {
namespace {

constexpr size_t kLineEnd = 2;

std::optional<Kind> line_kind(char type) {
  switch (type) {
    case '+':
      return Kind::kStatus;
    case '-':
      return Kind::kError;
    case '(':
      return Kind::kBigNumber;
    default:
      return std::nullopt;
  }
}

std::optional<Kind> aggregate_kind(char type) {
  switch (type) {
    case '*':
      return Kind::kArray;
    case '%':
      return Kind::kMap;
    case '~':
      return Kind::kSet;
    case '>':
      return Kind::kPush;
    case '|':
      return Kind::kAttribute;
    default:
      return std::nullopt;
  }
}

// Doubles of the wire are inf, -inf, nan and what std::from_chars reads; base::parse_double refuses NaN.
std::optional<double> wire_double(base::ByteView text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool same_double(double left, double right) {
  return left == right || (std::isnan(left) && std::isnan(right));
}

void describe_children(const Value& value, std::string& out);

void describe_into(const Value& value, std::string& out) {
  switch (value.kind) {
    case Kind::kNull:
      out += "nil";
      return;
    case Kind::kNullArray:
      out += "nil-array";
      return;
    case Kind::kInteger:
      out += std::to_string(value.integer);
      return;
    case Kind::kDouble:
      out.append(1, ',').append(base::format_double(value.number).view());
      return;
    case Kind::kBoolean:
      out += value.boolean ? "true" : "false";
      return;
    case Kind::kStatus:
      out.append(1, '+').append(value.text);
      return;
    case Kind::kError:
      out.append(1, '-').append(value.text);
      return;
    case Kind::kBigNumber:
      out.append(1, '(').append(value.text);
      return;
    case Kind::kVerbatim:
      out.append(value.format, sizeof(value.format)).append(1, ':');
      [[fallthrough]];
    case Kind::kBulk:
      base::append_quoted(out, value.text);
      return;
    default:
      describe_children(value, out);
  }
}

void describe_children(const Value& value, std::string& out) {
  const bool pairs = value.kind == Kind::kMap || value.kind == Kind::kAttribute;
  if (value.kind == Kind::kPush) out += '>';
  if (value.kind == Kind::kSet) out += '~';
  if (value.kind == Kind::kAttribute) out += '|';
  out += pairs ? '{' : '[';
  for (size_t i = 0; i < value.children.size(); ++i) {
    if (i > 0) out += pairs && i % 2 == 1 ? ": " : ", ";
    describe_into(value.children[i], out);
  }
  out += pairs ? '}' : ']';
}

}  // namespace

Value Value::make_integer(int64_t value) {
  Value result;
  result.kind = Kind::kInteger;
  result.integer = value;
  return result;
}

Value Value::make_boolean(bool value) {
  Value result;
  result.kind = Kind::kBoolean;
  result.boolean = value;
  return result;
}

Value Value::make_double(double value) {
  Value result;
  result.kind = Kind::kDouble;
  result.number = value;
  return result;
}

Value Value::make_text(Kind kind, base::ByteView text) {
  Value result;
  result.kind = kind;
  result.text = text;
  return result;
}

Value Value::make_verbatim(base::ByteView format, base::ByteView text) {
  SLUICE_CHECK(format.size() == sizeof(Value::format), "a verbatim format has three letters");
  Value result = make_text(Kind::kVerbatim, text);
  std::memcpy(result.format, format.data(), format.size());
  return result;
}

Value Value::make_aggregate(Kind kind) {
  Value result;
  result.kind = kind;
  return result;
}

bool operator==(const Value& left, const Value& right) {
  if (left.kind != right.kind || left.text != right.text || left.children != right.children) return false;
  switch (left.kind) {
    case Kind::kInteger:
      return left.integer == right.integer;
    case Kind::kDouble:
      return same_double(left.number, right.number);
    case Kind::kBoolean:
      return left.boolean == right.boolean;
    case Kind::kVerbatim:
      return std::memcmp(left.format, right.format, sizeof(left.format)) == 0;
    default:
      return true;
  }
}

void encode(const Value& value, Protocol protocol, base::Bytes& out) {
  Reply(out, protocol).value(value);
}

std::string describe(const Value& value) {
  std::string out;
  describe_into(value, out);
  return out;
}

Value* ValueBuilder::place(Value value) {
  if (open_.empty()) return &roots_.emplace_back(std::move(value));
  Frame& frame = open_.back();
  if (!frame.deferred) --frame.missing;
  return &frame.node->children.emplace_back(std::move(value));
}

// Leaves every aggregate that has all its children.
void ValueBuilder::settle() {
  while (!open_.empty() && !open_.back().deferred && open_.back().missing == 0) open_.pop_back();
}

void ValueBuilder::add(Value value) {
  place(std::move(value));
  settle();
}

void ValueBuilder::open(Kind kind, size_t children) {
  constexpr size_t kFirstReserve = 64;  // The count may be a stranger's claim.
  Value* node = place(Value::make_aggregate(kind));
  node->children.reserve(children < kFirstReserve ? children : kFirstReserve);
  open_.push_back({node, children, false});
  settle();
}

void ValueBuilder::open_deferred(Kind kind) {
  Value* node = place(Value::make_aggregate(kind));
  open_.push_back({node, 0, true});
}

void ValueBuilder::close(size_t children) {
  SLUICE_CHECK(!open_.empty() && open_.back().deferred, "no deferred aggregate is open");
  SLUICE_CHECK(open_.back().node->children.size() == children,
               "a deferred count that is not the number written");
  open_.pop_back();
  settle();
}

std::vector<Value> ValueBuilder::take_all() {
  SLUICE_CHECK(open_.empty(), "a reply that was left half written");
  return std::exchange(roots_, {});
}

Value ValueBuilder::take() {
  SLUICE_CHECK(complete() && roots_.size() == 1, "exactly one reply was expected");
  Value value = std::move(roots_.front());
  roots_.clear();
  return value;
}

void Decoder::feed(base::ByteView bytes) {
  SLUICE_CHECK(error_.empty(), "a decoder is not fed after an error");
  if (position_ * 2 >= buffer_.size()) {  // Amortised: what is moved was paid for by what is dropped.
    buffer_.erase(0, position_);
    scanned_ -= std::min(scanned_, position_);
    position_ = 0;
  }
  buffer_.append(bytes);
}

Decoder::Status Decoder::next() {
  if (!error_.empty()) return Status::kError;
  for (;;) {
    const Step result = step();
    if (result == Step::kNeedMore) return Status::kNeedMore;
    if (result == Step::kError) return Status::kError;
    if (builder_.complete()) return Status::kValue;
  }
}

Decoder::Step Decoder::step() {
  if (blob_type_ != 0) return finish_blob();
  base::ByteView line;
  const Step read = read_line(line);
  if (read != Step::kDone) return read;
  if (line.empty()) return fail("an empty line where a value should begin");
  return element(line.front(), line.substr(1));
}

Decoder::Step Decoder::read_line(base::ByteView& line) {
  const size_t end = buffer_.find("\r\n", std::max(position_, scanned_));
  if (end == base::Bytes::npos) {
    if (buffer_.size() - position_ > limits_.max_line_bytes + 1) return fail("a line that is too long");
    scanned_ = buffer_.empty() ? 0 : buffer_.size() - 1;  // The last byte may be the CR.
    return Step::kNeedMore;
  }
  if (end - position_ > limits_.max_line_bytes) return fail("a line that is too long");
  line = base::ByteView(buffer_).substr(position_, end - position_);
  position_ = end + kLineEnd;
  return Step::kDone;
}

Decoder::Step Decoder::element(char type, base::ByteView rest) {
  if (const auto kind = line_kind(type)) {
    builder_.add(Value::make_text(*kind, rest));
    return Step::kDone;
  }
  if (const auto kind = aggregate_kind(type)) return aggregate(*kind, rest);
  switch (type) {
    case '$':
    case '!':
    case '=':
      return blob_header(type, rest);
    case ':':
      if (const auto number = base::parse_int64(rest)) {
        builder_.add(Value::make_integer(*number));
        return Step::kDone;
      }
      return fail("an integer that is none");
    case ',':
      if (const auto number = wire_double(rest)) {
        builder_.add(Value::make_double(*number));
        return Step::kDone;
      }
      return fail("a double that is none");
    case '#':
      if (rest != "t" && rest != "f") return fail("a boolean that is none");
      builder_.add(Value::make_boolean(rest == "t"));
      return Step::kDone;
    case '_':
      if (!rest.empty()) return fail("a null with something in it");
      builder_.add(Value());
      return Step::kDone;
    default:
      return fail("a type that is not known");
  }
}

Decoder::Step Decoder::blob_header(char type, base::ByteView rest) {
  const auto size = base::parse_int64(rest);
  if (size == -1 && type == '$') {
    builder_.add(Value());
    return Step::kDone;
  }
  if (!size || *size < 0) return fail("a bulk length that is none");
  if (static_cast<size_t>(*size) > limits_.max_bulk_bytes) return fail("a bulk that is too long");
  blob_type_ = type;
  blob_bytes_ = static_cast<size_t>(*size);
  return Step::kDone;
}

Decoder::Step Decoder::finish_blob() {
  if (buffer_.size() - position_ < blob_bytes_ + kLineEnd) return Step::kNeedMore;
  const base::ByteView text = base::ByteView(buffer_).substr(position_, blob_bytes_);
  if (buffer_.compare(position_ + blob_bytes_, kLineEnd, "\r\n") != 0)
    return fail("a bulk without its line end");
  position_ += blob_bytes_ + kLineEnd;
  scanned_ = position_;
  const char type = std::exchange(blob_type_, '\0');
  if (type == '=') {
    constexpr size_t kFormatAndColon = 4;
    if (text.size() < kFormatAndColon || text[3] != ':') return fail("a verbatim text without a format");
    builder_.add(Value::make_verbatim(text.substr(0, 3), text.substr(kFormatAndColon)));
  } else {
    builder_.add(Value::make_text(type == '!' ? Kind::kError : Kind::kBulk, text));
  }
  return Step::kDone;
}

Decoder::Step Decoder::aggregate(Kind kind, base::ByteView rest) {
  const auto count = base::parse_int64(rest);
  if (count == -1 && kind == Kind::kArray) {
    builder_.add(Value::make_aggregate(Kind::kNullArray));
    return Step::kDone;
  }
  if (!count || *count < 0) return fail("an aggregate count that is none");
  if (static_cast<size_t>(*count) > limits_.max_children) return fail("an aggregate with too many children");
  if (builder_.depth() >= limits_.max_depth) return fail("aggregates nested too deeply");
  size_t children = static_cast<size_t>(*count);
  if (kind == Kind::kMap || kind == Kind::kAttribute) children *= 2;
  if (kind == Kind::kAttribute) ++children;
  builder_.open(kind, children);
  return Step::kDone;
}

Decoder::Step Decoder::fail(const char* why) {
  error_ = why;
  return Step::kError;
}

}  // namespace sluice::resp
