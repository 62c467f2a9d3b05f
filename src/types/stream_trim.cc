// Stream: deleting from the front, and what groups still need.
#include "types/stream_trim.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "types/delayed_entries.h"
#include "types/stream.h"

namespace sluice::types {

StreamRemoval::StreamRemoval() = default;
StreamRemoval::~StreamRemoval() = default;
StreamRemoval::StreamRemoval(StreamRemoval&&) noexcept = default;
StreamRemoval& StreamRemoval::operator=(StreamRemoval&&) noexcept = default;

// --- what was found needed

void TrimMemory::note(const StreamId& id) {
  if (id > mark_) return;
  ids_.push_back(id);
  if (ids_.size() <= kMostIds) return;
  const StreamId lowest = *std::min_element(ids_.begin(), ids_.end());
  mark_ = lowest.previous().value_or(kMinStreamId);
  ids_.clear();
}

std::vector<StreamId> TrimMemory::take() {
  std::vector<StreamId> ids = std::exchange(ids_, {});
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// --- what groups have of an entry

std::vector<base::ByteView> Stream::purge_pending(const StreamId& id) {
  std::vector<base::ByteView> holders;
  if (groups_.empty()) return holders;
  for (StreamGroup* const group : pending_index_->holders(id).groups) {
    group->acknowledge(id);
    holders.emplace_back(*group->called);
  }
  std::sort(holders.begin(), holders.end());
  return holders;
}

const PendingIndex::ByName& Stream::letter_keepers() const {
  static const PendingIndex::ByName kNone;
  return pending_index_ == nullptr ? kNone : pending_index_->letter_keepers();
}

// --- trims

void Stream::purge_for(const StreamId& id, StreamRemoval& removal) {
  for (const base::ByteView group : purge_pending(id)) removal.purged.push_back({group, id});
}

StreamRemoval Stream::trim(const StreamTrim& rule) {
  StreamRemoval removal;
  if (rule.policy == DeletePolicy::kAcked && !groups_.empty()) {
    trim_acked(rule, removal);
  } else {
    trim_front(rule, removal);
  }
  if (delayed_ != nullptr) delayed_->forget_before(empty() ? kMaxStreamId : first_id());
  return removal;
}

void Stream::trim_front(const StreamTrim& rule, StreamRemoval& removal) {
  const bool by_length = rule.keep == StreamTrim::Keep::kMaxLength;
  const bool purges = rule.policy == DeletePolicy::kDelRef && !groups_.empty();
  while (block_count() > 0) {
    if (by_length && length_ <= rule.max_length) break;
    const StreamBlock& block = block_at(0);
    const uint64_t live = block.live();
    if (rule.limit != 0 && removal.gone + live > rule.limit) break;
    const bool whole = by_length ? length_ - live >= rule.max_length : block.last().id < rule.min_id;
    if (!whole) {
      if (!rule.approximate) trim_within(rule, removal);
      break;
    }
    for (auto entry = std::optional(block.first()); purges && entry; entry = block.next(*entry)) {
      if (!entry->deleted) purge_for(entry->id, removal);
    }
    drop_block(0, &removal);
    length_ -= live;
    removal.gone += live;
  }
}

// Deletes from the first block what is in excess, entry by entry. The block stays even if nothing live is
// left in it, as it does in Redis: it decides where the next one begins.
void Stream::trim_within(const StreamTrim& rule, StreamRemoval& removal) {
  StreamBlock& block = writable(0);
  block_bytes_ -= block.memory_bytes();
  const bool purges = rule.policy == DeletePolicy::kDelRef && !groups_.empty();
  const uint64_t excess = length_ - std::min(length_, rule.max_length);
  uint64_t seen_live = 0;
  const uint64_t gone = block.remove_until([&](const StreamEntry& entry) {
    if (!entry.deleted) ++seen_live;
    const bool stays = rule.keep == StreamTrim::Keep::kMinId ? entry.id >= rule.min_id : seen_live > excess;
    if (purges && !stays && !entry.deleted) purge_for(entry.id, removal);
    return stays;
  });
  const bool may_grow = block_count() == 1 && block.bytes() <= kMaxReservedBytes;
  if (block.is_hollow() && !may_grow) block.compact();
  length_ -= gone;
  removal.gone += gone;
  block_bytes_ += block.memory_bytes();
}

// --- trims that spare what is needed

// One walk over what is in excess, block by block, behind what is known to be needed. An approximate one with
// a limit ends after about so many looks, and the next goes on from there.
class Stream::AckedTrim {
 public:
  static constexpr uint64_t kMostLooks = 10'000;

  AckedTrim(Stream& stream, const StreamTrim& rule, StreamRemoval& removal)
      : stream_(stream),
        rule_(rule),
        removal_(removal),
        delivered_(stream.pending_index_->lowest_delivered()) {}

  void run() {
    TrimMemory& memory = *stream_.trim_memory_;
    // Above what a group was delivered everything is needed now, whatever was remembered.
    if (delivered_ < memory.mark()) memory.set_mark(delivered_);
    look_again(memory);
    walk(memory);
    name_those_behind();
  }

 private:
  [[nodiscard]] bool enough() const {
    if (rule_.limit != 0 && removal_.gone >= rule_.limit) return true;
    if (rule_.limit != 0 && rule_.approximate && removal_.looked_at >= kMostLooks) return true;
    return rule_.keep == StreamTrim::Keep::kMaxLength && stream_.length_ <= rule_.max_length;
  }
  // Whether an approximate trim leaves the block alone, and all behind it.
  [[nodiscard]] bool is_last(const StreamBlock& block) const {
    if (rule_.keep == StreamTrim::Keep::kMinId) return block.last().id >= rule_.min_id;
    return stream_.length_ - block.live() < rule_.max_length;
  }
  [[nodiscard]] bool in_excess(const StreamId& id) const {
    return rule_.keep == StreamTrim::Keep::kMaxLength || id < rule_.min_id;
  }

  // What stopped being pending since, of all that was found needed.
  void look_again(TrimMemory& memory) {
    for (const StreamId& id : memory.take()) {
      if (id > memory.mark()) continue;
      const Cursor cursor = stream_.seek(id);
      if (!cursor.valid() || cursor.entry().id != id) continue;
      const bool too_early =
          enough() || !in_excess(id) || (rule_.approximate && is_last(stream_.block_at(cursor.block_)));
      if (too_early) {
        memory.note(id);
        continue;
      }
      ++removal_.looked_at;
      if (stream_.needed(id)) continue;
      going_.assign(1, id);
      remove_from(cursor.block_);
    }
  }

  void walk(TrimMemory& memory) {
    size_t index = stream_.block_for(memory.mark());
    if (index == kNoBlock) index = 0;
    while (index < stream_.block_count() && !enough()) {
      const StreamBlock& block = stream_.block_at(index);
      if (rule_.approximate && is_last(block)) return;
      going_.clear();
      const bool through = choose(block, memory);
      if (!remove_from(index)) ++index;
      if (!through) return;
    }
  }

  // Which entries of a block go. False: nothing behind them can.
  bool choose(const StreamBlock& block, TrimMemory& memory) {
    const uint64_t excess =
        rule_.keep == StreamTrim::Keep::kMaxLength ? stream_.length_ - rule_.max_length : UINT64_MAX;
    const uint64_t most = std::min(excess, rule_.limit == 0 ? UINT64_MAX : rule_.limit - removal_.gone);
    for (auto entry = std::optional(block.first()); entry; entry = block.next(*entry)) {
      if (entry->deleted || entry->id <= memory.mark()) continue;
      if (entry->id > delivered_ || !in_excess(entry->id) || going_.size() == most) return false;
      ++removal_.looked_at;
      if (!stream_.needed(entry->id)) going_.push_back(entry->id);
      memory.set_mark(entry->id);
    }
    return true;
  }

  // Deletes those chosen from the block. True when it went as a whole.
  bool remove_from(size_t index) {
    if (going_.empty()) return false;
    const uint64_t count = going_.size();
    const bool whole = stream_.block_at(index).live() == count;
    if (whole) {
      stream_.drop_block(index, &removal_);
    } else {
      StreamBlock& block = stream_.writable(index);
      stream_.block_bytes_ -= block.memory_bytes();
      block.remove_listed(going_);
      const bool may_grow = index + 1 == stream_.block_count() && block.bytes() <= kMaxReservedBytes;
      if (block.is_hollow() && !may_grow) block.compact();
      stream_.block_bytes_ += block.memory_bytes();
      // At the front, too: a block that an earlier trim left without an entry may stand before this one.
      stream_.highest_hole_ = std::max(stream_.highest_hole_, going_.back());
    }
    stream_.length_ -= count;
    removal_.gone += count;
    removed_.insert(removed_.end(), going_.begin(), going_.end());
    return whole;
  }

  // Blocks without an entry stay where nothing is cut behind them, and go with what is, as by any other trim.
  void drop_hollow_front() {
    while (stream_.block_count() > 0 && stream_.block_at(0).live() == 0) stream_.drop_block(0, &removal_);
  }

  // What went from behind an entry that stays is a deletion by id, as XDEL makes it; the rest a cut.
  void name_those_behind() {
    if (removed_.empty()) return;
    std::sort(removed_.begin(), removed_.end());
    const StreamId first = stream_.empty() ? kMaxStreamId : stream_.first_id();
    if (removed_.front() < first) drop_hollow_front();
    removal_.by_id.assign(std::upper_bound(removed_.begin(), removed_.end(), first), removed_.end());
    if (removal_.by_id.empty()) return;
    // As if remove() had been called for each: that is what the log has.
    if (stream_.delayed_ != nullptr) {
      for (const StreamId& id : removal_.by_id) stream_.delayed_->clear_expiry(id);
    }
    stream_.max_deleted_id_ = std::max(stream_.max_deleted_id_, removal_.by_id.back());
    stream_.highest_hole_ = std::max(stream_.highest_hole_, removal_.by_id.back());
  }

  Stream& stream_;
  const StreamTrim& rule_;
  StreamRemoval& removal_;
  StreamId delivered_;
  std::vector<StreamId> going_;    // of the block at hand, in order
  std::vector<StreamId> removed_;  // of all blocks
};

void Stream::trim_acked(const StreamTrim& rule, StreamRemoval& removal) {
  if (trim_memory_ == nullptr) {
    trim_memory_ = std::make_unique<TrimMemory>();
    for (const auto& [name, group] : groups_) group->trim_memory = trim_memory_.get();
  }
  AckedTrim(*this, rule, removal).run();
}

}  // namespace sluice::types
