#include "types/stream_group.h"

#include "base/check.h"
#include "ds/size_class.h"

namespace sluice::types {

namespace {

// What a node of the library's trees takes beside its content.
constexpr size_t kTreeNodeBytes = 32;

size_t pending_bytes() {
  return ds::size_class(kTreeNodeBytes + sizeof(StreamGroup::ById::value_type)) +
         2 * ds::size_class(kTreeNodeBytes + sizeof(PendingEntry*));
}

}  // namespace

StreamConsumer* StreamGroup::find_consumer(base::ByteView name) const {
  const auto at = consumers_.find(name);
  return at == consumers_.end() ? nullptr : at->second.get();
}

StreamConsumer& StreamGroup::add_consumer(base::ByteView name, int64_t seen_ms) {
  const auto [at, added] =
      consumers_.emplace(base::Bytes(name), std::make_unique<StreamConsumer>(name, seen_ms));
  SLUICE_CHECK(added, "a consumer of this name is there");
  return *at->second;
}

uint64_t StreamGroup::remove_consumer(StreamConsumer& consumer) {
  const uint64_t dropped = consumer.pending_.size();
  while (!consumer.pending_.empty()) acknowledge((*consumer.pending_.begin())->id);
  const auto at = consumers_.find(consumer.name());
  SLUICE_CHECK(at != consumers_.end(), "a consumer of another group");
  consumers_.erase(at);
  return dropped;
}

PendingEntry* StreamGroup::find_pending(const StreamId& id) {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &at->second;
}

bool StreamGroup::add_pending(const StreamId& id, const Delivery& delivery) {
  // Ids mostly grow.
  const size_t before = by_id_.size();
  const auto at = by_id_.emplace_hint(
      by_id_.end(), id, PendingEntry{id, delivery.delivered_ms, delivery.deliveries, delivery.consumer});
  if (by_id_.size() == before) return false;
  by_time_.insert(by_time_.end(), &at->second);
  if (delivery.consumer != nullptr) {
    StreamConsumer::Pending& own = delivery.consumer->pending_;
    own.insert(own.end(), &at->second);
  }
  return true;
}

void StreamGroup::deliver(PendingEntry& entry, const Delivery& delivery) {
  if (entry.consumer != delivery.consumer) {
    if (entry.consumer != nullptr) entry.consumer->pending_.erase(&entry);
    entry.consumer = delivery.consumer;
    StreamConsumer::Pending& own = entry.consumer->pending_;
    own.insert(own.end(), &entry);
  }
  entry.deliveries = delivery.deliveries;
  if (entry.delivered_ms == delivery.delivered_ms) return;
  by_time_.erase(&entry);
  entry.delivered_ms = delivery.delivered_ms;
  by_time_.insert(by_time_.end(), &entry);
}

void StreamGroup::forget(ById::iterator at) {
  PendingEntry& entry = at->second;
  if (entry.consumer != nullptr) entry.consumer->pending_.erase(&entry);
  by_time_.erase(&entry);
  by_id_.erase(at);
}

bool StreamGroup::acknowledge(const StreamId& id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return false;
  forget(at);
  return true;
}

std::unique_ptr<StreamGroup> StreamGroup::clone() const {
  auto copy = std::make_unique<StreamGroup>(last_id, entries_read);
  for (const auto& [name, consumer] : consumers_) {
    copy->add_consumer(name, consumer->seen_ms).active_ms = consumer->active_ms;
  }
  for (const auto& [id, entry] : by_id_) {
    StreamConsumer* owner = entry.consumer == nullptr ? nullptr : copy->find_consumer(entry.consumer->name());
    copy->add_pending(id, {owner, entry.delivered_ms, entry.deliveries});
  }
  return copy;
}

size_t StreamGroup::memory_bytes() const {
  size_t bytes = ds::size_class(sizeof(StreamGroup)) + by_id_.size() * pending_bytes();
  for (const auto& [name, consumer] : consumers_) {
    bytes += ds::size_class(sizeof(StreamConsumer)) + kTreeNodeBytes + sizeof(Consumers::value_type) +
             2 * name.size();
  }
  return bytes;
}

bool StreamGroup::release_slice(size_t max) {
  for (; max > 0 && !by_id_.empty(); --max) forget(by_id_.begin());
  return !by_id_.empty();
}

}  // namespace sluice::types
