#include "types/hash.h"

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"

namespace sluice::types {

using ds::ListpackView;
using ds::Packable;

Hash& Hash::operator=(Hash&& other) noexcept {
  if (this == &other) return *this;
  const Hash old(std::move(*this));  // a table's fields go with it
  form_ = std::move(other.form_);
  return *this;
}

Hash::~Hash() {
  if (is_table() && form_.get<kTable>() != nullptr) release_slice(SIZE_MAX);
}

size_t Hash::size() const {
  return is_table() ? table().dict.size() : pack().size() / 2;
}

size_t Hash::memory_bytes() const {
  if (!is_table()) {
    const DeadlineList* const list = deadline_list();
    return pack().memory_bytes() + (list == nullptr ? 0 : sizeof(Timed) + list->memory_bytes());
  }
  size_t bytes = sizeof(Table) + table().dict.memory_bytes() + table().item_bytes;
  if (const Deadlines* deadlines = table().deadlines.get(); deadlines != nullptr) {
    bytes += sizeof(Deadlines) + deadlines->queue.memory_bytes();
  }
  return bytes;
}

// --- looking

size_t Hash::find_packed(base::ByteView field) const {
  const ListpackView view = pack().view();
  const size_t first = view.first();
  return first == ListpackView::kNone ? first : view.find(Packable(field), first, 1);
}

// The how-manieth field stands at `position`.
size_t Hash::packed_index(size_t position) const {
  const ListpackView view = pack().view();
  size_t index = 0;
  for (size_t at = view.first(); at != position; at = view.next(view.next(at))) ++index;
  return index;
}

std::optional<ds::Element> Hash::get(base::ByteView field) const {
  if (is_table()) {
    const auto item = table().dict.find(field);
    if (!item) return std::nullopt;
    return text(item->value());
  }
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) return std::nullopt;
  return pack().view().get(pack().view().next(at));
}

size_t Hash::value_length(base::ByteView field) const {
  const auto found = get(field);
  if (!found) return 0;
  base::NumberText buffer;
  return found->to_text(buffer).size();
}

std::pair<ds::Element, ds::Element> Hash::random(base::Random& random) const {
  if (is_table()) {
    const HashItem item = table().dict.random(random);
    return {text(item.field()), text(item.value())};
  }
  const ListpackView view = pack().view();
  const size_t at = view.at(static_cast<int64_t>(random.below(size()) * 2));
  return {view.get(at), view.get(view.next(at))};
}

// --- changing

void Hash::expect(size_t fields) {
  if (!is_table() && fields > form_.context().hash.max_listpack_entries) convert();
}

bool Hash::adopt(ds::Listpack pack, std::vector<int64_t> deadlines_ms) {
  const size_t elements = pack.size();
  if (elements % 2 != 0 || !ds::are_distinct(pack.view(), 2)) return false;
  SLUICE_CHECK(deadlines_ms.empty() || deadlines_ms.size() == elements / 2, "a deadline for each field");
  DeadlineList deadlines(std::move(deadlines_ms));
  if (deadlines.timed() > 0) {
    form_.become<kTimed>(std::make_unique<Timed>(std::move(pack), std::move(deadlines)));
  } else {
    form_.become<kPacked>(std::move(pack));
  }
  if (elements / 2 > form_.context().hash.max_listpack_entries) convert();
  return true;
}

bool Hash::set(base::ByteView field, base::ByteView value, Deadline deadline) {
  const size_t longest = form_.context().hash.max_listpack_value_bytes;
  if (is_table()) return set_in_table(field, value, deadline);
  if (field.size() > longest || value.size() > longest) {
    convert();
    return set_in_table(field, value, deadline);
  }
  const bool is_new = set_packed(field, value, deadline);
  if (size() > form_.context().hash.max_listpack_entries) convert();
  return is_new;
}

bool Hash::set_packed(base::ByteView field, base::ByteView value, Deadline deadline) {
  DeadlineList* const deadlines = deadline_list();
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) {
    pack().insert_pair(ListpackView::kNone, Packable(field), Packable(value));
    if (deadlines != nullptr) deadlines->append(kNeverExpires);
    return true;
  }
  if (deadlines != nullptr && deadline == Deadline::kClear) deadlines->set(packed_index(at), kNeverExpires);
  pack().replace(pack().view().next(at), Packable(value));
  return false;
}

bool Hash::set_in_table(base::ByteView field, base::ByteView value, Deadline deadline) {
  Table& table = this->table();
  const uint64_t hash = table.dict.hash(field);
  const auto found = table.dict.find(field, hash);
  if (!found) {
    const HashItem item = HashItem::create(field, value);
    table.item_bytes += item.memory_bytes();
    table.dict.insert(item, hash);
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
  Table& table = this->table();
  if (item.has_deadline() || next.has_deadline()) {
    if (table.deadlines == nullptr) table.deadlines = std::make_unique<Deadlines>();
    DeadlineQueue& queue = table.deadlines->queue;
    if (!item.has_deadline()) {
      queue.add(next);
    } else if (!next.has_deadline()) {
      queue.remove(item);
    } else {
      queue.replace(item, next);
    }
  }
  table.item_bytes += next.memory_bytes();
  table.item_bytes -= item.memory_bytes();
  table.dict.replace(item, next, table.dict.hash(next.field()));
  item.destroy();
}

bool Hash::erase(base::ByteView field) {
  if (is_table()) {
    const auto item = table().dict.find(field);
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
  return pack().erase(position, 2);
}

void Hash::erase_item(HashItem item) {
  if (item.has_deadline()) table().deadlines->queue.remove(item);
  (void)table().dict.erase(item.field());
  table().item_bytes -= item.memory_bytes();
  item.destroy();
}

void Hash::convert() {
  auto table = std::make_unique<Table>(form_.context());
  if (const auto* timed = form_.get_if<kTimed>(); timed != nullptr) {
    table->deadlines = std::make_unique<Deadlines>();
    table->deadlines->ticket = (*timed)->ticket;
  }
  for_each([&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
    base::NumberText field_text;
    base::NumberText value_text;
    const HashItem item = HashItem::create(field.to_text(field_text), value.to_text(value_text), deadline_ms);
    table->item_bytes += item.memory_bytes();
    table->dict.insert(item);
    if (item.has_deadline()) table->deadlines->queue.add(item);
  });
  form_.become<kTable>(std::move(table));
}

// --- deadlines

size_t Hash::timed_size() const {
  if (const DeadlineList* const list = deadline_list(); list != nullptr) return list->timed();
  return is_table() && table().deadlines != nullptr ? table().deadlines->queue.size() : 0;
}

int64_t Hash::deadline_ms(base::ByteView field) const {
  if (!has_deadlines()) return kNeverExpires;
  if (is_table()) {
    const auto item = table().dict.find(field);
    return item ? item->deadline_ms() : kNeverExpires;
  }
  const size_t at = find_packed(field);
  return at == ListpackView::kNone ? kNeverExpires : deadline_list()->at(packed_index(at));
}

void Hash::set_deadline(base::ByteView field, int64_t deadline_ms) {
  if (!is_table()) return set_deadline_packed(field, deadline_ms);
  const uint64_t hash = table().dict.hash(field);
  const HashItem item = *table().dict.find(field, hash);
  if (item.has_deadline() && deadline_ms != kNeverExpires) {
    // Announces the change, after which the item itself may be changed.
    table().dict.replace(item, item, hash);
    table().deadlines->queue.move_to(item, deadline_ms);
  } else if (item.has_deadline() || deadline_ms != kNeverExpires) {
    put_in_place(item, HashItem::create(item.field(), item.value(), deadline_ms));
  }
}

void Hash::set_deadline_packed(base::ByteView field, int64_t deadline_ms) {
  if (form_.index() == kPacked) {
    if (deadline_ms == kNeverExpires) return;
    DeadlineList none(std::vector<int64_t>(size(), kNeverExpires));
    form_.become<kTimed>(std::make_unique<Timed>(std::move(pack()), std::move(none)));
  }
  deadline_list()->set(packed_index(find_packed(field)), deadline_ms);
}

size_t Hash::due_size(int64_t now_ms) const {
  if (next_deadline_ms() > now_ms) return 0;
  const DeadlineList* const list = deadline_list();
  return list != nullptr ? list->due(now_ms) : table().deadlines->queue.due(now_ms);
}

bool Hash::all_due(int64_t now_ms) const {
  if (next_deadline_ms() > now_ms || timed_size() != size()) return false;
  const DeadlineList* const list = deadline_list();
  return list != nullptr ? list->due(now_ms) == size() : table().deadlines->queue.all_due(now_ms);
}

// --- whole

Hash Hash::clone() const {
  Hash copy(form_.context());
  if (!is_table()) {
    ds::Listpack fields = ds::Listpack::copy_of(pack().block());
    const DeadlineList* const list = deadline_list();
    if (list != nullptr) {
      copy.form_.become<kTimed>(std::make_unique<Timed>(std::move(fields), *list));
    } else {
      copy.form_.become<kPacked>(std::move(fields));
    }
    return copy;
  }
  auto next = std::make_unique<Table>(form_.context());
  if (table().deadlines != nullptr) next->deadlines = std::make_unique<Deadlines>();
  table().dict.for_each([&](HashItem item) {
    const HashItem same = HashItem::create(item.field(), item.value(), item.deadline_ms());
    next->item_bytes += same.memory_bytes();
    next->dict.insert(same);
    if (same.has_deadline()) next->deadlines->queue.add(same);
  });
  copy.form_.become<kTable>(std::move(next));
  return copy;
}

bool Hash::release_slice(size_t max) {
  if (!is_table()) {
    ds::Listpack fields = std::move(pack());
    fields.clear();
    form_.become<kPacked>(std::move(fields));
    return false;
  }
  Table& table = this->table();
  if (table.deadlines != nullptr) {
    // First: its items are about to go.
    if (table.deadlines->queue.release_slice(max)) return true;
    table.deadlines.reset();
  }
  table.dict.take_slice(max, [&](HashItem item) {
    table.item_bytes -= item.memory_bytes();
    item.destroy();
  });
  return !table.dict.empty();
}

}  // namespace sluice::types
