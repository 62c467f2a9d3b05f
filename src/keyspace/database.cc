#include "keyspace/database.h"

#include <optional>

#include "base/check.h"
#include "keyspace/deadlines.h"

namespace sluice::keyspace {

Database::~Database() {
  if (releasing_ != nullptr) Entry::destroy(releasing_);
  entries_.for_each([](Entry* entry) { Entry::destroy(entry); });
}

Entry* Database::find(base::ByteView key) const {
  Entry* const* found = entries_.find(key);
  return found == nullptr ? nullptr : *found;
}

Entry& Database::insert(base::ByteView key, Value value) {
  Entry* entry = Entry::create(key, std::move(value));
  entries_.insert(entry);
  return *entry;
}

Entry* Database::detach(Entry& entry) {
  SLUICE_CHECK(entry.deadline == kNoDeadline, "a removed entry must not be found by its deadline");
  const std::optional<Entry*> erased = entries_.erase(entry.key());
  SLUICE_CHECK(erased.has_value() && *erased == &entry, "the entry belongs to another database");
  entry.detached = true;
  return &entry;
}

bool Database::release_slice(size_t max, Deadlines& deadlines) {
  for (size_t done = 0; done < max;) {
    if (releasing_ != nullptr) {
      const bool more = keyspace::release_slice(releasing_->value, max - done);
      if (more) return true;
      Entry::destroy(releasing_);
      releasing_ = nullptr;
      ++done;
      continue;
    }
    // One at a time: an entry may turn out to be a whole slice of work by itself.
    const size_t taken = entries_.take_slice(1, [&](Entry* entry) { releasing_ = entry; });
    if (taken == 0) return false;
    deadlines.clear_expiry(*releasing_);
    const size_t elements = element_count(releasing_->value);
    if (elements > max - done) continue;
    Entry::destroy(releasing_);
    releasing_ = nullptr;
    done += elements + 1;
  }
  return true;
}

}  // namespace sluice::keyspace
