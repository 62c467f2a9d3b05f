// The frame of an RDB file around its values: head, database and entry heads, end. Works on an Encoder; who
// collects the bytes, checksums and writes them is another's matter.
//
//   encode_file_head(facts, out)
//   heads.entry(db, key, ...)      then the value: encode_value(), or its pieces
//   encode_file_end(out)           then encode_checksum(crc64 of everything before, out)
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "keyspace/usage.h"
#include "snapshot/encoder.h"

namespace sluice::snapshot {

// What a file says about where it comes from.
struct FileFacts {
  int64_t created_unix_s = 0;
  uint64_t used_memory_bytes = 0;
  bool log_base = false;  // the base of an append-only log, not a snapshot by itself
};

void encode_file_head(const FileFacts& facts, Encoder& out);
// Whoever does not know the name skips it.
void encode_aux(base::ByteView name, base::ByteView value, Encoder& out);
void encode_file_end(Encoder& out);
void encode_checksum(uint64_t checksum, Encoder& out);

// Tells the reader how big a database gets. Goes right behind a SELECTDB: see EntryHeads::database().
struct DatabaseSizes {
  uint64_t keys = 0;
  uint64_t expiring = 0;
};

// Remembers which database was written to last. Databases may come back, keys come in any order.
class EntryHeads {
 public:
  // Selects a database if another one is, and hints at its size.
  void database(int db, const std::optional<DatabaseSizes>& sizes, Encoder& out);
  // All of an entry that stands before its value. `expiry_ms` is unix time.
  struct Entry {
    int db = 0;
    base::ByteView key;
    TypeCode code = TypeCode::kString;
    std::optional<int64_t> expiry_ms;
    keyspace::Usage::Record use = {};
  };
  void entry(const Entry& entry, Encoder& out);

 private:
  int db_ = -1;
};

}  // namespace sluice::snapshot
