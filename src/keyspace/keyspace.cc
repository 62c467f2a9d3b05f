#include "keyspace/keyspace.h"

#include <utility>

namespace sluice::keyspace {

Keyspace::Keyspace(int databases, uint64_t hash_entropy)
    : seed_(hash_entropy), usage_random_(hash_entropy + 1) {
  databases_.reserve(static_cast<size_t>(databases));
  for (int i = 0; i < databases; ++i) databases_.push_back(std::make_unique<Database>(i, seed_, gate_));
}

size_t Keyspace::overhead_bytes() const {
  size_t bytes = deadlines_.memory_bytes();
  for (const auto& database : databases_) bytes += database->table_bytes();
  return bytes;
}

Entry* Keyspace::find(const Access& access, base::ByteView key) {
  Entry* entry = access.db->find(key);
  if (entry == nullptr) return nullptr;
  if (entry->deadline != kNoDeadline && access.expiry != Expiry::kIgnore &&
      key_expired(*entry, access.now_ms)) {
    if (access.expiry == Expiry::kDelete) expire(access, *entry);
    return nullptr;
  }
  if (any_field_due(*entry, access.fields_at_ms())) [[unlikely]] {
    if (access.expiry == Expiry::kHide) {
      if (fields_expired(*entry, access.now_ms)) return nullptr;
    } else {
      expire_fields(access, *entry);
      if (entry->detached) return nullptr;
    }
  }
  if (access.touch) entry->usage = entry->usage.used(usage_rules_, access.now_ms / 1000, usage_random_);
  return entry;
}

Entry& Keyspace::store(const Access& access, base::ByteView key, Value value, const Event& event,
                       bool keep_expiry) {
  Entry* entry = find(access, key);
  if (entry == nullptr) {
    // A hidden expired key still sits in the table: it makes way as if it had never been there.
    if (Entry* stale = access.db->find(key); stale != nullptr) expire(access, *stale);
    entry = &access.db->insert(key, std::move(value));
    entry->usage = fresh_usage(access.now_ms);
    access.changes->created(*access.db, *entry, &event);
  } else {
    access.db->before_change(*entry);
    if (!keep_expiry) deadlines_.clear_expiry(*entry);
    deadlines_.clear_value(*entry);
    graveyard_.bury(std::exchange(entry->value, std::move(value)));
    access.changes->touched(*access.db, *entry, &event);
  }
  access.changes->count_dirty(1);
  return *entry;
}

void Keyspace::remove(const Access& access, Entry& entry, const Event& event) {
  deadlines_.forget(entry);
  access.changes->removed(*access.db, access.db->detach(entry), &event);
  access.changes->count_dirty(1);
}

void Keyspace::expire(const Access& access, Entry& entry) {
  const bool by_fields = !key_expired(entry, access.now_ms);
  deadlines_.forget(entry);
  if (!by_fields) return access.changes->expired(*access.db, access.db->detach(entry));
  access.changes->fields_expired(*access.db, entry);
  access.changes->removed(*access.db, access.db->detach(entry), &events::del);
}

size_t Keyspace::expire_fields(const Access& access, Entry& entry) {
  auto& hash = *get_if<types::Hash>(entry.value);
  if (hash.all_due(access.now_ms)) {
    const size_t fields = hash.size();
    expire(access, entry);
    return fields;
  }
  if (hash.next_deadline_ms() > access.now_ms) return 0;
  access.db->before_change(entry);
  return hash.expire(access.now_ms, kFieldsAtOnce,
                     [&](base::ByteView field) { access.changes->field_expired(*access.db, entry, field); });
}

Usage::Record Keyspace::record_of_use(const Entry& entry, int64_t now_s) const {
  Usage::Record record;
  if (!usage_rules_.recorded) return record;
  if (usage_rules_.counts) {
    record.frequency = entry.usage.frequency(usage_rules_, now_s);
  } else {
    record.idle_s = static_cast<uint64_t>(entry.usage.idle_s(now_s));
  }
  return record;
}

Keyspace::Found Keyspace::random_entry(base::Random& random) {
  size_t keys = 0;
  for (const auto& database : databases_) keys += database->size();
  if (keys == 0) return {};
  size_t nth = random.below(keys);
  for (const auto& database : databases_) {
    if (nth < database->size()) return {database.get(), database->entries().random(random)};
    nth -= database->size();
  }
  return {};
}

size_t Keyspace::flush(int index) {
  auto fresh = std::make_unique<Database>(index, seed_, gate_);
  const size_t keys = database(index).size();
  graveyard_.bury(std::exchange(databases_[static_cast<size_t>(index)], std::move(fresh)));
  return keys;
}

Keyspace::Databases Keyspace::set_aside() {
  Databases fresh;
  fresh.reserve(databases_.size());
  for (int i = 0; i < database_count(); ++i) fresh.push_back(std::make_unique<Database>(i, seed_, gate_));
  return std::exchange(databases_, std::move(fresh));
}

void Keyspace::discard(Databases aside) {
  for (std::unique_ptr<Database>& database : aside) graveyard_.bury(std::move(database));
}

void Keyspace::put_back(Databases aside) {
  discard(std::exchange(databases_, std::move(aside)));
}

void Keyspace::swap(int left, int right) {
  std::swap(databases_[static_cast<size_t>(left)], databases_[static_cast<size_t>(right)]);
  database(left).set_index(left);
  database(right).set_index(right);
}

}  // namespace sluice::keyspace
