// Reader: a whole RDB file, slice by slice, handed over entry by entry. Any version up to Redis 7.4's, the
// checksum at its end included. What cannot be read, or could not be held, ends the load with the file's
// offset and the reason; nothing is guessed. It knows files as a ByteSource, and databases by their numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "keyspace/keyspace.h"
#include "snapshot/decoder.h"
#include "snapshot/value_decoder.h"

namespace sluice::snapshot {

struct LoadedEntry {
  uint64_t db = 0;
  base::ByteView key;
  keyspace::Value value;
  std::optional<int64_t> expiry_ms;
  keyspace::Usage::Record use;
};

// Where a file is loaded into. An error ends the load and becomes part of its message.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  // The key is gone when the call returns.
  virtual base::Result<void> entry(LoadedEntry entry) = 0;
  // What the file says about itself.
  virtual base::Result<void> aux(base::ByteView name, base::ByteView value) = 0;
};

class Reader {
 public:
  // `keyspace` makes values; it gets none.
  Reader(ByteSource& source, uint64_t size_bytes, keyspace::Keyspace& keyspace, EntrySink& sink);

  // Bytes behind the end are no damage, but somebody else's.
  void allow_more() { more_allowed_ = true; }

  // Goes on for about `budget_bytes` of the file; true when all of it is read. After an error it is spent.
  base::Result<bool> load_on(uint64_t budget_bytes);

  [[nodiscard]] uint64_t offset() const { return in_.offset(); }
  // Entries handed over, and those skipped for being empty, which other writers have left behind.
  [[nodiscard]] uint64_t entries() const { return entries_; }
  [[nodiscard]] uint64_t skipped() const { return skipped_; }
  [[nodiscard]] bool verified() const { return verified_; }  // It carries a checksum, which holds.

 private:
  enum class Phase : uint8_t { kHead, kRecords, kValue, kDone };

  void head();
  void record();
  bool opcode(Opcode code);
  void aux();
  void extra(base::ByteView name, base::ByteView block);
  void function();
  void begin_entry(TypeCode code);
  void end_entry();
  void hand_over();
  void end();

  Decoder in_;
  keyspace::Keyspace& keyspace_;
  EntrySink& sink_;
  Phase phase_ = Phase::kHead;
  unsigned version_ = 0;
  uint64_t db_ = 0;
  // Of the entry at hand.
  base::Bytes key_;
  uint64_t entry_at_ = 0;
  std::optional<int64_t> expiry_ms_;
  keyspace::Usage::Record use_;
  std::optional<ValueDecoder> value_;
  // Read, and not handed over yet: AUX fields that belong to it may follow.
  struct Held {
    LoadedEntry entry;
    uint64_t at;
  };
  std::optional<Held> held_;
  uint64_t entries_ = 0;
  uint64_t skipped_ = 0;
  bool verified_ = false;
  bool more_allowed_ = false;
};

}  // namespace sluice::snapshot
