#include "types/stream_block.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ds/size_class.h"

namespace sluice::types {

using ds::ListpackView;
using ds::Packable;

namespace {

constexpr int64_t kDeletedFlag = 1;
constexpr int64_t kSameNamesFlag = 2;

// Elements of an entry before its values, the trailing count aside.
constexpr int64_t kEntryHead = 3;
// Elements of an entry beside names and values.
constexpr size_t kMostOtherElements = 5;

// Flags, two numbers, a count, two empty texts and the trailing count.
constexpr size_t kMostMarkBytes = 32;

Packable packable(uint64_t number) {
  return Packable(static_cast<int64_t>(number));
}

}  // namespace

StreamBlock::StreamBlock(const StreamId& id, StreamFields fields, size_t room) : master_id_(id) {
  pack_.reserve(room);
  pack_.append(Packable(int64_t{1}));
  pack_.append(Packable(int64_t{0}));
  pack_.append(packable(fields.size() / 2));
  for (size_t i = 0; i < fields.size(); i += 2) pack_.append(Packable(fields[i]));
  pack_.append(Packable(int64_t{0}));
  append_entry(id, fields, true);
}

namespace {

// Steps through a listpack that may hold anything; failed once something else was found than asked for.
class Walk {
 public:
  explicit Walk(ListpackView view) : view_(view), at_(view.first()) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return at_ == ListpackView::kNone; }
  uint64_t integer() {
    if (at_end() || !view_.get(at_).is_int) return fail();
    const int64_t number = view_.get(at_).number;
    at_ = view_.next(at_);
    return static_cast<uint64_t>(number);
  }
  void skip(uint64_t count) {
    for (; count > 0 && !failed_; --count) {
      if (at_end()) {
        fail();
      } else {
        at_ = view_.next(at_);
      }
    }
  }
  uint64_t fail() {
    failed_ = true;
    return 0;
  }

 private:
  ListpackView view_;
  size_t at_;
  bool failed_ = false;
};

}  // namespace

StreamBlock* StreamBlock::checked(const StreamId& master_id, ds::Listpack pack) {
  Walk walk(pack.view());
  const uint64_t live = walk.integer();
  const uint64_t deleted = walk.integer();
  const uint64_t names = walk.integer();
  walk.skip(names);
  if (walk.integer() != 0 || names == 0 || walk.at_end()) return nullptr;
  uint64_t seen_live = 0;
  uint64_t seen_deleted = 0;
  StreamId last;
  while (!walk.failed() && !walk.at_end()) {
    const uint64_t flags = walk.integer();
    const StreamId id{master_id.ms + walk.integer(), master_id.seq + walk.integer()};
    const bool same_names = (flags & kSameNamesFlag) != 0;
    const uint64_t count = same_names ? names : walk.integer();
    if (count == 0 || count > pack.bytes() || flags > (kDeletedFlag | kSameNamesFlag)) return nullptr;
    walk.skip(same_names ? count : 2 * count);
    if (walk.integer() != kEntryHead + (same_names ? count : 1 + 2 * count)) return nullptr;
    if ((flags & kDeletedFlag) != 0) {
      ++seen_deleted;
      continue;
    }
    if (id <= last || id < master_id) return nullptr;
    ++seen_live;
    last = id;
  }
  if (walk.failed() || seen_live != live || seen_deleted != deleted) return nullptr;
  auto* block = new StreamBlock(master_id, std::move(pack));
  if (seen_deleted > 0) block->measure_holes();
  return block;
}

void StreamBlock::measure_holes() {
  for (std::optional<StreamEntry> entry = first(); entry; entry = next(*entry)) {
    if (entry->deleted) hole_bytes_ += bytes_of(*entry);
  }
}

uint32_t StreamBlock::bytes_of(const StreamEntry& entry) const {
  return static_cast<uint32_t>(std::min(end_of(entry), pack_.bytes() - 1) - entry.position_);
}

StreamBlock* StreamBlock::clone() const {
  auto* copy = new StreamBlock(master_id_, ds::Listpack::copy_of(pack_.block()));
  copy->ordinal = ordinal;
  copy->hole_bytes_ = hole_bytes_;
  copy->dropped_ = dropped_;
  return copy;
}

uint64_t StreamBlock::marked() const {
  return number_at(pack_.view().next(pack_.view().first()));
}

size_t StreamBlock::bytes() const {
  if (dropped_.entries == 0) return pack_.bytes();
  return pack_.bytes() + dropped_.bytes + packable(deleted()).encoded_bytes() -
         packable(marked()).encoded_bytes();
}

size_t StreamBlock::memory_bytes() const {
  return ds::size_class(sizeof(StreamBlock)) + pack_.memory_bytes();
}

// The third element is the number of names; they follow.
size_t StreamBlock::names_position() const {
  const ListpackView view = pack_.view();
  return view.next(view.next(view.next(view.first())));
}

bool StreamBlock::has_master_names(StreamFields fields) const {
  const ListpackView view = pack_.view();
  size_t at = view.next(view.next(view.first()));
  if (number_at(at) != fields.size() / 2) return false;
  for (size_t i = 0; i < fields.size(); i += 2) {
    at = view.next(at);
    if (!ds::equals(view.get(at), fields[i])) return false;
  }
  return true;
}

void StreamBlock::append(const StreamId& id, StreamFields fields) {
  const bool same_names = has_master_names(fields);
  pack_.replace(pack_.view().first(), packable(live() + 1));
  append_entry(id, fields, same_names);
}

// Differences of ids are taken and undone modulo 2^64: a sequence may restart far below the master's.
void StreamBlock::append_entry(const StreamId& id, StreamFields fields, bool same_names) {
  const auto count = static_cast<int64_t>(fields.size() / 2);
  const auto for_each_element = [&](auto&& take) {
    take(Packable(same_names ? kSameNamesFlag : 0));
    take(packable(id.ms - master_id_.ms));
    take(packable(id.seq - master_id_.seq));
    if (!same_names) take(Packable(count));
    for (size_t i = 0; i < fields.size(); i += 2) {
      if (!same_names) take(Packable(fields[i]));
      take(Packable(fields[i + 1]));
    }
    take(Packable(kEntryHead + (same_names ? count : 1 + 2 * count)));
  };
  // Measured closely only where the block may have to grow: most have room anyway.
  size_t bytes = (fields.size() + kMostOtherElements) * ds::kMostElementOverhead;
  for (const base::ByteView part : fields) bytes += part.size();
  if (bytes > pack_.room()) {
    bytes = 0;
    for_each_element([&](const Packable& element) { bytes += element.encoded_bytes(); });
    pack_.reserve(pack_.bytes() + bytes);
  }
  ds::Listpack::Appender run(pack_);
  for_each_element([&](const Packable& element) { run.add(element); });
}

StreamEntry StreamBlock::entry_at(size_t position) const {
  const ListpackView view = pack_.view();
  StreamEntry entry(view);
  entry.position_ = position;
  const int64_t flags = view.get(position).number;
  entry.deleted = (flags & kDeletedFlag) != 0;
  entry.same_names_ = (flags & kSameNamesFlag) != 0;
  size_t at = view.next(position);
  entry.id.ms = master_id_.ms + number_at(at);
  at = view.next(at);
  entry.id.seq = master_id_.seq + number_at(at);
  at = view.next(at);
  if (entry.same_names_) {
    entry.names_ = names_position();
    entry.count_ = number_at(view.next(view.next(view.first())));
  } else {
    entry.count_ = number_at(at);
    at = view.next(at);
    entry.names_ = at;
  }
  entry.values_ = at;
  return entry;
}

StreamEntry StreamBlock::first() const {
  const ListpackView view = pack_.view();
  size_t at = names_position();
  for (uint64_t left = number_at(view.next(view.next(view.first()))); left > 0; --left) at = view.next(at);
  return entry_at(view.next(at));
}

StreamEntry StreamBlock::last() const {
  const ListpackView view = pack_.view();
  size_t at = view.last();
  for (uint64_t back = number_at(at); back > 0; --back) at = view.prev(at);
  return entry_at(at);
}

size_t StreamBlock::end_of(const StreamEntry& entry) const {
  const ListpackView view = pack_.view();
  size_t at = entry.values_;
  for (size_t left = entry.same_names_ ? entry.count_ : 2 * entry.count_; left > 0; --left)
    at = view.next(at);
  return view.next(at);
}

std::optional<StreamEntry> StreamBlock::next(const StreamEntry& entry) const {
  const size_t at = end_of(entry);
  if (at == ListpackView::kNone) return std::nullopt;
  return entry_at(at);
}

std::optional<StreamEntry> StreamBlock::prev(const StreamEntry& entry) const {
  const ListpackView view = pack_.view();
  size_t at = view.prev(entry.position_);
  // Before the first entry stands the 0 that ends the master.
  uint64_t back = number_at(at);
  if (back == 0) return std::nullopt;
  for (; back > 0; --back) at = view.prev(at);
  return entry_at(at);
}

void StreamBlock::set_deleted_flag(const StreamEntry& entry) {
  SLUICE_CHECK(!entry.deleted, "a stream entry deleted twice");
  pack_.replace(entry.position_, Packable(kDeletedFlag | (entry.same_names_ ? kSameNamesFlag : 0)));
  hole_bytes_ += bytes_of(entry);
}

void StreamBlock::count_deleted(uint64_t count) {
  const size_t live_at = pack_.view().first();
  const uint64_t marked_now = marked() + count;
  pack_.replace(live_at, packable(live() - count));
  pack_.replace(pack_.view().next(live_at), packable(marked_now));
}

void StreamBlock::remove(const StreamEntry& entry) {
  set_deleted_flag(entry);
  count_deleted(1);
}

void StreamBlock::remove_listed(std::span<const StreamId> ids) {
  size_t found = 0;
  for (std::optional<StreamEntry> entry = first(); entry && found < ids.size(); entry = next(*entry)) {
    if (entry->deleted || entry->id != ids[found]) continue;
    set_deleted_flag(*entry);
    ++found;
  }
  SLUICE_CHECK(found == ids.size(), "a stream block lacks entries to delete");
  count_deleted(found);
}

// What stays is copied as it is, in stretches; only the count of deleted entries is written anew.
void StreamBlock::compact() {
  const ListpackView view = pack_.view();
  const size_t body = first().position_;
  const size_t body_bytes = pack_.bytes() - body;
  const uint64_t were_marked = marked();
  const StreamEntry end = last();
  ds::Listpack kept;
  kept.reserve(pack_.bytes() - hole_bytes_ + kMostMarkBytes);
  const auto copy = [&](size_t from, size_t to) {
    size_t elements = 0;
    for (size_t at = from; at != to; at = view.next(at)) ++elements;
    kept.append_run(pack_.block().substr(from, std::min(to, pack_.bytes() - 1) - from), elements);
  };
  copy(view.first(), body);
  size_t stretch = ListpackView::kNone;
  for (std::optional<StreamEntry> entry = first(); entry; entry = next(*entry)) {
    if (!entry->deleted && stretch == ListpackView::kNone) stretch = entry->position_;
    if (!entry->deleted || stretch == ListpackView::kNone) continue;
    copy(stretch, entry->position_);
    stretch = ListpackView::kNone;
  }
  if (stretch != ListpackView::kNone) copy(stretch, ListpackView::kNone);
  const bool needs_mark = end.deleted;
  const StreamId end_id = end.id;
  pack_ = std::move(kept);
  if (needs_mark) append_mark(end_id);
  pack_.replace(pack_.view().next(pack_.view().first()), packable(needs_mark ? 1 : 0));
  pack_.tighten();
  dropped_.entries += static_cast<uint32_t>(were_marked - (needs_mark ? 1 : 0));
  dropped_.bytes += static_cast<uint32_t>(body_bytes - (pack_.bytes() - first().position_));
  hole_bytes_ = 0;
}

// A deleted entry with nothing but its id; one empty field, since an entry without fields is none.
void StreamBlock::append_mark(const StreamId& id) {
  pack_.append(Packable(kDeletedFlag));
  pack_.append(packable(id.ms - master_id_.ms));
  pack_.append(packable(id.seq - master_id_.seq));
  pack_.append(Packable(int64_t{1}));
  pack_.append(Packable(base::ByteView{}));
  pack_.append(Packable(base::ByteView{}));
  pack_.append(Packable(kEntryHead + 1 + 2));
}

}  // namespace sluice::types
