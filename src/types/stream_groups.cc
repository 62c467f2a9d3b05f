// Stream: its groups, and what they make of an id.
#include <algorithm>
#include <utility>

#include "types/delayed_entries.h"
#include "types/stream.h"
#include "types/stream_counts.h"

namespace sluice::types {

StreamGroup* Stream::find_group(base::ByteView name) const {
  const auto at = groups_.find(name);
  return at == groups_.end() ? nullptr : at->second.get();
}

const std::shared_ptr<PendingIndex>& Stream::groups_index() {
  if (pending_index_ == nullptr) pending_index_ = std::make_shared<PendingIndex>(context_->epoch);
  return pending_index_;
}

StreamGroup* Stream::add_group(base::ByteView name, const StreamId& last_id, int64_t entries_read) {
  const auto [at, added] = groups_.try_emplace(
      base::Bytes(name), std::make_unique<StreamGroup>(context_->epoch, last_id, entries_read));
  if (!added) return nullptr;
  at->second->called = &at->first;
  at->second->trim_memory = trim_memory_.get();
  at->second->join(groups_index());
  return at->second.get();
}

std::unique_ptr<StreamGroup> Stream::remove_group(base::ByteView name) {
  const auto at = groups_.find(name);
  if (at == groups_.end()) return nullptr;
  std::unique_ptr<StreamGroup> group = std::move(at->second);
  if (group->filed_ms != kNeverExpires) agenda_->file(group.get(), group->filed_ms, kNeverExpires);
  group->leave();
  group->called = nullptr;
  groups_.erase(at);
  // What only this group needed may be anywhere.
  group->trim_memory = nullptr;
  if (trim_memory_ != nullptr) *trim_memory_ = {};
  return group;
}

bool Stream::consistent() const {
  bool sound = pending_index_ == nullptr || pending_index_->consistent();
  for (const auto& [name, group] : groups_) {
    sound = sound && group->consistent() && group->filed_ms <= group->next_deadline_ms();
  }
  return sound && (delayed_ == nullptr || delayed_->consistent());
}

bool Stream::needed(const StreamId& id) const {
  return !groups_.empty() && (id > pending_index_->lowest_delivered() || pending_index_->is_pending(id));
}

bool Stream::is_read(const StreamId& id) const {
  return !groups_.empty() && (id <= pending_index_->highest_delivered() || pending_index_->is_pending(id));
}

// Redis counts by the same rules (src/t_stream.c): XINFO GROUPS shows the outcome as entries-read and lag.
int64_t Stream::entries_up_to(const StreamId& id) const {
  // A file may count more than any integer of a reply, or fewer than there are.
  const auto added = static_cast<int64_t>(
      std::clamp<uint64_t>(entries_added_, std::min(length_, kMostCounted), kMostCounted));
  if (added == 0) return 0;
  if (id == last_id_) return added;
  if (id > last_id_) return StreamGroup::kUnknown;
  if (empty()) return added;
  const StreamId first = first_id();
  // A deletion behind the first entry leaves a hole that nobody counted.
  if (max_deleted_id_ != kMinStreamId && max_deleted_id_ >= first) return StreamGroup::kUnknown;
  const auto before_first = added - static_cast<int64_t>(length_);
  if (id < first) return before_first;
  return id == first ? before_first + 1 : StreamGroup::kUnknown;
}

}  // namespace sluice::types
