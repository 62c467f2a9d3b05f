#include "snapshot/dump.h"

#include <utility>

#include "snapshot/crc64.h"
#include "snapshot/decoder.h"
#include "snapshot/encoder.h"
#include "snapshot/format.h"
#include "snapshot/value_codec.h"
#include "snapshot/value_decoder.h"

namespace sluice::snapshot {

namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kFooterBytes = kVersionBytes + kChecksumBytes;

}  // namespace

base::Bytes dump_value(const keyspace::Value& value, bool compress) {
  base::Bytes payload;
  Encoder out(payload, compress);
  const TypeCode code = code_of(value);
  out.code(code);
  encode_value(value, out);
  const bool timed = code == TypeCode::kHashExpiring || code == TypeCode::kHashListpackExpiring;
  const unsigned version = timed ? kWrittenWithDeadlines : kWrittenVersion;
  out.byte(static_cast<uint8_t>(version & 0xff));
  out.byte(static_cast<uint8_t>(version >> 8));
  out.fixed64(crc64(0, payload));
  return payload;
}

bool is_dump(base::ByteView payload) {
  if (payload.size() < kFooterBytes) return false;
  Decoder footer(payload.substr(payload.size() - kFooterBytes));
  const unsigned low = footer.byte();
  const unsigned version = low | static_cast<unsigned>(footer.byte()) << 8;
  if (version > kNewestVersion) return false;
  const uint64_t stored = footer.fixed64();
  return stored == 0 || stored == crc64(0, payload.substr(0, payload.size() - kChecksumBytes));
}

// Bytes between the value and the footer are left alone, as redis-server leaves them: there is room for what
// the value's layout cannot say.
base::Result<keyspace::Value> restore_value(base::ByteView payload, keyspace::Keyspace& keyspace) {
  Decoder in(payload.substr(0, payload.size() - kFooterBytes));
  const auto code = static_cast<TypeCode>(in.byte());
  auto value = decode_value(code, in, keyspace);
  if (value.ok() && keyspace::vanishes(*value)) return base::Error{"it holds nothing"};
  return value;
}

}  // namespace sluice::snapshot
