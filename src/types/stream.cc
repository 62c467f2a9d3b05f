#include "types/stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "types/delayed_entries.h"
#include "types/stream_counts.h"

namespace sluice::types {

namespace {

// Of the entries that are not deleted; the highest possible and the lowest when there is none.
StreamId first_live(const StreamBlock& block) {
  for (std::optional<StreamEntry> entry = block.first(); entry; entry = block.next(*entry)) {
    if (!entry->deleted) return entry->id;
  }
  return kMaxStreamId;
}

StreamId last_live(const StreamBlock& block) {
  for (std::optional<StreamEntry> entry = block.last(); entry; entry = block.prev(*entry)) {
    if (!entry->deleted) return entry->id;
  }
  return kMinStreamId;
}

}  // namespace

Stream::Stream(const ValueContext& context) : context_(&context) {}

Stream::Stream(Stream&& other) noexcept
    : context_(other.context_),
      blocks_(std::exchange(other.blocks_, {})),
      head_(std::exchange(other.head_, 0)),
      block_bytes_(std::exchange(other.block_bytes_, 0)),
      length_(std::exchange(other.length_, 0)),
      entries_added_(std::exchange(other.entries_added_, 0)),
      placed_(std::exchange(other.placed_, 0)),
      highest_hole_(std::exchange(other.highest_hole_, {})),
      last_id_(std::exchange(other.last_id_, {})),
      max_deleted_id_(std::exchange(other.max_deleted_id_, {})),
      groups_(std::exchange(other.groups_, {})),
      idempotence_(std::exchange(other.idempotence_, nullptr)),
      delayed_(std::exchange(other.delayed_, nullptr)),
      pending_index_(std::exchange(other.pending_index_, nullptr)),
      trim_memory_(std::exchange(other.trim_memory_, nullptr)),
      agenda_(std::exchange(other.agenda_, nullptr)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(blocks_, other.blocks_);
  std::swap(head_, other.head_);
  std::swap(block_bytes_, other.block_bytes_);
  std::swap(length_, other.length_);
  std::swap(entries_added_, other.entries_added_);
  std::swap(placed_, other.placed_);
  std::swap(highest_hole_, other.highest_hole_);
  std::swap(last_id_, other.last_id_);
  std::swap(max_deleted_id_, other.max_deleted_id_);
  std::swap(groups_, other.groups_);
  std::swap(idempotence_, other.idempotence_);
  std::swap(delayed_, other.delayed_);
  std::swap(pending_index_, other.pending_index_);
  std::swap(trim_memory_, other.trim_memory_);
  std::swap(agenda_, other.agenda_);
  return *this;
}

Stream::~Stream() {
  release_slice(SIZE_MAX);
}

size_t Stream::memory_bytes() const {
  size_t bytes = block_bytes_ + blocks_.capacity() * sizeof(StreamBlock*);
  for (const auto& [name, group] : groups_) bytes += group->memory_bytes() + name.size();
  if (idempotence_ != nullptr) bytes += idempotence_->memory_bytes();
  if (delayed_ != nullptr) bytes += delayed_->memory_bytes();
  if (pending_index_ != nullptr) bytes += pending_index_->memory_bytes();
  if (agenda_ != nullptr) bytes += agenda_->memory_bytes();
  return bytes;
}

size_t Stream::part_count() const {
  size_t count = length_ + (idempotence_ == nullptr ? 0 : idempotence_->size());
  if (delayed_ != nullptr) count += delayed_->part_count();
  for (const auto& [name, group] : groups_) {
    if (count > kManyParts) break;
    count += 1 + group->part_count();
  }
  return count;
}

// --- blocks
// ----------------------------------------------------------------------------------------------------

size_t Stream::block_for(const StreamId& id) const {
  const auto begin = blocks_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto after = std::upper_bound(
      begin, blocks_.end(), id,
      [](const StreamId& wanted, const StreamBlock* block) { return wanted < block->master_id(); });
  return after == begin ? kNoBlock : static_cast<size_t>(after - begin) - 1;
}

void Stream::unpin(StreamBlock* block) {
  if (--block->refs == 0) delete block;
}

// The block in a state that may be changed: announced to a snapshot, and a copy of its own if one pinned it.
StreamBlock& Stream::writable(size_t index) {
  StreamBlock*& block = blocks_[head_ + index];
  ds::announce_change(context_->epoch, *block, this);
  if (ds::is_pinned(*block)) {
    StreamBlock* copy = block->clone();
    copy->epoch = context_->epoch.current;
    block_bytes_ += copy->memory_bytes();
    block_bytes_ -= block->memory_bytes();
    unpin(block);
    block = copy;
  }
  return *block;
}

void Stream::drop_block(size_t index, StreamRemoval* removal) {
  StreamBlock* block = blocks_[head_ + index];
  ds::announce_change(context_->epoch, *block, this);
  block_bytes_ -= block->memory_bytes();
  if (removal == nullptr) {
    unpin(block);
  } else {
    const bool has_next = index + 1 < block_count();
    if (has_next && block->last().id >= block_at(index + 1).master_id()) removal->out_of_order = true;
    free_later(block, *removal);
  }
  if (index > 0) {
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(head_ + index));
    return;
  }
  // Trims cut at the front: the gap is closed only when it is as big as what is left.
  ++head_;
  if (head_ == blocks_.size() || (head_ >= kMinCompaction && head_ * 2 >= blocks_.size())) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    if (blocks_.capacity() > kMinCompaction && blocks_.size() * 4 < blocks_.capacity())
      blocks_.shrink_to_fit();
  }
}

// The first few at once: that costs less than passing them on.
void Stream::free_later(StreamBlock* block, StreamRemoval& removal) {
  if (removal.dropped_blocks++ < kFreeAtOnceBlocks) return unpin(block);
  if (removal.remains == nullptr) removal.remains = std::make_unique<Stream>(*context_);
  Stream& remains = *removal.remains;
  remains.blocks_.push_back(block);
  remains.block_bytes_ += block->memory_bytes();
  remains.length_ += block->live();
}

Stream Stream::clone() const {
  Stream copy(*context_);
  copy.blocks_.reserve(block_count());
  for (size_t i = 0; i < block_count(); ++i) {
    StreamBlock* block = block_at(i).clone();
    block->epoch = context_->epoch.current;
    copy.blocks_.push_back(block);
    copy.block_bytes_ += block->memory_bytes();
  }
  copy.length_ = length_;
  copy.entries_added_ = entries_added_;
  copy.placed_ = placed_;
  copy.highest_hole_ = highest_hole_;
  copy.last_id_ = last_id_;
  copy.max_deleted_id_ = max_deleted_id_;
  for (const auto& [name, group] : groups_) {
    const auto at = copy.groups_.emplace(name, group->clone()).first;
    StreamGroup& same = *at->second;
    same.called = &at->first;
    same.join(copy.groups_index());
    copy.follow(same);
  }
  if (idempotence_ != nullptr) copy.idempotence_ = idempotence_->clone();
  if (delayed_ != nullptr) {
    copy.delayed_ = delayed_->clone();
    (void)copy.agenda();
  }
  return copy;
}

bool Stream::release_slice(size_t max) {
  if (agenda_ != nullptr && agenda_->release_slice(max)) return true;
  agenda_.reset();
  for (; max > 0 && block_count() > 0; --max) {
    StreamBlock* block = blocks_.back();
    block_bytes_ -= block->memory_bytes();
    unpin(block);
    blocks_.pop_back();
  }
  if (block_count() > 0) return true;
  if (pending_index_ != nullptr) {
    pending_index_->abandon();
    if (max == 0 || pending_index_->release_slice(max)) return true;
    pending_index_.reset();
  }
  while (!groups_.empty()) {
    StreamGroup& group = *groups_.begin()->second;
    const size_t parts = group.part_count();
    if (max == 0 || group.release_slice(max)) return true;
    max -= std::min(max, parts + 1);
    groups_.erase(groups_.begin());
  }
  if (idempotence_ != nullptr && (max == 0 || idempotence_->release_slice(max))) return true;
  idempotence_.reset();
  if (delayed_ != nullptr && delayed_->release_slice(max)) return true;
  delayed_.reset();
  std::vector<StreamBlock*>().swap(blocks_);
  head_ = 0;
  length_ = 0;
  return false;
}

bool Stream::adopt(StreamBlock* block) {
  const bool in_order = block_count() == 0 || (block->master_id() > blocks_.back()->master_id() &&
                                               first_live(*block) > last_live(*blocks_.back()));
  if (!in_order) {
    unpin(block);
    return false;
  }
  block->epoch = context_->epoch.current;
  block->ordinal = placed_;
  placed_ += block->live() + block->deleted();
  if (block->deleted() > 0) highest_hole_ = std::max(highest_hole_, block->master_id());
  blocks_.push_back(block);
  block_bytes_ += block->memory_bytes();
  length_ += block->live();
  return true;
}

// placed_ and the ordinals stay: they count where no holes are, and here is one.
bool Stream::restore_dropped(size_t index, const StreamBlock::Dropped& dropped) {
  if (index >= block_count() || block_at(index).dropped().entries > 0) return false;
  StreamBlock& block = block_at(index);
  block.set_dropped(dropped);
  highest_hole_ = std::max(highest_hole_, block.master_id());
  return true;
}

// --- what producers sent

IdempotenceLimits Stream::idempotence_limits() const {
  return idempotence_ == nullptr ? context_->stream.idempotence : idempotence_->limits();
}

IdempotenceTable& Stream::idempotence_table() {
  if (idempotence_ == nullptr) idempotence_ = std::make_unique<IdempotenceTable>(idempotence_limits());
  return *idempotence_;
}

std::unique_ptr<Stream> Stream::set_idempotence_limits(const IdempotenceLimits& limits) {
  if (limits == idempotence_table().limits()) return nullptr;
  auto anew = std::make_unique<IdempotenceTable>(limits);
  anew->set_counters(idempotence_->added(), idempotence_->duplicates());
  auto remains = std::make_unique<Stream>(*context_);
  remains->idempotence_ = std::exchange(idempotence_, std::move(anew));
  return remains;
}

// --- adding
// ----------------------------------------------------------------------------------------------------

base::Result<StreamId, AppendError> Stream::next_id(const StreamIdRequest& wanted, uint64_t now_ms) const {
  using Kind = StreamIdRequest::Kind;
  if (wanted.kind == Kind::kExplicit && wanted.id == kMinStreamId) return AppendError::kZeroId;
  if (last_id_ == kMaxStreamId) return AppendError::kExhausted;
  StreamId id = wanted.id;
  if (wanted.kind == Kind::kNext) {
    // A clock that was set back must not hand out lower ids.
    id = now_ms > last_id_.ms ? StreamId{now_ms, 0} : *last_id_.next();
  } else if (wanted.kind == Kind::kNextSeq && id.ms == last_id_.ms) {
    if (last_id_.seq == UINT64_MAX) return AppendError::kNotGreater;
    id = *last_id_.next();
  }
  if (id <= last_id_) return AppendError::kNotGreater;
  return id;
}

bool Stream::is_full(const StreamBlock& block, size_t arriving_bytes) const {
  const StreamLimits& limits = context_->stream;
  size_t max_bytes = limits.node_max_bytes;
  if (max_bytes == 0 || max_bytes > kMaxEntryBytes) max_bytes = kMaxEntryBytes;
  if (block.bytes() + arriving_bytes >= max_bytes) return true;
  return limits.node_max_entries != 0 && block.live() + block.deleted() >= limits.node_max_entries;
}

// After a full block, another one like it is likely to follow.
void Stream::begin_block(const StreamId& id, StreamFields fields) {
  size_t room = 0;
  if (block_count() > 0) {
    StreamBlock& full = block_at(block_count() - 1);
    room = std::min(full.bytes(), kMaxReservedBytes);
    StreamBlock& settled = full.is_hollow() ? writable(block_count() - 1) : full;
    block_bytes_ -= settled.memory_bytes();
    if (settled.is_hollow()) settled.compact();
    if (!ds::is_pinned(settled)) settled.tighten();
    block_bytes_ += settled.memory_bytes();
  }
  auto* block = new StreamBlock(id, fields, room);
  block->epoch = context_->epoch.current;
  block->ordinal = placed_;
  block_bytes_ += block->memory_bytes();
  blocks_.push_back(block);
}

base::Result<void, AppendError> Stream::append(const StreamId& id, StreamFields fields) {
  SLUICE_CHECK(id > last_id_, "a stream id that does not grow");
  SLUICE_CHECK(!fields.empty() && fields.size() % 2 == 0, "stream fields come in pairs");
  size_t arriving_bytes = 0;
  for (const base::ByteView part : fields) arriving_bytes += part.size();
  if (arriving_bytes > kMaxEntryBytes) return AppendError::kTooLarge;
  // XSETID may have set the ids back below what an exact trim left of the last block: no entry goes before
  // the beginning of its block.
  while (block_count() > 0 && block_at(block_count() - 1).live() == 0 &&
         id <= block_at(block_count() - 1).last().id) {
    highest_hole_ = std::max(highest_hole_, block_at(block_count() - 1).last().id);
    drop_block(block_count() - 1);
  }
  if (block_count() == 0 || is_full(block_at(block_count() - 1), arriving_bytes)) {
    begin_block(id, fields);
  } else {
    StreamBlock& block = writable(block_count() - 1);
    block_bytes_ -= block.memory_bytes();
    block.append(id, fields);
    block_bytes_ += block.memory_bytes();
  }
  // XSETID may have set the ids back: what was known of an earlier entry is nothing of this one's.
  if (delayed_ != nullptr) delayed_->clear_expiry(id);
  if (trim_memory_ != nullptr) trim_memory_->note(id);
  ++length_;
  ++placed_;
  if (entries_added_ < kMostCounted) ++entries_added_;
  last_id_ = id;
  return {};
}

// --- removing
// --------------------------------------------------------------------------------------------------

bool Stream::remove(const StreamId& id) {
  const Cursor cursor = seek(id);
  if (!cursor.valid() || cursor.entry().id != id) return false;
  if (delayed_ != nullptr) delayed_->clear_expiry(id);
  if (block_at(cursor.block_).live() == 1) {
    drop_block(cursor.block_);
  } else {
    // A copy has the same bytes, so the entry's place holds in it too.
    StreamBlock& block = writable(cursor.block_);
    block_bytes_ -= block.memory_bytes();
    block.remove(cursor.entry());
    // What is counted toward the end of the last block is in no file once it was compacted.
    const bool may_grow = cursor.block_ + 1 == block_count() && block.bytes() <= kMaxReservedBytes;
    if (block.is_hollow() && !may_grow) block.compact();
    block_bytes_ += block.memory_bytes();
  }
  --length_;
  max_deleted_id_ = std::max(max_deleted_id_, id);
  highest_hole_ = std::max(highest_hole_, id);
  return true;
}

}  // namespace sluice::types
