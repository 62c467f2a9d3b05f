#include "types/hash.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"
#include "ds/size_class.h"

namespace sluice::types {

using ds::ListpackView;
using ds::Packable;

HashItem* HashItem::create(base::ByteView field, base::ByteView value) {
  SLUICE_CHECK(field.size() <= UINT32_MAX && value.size() <= UINT32_MAX, "a hash field or value over 4 GiB");
  void* memory = std::malloc(sizeof(HashItem) + field.size() + value.size());
  SLUICE_CHECK(memory != nullptr, "out of memory");
  auto* item =
      new (memory) HashItem(static_cast<uint32_t>(field.size()), static_cast<uint32_t>(value.size()));
  auto* bytes = reinterpret_cast<char*>(item + 1);
  if (!field.empty()) std::memcpy(bytes, field.data(), field.size());
  if (!value.empty()) std::memcpy(bytes + field.size(), value.data(), value.size());
  return item;
}

void HashItem::destroy(HashItem* item) {
  std::free(item);
}

size_t HashItem::memory_bytes() const {
  return ds::size_class(sizeof(HashItem) + size_t{field_length_} + value_length_);
}

Hash& Hash::operator=(Hash&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(packed_, other.packed_);
  std::swap(table_, other.table_);
  return *this;
}

Hash::~Hash() {
  if (table_ != nullptr) release_slice(SIZE_MAX);
}

size_t Hash::size() const {
  return table_ == nullptr ? packed_.size() / 2 : table_->dict.size();
}

size_t Hash::memory_bytes() const {
  const size_t packed = packed_.memory_bytes();
  return table_ == nullptr ? packed
                           : packed + sizeof(Table) + table_->dict.memory_bytes() + table_->item_bytes;
}

size_t Hash::find_packed(base::ByteView field) const {
  const ListpackView view = packed_.view();
  const size_t first = view.first();
  return first == ListpackView::kNone ? first : view.find(Packable(field), first, 1);
}

std::optional<ds::Element> Hash::get(base::ByteView field) const {
  if (table_ != nullptr) {
    const auto item = table_->dict.find(field);
    if (!item) return std::nullopt;
    return text((*item)->value());
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

void Hash::expect(size_t fields) {
  if (table_ == nullptr && fields > context_->hash.max_listpack_entries) convert();
}

bool Hash::adopt(ds::Listpack pack) {
  const size_t elements = pack.size();
  if (elements % 2 != 0 || !ds::are_distinct(pack.view(), 2)) return false;
  packed_ = std::move(pack);
  if (elements / 2 > context_->hash.max_listpack_entries) convert();
  return true;
}

bool Hash::set(base::ByteView field, base::ByteView value) {
  const size_t longest = context_->hash.max_listpack_value_bytes;
  if (table_ == nullptr && (field.size() > longest || value.size() > longest)) convert();
  if (table_ != nullptr) return set_in_table(field, value);
  const bool is_new = set_packed(field, value);
  if (size() > context_->hash.max_listpack_entries) convert();
  return is_new;
}

bool Hash::set_packed(base::ByteView field, base::ByteView value) {
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) {
    packed_.insert_pair(ListpackView::kNone, Packable(field), Packable(value));
    return true;
  }
  packed_.replace(packed_.view().next(at), Packable(value));
  return false;
}

bool Hash::set_in_table(base::ByteView field, base::ByteView value) {
  const uint64_t hash = table_->dict.hash(field);
  const auto found = table_->dict.find(field, hash);
  if (!found) {
    HashItem* item = HashItem::create(field, value);
    table_->item_bytes += item->memory_bytes();
    table_->dict.insert(item, hash);
    return true;
  }
  // The item is replaced even where the new value would fit: a snapshot that has not passed this segment yet
  // may hold the old one, and replace() is what announces the change.
  HashItem* item = HashItem::create((*found)->field(), value);
  table_->item_bytes += item->memory_bytes();
  table_->item_bytes -= (*found)->memory_bytes();
  table_->dict.replace(*found, item, hash);
  HashItem::destroy(*found);
  return false;
}

bool Hash::erase(base::ByteView field) {
  if (table_ != nullptr) {
    const auto item = table_->dict.erase(field);
    if (!item) return false;
    table_->item_bytes -= (*item)->memory_bytes();
    HashItem::destroy(*item);
    return true;
  }
  const size_t at = find_packed(field);
  if (at == ListpackView::kNone) return false;
  packed_.erase(at, 2);
  return true;
}

void Hash::convert() {
  auto table = std::make_unique<Table>(*context_);
  for_each([&](const ds::Element& field, const ds::Element& value) {
    base::NumberText field_text;
    base::NumberText value_text;
    HashItem* item = HashItem::create(field.to_text(field_text), value.to_text(value_text));
    table->item_bytes += item->memory_bytes();
    table->dict.insert(item);
  });
  table_ = std::move(table);
  packed_ = ds::Listpack();
}

std::pair<ds::Element, ds::Element> Hash::random(base::Random& random) const {
  if (table_ != nullptr) {
    const HashItem* item = table_->dict.random(random);
    return {text(item->field()), text(item->value())};
  }
  const ListpackView view = packed_.view();
  const size_t at = view.at(static_cast<int64_t>(random.below(size()) * 2));
  return {view.get(at), view.get(view.next(at))};
}

Hash Hash::clone() const {
  Hash copy(*context_);
  if (table_ == nullptr) {
    copy.packed_ = ds::Listpack::copy_of(packed_.block());
    return copy;
  }
  copy.table_ = std::make_unique<Table>(*context_);
  table_->dict.for_each([&](const HashItem* item) {
    copy.table_->dict.insert(HashItem::create(item->field(), item->value()));
  });
  copy.table_->item_bytes = table_->item_bytes;
  return copy;
}

bool Hash::release_slice(size_t max) {
  if (table_ == nullptr) {
    packed_.clear();
    return false;
  }
  table_->dict.take_slice(max, [&](HashItem* item) {
    table_->item_bytes -= item->memory_bytes();
    HashItem::destroy(item);
  });
  return !table_->dict.empty();
}

}  // namespace sluice::types
