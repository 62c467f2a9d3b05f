// The hash value: field -> value, both bytes. Packed as one listpack (field, value, field, value, in order of
// insertion) while small; past the limits a Dict of items. The way there is one-way. A field may have a
// deadline, which stands beside the packed fields or in its item; a hash without any pays nothing for that,
// and asks once, by next_deadline_ms(). Knows no key and no clock: what is due is still there until expire()
// is called, and types/live_hash.h shows the hash without it. Elements and texts handed out are views: they
// die with the next change of the hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "ds/dict.h"
#include "ds/listpack.h"
#include "types/field_deadlines.h"
#include "types/form.h"
#include "types/hash_item.h"
#include "types/sampling.h"
#include "types/value_context.h"

namespace sluice::types {

class Hash {
 public:
  explicit Hash(const ValueContext& context) : form_(context) {}
  Hash(Hash&&) noexcept = default;
  Hash& operator=(Hash&& other) noexcept;
  ~Hash();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  // A packed hash that had a deadline once is told apart, as in Redis, until it is loaded anew.
  [[nodiscard]] const char* encoding() const {
    static constexpr const char* kNames[] = {"listpack", "listpackex", "hashtable"};
    return kNames[form_.index()];
  }

  // For loading: says how many fields will be set, so that many go to a table at once.
  void expect(size_t fields);
  // Takes over a listpack of fields and values, as a table if they are too many for one; with the deadline of
  // each field, if any has one. False, and nothing taken, when they are no pairs or a field comes twice.
  // REQUIRES: empty(); the listpack is canonical; as many deadlines as fields, or none.
  bool adopt(ds::Listpack pack, std::vector<int64_t> deadlines_ms = {});
  // True when the field is new. A deadline it had is gone, unless it is to be kept.
  bool set(base::ByteView field, base::ByteView value) { return set(field, value, Deadline::kClear); }
  bool set_keeping_deadline(base::ByteView field, base::ByteView value) {
    return set(field, value, Deadline::kKeep);
  }
  [[nodiscard]] std::optional<ds::Element> get(base::ByteView field) const;
  [[nodiscard]] bool contains(base::ByteView field) const { return get(field).has_value(); }
  // Length of the value as text, 0 without the field.
  [[nodiscard]] size_t value_length(base::ByteView field) const;
  bool erase(base::ByteView field);

  // --- deadlines, in unix milliseconds; kNeverExpires for none

  // The earliest of all fields.
  [[nodiscard]] int64_t next_deadline_ms() const {
    if (form_.index() == kPacked) return kNeverExpires;
    if (const DeadlineList* const list = deadline_list(); list != nullptr) return list->next_ms();
    return table().deadlines == nullptr ? kNeverExpires : table().deadlines->queue.next_ms();
  }
  [[nodiscard]] bool has_deadlines() const { return next_deadline_ms() != kNeverExpires; }
  // How many fields have one.
  [[nodiscard]] size_t timed_size() const;
  [[nodiscard]] int64_t deadline_ms(base::ByteView field) const;
  // REQUIRES: contains(field).
  void set_deadline(base::ByteView field, int64_t deadline_ms);
  // How many fields are due at `now_ms`; looks at those only (at all that are packed).
  [[nodiscard]] size_t due_size(int64_t now_ms) const;
  // Whether no field would be left. Of a table, one that is left is found at once, usually.
  [[nodiscard]] bool all_due(int64_t now_ms) const;
  // Erases at most `max` fields that are due, those of a table in the order of their deadlines. visit(text of
  // the field) comes before. Returns how many.
  template <class Visit>
  size_t expire(int64_t now_ms, size_t max, Visit&& visit);
  // Where whoever watches the next deadline has filed this hash; null before any field had one. Not copied.
  [[nodiscard]] uint32_t* ticket() {
    if (auto* timed = form_.get_if<kTimed>(); timed != nullptr) return &(*timed)->ticket;
    return is_table() && table().deadlines != nullptr ? &table().deadlines->ticket : nullptr;
  }

  // visit(const ds::Element& field, const ds::Element& value), or the same with int64_t deadline_ms behind;
  // must not change the hash.
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
  [[nodiscard]] const ds::Listpack* packed() const { return is_table() ? nullptr : &pack(); }
  // For a snapshot, which walks a table segment by segment, and is told of their changes; null while packed.
  // Stays where it is when the hash is moved.
  [[nodiscard]] const ds::DictTable* segments() const {
    return is_table() ? table().dict.segments() : nullptr;
  }
  template <class Visit>
  static void for_each_in(ds::NodeHeader& segment, Visit&& visit) {
    ds::Dict<HashItem, ItemTraits>::for_each_in(segment, [&](HashItem item) { show(item, visit); });
  }

  // Every field with its value and deadline, in the same encoding (COPY).
  [[nodiscard]] Hash clone() const;
  // Frees up to `max` fields of a hash that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  enum : size_t { kPacked, kTimed, kTable };
  enum class Deadline : uint8_t { kClear, kKeep };
  struct ItemTraits {
    static base::ByteView key(HashItem item) { return item.field(); }
  };
  // Packed fields, some of which have deadlines, or had.
  struct Timed {
    Timed(ds::Listpack packed, DeadlineList list) : pack(std::move(packed)), deadlines(std::move(list)) {}
    ds::Listpack pack;
    DeadlineList deadlines;
    uint32_t ticket = UINT32_MAX;
  };
  // Of a table.
  struct Deadlines {
    DeadlineQueue queue;
    uint32_t ticket = UINT32_MAX;
  };
  struct Table {
    explicit Table(const ValueContext& context) : dict(context.seed, context.epoch) {}
    ds::Dict<HashItem, ItemTraits> dict;
    size_t item_bytes = 0;
    std::unique_ptr<Deadlines> deadlines;  // Null before any field had one.
  };

  static ds::Element text(base::ByteView bytes) { return {false, 0, bytes}; }
  template <class Visit>
  static void show(const ds::Element& field, const ds::Element& value, int64_t deadline_ms, Visit& visit) {
    if constexpr (std::is_invocable_v<Visit&, const ds::Element&, const ds::Element&, int64_t>) {
      visit(field, value, deadline_ms);
    } else {
      visit(field, value);
    }
  }
  template <class Visit>
  static void show(HashItem item, Visit& visit) {
    show(text(item.field()), text(item.value()), item.deadline_ms(), visit);
  }
  [[nodiscard]] bool is_table() const { return form_.index() == kTable; }
  // REQUIRES: is_table().
  [[nodiscard]] Table& table() const { return *form_.get<kTable>(); }
  // REQUIRES: !is_table().
  [[nodiscard]] const ds::Listpack& pack() const {
    const auto* timed = form_.get_if<kTimed>();
    return timed == nullptr ? form_.get<kPacked>() : (*timed)->pack;
  }
  [[nodiscard]] ds::Listpack& pack() { return const_cast<ds::Listpack&>(std::as_const(*this).pack()); }
  // Of a packed hash, null when no field ever had one.
  [[nodiscard]] DeadlineList* deadline_list() const {
    const auto* timed = form_.get_if<kTimed>();
    return timed == nullptr ? nullptr : &(*timed)->deadlines;
  }
  bool set(base::ByteView field, base::ByteView value, Deadline deadline);
  [[nodiscard]] size_t find_packed(base::ByteView field) const;
  [[nodiscard]] size_t packed_index(size_t position) const;
  bool set_packed(base::ByteView field, base::ByteView value, Deadline deadline);
  bool set_in_table(base::ByteView field, base::ByteView value, Deadline deadline);
  void set_deadline_packed(base::ByteView field, int64_t deadline_ms);
  void put_in_place(HashItem item, HashItem next);
  size_t erase_packed(size_t position, size_t index);
  void erase_item(HashItem item);
  void convert();

  FormOf<ds::Listpack, std::unique_ptr<Timed>, std::unique_ptr<Table>> form_;
};
static_assert(sizeof(Hash) == 16, "a small hash is held in the entry of its key");

template <class Visit>
void Hash::for_each(Visit&& visit) const {
  if (is_table()) {
    table().dict.for_each([&](HashItem item) { show(item, visit); });
    return;
  }
  const DeadlineList* deadlines = deadline_list();
  const ds::ListpackView view = pack().view();
  size_t index = 0;
  for (size_t at = view.first(); at != ds::ListpackView::kNone; ++index) {
    const ds::Element field = view.get(at);
    at = view.next(at);
    show(field, view.get(at), deadlines == nullptr ? kNeverExpires : deadlines->at(index), visit);
    at = view.next(at);
  }
}

template <class Visit>
uint64_t Hash::scan(uint64_t cursor, size_t count, Visit&& visit) const {
  if (!is_table()) {
    for_each(visit);
    return 0;
  }
  return table().dict.scan(cursor, count, [&](HashItem item) { show(item, visit); });
}

template <class Visit>
void Hash::sample(size_t count, base::Random& random, Visit&& visit) const {
  if (is_table() && count < size() / kSparseSampleShare) {
    std::unordered_set<uint64_t> seen;
    while (seen.size() < count) {
      const HashItem item = table().dict.random(random);
      if (seen.insert(item.id()).second) show(item, visit);
    }
    return;
  }
  SelectionSampler sampler(size(), count);
  for_each([&](const ds::Element& field, const ds::Element& value) {
    if (sampler.take(random)) visit(field, value);
  });
}

template <class Visit>
size_t Hash::expire(int64_t now_ms, size_t max, Visit&& visit) {
  size_t count = 0;
  if (is_table()) {
    for (; count < max && next_deadline_ms() <= now_ms; ++count) {
      const HashItem item = table().deadlines->queue.front();
      visit(item.field());
      erase_item(item);
    }
    return count;
  }
  if (next_deadline_ms() > now_ms) return 0;
  size_t index = 0;
  for (size_t at = pack().view().first(); at != ds::ListpackView::kNone && count < max;) {
    const ds::ListpackView view = pack().view();
    if (deadline_list()->at(index) > now_ms) {
      ++index;
      at = view.next(view.next(at));
      continue;
    }
    base::NumberText buffer;
    visit(view.get(at).to_text(buffer));
    at = erase_packed(at, index);
    ++count;
  }
  return count;
}

}  // namespace sluice::types
