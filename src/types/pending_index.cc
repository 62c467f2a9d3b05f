#include "types/pending_index.h"

#include <algorithm>

#include "base/check.h"
#include "ds/size_class.h"
#include "types/stream_group.h"

namespace sluice::types {

void PendingIndex::count(const StreamId& id) {
  const auto known = counts_.find(id);
  if (known) {
    counts_.update({id, known->groups + 1});
  } else {
    counts_.insert({id, 1});
  }
}

void PendingIndex::discount(const StreamId& id) {
  const auto known = counts_.find(id);
  SLUICE_CHECK(known, "only what was counted is taken back");
  if (known->groups > 1) {
    counts_.update({id, known->groups - 1});
  } else {
    counts_.erase(id);
  }
}

void PendingIndex::join(StreamGroup& group) {
  last_ids_.insert(group.last_id());
  group.standing_ = Standing::kNothing;
  group.for_each_leaf([&](const PendingLeaf& leaf) {
    for (size_t i = 0; i < leaf.count(); ++i) added(group, leaf.id(i));
  });
}

bool PendingIndex::leave(StreamGroup& group) {
  const auto at = last_ids_.find(group.last_id());
  SLUICE_CHECK(at != last_ids_.end(), "a group of another stream");
  last_ids_.erase(at);
  if (alone_ == &group) alone_ = nullptr;
  if (group.standing_ != Standing::kCounted) return false;
  leaving_.push_back(&group);
  return true;
}

void PendingIndex::abandon() {
  abandoned_ = true;
  alone_ = nullptr;
  leaving_.clear();
  last_ids_.clear();
}

bool PendingIndex::release_slice(size_t max) {
  counts_.drop_leaves(max);
  return !counts_.empty();
}

void PendingIndex::added(StreamGroup& group, const StreamId& id) {
  if (abandoned_) return;
  if (group.standing_ == Standing::kNothing) {
    group.standing_ = alone_ == nullptr ? Standing::kAlone : Standing::kCounted;
    if (alone_ == nullptr) alone_ = &group;
  }
  if (group.standing_ == Standing::kCounted) count(id);
}

void PendingIndex::removed(StreamGroup& group, const StreamId& id) {
  if (abandoned_) return;
  if (group.standing_ == Standing::kCounted) discount(id);
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

void PendingIndex::forget(const StreamGroup& group) {
  leaving_.erase(std::remove(leaving_.begin(), leaving_.end(), &group), leaving_.end());
}

StreamId PendingIndex::lowest_delivered() const {
  return last_ids_.empty() ? kMaxStreamId : *last_ids_.begin();
}

bool PendingIndex::is_pending(const StreamId& id) const {
  if (alone_ != nullptr && alone_->find_pending(id)) return true;
  const auto known = counts_.find(id);
  if (!known) return false;
  uint32_t groups = known->groups;
  for (const StreamGroup* group : leaving_) {
    if (group->find_pending(id)) --groups;
  }
  return groups > 0;
}

size_t PendingIndex::memory_bytes() const {
  constexpr size_t kTreeNodeBytes = 32;
  return ds::size_class(sizeof(PendingIndex)) + counts_.memory_bytes() +
         last_ids_.size() * (kTreeNodeBytes + sizeof(StreamId));
}

}  // namespace sluice::types
