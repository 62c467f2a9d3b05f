// Database: one numbered set of keys. Owns its entries; knows nothing of expiry rules, events or clients,
// which are Keyspace's. An entry's pointer stays good until it is destroyed, whatever else is added or
// removed.
//
// FLUSHDB puts a new Database in the place of the old one, which is then emptied in slices: a deadline that
// still names a buried database is dropped unfired.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "ds/dict.h"
#include "keyspace/entry.h"
#include "keyspace/write_hook.h"

namespace sluice::keyspace {

struct EntryTraits {
  static base::ByteView key(const Entry* entry) { return entry->key(); }
};
using EntryDict = ds::Dict<Entry*, EntryTraits>;

class Deadlines;

class Database {
 public:
  Database(int index, const ds::HashSeed& seed, const WriteGate& gate)
      : gate_(gate), entries_(seed, gate.epoch), index_(index) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] int index() const { return index_; }
  void set_index(int index) { index_ = index; }

  // Whether the key is there, expired or not.
  [[nodiscard]] Entry* find(base::ByteView key) const;
  // REQUIRES: the key is absent.
  Entry& insert(base::ByteView key, Value value);
  // Takes the entry out and hands it over. REQUIRES: the entry is in this database and has no deadline.
  Entry* detach(Entry& entry);

  // Call before changing anything about an entry, its expiry included; detach() does it itself.
  void before_change(Entry& entry) const {
    if (!entry.is_of(gate_.epoch.current)) [[unlikely]]
      announce(entry);
  }

  [[nodiscard]] size_t size() const { return entries_.size(); }
  // Keys with an expiry.
  [[nodiscard]] size_t volatile_size() const { return volatile_size_; }
  // A key with an expiry came, went or was moved.
  void expiry_added(int64_t when_ms);
  void expiry_removed(int64_t when_ms);
  // How long keys with an expiry have to live, on average; 0 if there are none.
  [[nodiscard]] int64_t average_ttl_ms(int64_t now_ms) const;
  // Of the table, entries not included.
  [[nodiscard]] size_t table_bytes() const { return entries_.memory_bytes(); }

  [[nodiscard]] const EntryDict& entries() const { return entries_; }

  // No longer reachable by clients; only waits to be freed.
  void bury() { buried_ = true; }
  [[nodiscard]] bool buried() const { return buried_; }
  // Frees at most about `max` entries and elements of a buried database; true while more is left.
  bool release_slice(size_t max, Deadlines& deadlines);

 private:
  void announce(Entry& entry) const;

  const WriteGate& gate_;
  EntryDict entries_;
  int index_;
  size_t volatile_size_ = 0;
  // Of all expiries. Whole seconds and the rest apart, so that billions of keys fit. Unsigned: absurdly far
  // deadlines may wrap, and unwrap when they go.
  uint64_t expiry_seconds_ = 0;
  uint64_t expiry_rest_ms_ = 0;
  bool buried_ = false;
  Entry* releasing_ = nullptr;  // A big value in the middle of being freed.
};

}  // namespace sluice::keyspace
