#include "snapshot/dump.h"

#include <string>
#include <utility>

#include "snapshot/crc64.h"
#include "snapshot/deadline_codec.h"
#include "snapshot/decoder.h"
#include "snapshot/encoder.h"
#include "snapshot/format.h"
#include "snapshot/idempotence_codec.h"
#include "snapshot/value_codec.h"
#include "snapshot/value_decoder.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kFooterBytes = kVersionBytes + kChecksumBytes;

// Of the footer.
unsigned version_of(base::ByteView payload) {
  Decoder footer(payload.substr(payload.size() - kFooterBytes));
  const unsigned low = footer.byte();
  return low | static_cast<unsigned>(footer.byte()) << 8;
}

base::Error refused(base::ByteView what, const std::string& reason) {
  return base::Error{std::string(what) + ": " + reason};
}

// One of our records, done to the value it stands behind.
base::Result<void> apply_record(base::ByteView name, base::ByteView block, keyspace::Value& value) {
  if (name == kDeadlinesName) {
    return apply_deadlines(block, *keyspace::get_if<types::Hash>(value));
  }
  return apply_idempotence(block, *keyspace::get_if<types::Stream>(value));
}

// Records behind a hash or a stream. Any other bytes there are left alone, as redis-server leaves them.
base::Result<void> read_records(base::ByteView behind, keyspace::Value& value) {
  const bool is_hash = keyspace::get_if<types::Hash>(value) != nullptr;
  if (!is_hash && keyspace::get_if<types::Stream>(value) == nullptr) return {};
  const base::ByteView expected = is_hash ? kDeadlinesName : kIdempotenceName;
  const base::ByteView what = is_hash ? "the deadlines of its fields" : "what producers sent to it";
  Decoder in(behind);
  while (in.left() > 0) {
    if (static_cast<Opcode>(in.byte()) != Opcode::kAux || in.text() != expected) return {};
    const base::ByteView block = in.text();
    if (!in.ok()) return refused(what, in.reason());
    if (auto applied = apply_record(expected, block, value); !applied.ok()) {
      return refused(what, applied.error().message);
    }
  }
  return {};
}

}  // namespace

base::Bytes dump_value(const keyspace::Value& value, bool compress) {
  base::Bytes payload;
  Encoder out(payload, compress);
  out.code(code_of(value));
  encode_value(value, out);
  encode_deadlines(value, out);
  encode_idempotence(value, out);
  out.byte(static_cast<uint8_t>(kWrittenVersion & 0xff));
  out.byte(static_cast<uint8_t>(kWrittenVersion >> 8));
  out.fixed64(crc64(0, payload));
  return payload;
}

bool is_dump(base::ByteView payload) {
  if (payload.size() < kFooterBytes) return false;
  if (version_of(payload) > kNewestVersion) return false;
  const uint64_t stored = Decoder(payload.substr(payload.size() - kChecksumBytes)).fixed64();
  return stored == 0 || stored == crc64(0, payload.substr(0, payload.size() - kChecksumBytes));
}

bool is_newer_dump(base::ByteView payload) {
  return version_of(payload) > kWrittenVersion ||
         static_cast<uint8_t>(payload[0]) > static_cast<uint8_t>(kLastWritten);
}

base::Result<keyspace::Value> restore_value(base::ByteView payload, keyspace::Keyspace& keyspace) {
  const base::ByteView body = payload.substr(0, payload.size() - kFooterBytes);
  Decoder in(body);
  const auto code = static_cast<TypeCode>(in.byte());
  auto value = decode_value(code, in, keyspace);
  if (!value.ok()) return value;
  if (auto read = read_records(body.substr(in.offset()), *value); !read.ok()) return read.error();
  if (keyspace::vanishes(*value)) return base::Error{"it holds nothing"};
  return value;
}

}  // namespace sluice::snapshot
