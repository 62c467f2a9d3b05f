// A 4-ary min-heap of deadlines whose elements can be found again: push hands out a handle, and update or
// remove by that handle costs O(log n). The owner of a payload keeps the handle beside it, so nothing is ever
// searched.
//
// order_: [ {time, handle} ... ]  heap order        slots_: [ {payload, position in order_} ... ]  by handle
//
// Both live in chunks, so growing to millions of deadlines never copies what is there already. Elements due
// at the same millisecond come out in no promised order. The heap knows nothing of keys, clocks or what a
// deadline means.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace sluice::ds {

// Payload: default constructible, cheap to move.
template <class Payload>
class DeadlineHeap {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNoHandle = UINT32_MAX;  // Never handed out; for owners without a deadline.

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }

  Handle push(int64_t time_ms, Payload payload) {
    const Handle handle = take_slot();
    slots_.at(handle).payload = std::move(payload);
    order_.ensure(size_ + 1);
    ++size_;
    sift_up(size_ - 1, {time_ms, handle});
    return handle;
  }

  // REQUIRES (all four): `handle` came from push and was not removed since.
  void update(Handle handle, int64_t time_ms) { sift({time_ms, handle}, position_of(handle)); }
  Payload remove(Handle handle);
  [[nodiscard]] int64_t time_of(Handle handle) const { return order_.at(position_of(handle)).time_ms; }
  [[nodiscard]] const Payload& payload_of(Handle handle) const { return slots_.at(checked(handle)).payload; }

  // The element due first. REQUIRES: !empty().
  [[nodiscard]] int64_t top_time_ms() const { return order_.at(top_position()).time_ms; }
  [[nodiscard]] Handle top_handle() const { return order_.at(top_position()).handle; }
  [[nodiscard]] const Payload& top() const { return slots_.at(top_handle()).payload; }

  // Any element, for whoever draws one: the payloads at all positions are all elements, in no promised order.
  // REQUIRES: position < size().
  [[nodiscard]] const Payload& payload_at(size_t position) const {
    SLUICE_CHECK(position < size_, "no such position in the deadline heap");
    return slots_.at(order_.at(position).handle).payload;
  }

  [[nodiscard]] size_t memory_bytes() const { return order_.memory_bytes() + slots_.memory_bytes(); }

  // Drops every element, at most `max_chunks` chunks of memory at a call; true while there is more to do.
  // Handles are dead from the first call on.
  bool release_slice(size_t max_chunks) {
    size_ = 0;
    used_slots_ = 0;
    free_slot_ = kNoHandle;
    return !order_.drop_chunks(max_chunks) || !slots_.drop_chunks(max_chunks);
  }

 private:
  static constexpr size_t kArity = 4;
  static constexpr uint32_t kFreeBit = 0x80000000;  // In Slot::position: the rest is the next free slot.
  static constexpr size_t kMaxElements = kFreeBit - 1;

  struct Due {
    int64_t time_ms = 0;
    Handle handle = 0;
  };
  struct Slot {
    Payload payload{};
    uint32_t position = 0;
  };

  // An array that grows by whole chunks and never moves its elements.
  template <class T>
  class Chunks {
   public:
    T& at(size_t index) { return chunks_[index / kPerChunk][index % kPerChunk]; }
    const T& at(size_t index) const { return chunks_[index / kPerChunk][index % kPerChunk]; }

    void ensure(size_t count) {
      if (count > chunks_.size() * kPerChunk) chunks_.push_back(std::make_unique<T[]>(kPerChunk));
    }
    // Gives back the last chunk once a whole spare one stands behind `count` elements.
    void trim(size_t count) {
      if (chunks_.size() > 1 && count + 2 * kPerChunk <= chunks_.size() * kPerChunk) chunks_.pop_back();
    }
    bool drop_chunks(size_t max) {
      for (; max > 0 && !chunks_.empty(); --max) chunks_.pop_back();
      return chunks_.empty();
    }
    [[nodiscard]] size_t memory_bytes() const {
      return chunks_.size() * kPerChunk * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]);
    }

   private:
    static constexpr size_t kPerChunk = 512;
    std::vector<std::unique_ptr<T[]>> chunks_;
  };

  [[nodiscard]] Handle checked(Handle handle) const {
    SLUICE_CHECK(handle < used_slots_ && (slots_.at(handle).position & kFreeBit) == 0,
                 "a dead deadline handle");
    return handle;
  }
  [[nodiscard]] size_t position_of(Handle handle) const { return slots_.at(checked(handle)).position; }
  [[nodiscard]] size_t top_position() const {
    SLUICE_CHECK(size_ > 0, "the top of an empty deadline heap");
    return 0;
  }

  Handle take_slot() {
    if (free_slot_ != kNoHandle) {
      const Handle handle = free_slot_;
      const uint32_t next = slots_.at(handle).position & ~kFreeBit;
      free_slot_ = next == (kNoHandle & ~kFreeBit) ? kNoHandle : next;
      return handle;
    }
    SLUICE_CHECK(used_slots_ < kMaxElements, "too many deadlines");
    slots_.ensure(used_slots_ + 1);
    return static_cast<Handle>(used_slots_++);
  }

  void place(size_t position, const Due& due) {
    order_.at(position) = due;
    slots_.at(due.handle).position = static_cast<uint32_t>(position);
  }

  void sift(const Due& due, size_t position) {
    if (position > 0 && due.time_ms < order_.at((position - 1) / kArity).time_ms) {
      sift_up(position, due);
    } else {
      sift_down(position, due);
    }
  }

  void sift_up(size_t position, const Due& due) {
    while (position > 0) {
      const size_t parent = (position - 1) / kArity;
      if (order_.at(parent).time_ms <= due.time_ms) break;
      place(position, order_.at(parent));
      position = parent;
    }
    place(position, due);
  }

  void sift_down(size_t position, const Due& due) {
    for (;;) {
      const size_t first = position * kArity + 1;
      if (first >= size_) break;
      const size_t end = std::min(first + kArity, size_);
      size_t least = first;
      for (size_t child = first + 1; child < end; ++child) {
        if (order_.at(child).time_ms < order_.at(least).time_ms) least = child;
      }
      if (due.time_ms <= order_.at(least).time_ms) break;
      place(position, order_.at(least));
      position = least;
    }
    place(position, due);
  }

  Chunks<Due> order_;
  Chunks<Slot> slots_;
  size_t size_ = 0;
  size_t used_slots_ = 0;         // Slots ever handed out; those below are live or on the free list.
  Handle free_slot_ = kNoHandle;  // Head of the free list.
};

template <class Payload>
Payload DeadlineHeap<Payload>::remove(Handle handle) {
  const size_t position = position_of(handle);
  Slot& slot = slots_.at(handle);
  Payload payload = std::exchange(slot.payload, Payload{});
  slot.position = kFreeBit | (free_slot_ & ~kFreeBit);
  free_slot_ = handle;
  --size_;
  const Due last = order_.at(size_);
  if (position != size_) sift(last, position);
  order_.trim(size_);
  return payload;
}

}  // namespace sluice::ds
