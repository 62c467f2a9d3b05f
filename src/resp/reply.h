// The one way a reply is written. A Reply is a small value over one of three targets: a byte buffer (RESP2 or
// RESP3 wire), a ValueBuilder (scripts, tests) or nothing (CLIENT REPLY OFF, loading the log). Handlers do
// not know which. It is not virtual: every method branches on the target once, since these calls are the hot
// path.
//
// It owns nothing and must not outlive its target. Shapes are those redis-server sends; in RESP2 they are:
//
//   method        RESP2            RESP3
//   null          $-1              _
//   null_array    *-1              _
//   map(n)        *2n              %n
//   set(n)        *n               ~n
//   push(n)       *n               >n
//   real          $bulk            ,number
//   boolean       :1 / :0          #t / #f
//   verbatim      $bulk            =len txt:...
//   big_number    $bulk            (digits
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "resp/protocol.h"
#include "resp/value.h"

namespace sluice::resp {

class Reply {
 public:
  // Where a deferred header stands; spent by the matching end_*.
  struct Mark {
    size_t at;
  };

  Reply(base::Bytes& out, Protocol protocol) : out_(&out), protocol_(protocol) {}
  Reply(ValueBuilder& into, Protocol protocol) : capture_(&into), protocol_(protocol) {}
  // Drops everything, but still counts errors.
  static Reply discard(Protocol protocol) { return Reply(protocol); }

  [[nodiscard]] Protocol protocol() const { return protocol_; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }
  [[nodiscard]] bool resp3() const { return protocol_ == Protocol::kResp3; }
  // Errors written through this object so far: how the executor learns that a command failed.
  [[nodiscard]] uint32_t errors() const { return errors_; }

  void integer(int64_t value);
  void bulk(base::ByteView bytes);
  void bulk_integer(int64_t value);  // The digits as a bulk.
  void ok();
  void status(base::ByteView text);  // CR and LF become spaces.
  // Full text with its code ("ERR syntax error"). Line ends are trimmed at both ends and become spaces
  // within.
  void error(base::ByteView text);
  void null();
  void null_array();
  void boolean(bool value);
  void real(double value);  // Shortest text that reads back equal; "inf", "-inf", "nan".
  // REQUIRES: `format` has three letters.
  void verbatim(base::ByteView format, base::ByteView text);
  void big_number(base::ByteView digits);

  void array(size_t count);
  void map(size_t pairs);
  void set(size_t count);
  void push(size_t count);

  // For counts known only afterwards. Strictly nested: the mark opened last is ended first. Two small moves
  // of the bytes in between at worst.
  Mark begin_array() { return begin(Kind::kArray); }
  Mark begin_set() { return begin(Kind::kSet); }
  void end_array(Mark mark, size_t count) { end(mark, Kind::kArray, count); }
  void end_set(Mark mark, size_t count) { end(mark, Kind::kSet, count); }
  Mark begin_map() { return begin(Kind::kMap); }
  void end_map(Mark mark, size_t pairs) { end(mark, Kind::kMap, 2 * pairs); }

  // A finished tree, in this reply's protocol: shapes that RESP2 lacks become what the table above says, an
  // attribute is left out there and what it describes remains. Errors within are counted.
  void value(const Value& tree);
  // Bytes already in wire form and in this reply's protocol. A capture decodes them.
  // REQUIRES: whole, well-formed replies.
  void raw(base::ByteView wire);

 private:
  explicit Reply(Protocol protocol) : protocol_(protocol) {}
  void header(Kind kind, size_t children);
  Mark begin(Kind kind);
  void end(Mark mark, Kind kind, size_t children);
  void line(Kind kind, base::ByteView text);

  base::Bytes* out_ = nullptr;  // At most one of the two targets is set.
  ValueBuilder* capture_ = nullptr;
  Protocol protocol_;
  uint32_t errors_ = 0;
};

}  // namespace sluice::resp
