#include "keyspace/graveyard.h"

namespace sluice::keyspace {

Graveyard::~Graveyard() = default;

void Graveyard::bury(Entry* entry) {
  bury(std::move(entry->value));
  Entry::destroy(entry);
}

void Graveyard::bury(Value value) {
  if (gate_.hook != nullptr && gate_.hook->keep(value)) return;
  if (element_count(value) > kFreeAtOnceElements) values_.push_back(std::move(value));
}

// Whatever a snapshot still owes of it is pinned leaf by leaf while it is freed.
void Graveyard::bury(std::unique_ptr<types::StreamGroup> group) {
  if (group->pending_count() + group->consumers().size() > kFreeAtOnceElements) {
    groups_.push_back(std::move(group));
  }
}

void Graveyard::bury(std::unique_ptr<Database> database) {
  database->bury();
  if (gate_.hook != nullptr && gate_.hook->keep(database)) return;
  if (database->size() > 0) databases_.push_back(std::move(database));
}

bool Graveyard::step(size_t max, Deadlines& deadlines) {
  if (!values_.empty()) {
    if (!release_slice(values_.front(), max)) {
      values_.pop_front();
      ++freed_;
    }
  } else if (!groups_.empty()) {
    if (!groups_.front()->release_slice(max)) {
      groups_.pop_front();
      ++freed_;
    }
  } else if (!databases_.empty()) {
    const size_t before = databases_.front()->size();
    const bool more = databases_.front()->release_slice(max, deadlines);
    freed_ += before - databases_.front()->size();
    if (!more) databases_.pop_front();
  }
  return !empty();
}

size_t Graveyard::pending() const {
  size_t count = values_.size() + groups_.size();
  for (const auto& database : databases_) count += database->size();
  return count;
}

}  // namespace sluice::keyspace
