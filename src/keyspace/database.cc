#include "keyspace/database.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "keyspace/deadlines.h"
#include "keyspace/graveyard.h"

namespace sluice::keyspace {

Database::~Database() {
  if (releasing_ != nullptr) Entry::destroy(releasing_);
  entries_.for_each([](Entry* entry) { Entry::destroy(entry); });
}

Entry* Database::find(base::ByteView key) const {
  return entries_.find(key).value_or(nullptr);
}

Entry& Database::insert(base::ByteView key, Value value) {
  Entry* entry = Entry::create(key, std::move(value));
  entry->stamp(gate_.epoch.current);
  entries_.insert(entry);
  return *entry;
}

void Database::announce(Entry& entry) const {
  if (gate_.hook != nullptr) gate_.hook->before_change(*this, entry);
  entry.stamp(gate_.epoch.current);
}

void Database::expiry_added(int64_t when_ms) {
  ++volatile_size_;
  expiry_seconds_ += static_cast<uint64_t>(when_ms / 1000);
  expiry_rest_ms_ += static_cast<uint64_t>(when_ms % 1000);
}

void Database::expiry_removed(int64_t when_ms) {
  --volatile_size_;
  expiry_seconds_ -= static_cast<uint64_t>(when_ms / 1000);
  expiry_rest_ms_ -= static_cast<uint64_t>(when_ms % 1000);
}

int64_t Database::average_ttl_ms(int64_t now_ms) const {
  if (volatile_size_ == 0) return 0;
  const auto count = static_cast<int64_t>(volatile_size_);
  const auto seconds = static_cast<int64_t>(expiry_seconds_);
  const int64_t rest_ms = (seconds % count) * 1000 + static_cast<int64_t>(expiry_rest_ms_);
  return std::max<int64_t>(seconds / count * 1000 + rest_ms / count - now_ms, 0);
}

Entry* Database::detach(Entry& entry) {
  SLUICE_CHECK(entry.deadline == kNoDeadline, "a removed entry must not be found by its deadline");
  before_change(entry);
  const std::optional<Entry*> erased = entries_.erase(entry.key());
  SLUICE_CHECK(erased.has_value() && *erased == &entry, "the entry belongs to another database");
  entry.detached = true;
  return &entry;
}

// A value that is half freed is freed on, whatever it now says it holds: a sorted set counts its tree, which
// goes before its members do.
bool Database::release_slice(size_t max, Deadlines& deadlines) {
  if (releasing_ != nullptr) {
    if (!keyspace::release_slice(releasing_->value, max)) Entry::destroy(std::exchange(releasing_, nullptr));
    return true;
  }
  for (size_t done = 0; done < max;) {
    if (entries_.empty()) return false;
    // One at a time: an entry may turn out to be a whole slice of work by itself.
    Entry* taken = nullptr;
    entries_.take_slice(1, [&taken](Entry* entry) { taken = entry; });
    deadlines.forget(*taken);
    const size_t elements = element_count(taken->value);
    if (elements > kFreeAtOnceElements && keyspace::release_slice(taken->value, max)) {
      releasing_ = taken;
      return true;
    }
    Entry::destroy(taken);
    done += elements + 1;
  }
  return true;
}

}  // namespace sluice::keyspace
