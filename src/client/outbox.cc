#include "client/outbox.h"

#include <algorithm>

namespace sluice::client {

namespace {

// Sent bytes in front of a buffer that never runs empty are dropped once they are this many and most of it.
constexpr size_t kCompactBytes = size_t{64} << 10;

}  // namespace

void Outbox::tag(uint64_t offset) {
  const size_t tagged_end = first_run_ < runs_.size() ? runs_.back().end : released_end_;
  if (bytes_.size() == tagged_end) return;
  last_tag_ = std::max(last_tag_, offset);
  if (durable_ends_) {
    durable_until_ = last_tag_;
    durable_ends_ = false;
  }
  if (first_run_ < runs_.size() && runs_.back().tag == last_tag_) {
    runs_.back().end = bytes_.size();
  } else {
    runs_.push_back(Run{bytes_.size(), last_tag_});
  }
}

void Outbox::wait_for_sync(bool wait) {
  durable_ends_ = !wait && durable_until_ == UINT64_MAX;
  if (wait) durable_until_ = UINT64_MAX;
}

base::ByteView Outbox::sendable(uint64_t watermark) {
  while (first_run_ < runs_.size() && runs_[first_run_].tag <= watermark) {
    released_end_ = runs_[first_run_].end;
    ++first_run_;
  }
  if (first_run_ == runs_.size()) {
    runs_.clear();
    first_run_ = 0;
  }
  return base::ByteView(bytes_).substr(head_, released_end_ - head_);
}

void Outbox::sent(size_t count) {
  head_ += count;
  if (head_ == bytes_.size()) {
    clear();
    return;
  }
  if (head_ < kCompactBytes || head_ < bytes_.size() / 2) return;
  bytes_.erase(0, head_);
  for (size_t i = first_run_; i < runs_.size(); ++i) runs_[i].end -= head_;
  released_end_ -= head_;
  head_ = 0;
}

void Outbox::clear() {
  base::Bytes().swap(bytes_);
  head_ = 0;
  released_end_ = 0;
  std::vector<Run>().swap(runs_);
  first_run_ = 0;
}

}  // namespace sluice::client
