#include "types/hash.h"

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"

namespace sluice::types {

using ds::ListpackView;
using ds::Packable;

Hash& Hash::operator=(Hash&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(packed_, other.packed_);
  std::swap(grown_, other.grown_);
  return *this;
}

Hash::~Hash() {
  if (is_table()) release_slice(SIZE_MAX);
}

size_t Hash::size() const {
  return is_table() ? grown_->dict.size() : packed_.size() / 2;
}

size_t Hash::memory_bytes() const {
  size_t bytes = packed_.memory_bytes();
  if (grown_ == nullptr) return bytes;
  bytes += sizeof(Grown) + grown_->dict.memory_bytes() + grown_->item_bytes;
  if (const Deadlines* deadlines = grown_->deadlines.get(); deadlines != nullptr) {
    bytes += sizeof(Deadlines) + deadlines->list.memory_bytes() + deadlines->queue.memory_bytes();
  }
  return bytes;
}

// --- looking

size_t Hash::find_packed(base::ByteView field) const {
  const ListpackView view = packed_.view();
  const size_t first = view.first();
  return first == ListpackView::kNone ? first : view.find(Packable(field), first, 1);
}

// The how-manieth field stands at `position`.
size_t Hash::packed_index(size_t position) const {
  const ListpackView view = packed_.view();
  size_t index = 0;
  for (size_t at = view.first(); at != position; at = view.next(view.next(at))) ++index;
  return index;
}

std::optional<ds::Element> Hash::get(base::ByteView field) const {
  if (is_table()) {
    const auto item = grown_->dict.find(field);
    if (!item) return std::nullopt;
    return text(item->value());
  }
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) return std::nullopt;
  return packed_.view().get(packed_.view().next(at));
}

size_t Hash::value_length(base::ByteView field) const {
  const auto found = get(field);
  if (!found) return 0;
  base::NumberText buffer;
  return found->to_text(buffer).size();
}

std::pair<ds::Element, ds::Element> Hash::random(base::Random& random) const {
  if (is_table()) {
    const HashItem item = grown_->dict.random(random);
    return {text(item.field()), text(item.value())};
  }
  const ListpackView view = packed_.view();
  const size_t at = view.at(static_cast<int64_t>(random.below(size()) * 2));
  return {view.get(at), view.get(view.next(at))};
}

// --- changing

void Hash::expect(size_t fields) {
  if (!is_table() && fields > context_->hash.max_listpack_entries) convert();
}

bool Hash::adopt(ds::Listpack pack, std::vector<int64_t> deadlines_ms) {
  const size_t elements = pack.size();
  if (elements % 2 != 0 || !ds::are_distinct(pack.view(), 2)) return false;
  SLUICE_CHECK(deadlines_ms.empty() || deadlines_ms.size() == elements / 2, "a deadline for each field");
  packed_ = std::move(pack);
  DeadlineList deadlines(std::move(deadlines_ms));
  if (deadlines.timed() > 0) {
    grown_ = std::make_unique<Grown>(*context_);
    grown_->deadlines = std::make_unique<Deadlines>(true);
    grown_->deadlines->list = std::move(deadlines);
  }
  if (elements / 2 > context_->hash.max_listpack_entries) convert();
  return true;
}

bool Hash::set(base::ByteView field, base::ByteView value, Deadline deadline) {
  const size_t longest = context_->hash.max_listpack_value_bytes;
  if (is_table()) return set_in_table(field, value, deadline);
  if (field.size() > longest || value.size() > longest) {
    convert();
    return set_in_table(field, value, deadline);
  }
  const bool is_new = set_packed(field, value, deadline);
  if (size() > context_->hash.max_listpack_entries) convert();
  return is_new;
}

bool Hash::set_packed(base::ByteView field, base::ByteView value, Deadline deadline) {
  DeadlineList* const deadlines = deadline_list();
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) {
    packed_.insert_pair(ListpackView::kNone, Packable(field), Packable(value));
    if (deadlines != nullptr) deadlines->append(kNeverExpires);
    return true;
  }
  if (deadlines != nullptr && deadline == Deadline::kClear) deadlines->set(packed_index(at), kNeverExpires);
  packed_.replace(packed_.view().next(at), Packable(value));
  return false;
}

bool Hash::set_in_table(base::ByteView field, base::ByteView value, Deadline deadline) {
  const uint64_t hash = grown_->dict.hash(field);
  const auto found = grown_->dict.find(field, hash);
  if (!found) {
    const HashItem item = HashItem::create(field, value);
    grown_->item_bytes += item.memory_bytes();
    grown_->dict.insert(item, hash);
    return true;
  }
  // The item is replaced even where the new value would fit: a snapshot that has not passed this segment yet
  // may hold the old one, and replace() is what announces the change.
  const int64_t deadline_ms = deadline == Deadline::kKeep ? found->deadline_ms() : kNeverExpires;
  put_in_place(*found, HashItem::create(found->field(), value, deadline_ms));
  return false;
}

// Destroys `item`, in whose place `next` is from now on, with the same field.
void Hash::put_in_place(HashItem item, HashItem next) {
  if (item.has_deadline() || next.has_deadline()) {
    if (grown_->deadlines == nullptr) grown_->deadlines = std::make_unique<Deadlines>(false);
    DeadlineQueue& queue = grown_->deadlines->queue;
    if (!item.has_deadline()) {
      queue.add(next);
    } else if (!next.has_deadline()) {
      queue.remove(item);
    } else {
      queue.replace(item, next);
    }
  }
  grown_->item_bytes += next.memory_bytes();
  grown_->item_bytes -= item.memory_bytes();
  grown_->dict.replace(item, next, grown_->dict.hash(next.field()));
  item.destroy();
}

bool Hash::erase(base::ByteView field) {
  if (is_table()) {
    const auto item = grown_->dict.find(field);
    if (item) erase_item(*item);
    return item.has_value();
  }
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) return false;
  erase_packed(at, deadline_list() == nullptr ? 0 : packed_index(at));
  return true;
}

// Returns the position of the field behind it.
size_t Hash::erase_packed(size_t position, size_t index) {
  if (DeadlineList* const deadlines = deadline_list(); deadlines != nullptr) deadlines->erase(index);
  return packed_.erase(position, 2);
}

void Hash::erase_item(HashItem item) {
  if (item.has_deadline()) grown_->deadlines->queue.remove(item);
  (void)grown_->dict.erase(item.field());
  grown_->item_bytes -= item.memory_bytes();
  item.destroy();
}

void Hash::convert() {
  auto grown = std::make_unique<Grown>(*context_);
  if (grown_ != nullptr) {
    grown->deadlines = std::make_unique<Deadlines>(false);
    grown->deadlines->ticket = grown_->deadlines->ticket;
  }
  for_each([&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
    base::NumberText field_text;
    base::NumberText value_text;
    const HashItem item = HashItem::create(field.to_text(field_text), value.to_text(value_text), deadline_ms);
    grown->item_bytes += item.memory_bytes();
    grown->dict.insert(item);
    if (item.has_deadline()) grown->deadlines->queue.add(item);
  });
  grown_ = std::move(grown);
  packed_ = ds::Listpack();
}

// --- deadlines

size_t Hash::timed_size() const {
  if (grown_ == nullptr || grown_->deadlines == nullptr) return 0;
  const Deadlines& deadlines = *grown_->deadlines;
  return deadlines.packed ? deadlines.list.timed() : deadlines.queue.size();
}

int64_t Hash::deadline_ms(base::ByteView field) const {
  if (!has_deadlines()) return kNeverExpires;
  if (is_table()) {
    const auto item = grown_->dict.find(field);
    return item ? item->deadline_ms() : kNeverExpires;
  }
  const size_t at = find_packed(field);
  return at == ListpackView::kNone ? kNeverExpires : deadline_list()->at(packed_index(at));
}

void Hash::set_deadline(base::ByteView field, int64_t deadline_ms) {
  if (!is_table()) return set_deadline_packed(field, deadline_ms);
  const uint64_t hash = grown_->dict.hash(field);
  const HashItem item = *grown_->dict.find(field, hash);
  if (item.has_deadline() && deadline_ms != kNeverExpires) {
    // Announces the change, after which the item itself may be changed.
    grown_->dict.replace(item, item, hash);
    grown_->deadlines->queue.move_to(item, deadline_ms);
  } else if (item.has_deadline() || deadline_ms != kNeverExpires) {
    put_in_place(item, HashItem::create(item.field(), item.value(), deadline_ms));
  }
}

void Hash::set_deadline_packed(base::ByteView field, int64_t deadline_ms) {
  if (grown_ == nullptr) {
    if (deadline_ms == kNeverExpires) return;
    grown_ = std::make_unique<Grown>(*context_);
    grown_->deadlines = std::make_unique<Deadlines>(true);
    grown_->deadlines->list = DeadlineList(std::vector<int64_t>(size(), kNeverExpires));
  }
  deadline_list()->set(packed_index(find_packed(field)), deadline_ms);
}

size_t Hash::due_size(int64_t now_ms) const {
  if (next_deadline_ms() > now_ms) return 0;
  const Deadlines& deadlines = *grown_->deadlines;
  return deadlines.packed ? deadlines.list.due(now_ms) : deadlines.queue.due(now_ms);
}

bool Hash::all_due(int64_t now_ms) const {
  if (next_deadline_ms() > now_ms || timed_size() != size()) return false;
  const Deadlines& deadlines = *grown_->deadlines;
  return deadlines.packed ? deadlines.list.due(now_ms) == size() : deadlines.queue.all_due(now_ms);
}

// --- whole

Hash Hash::clone() const {
  Hash copy(*context_);
  const bool timed = grown_ != nullptr && grown_->deadlines != nullptr;
  if (timed || is_table()) copy.grown_ = std::make_unique<Grown>(*context_);
  if (timed) copy.grown_->deadlines = std::make_unique<Deadlines>(grown_->deadlines->packed);
  if (!is_table()) {
    copy.packed_ = ds::Listpack::copy_of(packed_.block());
    if (timed) copy.grown_->deadlines->list = grown_->deadlines->list;
    return copy;
  }
  grown_->dict.for_each([&](HashItem item) {
    const HashItem next = HashItem::create(item.field(), item.value(), item.deadline_ms());
    copy.grown_->item_bytes += next.memory_bytes();
    copy.grown_->dict.insert(next);
    if (next.has_deadline()) copy.grown_->deadlines->queue.add(next);
  });
  return copy;
}

bool Hash::release_slice(size_t max) {
  if (!is_table()) {
    packed_.clear();
    grown_.reset();
    return false;
  }
  grown_->deadlines.reset();  // its items are about to go
  grown_->dict.take_slice(max, [&](HashItem item) {
    grown_->item_bytes -= item.memory_bytes();
    item.destroy();
  });
  return !grown_->dict.empty();
}

}  // namespace sluice::types
