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
#include "types/hash_item.h"
#include "types/sampling.h"
#include "types/value_context.h"

namespace sluice::types {

class Hash {
 public:
  explicit Hash(const ValueContext& context) : context_(&context) {}
  Hash(Hash&&) noexcept = default;
  Hash& operator=(Hash&& other) noexcept;
  ~Hash();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  // A packed hash that had a deadline once is told apart, as in Redis, until it is loaded anew.
  [[nodiscard]] const char* encoding() const {
    if (grown_ == nullptr) return "listpack";
    return grown_->is_table() ? "hashtable" : "listpackex";
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
    return grown_ == nullptr || grown_->deadlines == nullptr ? kNeverExpires : grown_->deadlines->next_ms();
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
    return grown_ == nullptr || grown_->deadlines == nullptr ? nullptr : &grown_->deadlines->ticket;
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
  [[nodiscard]] const ds::Listpack* packed() const { return is_table() ? nullptr : &packed_; }
  // For a snapshot, which walks a table segment by segment: see ds::Dict. REQUIRES: encoding "hashtable".
  [[nodiscard]] ds::DictTable::Step segment_from(uint64_t position) const {
    return grown_->dict.segment_from(position);
  }
  template <class Visit>
  static void for_each_in(ds::NodeHeader& segment, Visit&& visit) {
    ds::Dict<HashItem, ItemTraits>::for_each_in(segment, [&](HashItem item) { show(item, visit); });
  }
  // What a NodeHook is told as the container of those segments; null while packed.
  [[nodiscard]] const void* identity() const { return is_table() ? grown_->dict.identity() : nullptr; }

  // Every field with its value and deadline, in the same encoding (COPY).
  [[nodiscard]] Hash clone() const;
  // Frees up to `max` fields of a hash that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  enum class Deadline : uint8_t { kClear, kKeep };
  struct ItemTraits {
    static base::ByteView key(HashItem item) { return item.field(); }
  };
  // One of the two orders, for the form that the hash has.
  struct Deadlines {
    explicit Deadlines(bool of_packed) : packed(of_packed) {}
    [[nodiscard]] int64_t next_ms() const { return packed ? list.next_ms() : queue.next_ms(); }
    bool packed;
    uint32_t ticket = UINT32_MAX;
    DeadlineList list;
    DeadlineQueue queue;
  };
  // What a hash needs that is a table, or whose fields have deadlines.
  struct Grown {
    explicit Grown(const ValueContext& context) : dict(context.seed, context.epoch) {}
    [[nodiscard]] bool is_table() const { return deadlines == nullptr || !deadlines->packed; }
    ds::Dict<HashItem, ItemTraits> dict;
    size_t item_bytes = 0;
    std::unique_ptr<Deadlines> deadlines;
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
  [[nodiscard]] bool is_table() const { return grown_ != nullptr && grown_->is_table(); }
  // Of a packed hash, null when no field ever had one.
  [[nodiscard]] const DeadlineList* deadline_list() const {
    return grown_ == nullptr || is_table() ? nullptr : &grown_->deadlines->list;
  }
  [[nodiscard]] DeadlineList* deadline_list() {
    return grown_ == nullptr || is_table() ? nullptr : &grown_->deadlines->list;
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

  const ValueContext* context_;
  ds::Listpack packed_;           // Empty once there is a table.
  std::unique_ptr<Grown> grown_;  // Null while packed and without deadlines.
};

template <class Visit>
void Hash::for_each(Visit&& visit) const {
  if (is_table()) {
    grown_->dict.for_each([&](HashItem item) { show(item, visit); });
    return;
  }
  const DeadlineList* deadlines = deadline_list();
  const ds::ListpackView view = packed_.view();
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
  return grown_->dict.scan(cursor, count, [&](HashItem item) { show(item, visit); });
}

template <class Visit>
void Hash::sample(size_t count, base::Random& random, Visit&& visit) const {
  if (is_table() && count < size() / kSparseSampleShare) {
    std::unordered_set<uint64_t> seen;
    while (seen.size() < count) {
      const HashItem item = grown_->dict.random(random);
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
      const HashItem item = grown_->deadlines->queue.front();
      visit(item.field());
      erase_item(item);
    }
    return count;
  }
  if (next_deadline_ms() > now_ms) return 0;
  size_t index = 0;
  for (size_t at = packed_.view().first(); at != ds::ListpackView::kNone && count < max;) {
    const ds::ListpackView view = packed_.view();
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
