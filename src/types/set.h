// The set value: different members, bytes each. A sorted array of integers while all are integers, one
// listpack in order of insertion while small, else a Dict of members in one allocation each. Conversions are
// one-way and happen at the same events as in Redis 7.2 (src/t_set.c): OBJECT ENCODING shows them, and
// integers iterate in ascending order. Knows no key, no clock and no wire.
//
// Elements handed out are views: they die with the next change of the set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>

#include "base/bytes.h"
#include "base/random.h"
#include "ds/dict.h"
#include "ds/int_set.h"
#include "ds/listpack.h"
#include "types/form.h"
#include "types/sampling.h"
#include "types/value_context.h"

namespace sluice::types {

// One member in one allocation: a length of 1 byte, or 0xff and 4 bytes for long ones, then the bytes.
class SetItem {
 public:
  static SetItem* create(base::ByteView member);
  static void destroy(SetItem* item);
  [[nodiscard]] base::ByteView member() const;
  [[nodiscard]] size_t memory_bytes() const;
};

class Set {
 public:
  explicit Set(const ValueContext& context) : form_(context) {}
  Set(Set&&) noexcept = default;
  Set& operator=(Set&& other) noexcept;
  ~Set();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  [[nodiscard]] const char* encoding() const;

  // Says that `count` members, `first` being one of them, are about to be added: one SADD of very many goes
  // to the table at once, even if they turn out to be duplicates. Redis does so, and OBJECT ENCODING shows
  // it.
  void expect(size_t count, base::ByteView first);
  // Take over integers or a listpack of members, as a table if they are too many. False, and nothing taken,
  // when a member comes twice. REQUIRES: empty(); the listpack is canonical.
  void adopt(ds::IntSet integers);
  bool adopt(ds::Listpack pack);
  // True when the member is new.
  bool add(base::ByteView member);
  bool remove(base::ByteView member);
  [[nodiscard]] bool contains(base::ByteView member) const;

  // visit(const ds::Element& member); must not change the set.
  template <class Visit>
  void for_each(Visit&& visit) const;
  // One page of SSCAN: begin with cursor 0; 0 comes back at the end. A packed set comes as one page.
  template <class Visit>
  [[nodiscard]] uint64_t scan(uint64_t cursor, size_t count, Visit&& visit) const;
  // One member, each equally likely; SPOP removes what this returned. REQUIRES: !empty().
  [[nodiscard]] ds::Element random(base::Random& random) const;
  // `count` different members. REQUIRES: count <= size().
  template <class Visit>
  void sample(size_t count, base::Random& random, Visit&& visit) const;

  // The array of a set of integers, null for any other; what an encoder copies.
  [[nodiscard]] const ds::IntSet* integers() const { return form_.get_if<kIntegers>(); }
  // For a snapshot, which walks a table segment by segment, and is told of their changes; null while packed.
  // Stays where it is when the set is moved.
  [[nodiscard]] const ds::DictTable* segments() const {
    const auto* table = form_.get_if<kTable>();
    return table == nullptr ? nullptr : (*table)->dict.segments();
  }
  template <class Visit>
  static void for_each_in(ds::NodeHeader& segment, Visit&& visit) {
    ds::Dict<SetItem*, ItemTraits>::for_each_in(segment, [&](const SetItem* item) { visit(text(item)); });
  }

  // Every member, in the same encoding (COPY).
  [[nodiscard]] Set clone() const;
  // Frees up to `max` members of a set that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  enum : size_t { kIntegers, kPacked, kTable };
  struct ItemTraits {
    static base::ByteView key(const SetItem* item) { return item->member(); }
  };
  struct Table {
    explicit Table(const ValueContext& context) : dict(context.seed, context.epoch) {}
    ds::Dict<SetItem*, ItemTraits> dict;
    size_t item_bytes = 0;
  };

  static ds::Element text(const SetItem* item) { return {false, 0, item->member()}; }
  bool add_integer(int64_t value);
  bool add_packed(base::ByteView member);
  bool add_to_table(base::ByteView member);
  void leave_integers(size_t arriving_bytes);
  void convert_to_listpack();
  void convert_to_table();

  // What a new set is before its first member decides is never seen: an empty set is not kept.
  FormOf<ds::IntSet, ds::Listpack, std::unique_ptr<Table>> form_;
};
static_assert(sizeof(Set) == 16, "a small set is held in the entry of its key");

template <class Visit>
void Set::for_each(Visit&& visit) const {
  if (const auto* integers = form_.get_if<kIntegers>()) {
    for (size_t i = 0; i < integers->size(); ++i) visit(ds::Element{true, integers->at(i), {}});
  } else if (const auto* packed = form_.get_if<kPacked>()) {
    const ds::ListpackView view = packed->view();
    for (size_t at = view.first(); at != ds::ListpackView::kNone; at = view.next(at)) visit(view.get(at));
  } else {
    form_.get<kTable>()->dict.for_each([&](const SetItem* item) { visit(text(item)); });
  }
}

template <class Visit>
uint64_t Set::scan(uint64_t cursor, size_t count, Visit&& visit) const {
  if (const auto* table = form_.get_if<kTable>()) {
    return (*table)->dict.scan(cursor, count, [&](const SetItem* item) { visit(text(item)); });
  }
  for_each(visit);
  return 0;
}

template <class Visit>
void Set::sample(size_t count, base::Random& random, Visit&& visit) const {
  if (const auto* table = form_.get_if<kTable>(); table != nullptr && count < size() / kSparseSampleShare) {
    std::unordered_set<const SetItem*> seen;
    while (seen.size() < count) {
      const SetItem* item = (*table)->dict.random(random);
      if (seen.insert(item).second) visit(text(item));
    }
    return;
  }
  SelectionSampler sampler(size(), count);
  for_each([&](const ds::Element& member) {
    if (sampler.take(random)) visit(member);
  });
}

}  // namespace sluice::types
