#include "snapshot/chunk_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::snapshot {

void ChunkQueue::push(Chunk chunk) {
  Chunks one;
  one.push_back(std::move(chunk));
  const std::lock_guard lock(mutex_);
  bytes_ += weight(one.front());
  peak_bytes_ = std::max(peak_bytes_, bytes_);
  chunks_.splice(chunks_.end(), one);
}

size_t ChunkQueue::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t ChunkQueue::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_ + away_bytes_;
}

size_t ChunkQueue::take_peak_bytes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(peak_bytes_, bytes_);
}

Chunks ChunkQueue::take_returned() {
  Chunks returned;
  const std::lock_guard lock(mutex_);
  returned.swap(returned_);
  for (const Chunk& chunk : returned) away_bytes_ -= weight(chunk);
  return returned;
}

bool ChunkQueue::pop(Chunks& taken) {
  const std::lock_guard lock(mutex_);
  if (chunks_.empty()) return false;
  const size_t bytes = weight(chunks_.front());
  bytes_ -= bytes;
  away_bytes_ += bytes;
  taken.splice(taken.end(), chunks_, chunks_.begin());
  return true;
}

void ChunkQueue::give_back(Chunks& taken) {
  const std::lock_guard lock(mutex_);
  returned_.splice(returned_.end(), taken);
}

void ChunkQueue::discard() {
  const std::lock_guard lock(mutex_);
  returned_.splice(returned_.end(), chunks_);
  away_bytes_ += std::exchange(bytes_, 0);
}

}  // namespace sluice::snapshot
