#include "snapshot/dump.h"

#include <string>
#include <utility>

#include "snapshot/crc64.h"
#include "snapshot/decoder.h"
#include "snapshot/encoder.h"
#include "snapshot/extras.h"
#include "snapshot/format.h"
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

// What belongs to the value behind it. Any other bytes there are left alone, as redis-server leaves them.
base::Result<void> read_extras(base::ByteView behind, keyspace::Value& value) {
  Decoder in(behind);
  while (in.left() > 0) {
    if (static_cast<Opcode>(in.byte()) != Opcode::kAux) return {};
    const base::Bytes name(in.text());
    if (!is_extra_of(name, value)) return {};
    const base::ByteView block = in.text();
    if (!in.ok()) return base::Error{"a record behind it: " + in.reason()};
    if (auto applied = apply_extra(name, block, &value); !applied.ok()) return applied;
  }
  return {};
}

}  // namespace

base::Bytes dump_value(const keyspace::Value& value, bool compress) {
  base::Bytes payload;
  Encoder out(payload, compress);
  out.code(code_of(value));
  encode_value(value, out);
  encode_extras(value, out);
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
  if (auto read = read_extras(body.substr(in.offset()), *value); !read.ok()) return read.error();
  if (keyspace::vanishes(*value)) return base::Error{"it holds nothing"};
  return value;
}

}  // namespace sluice::snapshot
