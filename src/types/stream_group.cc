#include "types/stream_group.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ds/size_class.h"
#include "types/stream_trim.h"

namespace sluice::types {

std::optional<StreamId> StreamConsumer::next_own(const StreamId& from) const {
  const auto found = pending_.first_from(from);
  if (!found) return std::nullopt;
  return found->id;
}

std::optional<StreamId> StreamConsumer::next_idle_own(const StreamId& from, int64_t latest_ms) const {
  const auto found = pending_.first_until(from, latest_ms);
  if (!found) return std::nullopt;
  return found->id;
}

// --- consumers

StreamConsumer* StreamGroup::find_consumer(base::ByteView name) const {
  const auto at = consumers_.find(name);
  return at == consumers_.end() ? nullptr : at->second.get();
}

StreamConsumer& StreamGroup::add_consumer(base::ByteView name, int64_t seen_ms) {
  const auto [at, added] = consumers_.try_emplace(base::Bytes(name));
  SLUICE_CHECK(added, "a consumer of this name is there");
  if (free_numbers_.empty()) {
    numbered_.push_back(nullptr);
    free_numbers_.push_back(static_cast<uint32_t>(numbered_.size()));
  }
  const uint32_t number = free_numbers_.back();
  free_numbers_.pop_back();
  at->second.reset(new StreamConsumer(name, *epoch_, *this, number));
  at->second->seen_ms = seen_ms;
  numbered_[number - 1] = at->second.get();
  if (acting_ == nullptr) return *at->second;
  if (acting_->policy.consumer_ttl_ms > 0) {
    file_look(*at->second, seen_ms + acting_->policy.consumer_ttl_ms);
  }
  if (number == numbered_.size() && acting_->filed_up_to + 1 == number) acting_->filed_up_to = number;
  return *at->second;
}

uint64_t StreamGroup::remove_consumer(StreamConsumer& consumer) {
  const uint64_t dropped = consumer.pending_count();
  while (const auto first = consumer.next_own(kMinStreamId)) acknowledge(*first);
  const auto at = consumers_.find(consumer.name());
  SLUICE_CHECK(at != consumers_.end(), "a consumer of another group");
  if (consumer.look_ms_ != kNeverExpires) file_look(consumer, kNeverExpires);
  numbered_[consumer.number_ - 1] = nullptr;
  free_numbers_.push_back(consumer.number_);
  consumers_.erase(at);
  return dropped;
}

// --- looking

std::optional<PendingEntry> StreamGroup::entry_of(const std::optional<PendingItem>& item) const {
  if (!item) return std::nullopt;
  if (is_delayed(*item)) return PendingEntry{item->id, 0, item->deliveries, nullptr, delayed_until_ms(*item)};
  return PendingEntry{item->id, std::max<int64_t>(item->time_key, 0), item->deliveries, consumer_of(*item),
                      PendingEntry::kNotDelayed};
}

std::optional<PendingEntry> StreamGroup::find_pending(const StreamId& id) const {
  return entry_of(pending_.find(id));
}

std::optional<PendingEntry> StreamGroup::next_pending(const StreamId& from) const {
  return entry_of(pending_.first_from(from));
}

std::optional<StreamId> StreamGroup::last_pending() const {
  const auto item = pending_.last();
  return item ? std::optional(item->id) : std::nullopt;
}

std::optional<PendingEntry> StreamGroup::next_idle(const StreamId& from, int64_t latest_ms) const {
  // A time before all deliveries still finds what was released.
  return entry_of(pending_.first_until(from, std::clamp<int64_t>(latest_ms, -1, kLastMoment)));
}

std::optional<PendingEntry> StreamGroup::longest_idle() const {
  return entry_of(pending_.first_in_time());
}

std::optional<PendingEntry> StreamGroup::first_delivered() const {
  const auto item = pending_.first_in_time(kDeliveredBand);
  return item && !is_delayed(*item) ? entry_of(item) : std::nullopt;
}

std::optional<int64_t> StreamGroup::earliest_delivery_ms() const {
  const auto first = first_delivered();
  return first ? std::optional(first->delivered_ms) : std::nullopt;
}

std::optional<PendingEntry> StreamGroup::first_delayed() const {
  return delayed_ == 0 ? std::nullopt : entry_of(pending_.first_in_time(kDelayedBand));
}

std::optional<PendingEntry> StreamGroup::IdleWalk::next() {
  return group_->entry_of(walk_.next());
}

// --- the index of the stream

StreamGroup::~StreamGroup() {
  if (index_ == nullptr || index_->abandoned()) return;
  while (const auto item = pending_.first_from(kMinStreamId)) {
    pending_.erase(item->id);
    index_->removed(*this, item->id);
  }
  index_->forget(*this);
}

void StreamGroup::join(std::shared_ptr<PendingIndex> index) {
  index_ = std::move(index);
  index_->join(*this);
}

void StreamGroup::leave() {
  if (!index_->leave(*this)) index_.reset();
}

void StreamGroup::set_last_id(const StreamId& id) {
  if (index_ != nullptr) index_->last_id_moved(last_id_, id);
  last_id_ = id;
}

// --- changing

int64_t StreamGroup::key_of(int64_t delivered_ms) {
  return std::clamp<int64_t>(delivered_ms, 0, kLastMoment);
}

int64_t StreamGroup::delayed_key_of(int64_t until_ms) {
  return kFirstDelayedKey + std::clamp<int64_t>(until_ms, 0, kLastMoment);
}

void StreamGroup::count(const PendingItem& item, int step) {
  if (is_released(item)) released_ += static_cast<size_t>(step);
  if (is_delayed(item)) delayed_ += static_cast<size_t>(step);
}

bool StreamGroup::add_pending(const StreamId& id, const Delivery& delivery) {
  const uint32_t owner = delivery.consumer == nullptr ? kNobody : delivery.consumer->number_;
  if (!pending_.insert({id, key_of(delivery.delivered_ms), delivery.deliveries, owner})) {
    return false;
  }
  if (delivery.consumer != nullptr) {
    delivery.consumer->pending_.insert({id, key_of(delivery.delivered_ms)});
  }
  if (index_ != nullptr) index_->added(*this, id);
  return true;
}

bool StreamGroup::add_released(const StreamId& id, uint64_t deliveries) {
  return restore_released(id, static_cast<uint64_t>(released_ever_), deliveries);
}

bool StreamGroup::restore_released(const StreamId& id, uint64_t order, uint64_t deliveries) {
  const auto place = static_cast<int64_t>(order);
  if (!pending_.insert({id, kFirstReleasedKey + place, deliveries, kNobody})) return false;
  // Who goes on counting must not come to where it ends: an order that no counting reached, only made up in a
  // RESTORE, is not gone on from.
  constexpr auto kReachable = static_cast<int64_t>(kLastReleaseOrder / 2);
  released_ever_ = std::max(released_ever_, std::min(place + 1, kReachable));
  ++released_;
  if (index_ != nullptr) index_->added(*this, id);
  return true;
}

bool StreamGroup::add_delayed(const StreamId& id, uint64_t deliveries, int64_t until_ms) {
  if (!pending_.insert({id, delayed_key_of(until_ms), deliveries, kNobody})) return false;
  ++delayed_;
  if (index_ != nullptr) index_->added(*this, id);
  return true;
}

void StreamGroup::deliver(const StreamId& id, const Delivery& delivery) {
  const auto before = pending_.find(id);
  SLUICE_CHECK(before, "only what is pending is delivered again");
  const uint32_t owner = delivery.consumer == nullptr ? kNobody : delivery.consumer->number_;
  move_to(*before, {id, key_of(delivery.delivered_ms), delivery.deliveries, owner});
}

void StreamGroup::release(const StreamId& id, uint64_t deliveries) {
  const auto before = pending_.find(id);
  SLUICE_CHECK(before, "only what is pending is released");
  move_to(*before, {id, take_released_key(), deliveries, kNobody});
}

void StreamGroup::delay(const StreamId& id, uint64_t deliveries, int64_t until_ms) {
  const auto before = pending_.find(id);
  SLUICE_CHECK(before, "only what is pending is delayed");
  move_to(*before, {id, delayed_key_of(until_ms), deliveries, kNobody});
}

void StreamGroup::move_to(const PendingItem& before, const PendingItem& item) {
  StreamConsumer* const owner = consumer_of(item);
  if (before.consumer != item.consumer) {
    if (StreamConsumer* const old = consumer_of(before); old != nullptr) old->pending_.erase(item.id);
    if (owner != nullptr) owner->pending_.insert({item.id, item.time_key});
  } else if (owner != nullptr && before.time_key != item.time_key) {
    owner->pending_.update({item.id, item.time_key});
  }
  count(before, -1);
  count(item, 1);
  pending_.update(item);
}

bool StreamGroup::acknowledge(const StreamId& id) {
  const auto item = pending_.erase(id);
  if (!item) return false;
  if (StreamConsumer* const owner = consumer_of(*item); owner != nullptr) owner->pending_.erase(id);
  count(*item, -1);
  if (index_ != nullptr) index_->removed(*this, id);
  if (trim_memory != nullptr) trim_memory->note(id);
  return true;
}

// --- as a whole

std::unique_ptr<StreamGroup> StreamGroup::clone() const {
  auto copy = std::make_unique<StreamGroup>(*epoch_, last_id_, entries_read);
  copy->set_policy(policy());
  std::vector<uint32_t> numbers(numbered_.size() + 1, kNobody);
  for (const auto& [name, consumer] : consumers_) {
    StreamConsumer& same = copy->add_consumer(name, consumer->seen_ms);
    same.active_ms = consumer->active_ms;
    numbers[consumer->number_] = same.number_;
  }
  pending_.for_each_leaf([&](const PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) {
      PendingItem item = leaf.item(i);
      item.consumer = numbers[item.consumer];
      copy->pending_.insert(item);
      if (StreamConsumer* const owner = copy->consumer_of(item))
        owner->pending_.insert({item.id, item.time_key});
    }
  });
  copy->released_ = released_;
  copy->delayed_ = delayed_;
  copy->released_ever_ = released_ever_;
  return copy;
}

size_t StreamGroup::memory_bytes() const {
  // What a node of the library's tree takes beside its content.
  constexpr size_t kTreeNodeBytes = 32;
  size_t bytes = ds::size_class(sizeof(StreamGroup)) + pending_.memory_bytes() +
                 numbered_.capacity() * sizeof(numbered_[0]) + free_numbers_.capacity() * sizeof(uint32_t);
  if (acting_ != nullptr) {
    bytes += ds::size_class(sizeof(Acting)) + acting_->policy.dead_letters.capacity() +
             acting_->looks.size() * (kTreeNodeBytes + sizeof(decltype(acting_->looks)::value_type));
  }
  for (const auto& [name, consumer] : consumers_) {
    bytes += ds::size_class(sizeof(StreamConsumer)) + consumer->pending_.memory_bytes() + kTreeNodeBytes +
             sizeof(Consumers::value_type) + 2 * name.size();
  }
  return bytes;
}

bool StreamGroup::consistent() const {
  bool sound = pending_.consistent();
  size_t parts = 0;
  for (const auto& [name, consumer] : consumers_) {
    sound = sound && consumer->pending_.consistent() && numbered_[consumer->number_ - 1] == consumer.get();
    parts += consumer->pending_count();
  }
  size_t released = 0;
  size_t delayed = 0;
  pending_.for_each_leaf([&](const PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) {
      const PendingItem item = leaf.item(i);
      released += is_released(item) ? 1 : 0;
      delayed += is_delayed(item) ? 1 : 0;
      const StreamConsumer* const owner = consumer_of(item);
      sound = sound && (owner == nullptr) == (is_released(item) || is_delayed(item));
      if (owner == nullptr) continue;
      const auto own = owner->pending_.find(item.id);
      sound = sound && own && own->time_key == item.time_key;
    }
  });
  const bool looks_at_all = acting_ != nullptr && acting_->policy.consumer_ttl_ms > 0 && all_filed();
  return sound && released == released_ && delayed == delayed_ &&
         parts + released + delayed == pending_.size() &&
         (!looks_at_all || acting_->looks.size() == consumers_.size());
}

bool StreamGroup::release_slice(size_t max) {
  size_t left = max;
  for (; left > 0 && acting_ != nullptr && !acting_->looks.empty(); --left) {
    acting_->looks.erase(acting_->looks.begin());
  }
  while (left > 0 && !consumers_.empty()) {
    StreamConsumer& consumer = *consumers_.begin()->second;
    const size_t own = consumer.pending_count();
    consumer.pending_.drop_leaves(left);
    if (consumer.pending_count() > 0) return true;
    left -= std::min(left, own + 1);
    consumers_.erase(consumers_.begin());
  }
  const bool counted = index_ != nullptr && !index_->abandoned();
  for (; counted && left > 0 && !pending_.empty(); --left) {
    const StreamId id = pending_.first_from(kMinStreamId)->id;
    pending_.erase(id);
    index_->removed(*this, id);
  }
  if (!counted && left > 0) pending_.drop_leaves(left);
  return !consumers_.empty() || !pending_.empty();
}

}  // namespace sluice::types
