#include "snapshot/frozen_names.h"

#include "base/number.h"
#include "snapshot/idempotence_codec.h"

namespace sluice::snapshot {

using base::ByteView;
using types::StreamId;

namespace {

// Both names in one text, which no other two make.
base::Bytes both(ByteView pid, ByteView iid) {
  base::Bytes text(base::format_uint64(pid.size()).view());
  text += ' ';
  text += pid;
  text += iid;
  return text;
}

}  // namespace

FrozenNames::FrozenNames(types::IdempotenceTable& table)
    : table_(&table), head_(encode_idempotence_head(table)) {
  table.set_watcher(this);
}

FrozenNames::~FrozenNames() {
  if (table_ != nullptr) table_->set_watcher(nullptr);
}

bool FrozenNames::is_passed(ByteView pid, const StreamId& id) const {
  if (walked_ || !place_) return walked_;
  return pid < place_->pid || (pid == place_->pid && id <= place_->id);
}

void FrozenNames::name_added(ByteView pid, ByteView iid, const StreamId& id) {
  if (is_passed(pid, id)) return;
  const auto [name, added] = new_.insert(both(pid, iid));
  if (added) text_bytes_ += name->size();
}

void FrozenNames::name_leaves(ByteView pid, ByteView iid, const StreamId& id) {
  if (is_passed(pid, id)) return;
  if (const auto name = new_.find(both(pid, iid)); name != new_.end()) {
    text_bytes_ -= name->size();
    new_.erase(name);
    return;
  }
  aside_.push_back({base::Bytes(pid), base::Bytes(iid), id});
  text_bytes_ += pid.size() + iid.size();
}

void FrozenNames::table_goes() {
  table_ = nullptr;
  walked_ = true;
  forget_new();
}

void FrozenNames::forget_new() {
  for (const base::Bytes& name : new_) text_bytes_ -= name.size();
  new_.clear();
}

void FrozenNames::write_some(base::Bytes& out) {
  Encoder encoder(out, false);
  IdempotenceRecords records(head_, encoder);
  written_ = true;
  if (!walked_) {
    place_ = table_->for_some(place_, kNamesAtOnce, [&](ByteView pid, ByteView iid, const StreamId& id) {
      if (new_.empty() || new_.find(both(pid, iid)) == new_.end()) records.add(pid, iid, id);
    });
    records.end();
    walked_ = !place_;
    if (walked_) forget_new();
    return;
  }
  size_t count = 0;
  for (; count < kNamesAtOnce && count < aside_.size(); ++count) {
    records.add(aside_[count].pid, aside_[count].iid, aside_[count].id);
  }
  records.end();
  for (; count > 0; --count) {
    text_bytes_ -= aside_.front().pid.size() + aside_.front().iid.size();
    aside_.pop_front();
  }
}

size_t FrozenNames::memory_bytes() const {
  // What a node of the library's tree takes beside its content.
  constexpr size_t kTreeNodeBytes = 32;
  return sizeof(FrozenNames) + head_.capacity() + aside_.size() * sizeof(Name) +
         new_.size() * (kTreeNodeBytes + sizeof(base::Bytes)) + text_bytes_;
}

}  // namespace sluice::snapshot
