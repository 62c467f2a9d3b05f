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
  return *at->second;
}

uint64_t StreamGroup::remove_consumer(StreamConsumer& consumer) {
  const uint64_t dropped = consumer.pending_count();
  while (const auto first = consumer.next_own(kMinStreamId)) acknowledge(*first);
  const auto at = consumers_.find(consumer.name());
  SLUICE_CHECK(at != consumers_.end(), "a consumer of another group");
  numbered_[consumer.number_ - 1] = nullptr;
  free_numbers_.push_back(consumer.number_);
  consumers_.erase(at);
  return dropped;
}

// --- looking

std::optional<PendingEntry> StreamGroup::entry_of(const std::optional<PendingItem>& item) const {
  if (!item) return std::nullopt;
  return PendingEntry{item->id, std::max<int64_t>(item->time_key, 0), item->deliveries, consumer_of(*item)};
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
  return entry_of(pending_.first_until(from, std::max<int64_t>(latest_ms, -1)));
}

std::optional<PendingEntry> StreamGroup::longest_idle() const {
  return entry_of(pending_.first_in_time());
}

std::optional<int64_t> StreamGroup::earliest_delivery_ms() const {
  if (released_ == 0) {
    const auto first = pending_.first_in_time();
    if (!first) return std::nullopt;
    return first->time_key;
  }
  PendingTree::TimeWalk walk(pending_);
  while (const auto item = walk.next()) {
    if (item->time_key >= 0) return item->time_key;
  }
  return std::nullopt;
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

bool StreamGroup::add_pending(const StreamId& id, const Delivery& delivery) {
  const uint32_t owner = delivery.consumer == nullptr ? kNobody : delivery.consumer->number_;
  if (!pending_.insert({id, std::max<int64_t>(delivery.delivered_ms, 0), delivery.deliveries, owner})) {
    return false;
  }
  if (delivery.consumer != nullptr) delivery.consumer->pending_.insert({id});
  if (index_ != nullptr) index_->added(*this, id);
  return true;
}

bool StreamGroup::add_released(const StreamId& id, uint64_t deliveries) {
  return restore_released(id, static_cast<uint64_t>(released_ever_), deliveries);
}

bool StreamGroup::restore_released(const StreamId& id, uint64_t order, uint64_t deliveries) {
  const auto place = static_cast<int64_t>(order);
  if (!pending_.insert({id, kFirstReleasedKey + place, deliveries, kNobody})) return false;
  released_ever_ = std::max(released_ever_, place + 1);
  ++released_;
  if (index_ != nullptr) index_->added(*this, id);
  return true;
}

void StreamGroup::deliver(const StreamId& id, const Delivery& delivery) {
  const auto before = pending_.find(id);
  SLUICE_CHECK(before, "only what is pending is delivered again");
  const uint32_t owner = delivery.consumer == nullptr ? kNobody : delivery.consumer->number_;
  move_to(*before, {id, std::max<int64_t>(delivery.delivered_ms, 0), delivery.deliveries, owner});
}

void StreamGroup::release(const StreamId& id, uint64_t deliveries) {
  const auto before = pending_.find(id);
  SLUICE_CHECK(before, "only what is pending is released");
  move_to(*before, {id, take_released_key(), deliveries, kNobody});
}

void StreamGroup::move_to(const PendingItem& before, const PendingItem& item) {
  if (before.consumer != item.consumer) {
    if (StreamConsumer* const old = consumer_of(before); old != nullptr) old->pending_.erase(item.id);
    if (StreamConsumer* const owner = consumer_of(item); owner != nullptr) owner->pending_.insert({item.id});
  }
  if (before.time_key < 0) --released_;
  if (item.time_key < 0) ++released_;
  pending_.update(item);
}

bool StreamGroup::acknowledge(const StreamId& id) {
  const auto item = pending_.erase(id);
  if (!item) return false;
  if (StreamConsumer* const owner = consumer_of(*item); owner != nullptr) owner->pending_.erase(id);
  if (item->time_key < 0) --released_;
  if (index_ != nullptr) index_->removed(*this, id);
  if (trim_memory != nullptr) trim_memory->note(id);
  return true;
}

// --- as a whole

std::unique_ptr<StreamGroup> StreamGroup::clone() const {
  auto copy = std::make_unique<StreamGroup>(*epoch_, last_id_, entries_read);
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
      if (StreamConsumer* const owner = copy->consumer_of(item)) owner->pending_.insert({item.id});
    }
  });
  copy->released_ = released_;
  copy->released_ever_ = released_ever_;
  return copy;
}

size_t StreamGroup::memory_bytes() const {
  // What a node of the library's tree takes beside its content.
  constexpr size_t kTreeNodeBytes = 32;
  size_t bytes = ds::size_class(sizeof(StreamGroup)) + pending_.memory_bytes() +
                 numbered_.capacity() * sizeof(numbered_[0]) + free_numbers_.capacity() * sizeof(uint32_t);
  for (const auto& [name, consumer] : consumers_) {
    bytes += ds::size_class(sizeof(StreamConsumer)) + consumer->pending_.memory_bytes() + kTreeNodeBytes +
             sizeof(Consumers::value_type) + 2 * name.size();
  }
  return bytes;
}

bool StreamGroup::release_slice(size_t max) {
  size_t left = max;
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
