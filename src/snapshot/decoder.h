// Decoder: reads the primitives of the RDB format from memory or from a source of bytes, and never beyond its
// end. The first failure is kept, with the offset of what could not be read and the reason; from then on
// everything reads as zero or empty, so that a caller asks once, at the end of what belongs together. Nothing
// is allocated because a file says so: what it promises must fit into what is left of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/number.h"
#include "base/result.h"
#include "types/stream_id.h"

namespace sluice::snapshot {

// Where the bytes of a file come from, in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // How many were put into `into`, at most `size`; 0 at the end only.
  virtual base::Result<size_t> read(char* into, size_t size) = 0;
};

class Decoder {
 public:
  // What a value can hold; longer strings are refused.
  static constexpr uint64_t kMostTextBytes = UINT32_MAX - 64;
  // Why a string that does not unpack is refused, at the place where it begins.
  static constexpr const char* kDamagedText = "a compressed string is damaged";

  // From memory that outlives it.
  explicit Decoder(base::ByteView bytes);
  // `size_bytes` is what the source has in all.
  Decoder(ByteSource& source, uint64_t size_bytes);

  [[nodiscard]] bool ok() const { return reason_.empty(); }
  // Of the next byte; after a failure, of what failed.
  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] uint64_t left() const { return size_ - offset_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  // "at offset 123: <reason>". REQUIRES: !ok().
  [[nodiscard]] base::Error error() const;
  // Keeps the first failure.
  void fail(const std::string& reason) { fail_at(offset_, reason); }
  void fail_at(uint64_t offset, const std::string& reason);

  // Views die with the next read.
  uint8_t byte();
  base::ByteView take(uint64_t size);
  uint64_t length();
  // How many items follow: fails when each took `least_bytes` only and they would not fit.
  uint64_t count(uint64_t least_bytes);
  base::ByteView text();
  // A string that somebody else may unpack. `unpacked_bytes` is what lzf_unpack must make of `bytes`; 0:
  // `bytes` is the text itself.
  struct StoredText {
    base::ByteView bytes = {};
    uint64_t unpacked_bytes = 0;
  };
  StoredText stored_text();
  uint64_t fixed64();
  int64_t milliseconds() { return static_cast<int64_t>(fixed64()); }
  double real();
  types::StreamId id();        // as two lengths
  types::StreamId id_bytes();  // sixteen bytes, without a length
  int32_t int32();             // four bytes, little-endian

  // CRC64 of everything read.
  [[nodiscard]] uint64_t checksum();

 private:
  static constexpr size_t kWindowBytes = size_t{256} << 10;
  // LZF makes at most 264 bytes of 3.
  static constexpr uint64_t kMostExpansion = 88;

  bool fetch(uint64_t size);
  void sum_up();
  uint64_t length_or_form(bool& special);
  base::ByteView integer_text(int64_t number);
  StoredText packed_text();

  ByteSource* source_ = nullptr;
  base::Bytes window_;    // of the source
  base::ByteView ready_;  // what is in memory and not read yet
  uint64_t offset_ = 0;
  uint64_t size_ = 0;
  uint64_t checksum_ = 0;  // of all before checked_
  const char* checked_ = nullptr;
  base::NumberText number_;
  base::Bytes text_;  // what was unpacked last, and slack
  std::string reason_;
};

}  // namespace sluice::snapshot
