#include "snapshot/writer.h"

#include <string>

#include "base/number.h"

namespace sluice::snapshot {

namespace {

// What Sluice reports itself to be; here, since readers of RDB files show it.
constexpr base::ByteView kReportedVersion = "7.2.4";

}  // namespace

void encode_file_head(const FileFacts& facts, Encoder& out) {
  const std::string version = std::to_string(kWrittenVersion);
  out.raw(kMagic);
  out.raw(std::string(kVersionDigits - version.size(), '0') + version);
  encode_aux("redis-ver", kReportedVersion, out);
  encode_aux("redis-bits", "64", out);
  encode_aux("ctime", base::format_int64(facts.created_unix_s).view(), out);
  encode_aux("used-mem", base::format_uint64(facts.used_memory_bytes).view(), out);
  encode_aux("aof-base", facts.log_base ? "1" : "0", out);
}

void encode_aux(base::ByteView name, base::ByteView value, Encoder& out) {
  out.code(Opcode::kAux);
  out.text(name);
  out.text(value);
}

void encode_file_end(Encoder& out) {
  out.code(Opcode::kEof);
}

void encode_checksum(uint64_t checksum, Encoder& out) {
  out.fixed64(checksum);
}

void EntryHeads::database(int db, const std::optional<DatabaseSizes>& sizes, Encoder& out) {
  if (db == db_) return;
  db_ = db;
  out.code(Opcode::kSelectDb);
  out.length(static_cast<uint64_t>(db));
  if (!sizes) return;
  out.code(Opcode::kResizeDb);
  out.length(sizes->keys);
  out.length(sizes->expiring);
}

void EntryHeads::entry(const Entry& entry, Encoder& out) {
  database(entry.db, std::nullopt, out);
  if (entry.expiry_ms) {
    out.code(Opcode::kExpireTimeMs);
    out.milliseconds(*entry.expiry_ms);
  }
  if (entry.use.idle_s) {
    out.code(Opcode::kIdle);
    out.length(*entry.use.idle_s);
  }
  if (entry.use.frequency) {
    out.code(Opcode::kFrequency);
    out.byte(*entry.use.frequency);
  }
  out.code(entry.code);
  out.text(entry.key);
}

}  // namespace sluice::snapshot
