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

bool DeadlineQueue::all_due(int64_t now_ms) const {
  if (at_latest_ == 0) {
    for (size_t place = 0; place < size_; ++place) {
      const int64_t deadline_ms = at(place).deadline_ms;
      if (at_latest_ == 0 || deadline_ms > latest_ms_) {
        latest_ms_ = deadline_ms;
        at_latest_ = 1;
      } else if (deadline_ms == latest_ms_) {
        ++at_latest_;
      }
    }
  }
  return at_latest_ == 0 || latest_ms_ <= now_ms;
}

// Of the deadlines of all, `deadline_ms` is a new one. REQUIRES: size_ does not count it yet.
void DeadlineQueue::came(int64_t deadline_ms) {
  if (size_ == 0 || (at_latest_ > 0 && deadline_ms > latest_ms_)) {
    latest_ms_ = deadline_ms;
    at_latest_ = 1;
  } else if (at_latest_ > 0 && deadline_ms == latest_ms_) {
    ++at_latest_;
  }
}

void DeadlineQueue::went(int64_t deadline_ms) {
  if (at_latest_ > 0 && deadline_ms == latest_ms_) --at_latest_;
}

size_t DeadlineQueue::memory_bytes() const {
  return (first_.capacity() + rest_.size()) * sizeof(Slot);
}

void DeadlineQueue::add(HashItem item) {
  const Slot slot{item.deadline_ms(), item};
  came(slot.deadline_ms);
  if (size_ < kFirstBlock) {
    first_.push_back(slot);
  } else {
    rest_.push_back(slot);
  }
  sift(size_++, slot);
}

void DeadlineQueue::remove(HashItem item) {
  const size_t place = item.place();
  went(item.deadline_ms());
  const Slot last = at(--size_);
  if (size_ < kFirstBlock) {
    first_.pop_back();
  } else {
    rest_.pop_back();
  }
  if (place != size_) sift(place, last);
}

void DeadlineQueue::move_to(HashItem item, int64_t deadline_ms) {
  came(deadline_ms);
  went(item.deadline_ms());
  item.set_deadline_ms(deadline_ms);
  sift(item.place(), {deadline_ms, item});
}

void DeadlineQueue::replace(HashItem item, HashItem next) {
  put(item.place(), {next.deadline_ms(), next});
}

void DeadlineQueue::put(size_t place, Slot slot) {
  (place < kFirstBlock ? first_[place] : rest_[place - kFirstBlock]) = slot;
  slot.item.set_place(static_cast<uint32_t>(place));
}

// Up or down from `place`, whose own slot is free, to where `slot` belongs.
void DeadlineQueue::sift(size_t place, Slot slot) {
  while (place > 0 && slot.deadline_ms < at((place - 1) / kArity).deadline_ms) {
    put(place, at((place - 1) / kArity));
    place = (place - 1) / kArity;
  }
  for (size_t first = place * kArity + 1; first < size_; first = place * kArity + 1) {
    size_t least = first;
    for (size_t child = first + 1; child < std::min(first + kArity, size_); ++child) {
      if (at(child).deadline_ms < at(least).deadline_ms) least = child;
    }
    if (slot.deadline_ms <= at(least).deadline_ms) break;
    put(place, at(least));
    place = least;
  }
  put(place, slot);
}

// A part of the heap whose head is not due has none that is.
size_t DeadlineQueue::due_from(size_t place, int64_t now_ms) const {
  if (at(place).deadline_ms > now_ms) return 0;
  size_t count = 1;
  const size_t first = place * kArity + 1;
  for (size_t child = first; child < std::min(first + kArity, size_); ++child) {
    count += due_from(child, now_ms);
  }
  return count;
}

}  // namespace sluice::types
