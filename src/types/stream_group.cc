#include "types/stream_group.h"

#include <algorithm>

#include "base/check.h"
#include "ds/size_class.h"
#include "types/stream_trim.h"

namespace sluice::types {

namespace {

// What a node of the library's trees takes beside its content.
constexpr size_t kTreeNodeBytes = 32;

constexpr size_t kPendingBytes = ds::size_class(kTreeNodeBytes + sizeof(StreamId) + 24) +
                                 ds::size_class(kTreeNodeBytes + 8 + sizeof(StreamId)) +
                                 ds::size_class(kTreeNodeBytes + sizeof(StreamId));

}  // namespace

std::optional<StreamId> StreamConsumer::next_own(const StreamId& from) const {
  const auto at = pending_.lower_bound(from);
  if (at == pending_.end()) return std::nullopt;
  return *at;
}

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
  while (!consumer.pending_.empty()) acknowledge(StreamId(*consumer.pending_.begin()));
  const auto at = consumers_.find(consumer.name());
  SLUICE_CHECK(at != consumers_.end(), "a consumer of another group");
  consumers_.erase(at);
  return dropped;
}

// --- looking

PendingEntry StreamGroup::entry_of(const ById::value_type& item) {
  const Slot& slot = item.second;
  return {item.first, std::max<int64_t>(slot.time_key, 0), slot.deliveries, slot.consumer};
}

std::optional<PendingEntry> StreamGroup::find_pending(const StreamId& id) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return std::nullopt;
  return entry_of(*at);
}

std::optional<PendingEntry> StreamGroup::next_pending(const StreamId& from) const {
  const auto at = by_id_.lower_bound(from);
  if (at == by_id_.end()) return std::nullopt;
  return entry_of(*at);
}

std::optional<PendingEntry> StreamGroup::next_idle(const StreamId& from, int64_t latest_ms) const {
  for (auto at = by_id_.lower_bound(from); at != by_id_.end(); ++at) {
    if (at->second.time_key <= latest_ms || at->second.time_key < 0) return entry_of(*at);
  }
  return std::nullopt;
}

std::optional<PendingEntry> StreamGroup::longest_idle() const {
  return IdleWalk(*this).next();
}

std::optional<int64_t> StreamGroup::earliest_delivery_ms() const {
  const auto at = by_time_.lower_bound({0, kMinStreamId});
  if (at == by_time_.end()) return std::nullopt;
  return at->first;
}

std::optional<PendingEntry> StreamGroup::IdleWalk::next() {
  if (at_ == group_->by_time_.end()) return std::nullopt;
  const StreamId id = at_->second;
  ++at_;
  return group_->find_pending(id);
}

// --- changing

bool StreamGroup::add_pending(const StreamId& id, const Delivery& delivery) {
  // Ids mostly grow.
  const size_t before = by_id_.size();
  const int64_t time_key = std::max<int64_t>(delivery.delivered_ms, 0);
  const auto at = by_id_.emplace_hint(by_id_.end(), id, Slot{time_key, delivery.deliveries, nullptr});
  if (by_id_.size() == before) return false;
  by_time_.emplace_hint(by_time_.end(), time_key, id);
  put(at, time_key, delivery.consumer);
  return true;
}

bool StreamGroup::add_released(const StreamId& id, uint64_t deliveries) {
  const auto [at, added] = by_id_.emplace(id, Slot{0, deliveries, nullptr});
  if (!added) return false;
  by_time_.emplace(0, id);
  put(at, take_released_key(), nullptr);
  ++released_;
  return true;
}

void StreamGroup::deliver(const StreamId& id, const Delivery& delivery) {
  const auto at = by_id_.find(id);
  SLUICE_CHECK(at != by_id_.end(), "only what is pending is delivered again");
  if (at->second.time_key < 0) --released_;
  at->second.deliveries = delivery.deliveries;
  put(at, std::max<int64_t>(delivery.delivered_ms, 0), delivery.consumer);
}

void StreamGroup::release(const StreamId& id, uint64_t deliveries) {
  const auto at = by_id_.find(id);
  SLUICE_CHECK(at != by_id_.end(), "only what is pending is released");
  if (at->second.time_key >= 0) ++released_;
  at->second.deliveries = deliveries;
  put(at, take_released_key(), nullptr);
}

void StreamGroup::put(ById::iterator at, int64_t time_key, StreamConsumer* consumer) {
  Slot& slot = at->second;
  if (slot.consumer != consumer) {
    if (slot.consumer != nullptr) slot.consumer->pending_.erase(at->first);
    slot.consumer = consumer;
    if (consumer != nullptr) consumer->pending_.insert(consumer->pending_.end(), at->first);
  }
  if (slot.time_key == time_key) return;
  by_time_.erase({slot.time_key, at->first});
  slot.time_key = time_key;
  by_time_.emplace_hint(by_time_.end(), time_key, at->first);
}

void StreamGroup::forget(ById::iterator at) {
  const Slot& slot = at->second;
  if (slot.consumer != nullptr) slot.consumer->pending_.erase(at->first);
  if (slot.time_key < 0) --released_;
  by_time_.erase({slot.time_key, at->first});
  by_id_.erase(at);
}

bool StreamGroup::acknowledge(const StreamId& id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return false;
  if (trim_memory != nullptr) trim_memory->note(id);
  forget(at);
  return true;
}

std::unique_ptr<StreamGroup> StreamGroup::clone() const {
  auto copy = std::make_unique<StreamGroup>(last_id_, entries_read);
  for (const auto& [name, consumer] : consumers_) {
    copy->add_consumer(name, consumer->seen_ms).active_ms = consumer->active_ms;
  }
  IdleWalk walk(*this);
  while (const auto entry = walk.next()) {
    if (entry->consumer == nullptr) {
      copy->add_released(entry->id, entry->deliveries);
    } else {
      copy->add_pending(
          entry->id, {copy->find_consumer(entry->consumer->name()), entry->delivered_ms, entry->deliveries});
    }
  }
  return copy;
}

size_t StreamGroup::memory_bytes() const {
  size_t bytes = ds::size_class(sizeof(StreamGroup)) + by_id_.size() * kPendingBytes;
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
