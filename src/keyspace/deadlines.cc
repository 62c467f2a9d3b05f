#include "keyspace/deadlines.h"

#include "keyspace/database.h"

namespace sluice::keyspace {

void Deadlines::set_expiry(Database& db, Entry& entry, int64_t when_ms) {
  db.before_change(entry);
  if (entry.deadline != kNoDeadline) {
    db.expiry_removed(heap_.time_of(entry.deadline));
    heap_.update(entry.deadline, when_ms);
  } else {
    entry.deadline = heap_.push(when_ms, Due{&db, &entry, DeadlineKind::kKeyExpiry});
  }
  db.expiry_added(when_ms);
}

void Deadlines::clear_expiry(Entry& entry) {
  if (entry.deadline == kNoDeadline) return;
  heap_.payload_of(entry.deadline).db->before_change(entry);
  const int64_t when_ms = heap_.time_of(entry.deadline);
  const Due due = heap_.remove(entry.deadline);
  entry.deadline = kNoDeadline;
  due.db->expiry_removed(when_ms);
}

int64_t Deadlines::expiry_ms(const Entry& entry) const {
  return heap_.time_of(entry.deadline);
}

std::optional<int64_t> Deadlines::next_ms() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.top_time_ms();
}

Due Deadlines::front() const {
  return heap_.top();
}

Due Deadlines::random(base::Random& random) const {
  return heap_.payload_at(random.below(heap_.size()));
}

}  // namespace sluice::keyspace
