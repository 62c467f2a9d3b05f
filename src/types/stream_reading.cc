// Stream: finding entries, and walking over them.
#include <optional>

#include "types/stream.h"

namespace sluice::types {

namespace {

// By the distance of the ids. Readers that keep up are where the last entry is.
bool is_nearer_to_end(const StreamId& id, const StreamId& begin, const StreamId& end) {
  if (id <= begin || id >= end) return id > begin;
  if (begin.ms == end.ms) return id.seq - begin.seq > end.seq - id.seq;
  return id.ms - begin.ms > end.ms - id.ms;
}

}  // namespace

void Stream::Cursor::step(bool forward) {
  const StreamBlock& block = stream_->block_at(block_);
  entry_ = forward ? block.next(*entry_) : block.prev(*entry_);
  if (entry_) return;
  if (forward ? block_ + 1 == stream_->block_count() : block_ == 0) return;
  block_ = forward ? block_ + 1 : block_ - 1;
  entry_ = forward ? stream_->block_at(block_).first() : stream_->block_at(block_).last();
}

void Stream::Cursor::skip_deleted(bool forward) {
  while (entry_ && entry_->deleted) step(forward);
}

void Stream::Cursor::next() {
  step(true);
  skip_deleted(true);
}

void Stream::Cursor::prev() {
  step(false);
  skip_deleted(false);
}

Stream::Cursor Stream::seek(const StreamId& id) const {
  const size_t block = block_for(id);
  Cursor cursor(*this, block == kNoBlock ? 0 : block);
  if (block_count() == 0) return cursor;
  const StreamBlock& within = block_at(cursor.block_);
  const StreamEntry last = within.last();
  if (is_nearer_to_end(id, within.master_id(), last.id)) {
    for (auto entry = std::optional(last); entry && (entry->deleted || entry->id >= id);
         entry = within.prev(*entry))
      cursor.entry_ = entry;
    if (!cursor.entry_) cursor.entry_ = last;
  } else {
    cursor.entry_ = within.first();
  }
  while (cursor.entry_ && (cursor.entry_->id < id || cursor.entry_->deleted)) cursor.step(true);
  return cursor;
}

Stream::Cursor Stream::seek_back(const StreamId& id) const {
  const size_t block = block_for(id);
  Cursor cursor(*this, block);
  if (block == kNoBlock) return cursor;
  cursor.entry_ = block_at(block).last();
  while (cursor.entry_ && (cursor.entry_->id > id || cursor.entry_->deleted)) cursor.step(false);
  return cursor;
}

bool Stream::contains(const StreamId& id) const {
  const Cursor cursor = seek(id);
  return cursor.valid() && cursor.entry().id == id;
}

uint64_t Stream::entries_after(const StreamId& id) const {
  size_t index = block_for(id);
  if (index == kNoBlock) return length_;
  uint64_t above = 0;
  const StreamBlock& first = block_at(index);
  for (auto entry = std::optional(first.last()); entry; entry = first.prev(*entry)) {
    if (entry->deleted) continue;
    if (entry->id <= id) break;
    ++above;
  }
  ++index;
  // A trim may have left holes in the very first block, but only there, and that was counted above.
  for (; index < block_count() && block_at(index).master_id() <= highest_hole_; ++index) {
    above += block_at(index).live();
  }
  return index < block_count() ? above + placed_ - block_at(index).ordinal : above;
}

StreamId Stream::first_id() const {
  const Cursor cursor = seek(kMinStreamId);
  return cursor.valid() ? cursor.entry().id : kMinStreamId;
}

}  // namespace sluice::types
