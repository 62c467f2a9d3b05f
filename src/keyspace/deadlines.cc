#include "keyspace/deadlines.h"

#include <algorithm>

#include "keyspace/database.h"

namespace sluice::keyspace {

void Deadlines::set_expiry(Database& db, Entry& entry, int64_t when_ms) {
  db.before_change(entry);
  if (entry.deadline != kNoDeadline) {
    db.expiry_removed(keys_.time_of(entry.deadline));
    keys_.update(entry.deadline, when_ms);
  } else {
    entry.deadline = keys_.push(when_ms, Due{&db, &entry, DeadlineKind::kKeyExpiry});
  }
  db.expiry_added(when_ms);
}

void Deadlines::clear_expiry(Entry& entry) {
  if (entry.deadline == kNoDeadline) return;
  keys_.payload_of(entry.deadline).db->before_change(entry);
  const int64_t when_ms = keys_.time_of(entry.deadline);
  const Due due = keys_.remove(entry.deadline);
  entry.deadline = kNoDeadline;
  due.db->expiry_removed(when_ms);
}

int64_t Deadlines::expiry_ms(const Entry& entry) const {
  return keys_.time_of(entry.deadline);
}

void Deadlines::follow_fields(Database& db, Entry& entry) {
  auto* hash = get_if<types::Hash>(entry.value);
  uint32_t* const ticket = hash == nullptr ? nullptr : hash->ticket();
  if (ticket == nullptr) return;
  const int64_t next_ms = hash->next_deadline_ms();
  if (next_ms == types::kNeverExpires) return clear_fields(entry);
  if (*ticket == kNoDeadline) {
    *ticket = hashes_.push(next_ms, Due{&db, &entry, DeadlineKind::kHashFields});
  } else if (hashes_.time_of(*ticket) != next_ms) {
    hashes_.update(*ticket, next_ms);
  }
}

void Deadlines::clear_fields(Entry& entry) {
  auto* hash = get_if<types::Hash>(entry.value);
  uint32_t* const ticket = hash == nullptr ? nullptr : hash->ticket();
  if (ticket == nullptr || *ticket == kNoDeadline) return;
  hashes_.remove(*ticket);
  *ticket = kNoDeadline;
}

std::optional<int64_t> Deadlines::next_ms() const {
  if (size() == 0) return std::nullopt;
  const int64_t key_ms = keys_.empty() ? INT64_MAX : keys_.top_time_ms();
  return hashes_.empty() ? key_ms : std::min(key_ms, hashes_.top_time_ms());
}

Due Deadlines::front() const {
  const bool fields = keys_.empty() || (!hashes_.empty() && hashes_.top_time_ms() < keys_.top_time_ms());
  return fields ? hashes_.top() : keys_.top();
}

Due Deadlines::random_key(base::Random& random) const {
  return keys_.payload_at(random.below(keys_.size()));
}

}  // namespace sluice::keyspace
