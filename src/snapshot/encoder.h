// Encoder: appends the primitives of the RDB format to one buffer: bytes, lengths, strings, numbers. No I/O
// and no keyspace; the buffer is the caller's. It is at home on any thread, one at a time.
//
//   length   00xxxxxx | 01xxxxxx x | 10000000 4 bytes | 10000001 8 bytes        (big-endian)
//   string   length, bytes | 11000000 int8 | 11000001 int16 | 11000010 int32
//            | 11000011 packed length, length, LZF bytes                        (integers little-endian)
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "ds/listpack.h"
#include "snapshot/format.h"
#include "types/stream_id.h"

namespace sluice::snapshot {

class Encoder {
 public:
  // Strings longer than this are compressed, where asked for and where it makes them shorter.
  static constexpr size_t kCompressBytes = 20;

  Encoder(base::Bytes& out, bool compress) : out_(&out), compress_(compress) {}

  [[nodiscard]] base::Bytes& out() { return *out_; }

  void raw(base::ByteView bytes) { out_->append(bytes); }
  void byte(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void code(TypeCode type) { byte(static_cast<uint8_t>(type)); }
  void code(Opcode opcode) { byte(static_cast<uint8_t>(opcode)); }
  void length(uint64_t value);
  // A string: as an integer where it is the text of one, compressed where that pays, else as it is.
  void text(base::ByteView text);
  void integer_text(int64_t number);
  void element(const ds::Element& element);
  // Eight bytes each, little-endian.
  void fixed64(uint64_t value);
  void milliseconds(int64_t value) { fixed64(static_cast<uint64_t>(value)); }
  void real(double value);
  // As two lengths, and as the sixteen big-endian bytes of a key.
  void id(const types::StreamId& id);
  void id_bytes(const types::StreamId& id);

 private:
  bool small_integer(int64_t number);
  bool compressed(base::ByteView text);

  base::Bytes* out_;
  bool compress_;
  base::Bytes scratch_;  // What LZF writes to.
};

// The sixteen bytes under which a stream files its blocks and pending entries.
void append_id_bytes(base::Bytes& out, const types::StreamId& id);

}  // namespace sluice::snapshot
