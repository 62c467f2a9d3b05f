#include "types/field_deadlines.h"

#include <algorithm>
#include <utility>

namespace sluice::types {

// --- packed

DeadlineList::DeadlineList(std::vector<int64_t> deadlines_ms) : deadlines_ms_(std::move(deadlines_ms)) {
  for (const int64_t deadline_ms : deadlines_ms_) {
    if (deadline_ms == kNeverExpires) continue;
    ++timed_;
    next_ms_ = std::min(next_ms_, deadline_ms);
  }
}

size_t DeadlineList::due(int64_t now_ms) const {
  if (next_ms_ > now_ms) return 0;
  const auto over = [now_ms](int64_t deadline_ms) { return deadline_ms <= now_ms; };
  return static_cast<size_t>(std::count_if(deadlines_ms_.begin(), deadlines_ms_.end(), over));
}

void DeadlineList::append(int64_t deadline_ms) {
  deadlines_ms_.push_back(kNeverExpires);
  set(deadlines_ms_.size() - 1, deadline_ms);
}

void DeadlineList::set(size_t index, int64_t deadline_ms) {
  const int64_t before = std::exchange(deadlines_ms_[index], deadline_ms);
  if (deadline_ms != kNeverExpires) {
    ++timed_;
    next_ms_ = std::min(next_ms_, deadline_ms);
  }
  left(before);
}

void DeadlineList::erase(size_t index) {
  const int64_t before = deadlines_ms_[index];
  deadlines_ms_.erase(deadlines_ms_.begin() + static_cast<std::ptrdiff_t>(index));
  left(before);
}

// One that is no longer among them.
void DeadlineList::left(int64_t deadline_ms) {
  if (deadline_ms == kNeverExpires) return;
  --timed_;
  if (deadline_ms != next_ms_) return;
  next_ms_ = timed_ == 0 ? kNeverExpires : *std::min_element(deadlines_ms_.begin(), deadlines_ms_.end());
}

// --- table

namespace {

// Levels of the heap take turns: a place of an even one holds the earliest of what is below it, one of an odd
// level the latest.
bool holds_earliest(size_t place) {
  size_t level = 0;
  for (size_t left = place + 1; left > 1; left /= 2) ++level;
  return level % 2 == 0;
}

size_t parent_of(size_t place) {
  return (place - 1) / 2;
}

}  // namespace

int64_t DeadlineQueue::latest_ms() const {
  if (size_ == 1) return at(0).deadline_ms;
  return size_ == 2 ? at(1).deadline_ms : std::max(at(1).deadline_ms, at(2).deadline_ms);
}

size_t DeadlineQueue::memory_bytes() const {
  return (first_.capacity() + rest_.size() * kBlock) * sizeof(Slot);
}

void DeadlineQueue::push_slot(const Slot& slot) {
  if (size_ < kFirstBlock) {
    first_.push_back(slot);
  } else {
    if ((size_ - kFirstBlock) % kBlock == 0) rest_.emplace_back().reserve(kBlock);
    rest_.back().push_back(slot);
  }
  ++size_;
}

void DeadlineQueue::pop_slot() {
  if (--size_ < kFirstBlock) {
    first_.pop_back();
  } else {
    rest_.back().pop_back();
    if (rest_.back().empty()) rest_.pop_back();
  }
}

void DeadlineQueue::add(HashItem item) {
  const Slot slot{item.deadline_ms(), item};
  push_slot(slot);
  sift(size_ - 1, slot);
}

void DeadlineQueue::remove(HashItem item) {
  const size_t place = item.place();
  const Slot last = at(size_ - 1);
  pop_slot();
  if (place != size_) sift(place, last);
}

void DeadlineQueue::move_to(HashItem item, int64_t deadline_ms) {
  item.set_deadline_ms(deadline_ms);
  sift(item.place(), {deadline_ms, item});
}

void DeadlineQueue::replace(HashItem item, HashItem next) {
  put(item.place(), {next.deadline_ms(), next});
}

bool DeadlineQueue::release_slice(size_t max) {
  for (; size_ > 0 && max > 0; --max) pop_slot();
  return size_ > 0;
}

void DeadlineQueue::put(size_t place, Slot slot) {
  const_cast<Slot&>(at(place)) = slot;
  slot.item.set_place(static_cast<uint32_t>(place));
}

// From `place`, whose own slot is free, to where `slot` belongs.
void DeadlineQueue::sift(size_t place, Slot slot) {
  const bool earliest = holds_earliest(place);
  const auto before = [earliest](const Slot& left, const Slot& right) {
    return earliest ? left.deadline_ms < right.deadline_ms : left.deadline_ms > right.deadline_ms;
  };
  if (place > 0 && before(at(parent_of(place)), slot)) {
    // It belongs to the parent's kind, and what the parent held is at the bounds of what is below it.
    const Slot above = at(parent_of(place));
    rise(parent_of(place), slot);
    sink(place, above);
  } else if (place > 2 && before(slot, at(parent_of(parent_of(place))))) {
    rise(place, slot);
  } else {
    sink(place, slot);
  }
}

// Up over places of the same kind.
void DeadlineQueue::rise(size_t place, Slot slot) {
  const bool earliest = holds_earliest(place);
  while (place > 2) {
    const size_t above = parent_of(parent_of(place));
    const int64_t other_ms = at(above).deadline_ms;
    if (earliest ? slot.deadline_ms >= other_ms : slot.deadline_ms <= other_ms) break;
    put(place, at(above));
    place = above;
  }
  put(place, slot);
}

// The earliest among children and grandchildren, or the latest where `place` holds that; 0: there are none.
size_t DeadlineQueue::first_below(size_t place) const {
  const bool earliest = holds_earliest(place);
  size_t found = 0;
  const auto look_at = [&](size_t first, size_t count) {
    for (size_t below = first; below < std::min(first + count, size_); ++below) {
      const int64_t deadline_ms = at(below).deadline_ms;
      if (found == 0 ||
          (earliest ? deadline_ms < at(found).deadline_ms : deadline_ms > at(found).deadline_ms)) {
        found = below;
      }
    }
  };
  look_at(2 * place + 1, 2);
  look_at(4 * place + 3, 4);
  return found;
}

void DeadlineQueue::sink(size_t place, Slot slot) {
  const bool earliest = holds_earliest(place);
  const auto before = [earliest](const Slot& left, const Slot& right) {
    return earliest ? left.deadline_ms < right.deadline_ms : left.deadline_ms > right.deadline_ms;
  };
  while (true) {
    const size_t below = first_below(place);
    if (below == 0 || !before(at(below), slot)) break;
    put(place, at(below));
    const bool is_child = parent_of(below) == place;
    place = below;
    if (is_child) break;
    if (before(at(parent_of(place)), slot)) {
      const Slot above = at(parent_of(place));
      put(parent_of(place), slot);
      slot = above;
    }
  }
  put(place, slot);
}

// What is below a place of the earliest that is not due is not due either. A place of the latest tells
// nothing.
size_t DeadlineQueue::due_from(size_t place, int64_t now_ms) const {
  const bool due = at(place).deadline_ms <= now_ms;
  if (!due && holds_earliest(place)) return 0;
  size_t count = due ? 1 : 0;
  for (size_t child = 2 * place + 1; child < std::min(2 * place + 3, size_); ++child) {
    count += due_from(child, now_ms);
  }
  return count;
}

}  // namespace sluice::types
