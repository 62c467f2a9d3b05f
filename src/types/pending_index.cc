#include "types/pending_index.h"

#include <algorithm>

#include "base/check.h"
#include "ds/size_class.h"
#include "types/stream_group.h"

namespace sluice::types {

void PendingIndex::count(const StreamId& id, uint32_t number) {
  const auto known = counts_.find(id);
  if (known) {
    counts_.update({id, known->groups + 1, known->numbers ^ number});
  } else {
    counts_.insert({id, 1, number});
  }
}

void PendingIndex::discount(const StreamId& id, uint32_t number) {
  const auto known = counts_.find(id);
  SLUICE_CHECK(known, "only what was counted is taken back");
  if (known->groups > 1) {
    counts_.update({id, known->groups - 1, known->numbers ^ number});
  } else {
    counts_.erase(id);
  }
}

void PendingIndex::join(StreamGroup& group) {
  last_ids_.insert(group.last_id());
  if (free_numbers_.empty()) {
    free_numbers_.push_back(static_cast<uint32_t>(numbered_.size()));
    numbered_.push_back(nullptr);
  }
  group.index_number_ = free_numbers_.back();
  free_numbers_.pop_back();
  numbered_[group.index_number_] = &group;
  keeps_letters(group, !group.policy().dead_letters.empty());
  group.standing_ = Standing::kNothing;
  group.for_each_leaf([&](const PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) added(group, leaf.id(i));
  });
}

bool PendingIndex::leave(StreamGroup& group) {
  const auto at = last_ids_.find(group.last_id());
  SLUICE_CHECK(at != last_ids_.end(), "a group of another stream");
  last_ids_.erase(at);
  keeps_letters(group, false);
  numbered_[group.index_number_] = nullptr;
  if (alone_ == &group) alone_ = nullptr;
  const bool is_counted = group.standing_ == Standing::kCounted;
  if (is_counted) {
    leaving_.push_back(&group);
  } else {
    free_numbers_.push_back(group.index_number_);
  }
  return is_counted;
}

void PendingIndex::abandon() {
  abandoned_ = true;
  alone_ = nullptr;
  leaving_.clear();
}

bool PendingIndex::release_slice(size_t max) {
  const size_t counts = counts_.size();
  counts_.drop_leaves(max);
  size_t left = max - std::min(max, counts);
  for (; left > 0 && !last_ids_.empty(); --left) last_ids_.erase(last_ids_.begin());
  for (; left > 0 && !letter_keepers_.empty(); --left) letter_keepers_.erase(letter_keepers_.begin());
  return !counts_.empty() || !last_ids_.empty() || !letter_keepers_.empty();
}

void PendingIndex::added(StreamGroup& group, const StreamId& id) {
  if (abandoned_) return;
  if (group.standing_ == Standing::kNothing) {
    group.standing_ = alone_ == nullptr ? Standing::kAlone : Standing::kCounted;
    if (alone_ == nullptr) alone_ = &group;
  }
  if (group.standing_ == Standing::kCounted) count(id, group.index_number_);
}

void PendingIndex::removed(StreamGroup& group, const StreamId& id) {
  if (abandoned_) return;
  if (group.standing_ == Standing::kCounted) discount(id, group.index_number_);
  if (group.pending_count() > 0) return;
  if (alone_ == &group) alone_ = nullptr;
  group.standing_ = Standing::kNothing;
}

void PendingIndex::last_id_moved(const StreamId& from, const StreamId& to) {
  if (abandoned_) return;
  auto place = last_ids_.extract(last_ids_.find(from));
  place.value() = to;
  last_ids_.insert(std::move(place));
}

void PendingIndex::keeps_letters(StreamGroup& group, bool keeps) {
  if (abandoned_) return;
  if (keeps) {
    letter_keepers_.try_emplace(*group.called, &group);
  } else if (!letter_keepers_.empty()) {
    letter_keepers_.erase(*group.called);
  }
}

void PendingIndex::forget(const StreamGroup& group) {
  const auto at = std::find(leaving_.begin(), leaving_.end(), &group);
  if (at == leaving_.end()) return;
  leaving_.erase(at);
  free_numbers_.push_back(group.index_number_);
}

StreamId PendingIndex::lowest_delivered() const {
  return last_ids_.empty() ? kMaxStreamId : *last_ids_.begin();
}

StreamId PendingIndex::highest_delivered() const {
  return last_ids_.empty() ? kMinStreamId : *last_ids_.rbegin();
}

CountItem PendingIndex::counted(const StreamId& id) const {
  CountItem known = counts_.find(id).value_or(CountItem{id});
  if (known.groups == 0) return known;
  for (const StreamGroup* group : leaving_) {
    if (!group->find_pending(id)) continue;
    --known.groups;
    known.numbers ^= group->index_number_;
  }
  return known;
}

bool PendingIndex::is_pending(const StreamId& id) const {
  return (alone_ != nullptr && alone_->find_pending(id)) || counted(id).groups > 0;
}

PendingIndex::Holders PendingIndex::holders(const StreamId& id) const {
  Holders found;
  const auto ask = [&](StreamGroup* group) {
    ++found.looked_at;
    if (group->find_pending(id)) found.groups.push_back(group);
  };
  if (alone_ != nullptr) ask(alone_);
  const CountItem known = counted(id);
  if (known.groups == 1) {
    ask(numbered_[known.numbers]);
    return found;
  }
  const size_t all = found.groups.size() + known.groups;
  for (size_t i = 0; found.groups.size() < all; ++i) {
    StreamGroup* const group = numbered_[i];
    if (group != nullptr && group->standing_ == Standing::kCounted) ask(group);
  }
  return found;
}

bool PendingIndex::consistent() const {
  bool sound = counts_.consistent();
  size_t counted = 0;
  counts_.for_each_leaf([&](const IdLeaf<CountSlot>& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) {
      const CountItem item = leaf.item(i);
      counted += item.groups;
      uint32_t numbers = 0;
      size_t groups = 0;
      const auto look = [&](const StreamGroup* group) {
        if (group == nullptr || group->standing_ != Standing::kCounted || !group->find_pending(item.id))
          return;
        ++groups;
        numbers ^= group->index_number_;
      };
      for (const StreamGroup* group : numbered_) look(group);
      for (const StreamGroup* group : leaving_) look(group);
      sound = sound && groups == item.groups && numbers == item.numbers;
    }
  });
  size_t pending = 0;
  const auto add = [&pending](const StreamGroup* group) {
    if (group != nullptr && group->standing_ == Standing::kCounted) pending += group->pending_count();
  };
  std::for_each(numbered_.begin(), numbered_.end(), add);
  std::for_each(leaving_.begin(), leaving_.end(), add);
  return sound && counted == pending;
}

size_t PendingIndex::memory_bytes() const {
  constexpr size_t kTreeNodeBytes = 32;
  return ds::size_class(sizeof(PendingIndex)) + counts_.memory_bytes() +
         last_ids_.size() * (kTreeNodeBytes + sizeof(StreamId)) +
         letter_keepers_.size() * (kTreeNodeBytes + sizeof(ByName::value_type)) +
         numbered_.capacity() * sizeof(numbered_[0]) + free_numbers_.capacity() * sizeof(free_numbers_[0]);
}

}  // namespace sluice::types
