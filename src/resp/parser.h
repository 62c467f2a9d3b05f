// Turns the bytes of a connection into requests: multibulk (`*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n`) and inline
// (`ECHO x\r\n`), binary-safe, in pieces of any size, with work linear in the bytes.
//
// The parser keeps offsets, never pointers, so the caller's buffer may move between calls. The contract is
// one loop:
//
//   status = parser.next(input, limits)
//     kRequest   args() are views into `input` (or into buffers the parser holds). When the request has been
//                executed, drop consumed() bytes and call again with the rest.
//     kNeedMore  keep carry() and nothing else; call again with carry() followed by what arrives.
//     kError     answer error(), close. Requests before it were handed out already.
//
// A bulk of kBigBulkBytes or more that is not here whole gets a buffer of its own: while big_room() is not
// empty, the connection reads its next bytes straight into it, tells big_filled(), and calls next(carry) once
// it is empty. The handler may keep that buffer (take_big), so that a value of 512 MB is stored without being
// copied.
//
// A parser between requests holds nothing: one parser may serve all connections in turn, and is moved aside
// for a connection that is left with half a request (idle() tells). It knows nothing of sockets, clients or
// commands.
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace sluice::resp {

inline constexpr size_t kMaxInlineBytes = size_t{64} << 10;  // Also of a count line.
inline constexpr size_t kBigBulkBytes = size_t{32} << 10;
inline constexpr size_t kBigStepBytes = size_t{256}
                                        << 10;  // A big buffer is opened for reading in such steps.
inline constexpr int64_t kMaxUnauthenticatedArgs = 10;
inline constexpr int64_t kMaxUnauthenticatedBulkBytes = 16384;
inline constexpr size_t kKeptArgs = 1024;  // Room for so many arguments is kept from one request to the next.

struct ParserLimits {
  int64_t max_bulk_bytes = int64_t{512} << 20;  // proto-max-bulk-len
  int64_t max_args = INT_MAX;
  bool authenticated = true;  // False: a stranger gets the two smaller limits above.
};

class Parser {
 public:
  enum class Status : uint8_t { kRequest, kNeedMore, kError };

  // REQUIRES: big_room() is empty; `input` starts where the contract above says.
  Status next(base::ByteView input, const ParserLimits& limits);

  // After kRequest, until the next call and as long as `input` stays. Never empty.
  [[nodiscard]] std::span<const base::ByteView> args() const { return args_; }
  [[nodiscard]] size_t consumed() const { return start_ + position_; }
  // The request as it came, when it came as a canonical multibulk in one piece: `*<argc>\r\n$<len>\r\n...`.
  // Empty for inline requests, for ones with a big argument, and where a line end was not CRLF.
  [[nodiscard]] base::ByteView wire() const { return wire_; }

  // After kNeedMore: what must be kept, a view into `input`. Blank lines and the bytes of a big bulk are not
  // part of it.
  [[nodiscard]] base::ByteView carry() const { return carry_; }
  // Where the next bytes from the socket belong, at most kBigStepBytes; empty when they belong to the input.
  std::span<char> big_room();
  // REQUIRES: count <= big_room().size().
  void big_filled(size_t count);

  // After kRequest: whether the parser holds argument `arg` in a buffer of its own.
  [[nodiscard]] bool is_big(size_t arg) const;
  // Hands that buffer over without copying; args()[arg] then looks into the taken buffer, and lives as long.
  // REQUIRES: is_big(arg), and not taken before.
  base::Bytes take_big(size_t arg);

  // After kError: the full text, code first.
  [[nodiscard]] const std::string& error() const { return error_; }

  // True when no half request is held, so that this parser may serve another connection.
  [[nodiscard]] bool idle() const { return phase_ == Phase::kStart || phase_ == Phase::kDone; }
  // Bytes that the big bulks of the current request have, or have announced.
  [[nodiscard]] size_t big_bytes() const { return big_bytes_; }
  // Memory held for the current request outside the caller's buffer.
  [[nodiscard]] size_t held_bytes() const;
  // Forgets a half request.
  void reset();

 private:
  enum class Phase : uint8_t { kStart, kInline, kCount, kBulkHeader, kBulkBody, kBigBody, kDone };
  enum class Step : uint8_t { kGoOn, kNeedMore, kRequest, kError };
  enum class Line : uint8_t { kFound, kNeedMore, kTooLong };
  struct Slice {
    size_t offset;  // From the start of the request.
    size_t size;
  };
  struct Big {
    size_t size;    // When complete.
    size_t filled;  // Bytes received.
    base::Bytes bytes;
  };
  struct Header {
    char type = 0;
    bool valid = false;
    int64_t number = 0;
  };

  void begin();
  [[nodiscard]] base::ByteView rest() const {
    const size_t passed = start_ + position_;
    return {input_.data() + passed, input_.size() - passed};
  }
  Step advance(const ParserLimits& limits);
  Step read_inline();
  Step read_count(const ParserLimits& limits);
  void read_plain_bulks(const ParserLimits& limits);
  Step read_bulk_header(const ParserLimits& limits);
  Step read_body();
  Step end_body();
  Step start_big();
  Step end_big();
  Step skip_request();
  Step finish();
  Step need_more();
  Step fail(std::string text);
  Line find_line(char mark, size_t& end);
  Line read_header(Header& header);

  // Of the request at hand; offsets count from its first byte.
  Phase phase_ = Phase::kStart;
  bool canonical_ = true;
  size_t position_ = 0;  // First byte not yet understood.
  size_t scanned_ = 0;   // No line end before this one.
  int64_t missing_ = 0;  // Arguments still to come.
  size_t bulk_bytes_ = 0;
  size_t big_bytes_ = 0;
  std::vector<Slice> slices_;
  std::vector<Big> bigs_;
  std::vector<base::Bytes> words_;  // Of an inline request.

  // Of the last call.
  base::ByteView input_;
  size_t start_ = 0;  // Bytes of the input that came before the request and mean nothing.
  base::ByteView wire_;
  base::ByteView carry_;
  std::vector<base::ByteView> args_;
  std::string error_;
};

}  // namespace sluice::resp
