// The two kinds of node of types/id_tree, and moving things about inside one. Inner nodes know of each child
// the first id and, where items have a time, the smallest time keys below it (KeyMins); leaves are sorted
// runs of slots behind a header of ds/node.h. Slots are *narrow* as long as all ids of a leaf have the upper
// half of their milliseconds in common (49 days) and sequence and deliveries fit 32 bits, and *wide* in a
// leaf that met anything else.
//
// The tree owns the nodes; whoever encodes leaves for a snapshot reads items. Nothing here knows what a time
// key or a consumer number stands for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "ds/node.h"
#include "ds/size_class.h"
#include "types/stream_id.h"

namespace sluice::types {

// The smallest of some time keys, and the smallest of those that do not lie below each of the next *bands*:
// so that what comes first in a band is found without a walk over what stands before it.
struct KeyMins {
  static constexpr std::array<int64_t, 3> kBands = {INT64_MIN, 0, int64_t{1} << 62};
  static constexpr int64_t kNoKey = INT64_MAX;

  std::array<int64_t, kBands.size()> of{kNoKey, kNoKey, kNoKey};

  bool operator==(const KeyMins&) const = default;
  void add(int64_t key) {
    for (size_t band = 0; band < kBands.size() && key >= kBands[band]; ++band)
      of[band] = std::min(of[band], key);
  }
  void add(const KeyMins& other) {
    for (size_t band = 0; band < kBands.size(); ++band) of[band] = std::min(of[band], other.of[band]);
  }
  // Whether they would be others with one more key, or may be without it.
  [[nodiscard]] bool lowered_by(int64_t key) const {
    for (size_t band = 0; band < kBands.size() && key >= kBands[band]; ++band) {
      if (key < of[band]) return true;
    }
    return false;
  }
  [[nodiscard]] bool hold(int64_t key) const { return std::find(of.begin(), of.end(), key) != of.end(); }
};

// What a group knows of a pending entry.
struct PendingItem {
  StreamId id;
  int64_t time_key = 0;
  uint64_t deliveries = 0;
  uint32_t consumer = 0;
};

// What a consumer knows of one: what it takes to find the idle ones among its own.
struct OwnItem {
  StreamId id;
  int64_t time_key = 0;
};

// An id and nothing else.
struct BareItem {
  StreamId id;
};

// How many groups have an entry pending, and their numbers, one over the other (exclusive or): of a single
// one that is its own.
struct CountItem {
  StreamId id;
  uint32_t groups = 0;
  uint32_t numbers = 0;
};

// What all narrow slots of a leaf have in common.
[[nodiscard]] inline uint32_t window_of(const StreamId& id) {
  return static_cast<uint32_t>(id.ms >> 32);
}
[[nodiscard]] inline StreamId id_in(uint32_t window, uint32_t ms, uint32_t seq) {
  return {uint64_t{window} << 32 | ms, seq};
}

struct PendingSlot {
  using Item = PendingItem;
  static constexpr bool kTimed = true;

  uint32_t ms;
  uint32_t seq;
  int64_t time_key;
  uint32_t deliveries;
  uint32_t consumer;

  static bool fits(const Item& item, uint32_t window) {
    return window_of(item.id) == window && item.id.seq <= UINT32_MAX && item.deliveries <= UINT32_MAX;
  }
  static PendingSlot of(const Item& item) {
    return {static_cast<uint32_t>(item.id.ms), static_cast<uint32_t>(item.id.seq), item.time_key,
            static_cast<uint32_t>(item.deliveries), item.consumer};
  }
  [[nodiscard]] Item item(uint32_t window) const {
    return {id_in(window, ms, seq), time_key, deliveries, consumer};
  }
  [[nodiscard]] int64_t key(uint32_t) const { return time_key; }
};

// Narrow where the time, too, is of the same 49 days as the ids.
struct OwnSlot {
  using Item = OwnItem;
  static constexpr bool kTimed = true;

  uint32_t ms;
  uint32_t seq;
  uint32_t time;

  static bool fits(const Item& item, uint32_t window) {
    return window_of(item.id) == window && item.id.seq <= UINT32_MAX && item.time_key >> 32 == window;
  }
  static OwnSlot of(const Item& item) {
    return {static_cast<uint32_t>(item.id.ms), static_cast<uint32_t>(item.id.seq),
            static_cast<uint32_t>(item.time_key)};
  }
  [[nodiscard]] Item item(uint32_t window) const { return {id_in(window, ms, seq), key(window)}; }
  [[nodiscard]] int64_t key(uint32_t window) const { return int64_t{window} << 32 | time; }
};

struct BareSlot {
  using Item = BareItem;
  static constexpr bool kTimed = false;

  uint32_t ms;
  uint32_t seq;

  static bool fits(const Item& item, uint32_t window) {
    return window_of(item.id) == window && item.id.seq <= UINT32_MAX;
  }
  static BareSlot of(const Item& item) {
    return {static_cast<uint32_t>(item.id.ms), static_cast<uint32_t>(item.id.seq)};
  }
  [[nodiscard]] Item item(uint32_t window) const { return {id_in(window, ms, seq)}; }
};

struct CountSlot {
  using Item = CountItem;
  static constexpr bool kTimed = false;

  uint32_t ms;
  uint32_t seq;
  uint32_t groups;
  uint32_t numbers;

  static bool fits(const Item& item, uint32_t window) {
    return window_of(item.id) == window && item.id.seq <= UINT32_MAX;
  }
  static CountSlot of(const Item& item) {
    return {static_cast<uint32_t>(item.id.ms), static_cast<uint32_t>(item.id.seq), item.groups, item.numbers};
  }
  [[nodiscard]] Item item(uint32_t window) const { return {id_in(window, ms, seq), groups, numbers}; }
};

// A header and, right behind it, room for `capacity` slots in the same allocation, which is of a size that
// the allocator has.
template <class Slot>
class IdLeaf : public ds::NodeHeader {
 public:
  using Item = typename Slot::Item;
  static constexpr size_t kMaxSlots = 62;

  // An empty leaf with room for at least so many slots. REQUIRES: at most kMaxSlots.
  static IdLeaf* make(size_t slots, bool wide, uint32_t window) {
    const size_t bytes = bytes_for(slots, wide);
    auto* leaf = new (::operator new(bytes)) IdLeaf;
    leaf->capacity_ = static_cast<uint8_t>(std::min(kMaxSlots, (bytes - sizeof(IdLeaf)) / slot_bytes(wide)));
    leaf->wide_ = wide;
    leaf->window_ = window;
    return leaf;
  }
  // Gives back one reference.
  static void unpin(IdLeaf* leaf) {
    if (--leaf->refs == 0) ::operator delete(leaf);
  }

  [[nodiscard]] size_t count() const { return count_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] bool wide() const { return wide_; }
  [[nodiscard]] uint32_t window() const { return window_; }
  [[nodiscard]] size_t bytes() const { return bytes_for(capacity_, wide_); }
  [[nodiscard]] bool fits(const Item& item) const { return wide_ || Slot::fits(item, window_); }

  [[nodiscard]] Item item(size_t index) const {
    return wide_ ? wides()[index] : slots()[index].item(window_);
  }
  [[nodiscard]] StreamId id(size_t index) const {
    return wide_ ? wides()[index].id : id_in(window_, slots()[index].ms, slots()[index].seq);
  }
  // How many slots have a lower id.
  [[nodiscard]] size_t lower_bound(const StreamId& wanted) const {
    size_t low = 0;
    for (size_t left = count_; left > 0;) {
      const size_t half = left / 2;
      const bool below = id(low + half) < wanted;
      low = below ? low + half + 1 : low;
      left = below ? left - half - 1 : half;
    }
    return low;
  }
  [[nodiscard]] bool holds(size_t index, const StreamId& wanted) const {
    return index < count_ && id(index) == wanted;
  }
  // Of leaves whose items have a time.
  [[nodiscard]] int64_t key(size_t index) const {
    return wide_ ? wides()[index].time_key : slots()[index].key(window_);
  }
  [[nodiscard]] KeyMins key_mins() const {
    KeyMins mins;
    for (size_t i = 0; i < count_; ++i) mins.add(key(i));
    return mins;
  }

  // REQUIRES of all changes: not pinned; room for what arrives, and it fits.
  void set(size_t index, const Item& item) {
    if (wide_) {
      wides()[index] = item;
    } else {
      slots()[index] = Slot::of(item);
    }
  }
  void insert(size_t index, const Item& item) {
    shift(index, index + 1, count_ - index);
    set(index, item);
    ++count_;
  }
  void erase(size_t index) {
    shift(index + 1, index, count_ - index - 1);
    --count_;
  }
  // Appends items of another leaf, which keeps them.
  void append(const IdLeaf& from, size_t first, size_t item_count) {
    for (size_t i = 0; i < item_count; ++i) set(count_++, from.item(first + i));
  }
  void truncate(size_t item_count) { count_ = static_cast<uint8_t>(item_count); }

 private:
  static constexpr size_t slot_bytes(bool wide) { return wide ? sizeof(Item) : sizeof(Slot); }
  static constexpr size_t bytes_for(size_t slots, bool wide) {
    return ds::size_class(sizeof(IdLeaf) + slots * slot_bytes(wide));
  }
  Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  [[nodiscard]] const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }
  Item* wides() { return reinterpret_cast<Item*>(this + 1); }
  [[nodiscard]] const Item* wides() const { return reinterpret_cast<const Item*>(this + 1); }
  void shift(size_t from, size_t to, size_t slot_count) {
    const size_t width = slot_bytes(wide_);
    auto* const bytes = reinterpret_cast<unsigned char*>(this + 1);
    std::memmove(bytes + to * width, bytes + from * width, slot_count * width);
  }

  uint8_t count_ = 0;
  uint8_t capacity_ = 0;
  bool wide_ = false;
  uint32_t window_ = 0;
};

using PendingLeaf = IdLeaf<PendingSlot>;
using OwnLeaf = IdLeaf<OwnSlot>;

// What an inner node knows of one child.
struct IdChild {
  StreamId first;
  KeyMins mins;
  void* node = nullptr;

  bool operator==(const IdChild&) const = default;
};

template <bool kTimed>
struct IdInner {
  static constexpr size_t kMaxChildren = 31;  // fills a class of the allocator, with times or without

  std::array<StreamId, kMaxChildren> firsts;
  std::array<KeyMins, kTimed ? kMaxChildren : 0> mins;
  std::array<void*, kMaxChildren> children;
  uint32_t count = 0;

  [[nodiscard]] IdChild get(size_t index) const {
    IdChild child{firsts[index], {}, children[index]};
    if constexpr (kTimed) child.mins = mins[index];
    return child;
  }
  void put(size_t index, const IdChild& child) {
    firsts[index] = child.first;
    if constexpr (kTimed) mins[index] = child.mins;
    children[index] = child.node;
  }
  void insert(size_t index, const IdChild& child) {
    for (size_t i = count; i > index; --i) put(i, get(i - 1));
    put(index, child);
    ++count;
  }
  void erase(size_t index) {
    for (size_t i = index + 1; i < count; ++i) put(i - 1, get(i));
    --count;
  }
  // Moves the children from `index` on to the end of `to`.
  void move_tail(size_t index, IdInner& to) {
    for (size_t i = index; i < count; ++i) to.put(to.count++, get(i));
    count = static_cast<uint32_t>(index);
  }
  // The child below which an id belongs: the last that does not begin above it, or the first.
  [[nodiscard]] size_t child_for(const StreamId& id) const {
    const StreamId* const end = firsts.data() + count;
    const StreamId* const above = std::upper_bound(firsts.data(), end, id);
    return above == firsts.data() ? 0 : static_cast<size_t>(above - firsts.data()) - 1;
  }
  [[nodiscard]] KeyMins key_mins() const {
    KeyMins all;
    if constexpr (kTimed) {
      for (size_t i = 0; i < count; ++i) all.add(mins[i]);
    }
    return all;
  }
};

}  // namespace sluice::types
