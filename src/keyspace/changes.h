// ChangeLog: what the command at hand did to which keys, in order. Edit and Keyspace write it; the executor
// reads it when the command closes, to log expiries, mark watchers, wake waiters, invalidate caches and
// publish events, and then clears it. Removed entries live here until then, so that views into their keys
// stay good.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "keyspace/database.h"
#include "keyspace/event.h"
#include "keyspace/value.h"

namespace sluice::keyspace {

class Graveyard;

enum class ChangeKind : uint8_t {
  kCreated,        // the key is new
  kTouched,        // its value or its expiry changed
  kRemoved,        // the key is gone; the log owns the entry
  kExpired,        // likewise, by its deadline: the log gets a DEL of its own for it
  kFieldsExpired,  // fields of a hash are gone, by their deadlines: the log gets an HDEL of its own for them
};

struct Change {
  Database* db = nullptr;
  Entry* entry = nullptr;
  const Event* event = nullptr;  // null: nothing is published
  ChangeKind kind = ChangeKind::kTouched;
  // Of kFieldsExpired: how many, their names in expired_fields(). 0: all of a hash that is removed next, for
  // which the log gets a DEL.
  uint32_t fields = 0;
};

class ChangeLog {
 public:
  explicit ChangeLog(Graveyard& graveyard) : graveyard_(graveyard) {}
  ~ChangeLog();
  ChangeLog(const ChangeLog&) = delete;
  ChangeLog& operator=(const ChangeLog&) = delete;

  void created(Database& db, Entry& entry, const Event* event) {
    add(db, &entry, event, ChangeKind::kCreated);
  }
  void touched(Database& db, Entry& entry, const Event* event) {
    add(db, &entry, event, ChangeKind::kTouched);
  }
  // Takes the entry over. REQUIRES: detached.
  void removed(Database& db, Entry* entry, const Event* event) {
    add(db, entry, event, ChangeKind::kRemoved);
  }
  void expired(Database& db, Entry* entry) { add(db, entry, &events::expired, ChangeKind::kExpired); }

  // A field of the entry is about to go. Those of one entry, one behind the other, are one change.
  void field_expired(Database& db, Entry& entry, base::ByteView field);
  // All fields of the entry, which is removed next.
  void fields_expired(Database& db, Entry& entry) {
    add(db, &entry, &events::hexpired, ChangeKind::kFieldsExpired);
  }
  // The names of all of them, in the order of the changes.
  [[nodiscard]] std::span<const base::Bytes> expired_fields() const { return expired_fields_; }

  // The event of the last change, if that was an expiry: whoever announces it at once, ahead of what follows
  // from it, takes it. Or null.
  const Event* take_last_expiry() {
    if (changes_.empty() || changes_.back().kind != ChangeKind::kExpired) return nullptr;
    return std::exchange(changes_.back().event, nullptr);
  }

  // How many changes count toward `rdb_changes_since_last_save` and toward "does this command go to the log".
  void count_dirty(uint64_t changes) { dirty_ += changes; }
  [[nodiscard]] uint64_t dirty() const { return dirty_; }

  [[nodiscard]] bool empty() const { return changes_.empty() && dirty_ == 0; }
  [[nodiscard]] std::span<const Change> changes() const { return changes_; }
  [[nodiscard]] size_t size() const { return changes_.size(); }

  // Forgets everything; removed entries go to the graveyard.
  void clear();

 private:
  void add(Database& db, Entry* entry, const Event* event, ChangeKind kind) {
    // Written in place: copying what was just written part by part stalls the processor.
    Change& change = changes_.emplace_back();
    change.db = &db;
    change.entry = entry;
    change.event = event;
    change.kind = kind;
  }

  Graveyard& graveyard_;
  std::vector<Change> changes_;
  std::vector<base::Bytes> expired_fields_;
  uint64_t dirty_ = 0;
};

}  // namespace sluice::keyspace
