#include "keyspace/changes.h"

#include "keyspace/graveyard.h"

namespace sluice::keyspace {

ChangeLog::~ChangeLog() {
  clear();
}

void ChangeLog::clear() {
  for (const Change& change : changes_) {
    if (change.kind == ChangeKind::kRemoved || change.kind == ChangeKind::kExpired) {
      graveyard_.bury(change.entry);
    }
  }
  changes_.clear();
  dirty_ = 0;
}

}  // namespace sluice::keyspace
