#include "support/whole_snapshot.h"

#include "snapshot/crc64.h"
#include "snapshot/value_codec.h"

namespace sluice::testing {

using namespace snapshot;

base::Bytes encode_keyspace(keyspace::Keyspace& keyspace, const FileFacts& facts, bool compress) {
  base::Bytes file;
  Encoder out(file, compress);
  encode_file_head(facts, out);
  EntryHeads heads;
  for (int db = 0; db < keyspace.database_count(); ++db) {
    const keyspace::Database& database = keyspace.database(db);
    if (database.size() == 0) continue;
    heads.database(db, DatabaseSizes{database.size(), database.volatile_size()}, out);
    database.entries().for_each([&](const keyspace::Entry* entry) {
      std::optional<int64_t> expiry_ms;
      if (entry->deadline != keyspace::kNoDeadline) expiry_ms = keyspace.deadlines().expiry_ms(*entry);
      heads.entry({db, entry->key(), code_of(entry->value), expiry_ms}, out);
      encode_value(entry->value, out);
    });
  }
  encode_file_end(out);
  encode_checksum(crc64(0, file), out);
  return file;
}

}  // namespace sluice::testing
