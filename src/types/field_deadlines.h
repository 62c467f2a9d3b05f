// When the fields of one hash go, in the two forms that a hash has: a list beside the packed fields, one
// deadline for each in their order; and a queue of a table's items, the earliest first. They only order and
// count: the hash owns the fields, and the clock is somebody else's. Times are unix milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "types/hash_item.h"

namespace sluice::types {

// Of a packed hash: the n-th deadline is the n-th field's, kNeverExpires for one that has none.
class DeadlineList {
 public:
  DeadlineList() = default;
  explicit DeadlineList(std::vector<int64_t> deadlines_ms);

  [[nodiscard]] int64_t at(size_t index) const { return deadlines_ms_[index]; }
  [[nodiscard]] size_t timed() const { return timed_; }
  [[nodiscard]] int64_t next_ms() const { return next_ms_; }
  // How many are over at `now_ms`.
  [[nodiscard]] size_t due(int64_t now_ms) const;
  [[nodiscard]] size_t memory_bytes() const { return deadlines_ms_.capacity() * sizeof(int64_t); }

  void append(int64_t deadline_ms);
  void set(size_t index, int64_t deadline_ms);
  void erase(size_t index);

 private:
  void left(int64_t deadline_ms);

  std::vector<int64_t> deadlines_ms_;
  size_t timed_ = 0;
  int64_t next_ms_ = kNeverExpires;
};

// Of a table: a min-max heap of the items that have a deadline, so that the earliest and the latest are both
// known; each item remembers its place in it.
class DeadlineQueue {
 public:
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] int64_t next_ms() const { return size_ == 0 ? kNeverExpires : at(0).deadline_ms; }
  // The item that goes first. REQUIRES: size() > 0.
  [[nodiscard]] HashItem front() const { return at(0).item; }
  // How many are over at `now_ms`; looks at those only.
  [[nodiscard]] size_t due(int64_t now_ms) const { return size_ == 0 ? 0 : due_from(0, now_ms); }
  // Whether all are: the latest one knows.
  [[nodiscard]] bool all_due(int64_t now_ms) const { return size_ == 0 || latest_ms() <= now_ms; }
  [[nodiscard]] size_t memory_bytes() const;

  // REQUIRES (all four): the item has a deadline; but for add(), it is in here.
  void add(HashItem item);
  void remove(HashItem item);
  void move_to(HashItem item, int64_t deadline_ms);
  // Another item with the same deadline in its place.
  void replace(HashItem item, HashItem next);
  // Lets go of up to `max` items, in any order, when nothing else will be asked; true while there are more.
  bool release_slice(size_t max);

 private:
  // As many as one block takes that is cheap to copy while it grows; more go to blocks that never move.
  static constexpr size_t kFirstBlock = 256;
  static constexpr size_t kBlock = 512;

  struct Slot {
    int64_t deadline_ms;
    HashItem item;
  };

  [[nodiscard]] const Slot& at(size_t place) const {
    if (place < kFirstBlock) return first_[place];
    return rest_[(place - kFirstBlock) / kBlock][(place - kFirstBlock) % kBlock];
  }
  [[nodiscard]] int64_t latest_ms() const;
  void push_slot(const Slot& slot);
  void pop_slot();
  void put(size_t place, Slot slot);
  void sift(size_t place, Slot slot);
  void rise(size_t place, Slot slot);
  void sink(size_t place, Slot slot);
  [[nodiscard]] size_t first_below(size_t place) const;
  [[nodiscard]] size_t due_from(size_t place, int64_t now_ms) const;

  std::vector<Slot> first_;
  std::vector<std::vector<Slot>> rest_;  // each of kBlock, the last one not full
  size_t size_ = 0;
};

}  // namespace sluice::types
