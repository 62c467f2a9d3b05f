// The id of a stream entry: milliseconds and a sequence number, written "1700000000000-3". Parsing follows
// Redis to the letter (src/t_stream.c), since ids travel in job payloads: a missing sequence is filled in by
// whoever asks, and ranges know `-`, `+` and `(`.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/number.h"

namespace sluice::types {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  friend auto operator<=>(const StreamId&,
                          const StreamId&) = default;  // NOLINT(modernize-use-nullptr): false alarm
  friend bool operator==(const StreamId&, const StreamId&) = default;

  // Nothing beyond the ends.
  [[nodiscard]] std::optional<StreamId> next() const {
    if (seq != UINT64_MAX) return StreamId{ms, seq + 1};
    if (ms != UINT64_MAX) return StreamId{ms + 1, 0};
    return std::nullopt;
  }
  [[nodiscard]] std::optional<StreamId> previous() const {
    if (seq != 0) return StreamId{ms, seq - 1};
    if (ms != 0) return StreamId{ms - 1, UINT64_MAX};
    return std::nullopt;
  }
};

inline constexpr StreamId kMinStreamId{0, 0};
inline constexpr StreamId kMaxStreamId{UINT64_MAX, UINT64_MAX};

// The text of one id, on the caller's stack.
class StreamIdText {
 public:
  explicit StreamIdText(const StreamId& id);
  [[nodiscard]] base::ByteView view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 2 * base::kDigitsRoom> text_;  // Two numbers and the hyphen.
  size_t size_ = 0;
};

// An id as XREAD, XDEL and XGROUP take it: "5-1", or "5" with the sequence filled in.
[[nodiscard]] std::optional<StreamId> parse_stream_id(base::ByteView text, uint64_t missing_seq);

// The id that XADD asks for.
struct StreamIdRequest {
  enum class Kind {
    kNext,      // *: from the clock
    kNextSeq,   // ms-*: the next sequence number of that millisecond
    kExplicit,  // ms-seq, or ms alone for ms-0
  };
  Kind kind = Kind::kNext;
  StreamId id;
};
// False when the text asks for none; `request` is then as it was.
[[nodiscard]] bool parse_stream_id_request(base::ByteView text, StreamIdRequest& request);

// One end of a range: an id, `-`, `+`, or `(id` for the one after (at the start) or before it (at the end).
struct StreamBound {
  enum class Status {
    kValid,
    kInvalid,        // no id at all
    kNothingBeyond,  // "(" before the lowest or after the highest id: no interval begins or ends there
  };
  Status status = Status::kInvalid;
  StreamId id;  // Inclusive.
};
[[nodiscard]] StreamBound parse_stream_start(base::ByteView text);
[[nodiscard]] StreamBound parse_stream_end(base::ByteView text);

}  // namespace sluice::types
