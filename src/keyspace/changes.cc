#include "keyspace/changes.h"

#include "keyspace/graveyard.h"

namespace sluice::keyspace {

ChangeLog::~ChangeLog() {
  clear();
}

void ChangeLog::field_expired(Database& db, Entry& entry, base::ByteView field) {
  const bool goes_on = !changes_.empty() && changes_.back().kind == ChangeKind::kFieldsExpired &&
                       changes_.back().entry == &entry && changes_.back().fields > 0;
  if (!goes_on) add(db, &entry, &events::hexpired, ChangeKind::kFieldsExpired);
  ++changes_.back().fields;
  expired_fields_.emplace_back(field);
}

void ChangeLog::clear() {
  for (const Change& change : changes_) {
    if (change.kind == ChangeKind::kRemoved || change.kind == ChangeKind::kExpired) {
      graveyard_.bury(change.entry);
    }
  }
  changes_.clear();
  expired_fields_.clear();
  dirty_ = 0;
}

}  // namespace sluice::keyspace
