// Keyspace: all databases, and the rules by which a key is found: expired keys are gone, wrong types are
// refused, removals are recorded. Owns databases, deadlines and the graveyard. It knows no client, no wire
// and no log; whoever looks brings an Access that says which database, what time it is and where changes are
// written down.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "keyspace/changes.h"
#include "keyspace/database.h"
#include "keyspace/deadlines.h"
#include "keyspace/graveyard.h"
#include "keyspace/value.h"

namespace sluice::keyspace {

class Keyspace;

// What becomes of a key, or of a field of a hash, that is found past its deadline.
enum class Expiry : uint8_t {
  kDelete,  // removed and logged: the normal case. Of many fields only some at once: the rest is hidden
  kHide,    // invisible but left: writes are paused or refused (disk failure, CLIENT PAUSE)
  kIgnore,  // seen as if it had none: the log is being loaded, and brings its own DELs
};

// Under which conditions a command looks at keys; one per command.
struct Access {
  Database* db;
  ChangeLog* changes;
  int64_t now_ms;
  Expiry expiry = Expiry::kDelete;
  bool touch = true;  // false: CLIENT NO-TOUCH, and introspection such as TYPE, TTL, OBJECT

  // The moment whose fields of a hash are shown: see types::LiveHash.
  [[nodiscard]] int64_t fields_at_ms() const { return expiry == Expiry::kIgnore ? INT64_MIN : now_ms; }
};

// Fields that one look at a hash, or one firing, removes at most.
inline constexpr size_t kFieldsAtOnce = 64;

// Why a lookup was refused. One place above turns it into wire text.
enum class Refusal : uint8_t { kWrongType };

class Keyspace {
 public:
  // REQUIRES: databases > 0.
  Keyspace(int databases, uint64_t hash_entropy);
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  [[nodiscard]] int database_count() const { return static_cast<int>(databases_.size()); }
  [[nodiscard]] Database& database(int index) { return *databases_[static_cast<size_t>(index)]; }
  // What the tables take beside keys and values.
  [[nodiscard]] size_t overhead_bytes() const;
  [[nodiscard]] Deadlines& deadlines() { return deadlines_; }
  [[nodiscard]] Graveyard& graveyard() { return graveyard_; }
  // The limits by which values change their form; the server sets them from the configuration.
  [[nodiscard]] types::ValueContext& value_context() { return value_context_; }
  // How uses of keys are remembered, likewise.
  [[nodiscard]] UsageRules& usage_rules() { return usage_rules_; }
  // What a key has that is created now, or comes back with a record of its use.
  [[nodiscard]] Usage fresh_usage(int64_t now_ms, const Usage::Record& record = {}) const {
    return Usage::fresh(usage_rules_, now_ms / 1000, record);
  }
  // What entries and the nodes of every value announce their first change to: a snapshot sets both hooks.
  [[nodiscard]] WriteGate& gate() { return gate_; }

  // The live entry, or null. Removes an expired one when the access says so, and fields of a hash.
  Entry* find(const Access& access, base::ByteView key);
  // Whether its time has come, or that of all its fields.
  [[nodiscard]] bool expired(const Entry& entry, int64_t now_ms) const {
    return key_expired(entry, now_ms) || fields_expired(entry, now_ms);
  }

  // An empty value of type T, wired to this keyspace's limits.
  template <class T>
  Held<T> make() {
    if constexpr (std::is_same_v<T, types::StringValue>) {
      return T();
    } else if constexpr (std::is_same_v<Held<T>, T>) {
      return T(value_context_);
    } else {
      return std::make_unique<T>(value_context_);
    }
  }

  // Stores a value under a key, over whatever was there. Clears its expiry unless told to keep it.
  Entry& store(const Access& access, base::ByteView key, Value value, const Event& event,
               bool keep_expiry = false);
  // Removes a live entry.
  void remove(const Access& access, Entry& entry, const Event& event);
  // Removes an entry whose time has come, or that of all its fields; the executor logs it.
  void expire(const Access& access, Entry& entry);
  // Removes fields of a hash whose time has come, kFieldsAtOnce at most, and the entry when none is left
  // alive; the executor logs it. Returns how many went.
  size_t expire_fields(const Access& access, Entry& entry);

  // What a snapshot keeps of it.
  [[nodiscard]] Usage::Record record_of_use(const Entry& entry, int64_t now_s) const;
  // Any key, expired or not, each with the same probability. Null when there is none.
  struct Found {
    Database* db = nullptr;
    Entry* entry = nullptr;
  };
  [[nodiscard]] Found random_entry(base::Random& random);

  // Replaces a database by an empty one; the old one is freed in slices. Returns how many keys it held.
  size_t flush(int index);
  void swap(int left, int right);

  // For whoever loads everything anew: all databases leave, with empty ones in their places. Then either what
  // was loaded stays, or what was there comes back as it was. Nothing may fire meanwhile: deadlines of both
  // are filed.
  using Databases = std::vector<std::unique_ptr<Database>>;
  [[nodiscard]] Databases set_aside();
  void discard(Databases aside);
  void put_back(Databases aside);

 private:
  [[nodiscard]] bool key_expired(const Entry& entry, int64_t now_ms) const {
    return entry.deadline != kNoDeadline && deadlines_.expiry_ms(entry) <= now_ms;
  }
  [[nodiscard]] static bool fields_expired(const Entry& entry, int64_t now_ms) {
    const auto* hash = std::get_if<types::Hash>(&entry.value);
    return hash != nullptr && hash->all_due(now_ms);
  }
  [[nodiscard]] static bool any_field_due(const Entry& entry, int64_t now_ms) {
    const auto* hash = std::get_if<types::Hash>(&entry.value);
    return hash != nullptr && hash->next_deadline_ms() <= now_ms;
  }

  ds::HashSeed seed_;
  WriteGate gate_{};
  types::ValueContext value_context_{seed_, gate_.epoch};
  Deadlines deadlines_;
  Graveyard graveyard_{gate_};
  UsageRules usage_rules_;
  base::Random usage_random_;
  Databases databases_;
};

}  // namespace sluice::keyspace
