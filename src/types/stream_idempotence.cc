#include "types/stream_idempotence.h"

#include <algorithm>

#include "ds/size_class.h"

namespace sluice::types {

namespace {

// What a node of the library's trees takes beside its content.
constexpr size_t kTreeNodeBytes = 32;

}  // namespace

IdempotenceTable::~IdempotenceTable() {
  if (watcher_ == nullptr) return;
  release_slice(SIZE_MAX);
  watcher_->table_goes();
}

bool IdempotenceTable::too_old(const StreamId& id, uint64_t now_ms) const {
  return now_ms >= id.ms && now_ms - id.ms >= uint64_t{limits_.duration_s} * 1000;
}

std::optional<StreamId> IdempotenceTable::find_any(base::ByteView pid, base::ByteView iid) const {
  const auto producer = producers_.find(pid);
  if (producer == producers_.end()) return std::nullopt;
  const auto at = producer->second.by_iid.find(iid);
  if (at == producer->second.by_iid.end()) return std::nullopt;
  return at->second;
}

std::optional<StreamId> IdempotenceTable::find(base::ByteView pid, base::ByteView iid,
                                               uint64_t now_ms) const {
  const std::optional<StreamId> id = find_any(pid, iid);
  if (id && too_old(*id, now_ms)) return std::nullopt;
  return id;
}

void IdempotenceTable::insert(Producers::iterator at, base::ByteView iid, const StreamId& id) {
  Producer& producer = at->second;
  if (!producer.by_age.empty()) by_oldest_.erase({producer.by_age.begin()->first, at->first});
  const auto name = producer.by_iid.emplace(base::Bytes(iid), id).first;
  producer.by_age.emplace(id, name);
  by_oldest_.emplace(producer.by_age.begin()->first, at->first);
  ++size_;
  text_bytes_ += iid.size();
  if (watcher_ != nullptr) watcher_->name_added(at->first, iid, id);
}

void IdempotenceTable::erase(Producers::iterator at,
                             std::multimap<StreamId, ByIid::iterator>::iterator entry) {
  Producer& producer = at->second;
  if (watcher_ != nullptr) watcher_->name_leaves(at->first, entry->second->first, entry->first);
  by_oldest_.erase({producer.by_age.begin()->first, at->first});
  --size_;
  text_bytes_ -= entry->second->first.size();
  producer.by_iid.erase(entry->second);
  producer.by_age.erase(entry);
  if (!producer.by_age.empty()) by_oldest_.emplace(producer.by_age.begin()->first, at->first);
}

void IdempotenceTable::drop_if_empty(Producers::iterator at) {
  if (!at->second.by_age.empty()) return;
  text_bytes_ -= at->first.size();
  producers_.erase(at);
}

bool IdempotenceTable::put(base::ByteView pid, base::ByteView iid, const StreamId& id) {
  if (find_any(pid, iid)) return false;
  const auto [at, added] = producers_.try_emplace(base::Bytes(pid));
  if (added) text_bytes_ += pid.size();
  insert(at, iid, id);
  return true;
}

void IdempotenceTable::add(base::ByteView pid, base::ByteView iid, const StreamId& id, uint64_t now_ms) {
  const auto [at, added] = producers_.try_emplace(base::Bytes(pid));
  if (added) text_bytes_ += pid.size();
  Producer& producer = at->second;
  if (const auto known = producer.by_iid.find(iid); known != producer.by_iid.end()) {
    auto [entry, end] = producer.by_age.equal_range(known->second);
    while (entry->second != known) ++entry;
    erase(at, entry);
  }
  insert(at, iid, id);
  ++added_;
  while (producer.by_age.size() > limits_.max_ids) forget_oldest(at);
  while (!producer.by_age.empty() && too_old(producer.by_age.begin()->first, now_ms)) forget_oldest(at);
  drop_if_empty(at);
  for (size_t left = kForgottenPerAdd; left > 0 && !by_oldest_.empty(); --left) {
    const auto& [oldest, name] = *by_oldest_.begin();
    if (!too_old(oldest, now_ms)) break;
    const auto other = producers_.find(name);
    forget_oldest(other);
    drop_if_empty(other);
  }
}

// Only what is too old and still there is gone over, one by one.
IdempotenceTable::Tracked IdempotenceTable::tracked(uint64_t now_ms) const {
  Tracked tracked{producers_.size(), size_};
  for (const auto& [oldest, name] : by_oldest_) {
    if (!too_old(oldest, now_ms)) break;
    const Producer& producer = producers_.find(name)->second;
    auto at = producer.by_age.begin();
    for (; at != producer.by_age.end() && too_old(at->first, now_ms); ++at) --tracked.ids;
    if (at == producer.by_age.end()) --tracked.producers;
  }
  return tracked;
}

size_t IdempotenceTable::memory_bytes() const {
  const size_t per_id = ds::size_class(kTreeNodeBytes + sizeof(ByIid::value_type)) +
                        ds::size_class(kTreeNodeBytes + sizeof(StreamId) + sizeof(void*));
  const size_t per_producer = ds::size_class(kTreeNodeBytes + sizeof(Producers::value_type)) +
                              ds::size_class(kTreeNodeBytes + sizeof(std::pair<StreamId, base::ByteView>));
  return ds::size_class(sizeof(IdempotenceTable)) + size_ * per_id + producers_.size() * per_producer +
         text_bytes_;
}

std::unique_ptr<IdempotenceTable> IdempotenceTable::clone() const {
  auto copy = std::make_unique<IdempotenceTable>(limits_);
  copy->set_counters(added_, duplicates_);
  for_each([&](base::ByteView pid, base::ByteView iid, const StreamId& id) { copy->put(pid, iid, id); });
  return copy;
}

bool IdempotenceTable::release_slice(size_t max) {
  for (; max > 0 && !producers_.empty(); --max) {
    const auto at = producers_.begin();
    forget_oldest(at);
    drop_if_empty(at);
  }
  return !producers_.empty();
}

}  // namespace sluice::types
