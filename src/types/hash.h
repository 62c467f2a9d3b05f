// The hash value: field -> value, both bytes. Packed as one listpack (field, value, field, value, in order of
// insertion) while small; past the limits a Dict of items, each one allocation {field length, value length,
// field, value}. The way there is one-way. Knows no key, no clock and no wire; fields that expire belong to
// whoever keeps deadlines, an item is only found by its field.
//
// Elements and texts handed out are views: they die with the next change of the hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "base/random.h"
#include "ds/dict.h"
#include "ds/listpack.h"
#include "types/sampling.h"
#include "types/value_context.h"

namespace sluice::types {

class HashItem {
 public:
  static HashItem* create(base::ByteView field, base::ByteView value);
  static void destroy(HashItem* item);

  [[nodiscard]] base::ByteView field() const { return {bytes(), field_length_}; }
  [[nodiscard]] base::ByteView value() const { return {bytes() + field_length_, value_length_}; }
  [[nodiscard]] size_t memory_bytes() const;

 private:
  HashItem(uint32_t field_length, uint32_t value_length)
      : field_length_(field_length), value_length_(value_length) {}
  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  uint32_t field_length_;
  uint32_t value_length_;
};

class Hash {
 public:
  explicit Hash(const ValueContext& context) : context_(&context) {}
  Hash(Hash&&) noexcept = default;
  Hash& operator=(Hash&& other) noexcept;
  ~Hash();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  [[nodiscard]] const char* encoding() const { return table_ == nullptr ? "listpack" : "hashtable"; }

  // For loading: says how many fields will be set, so that many go to a table at once.
  void expect(size_t fields);
  // Takes over a listpack of fields and values, as a table if they are too many for one. False, and nothing
  // taken, when they are no pairs or a field comes twice. REQUIRES: empty(); the listpack is canonical.
  bool adopt(ds::Listpack pack);
  // True when the field is new.
  bool set(base::ByteView field, base::ByteView value);
  [[nodiscard]] std::optional<ds::Element> get(base::ByteView field) const;
  [[nodiscard]] bool contains(base::ByteView field) const { return get(field).has_value(); }
  // Length of the value as text, 0 without the field.
  [[nodiscard]] size_t value_length(base::ByteView field) const;
  bool erase(base::ByteView field);

  // visit(const ds::Element& field, const ds::Element& value); must not change the hash.
  template <class Visit>
  void for_each(Visit&& visit) const;
  // One page of HSCAN: begin with cursor 0; 0 comes back at the end. A packed hash comes as one page.
  template <class Visit>
  [[nodiscard]] uint64_t scan(uint64_t cursor, size_t count, Visit&& visit) const;
  // One field, each equally likely. REQUIRES: !empty().
  [[nodiscard]] std::pair<ds::Element, ds::Element> random(base::Random& random) const;
  // `count` different fields. REQUIRES: count <= size().
  template <class Visit>
  void sample(size_t count, base::Random& random, Visit&& visit) const;

  // The listpack of a packed hash, null once it is a table; what an encoder copies.
  [[nodiscard]] const ds::Listpack* packed() const { return table_ == nullptr ? &packed_ : nullptr; }
  // For a snapshot, which walks a table segment by segment: see ds::Dict. REQUIRES: encoding "hashtable".
  [[nodiscard]] ds::DictTable::Step segment_from(uint64_t position) const {
    return table_->dict.segment_from(position);
  }
  template <class Visit>
  static void for_each_in(ds::NodeHeader& segment, Visit&& visit) {
    ds::Dict<HashItem*, ItemTraits>::for_each_in(
        segment, [&](const HashItem* item) { visit(text(item->field()), text(item->value())); });
  }
  // What a NodeHook is told as the container of those segments; null while packed.
  [[nodiscard]] const void* identity() const { return table_ == nullptr ? nullptr : table_->dict.identity(); }

  // Every field with its value, in the same encoding (COPY).
  [[nodiscard]] Hash clone() const;
  // Frees up to `max` fields of a hash that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  struct ItemTraits {
    static base::ByteView key(const HashItem* item) { return item->field(); }
  };
  struct Table {
    explicit Table(const ValueContext& context) : dict(context.seed, context.epoch) {}
    ds::Dict<HashItem*, ItemTraits> dict;
    size_t item_bytes = 0;
  };

  static ds::Element text(base::ByteView bytes) { return {false, 0, bytes}; }
  [[nodiscard]] size_t find_packed(base::ByteView field) const;
  bool set_packed(base::ByteView field, base::ByteView value);
  bool set_in_table(base::ByteView field, base::ByteView value);
  void convert();

  const ValueContext* context_;
  ds::Listpack packed_;           // Empty once there is a table.
  std::unique_ptr<Table> table_;  // Null while packed.
};

template <class Visit>
void Hash::for_each(Visit&& visit) const {
  if (table_ != nullptr) {
    table_->dict.for_each([&](const HashItem* item) { visit(text(item->field()), text(item->value())); });
    return;
  }
  const ds::ListpackView view = packed_.view();
  for (size_t at = view.first(); at != ds::ListpackView::kNone;) {
    const ds::Element field = view.get(at);
    at = view.next(at);
    visit(field, view.get(at));
    at = view.next(at);
  }
}

template <class Visit>
uint64_t Hash::scan(uint64_t cursor, size_t count, Visit&& visit) const {
  if (table_ == nullptr) {
    for_each(visit);
    return 0;
  }
  return table_->dict.scan(cursor, count,
                           [&](const HashItem* item) { visit(text(item->field()), text(item->value())); });
}

template <class Visit>
void Hash::sample(size_t count, base::Random& random, Visit&& visit) const {
  if (table_ != nullptr && count < size() / kSparseSampleShare) {
    std::unordered_set<const HashItem*> seen;
    while (seen.size() < count) {
      const HashItem* item = table_->dict.random(random);
      if (seen.insert(item).second) visit(text(item->field()), text(item->value()));
    }
    return;
  }
  SelectionSampler sampler(size(), count);
  for_each([&](const ds::Element& field, const ds::Element& value) {
    if (sampler.take(random)) visit(field, value);
  });
}

}  // namespace sluice::types
