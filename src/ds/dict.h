// Dict: the hash table of the keyspace and of every value that outgrew its packed form. Grows and shrinks a
// segment of at most 4 KiB at a time (no rehash pause at any size), 9.3 bytes per slot, a lookup is one cache
// line of the table plus the key itself. An Item is a trivially copyable handle of 8 bytes, usually a
// pointer; Traits says which key it has. The dict never owns what items point to, and holds references to the
// seed and the epoch given to it.
//
//   struct EntryTraits { static base::ByteView key(const Entry* entry) { return entry->name(); } };
//   Dict<Entry*, EntryTraits> dict(seed, epoch);
#pragma once

#include <algorithm>
#include <bit>
#include <optional>
#include <type_traits>
#include <utility>

#include "ds/dict_table.h"

namespace sluice::ds {

template <class Item, class Traits>
class Dict : private DictTable {
  static_assert(sizeof(Item) == 8 && std::is_trivially_copyable_v<Item>, "an item is an 8-byte handle");

 public:
  using DictTable::segment_from;
  using DictTable::Step;
  using DictTable::unpin;

  // For whoever walks segments, and what a NodeHook is told as their container.
  [[nodiscard]] const DictTable* segments() const { return this; }
  // The items of one segment, as segment_from() or a NodeHook names it.
  template <class Visitor>
  static void for_each_in(NodeHeader& segment, Visitor&& visit) {
    auto& held = reinterpret_cast<DictSegment&>(segment);
    for (unsigned b = 0; b < held.buckets; ++b) {
      const DictBucket& bucket = held.begin()[b];
      for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
        if (bucket.fingerprints[s] != 0) visit(std::bit_cast<Item>(bucket.slots[s]));
      }
    }
  }

  Dict(const HashSeed& seed, const Epoch& epoch)
      : DictTable(seed, epoch, [](uint64_t item) { return Traits::key(std::bit_cast<Item>(item)); }) {}

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // Bytes of the table itself: segments and directory, not this object, not what items point to.
  [[nodiscard]] size_t memory_bytes() const { return bytes_; }
  // How many segments and directory entries there are to walk, for DEBUG HTSTATS and tests.
  [[nodiscard]] size_t directory_entries() const { return directory_size(); }

  // Every operation by key exists with the hash given too, so that one command computes it once.
  [[nodiscard]] uint64_t hash(base::ByteView key) const { return seed_->hash(key); }
  [[nodiscard]] std::optional<Item> find(base::ByteView key) const { return find(key, hash(key)); }
  [[nodiscard]] std::optional<Item> find(base::ByteView key, uint64_t hash) const {
    const uint64_t* const slot = slot_of(key, hash);
    if (slot == nullptr) return std::nullopt;
    return std::bit_cast<Item>(*slot);
  }

  // REQUIRES: no entry has this key.
  void insert(Item item) { insert(item, hash(Traits::key(item))); }
  void insert(Item item, uint64_t hash) { insert_new(std::bit_cast<uint64_t>(item), hash); }

  // Puts `next`, which has the same key, in the place of `item`: for an entry that was reallocated. The key
  // of `item` is not read, so its memory may be gone. REQUIRES: `item` is in the dict under that hash.
  void replace(Item item, Item next, uint64_t hash) {
    slot_for_change(std::bit_cast<uint64_t>(item), hash) = std::bit_cast<uint64_t>(next);
  }

  // Takes the entry out and hands it back; the caller frees what it points to.
  std::optional<Item> erase(base::ByteView key) { return erase(key, hash(key)); }
  std::optional<Item> erase(base::ByteView key, uint64_t hash) {
    const std::optional<Item> found = find(key, hash);
    if (found) erase_item(std::bit_cast<uint64_t>(*found), hash);
    return found;
  }

  // SCAN: start with cursor 0; 0 comes back when all has been seen. The cursor is a place in hash order, so
  // every entry that is present from the first call to the last is visited exactly once, however the table
  // grows or shrinks between calls. About `count` entries per call, at most one bucket more; a call looks at
  // no more than 10 * count buckets. Any number is a valid cursor. The visitor must not change the dict.
  template <class Visitor>
  [[nodiscard]] uint64_t scan(uint64_t cursor, size_t count, Visitor&& visit) const {
    constexpr uint64_t kEnd = uint64_t{1} << kPositionBits;
    if (size_ == 0 || cursor >= kEnd) return 0;
    struct Counted {
      std::remove_reference_t<Visitor>* visit;
      size_t seen;
    } counted{&visit, 0};
    const auto call = [](void* context, uint64_t item) {
      auto* self = static_cast<Counted*>(context);
      ++self->seen;
      (*self->visit)(std::bit_cast<Item>(item));
    };
    count = std::clamp<size_t>(count, 1, SIZE_MAX / 10);
    for (size_t looked = 0; cursor < kEnd && counted.seen < count && looked < count * 10; ++looked) {
      cursor = visit_home(cursor, call, &counted);
    }
    return cursor >= kEnd ? 0 : cursor;
  }

  // Every entry with the same probability. REQUIRES: !empty().
  [[nodiscard]] Item random(base::Random& random) const { return std::bit_cast<Item>(random_item(random)); }

  // O(n): for work that is O(n) by definition. The visitor must not change the dict.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (size_t index = 0; index < directory_size();) {
      const Entry entry = entry_at(index);
      DictBucket* const begin = segment_of(entry)->begin();
      for (unsigned b = 0; b < buckets_of(entry); ++b) {
        for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
          if (begin[b].fingerprints[s] != 0) visit(std::bit_cast<Item>(begin[b].slots[s]));
        }
      }
      index += size_t{1} << (depth_ - depth_of(entry));
    }
  }

  // Takes up to `max` entries out, calling free_item on each, for freeing a big dict in slices until it is
  // empty. Once begun, only take_slice(), size(), empty(), memory_bytes() and the destructor may be used
  // until then.
  template <class Visitor>
  void take_slice(size_t max, Visitor&& free_item) {
    const auto call = [](void* context, uint64_t item) {
      (*static_cast<std::remove_reference_t<Visitor>*>(context))(std::bit_cast<Item>(item));
    };
    while (max > 0 && size_ > 0) max -= take_from_last(max, call, &free_item);
  }

 private:
  // Where the entry with this key stands; null without one. A pointer is handed back in a register: an
  // optional goes through memory, where what was just written in two pieces is waited for when it is read as
  // one.
  [[nodiscard]] const uint64_t* slot_of(base::ByteView key, uint64_t hash) const {
    if (size_ == 0) return nullptr;
    const Entry entry = entry_at(index_of(hash));
    const unsigned buckets = buckets_of(entry);
    DictBucket* const begin = segment_of(entry)->begin();
    unsigned at = home_of(entry, hash);
    for (unsigned probes = 0; probes < buckets; ++probes) {
      const DictBucket& bucket = begin[at];
      for (uint64_t match = bucket.matches(fingerprint_of(hash)); match != 0; match &= match - 1) {
        const uint64_t& slot = bucket.slots[std::countr_zero(match) / 8];
        if (Traits::key(std::bit_cast<Item>(slot)) == key) return &slot;
      }
      if (bucket.passed == 0) break;
      if (++at == buckets) at = 0;
    }
    return nullptr;
  }
};

}  // namespace sluice::ds
