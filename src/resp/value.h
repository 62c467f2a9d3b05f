// A reply as a tree: what a capture, a test or a link reads where a client would read bytes.
//
//   *2\r\n:1\r\n$1\r\na\r\n   <->   Value{array, children: [integer 1, bulk "a"]}
//
// A Value owns its bytes. Scalars that fit a short string cost no allocation. The tree knows the wire and
// nothing of commands or connections. Decoded input is bounded by DecodeLimits, since it may come from a
// stranger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "resp/protocol.h"

namespace sluice::resp {

enum class Kind : uint8_t {
  kNull,       // `$-1` or `_`.
  kNullArray,  // `*-1`; RESP3 has one null only, so it is encoded there as `_`.
  kStatus,
  kError,  // Full text, code first: "ERR syntax error". Blob errors decode to this as well.
  kInteger,
  kDouble,
  kBoolean,
  kBulk,
  kVerbatim,   // `text` holds the payload, `format` the three letters before the colon.
  kBigNumber,  // Decimal digits in `text`.
  kArray,
  kMap,  // Children alternate key, value.
  kSet,
  kPush,
  kAttribute,  // Children: key, value, ..., and last the value that is described.
};

[[nodiscard]] constexpr bool is_aggregate(Kind kind) {
  return kind >= Kind::kArray;
}

struct Value {
  Kind kind = Kind::kNull;
  char format[3] = {'t', 'x', 't'};
  union {
    int64_t integer = 0;
    double number;
    bool boolean;
  };
  base::Bytes text;
  std::vector<Value> children;

  static Value make_integer(int64_t value);
  static Value make_boolean(bool value);
  static Value make_double(double value);
  static Value make_text(Kind kind, base::ByteView text);  // Status, error, bulk, big number.
  static Value make_verbatim(base::ByteView format, base::ByteView text);
  static Value make_aggregate(Kind kind);  // Empty; the caller fills `children`.

  [[nodiscard]] bool is_null() const { return kind == Kind::kNull || kind == Kind::kNullArray; }
  [[nodiscard]] bool is_error() const { return kind == Kind::kError; }

  // Two trees are equal when every kind and payload is; doubles by their bits' meaning (NaN equals NaN).
  friend bool operator==(const Value& left, const Value& right);
};

// Appends the wire form (Reply::value tells what becomes of shapes that RESP2 lacks).
void encode(const Value& value, Protocol protocol, base::Bytes& out);

// One line a person can read in a failing test: [1, "a", {k: v}, nil].
std::string describe(const Value& value);

// Builds trees from a flat sequence of scalars and aggregate headers, as a writer or the wire yields them.
// Several top-level values may follow each other. Used by captures and by the decoder.
class ValueBuilder {
 public:
  // A complete value, placed into the innermost aggregate that still wants children.
  void add(Value value);
  // An aggregate that will take `children` further values (for a map twice its pairs). Zero closes it at
  // once.
  void open(Kind kind, size_t children);
  // An aggregate whose size is told by `close`.
  void open_deferred(Kind kind);
  // REQUIRES: the innermost open aggregate is deferred and holds exactly `children` values.
  void close(size_t children);

  [[nodiscard]] size_t depth() const { return open_.size(); }
  [[nodiscard]] bool complete() const { return open_.empty() && !roots_.empty(); }
  // The finished top-level values, oldest first; the builder is empty afterwards.
  // REQUIRES: depth() == 0.
  std::vector<Value> take_all();
  // The only finished value. REQUIRES: complete() and exactly one value.
  Value take();

 private:
  struct Frame {
    Value* node;  // Stable: nothing is appended beside it while it is open.
    size_t missing;
    bool deferred;
  };
  Value* place(Value value);
  void settle();

  std::vector<Value> roots_;
  std::vector<Frame> open_;
};

struct DecodeLimits {
  size_t max_depth = 128;
  size_t max_bulk_bytes = size_t{512} << 20;
  size_t max_children = size_t{1} << 28;  // Of one aggregate.
  size_t max_line_bytes = size_t{64} << 10;
};

// Incremental decoder of reply bytes, RESP2 and RESP3 alike. Work is linear in the bytes fed, however they
// are cut.
class Decoder {
 public:
  enum class Status : uint8_t { kValue, kNeedMore, kError };

  explicit Decoder(const DecodeLimits& limits = {}) : limits_(limits) {}

  // REQUIRES: no earlier kError.
  void feed(base::ByteView bytes);
  // kValue: take() yields the next value. kError: error() says why; nothing more can be read.
  Status next();
  Value take() { return builder_.take(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  // Bytes fed and not yet part of a value that was returned.
  [[nodiscard]] size_t buffered_bytes() const { return buffer_.size() - position_; }

 private:
  enum class Step : uint8_t { kDone, kNeedMore, kError };
  Step step();
  Step read_line(base::ByteView& line);
  Step element(char type, base::ByteView rest);
  Step blob_header(char type, base::ByteView rest);
  Step finish_blob();
  Step aggregate(Kind kind, base::ByteView rest);
  Step fail(const char* why);

  DecodeLimits limits_;
  base::Bytes buffer_;
  size_t position_ = 0;  // First byte not yet understood.
  size_t scanned_ = 0;   // No line end before this one.
  char blob_type_ = 0;   // Zero when no blob is being read.
  size_t blob_bytes_ = 0;
  ValueBuilder builder_;
  std::string error_;
};

}  // namespace sluice::resp
