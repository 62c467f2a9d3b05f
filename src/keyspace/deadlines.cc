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

Deadlines::OwnMoment Deadlines::moment_of(Value& value) {
  if (auto* const hash = get_if<types::Hash>(value); hash != nullptr) {
    return {hash->ticket(), hash->next_deadline_ms(), DeadlineKind::kHashFields};
  }
  if (auto* const stream = get_if<types::Stream>(value); stream != nullptr) {
    return {stream->ticket(), stream->next_deadline_ms(), DeadlineKind::kStream};
  }
  return {};
}

void Deadlines::follow_value(Database& db, Entry& entry) {
  const OwnMoment own = moment_of(entry.value);
  if (own.ticket == nullptr) return;
  if (own.next_ms == types::kNeverExpires) return clear_value(entry);
  if (*own.ticket == kNoDeadline) {
    *own.ticket = values_.push(own.next_ms, Due{&db, &entry, own.kind});
  } else if (values_.time_of(*own.ticket) != own.next_ms) {
    values_.update(*own.ticket, own.next_ms);
  }
}

void Deadlines::clear_value(Entry& entry) {
  uint32_t* const ticket = moment_of(entry.value).ticket;
  if (ticket == nullptr || *ticket == kNoDeadline) return;
  values_.remove(*ticket);
  *ticket = kNoDeadline;
}

std::optional<int64_t> Deadlines::next_ms() const {
  if (size() == 0) return std::nullopt;
  const int64_t key_ms = keys_.empty() ? INT64_MAX : keys_.top_time_ms();
  return values_.empty() ? key_ms : std::min(key_ms, values_.top_time_ms());
}

Due Deadlines::front() const {
  const bool by_value = keys_.empty() || (!values_.empty() && values_.top_time_ms() < keys_.top_time_ms());
  return by_value ? values_.top() : keys_.top();
}

Due Deadlines::random_key(base::Random& random) const {
  return keys_.payload_at(random.below(keys_.size()));
}

}  // namespace sluice::keyspace
