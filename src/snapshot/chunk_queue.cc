#include "snapshot/chunk_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::snapshot {

void ChunkQueue::push(Chunk chunk) {
  const std::lock_guard lock(mutex_);
  bytes_ += weight(chunk);
  peak_bytes_ = std::max(peak_bytes_, bytes_);
  chunks_.push_back(std::move(chunk));
}

size_t ChunkQueue::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t ChunkQueue::take_peak_bytes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(peak_bytes_, bytes_);
}

std::vector<PinnedNode> ChunkQueue::take_returned() {
  const std::lock_guard lock(mutex_);
  return std::exchange(returned_, {});
}

bool ChunkQueue::pop(Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  if (chunks_.empty()) return false;
  chunk = std::move(chunks_.front());
  chunks_.pop_front();
  bytes_ -= weight(chunk);
  return true;
}

void ChunkQueue::give_back(PinnedNode node) {
  const std::lock_guard lock(mutex_);
  returned_.push_back(node);
}

void ChunkQueue::discard() {
  const std::lock_guard lock(mutex_);
  for (const Chunk& chunk : chunks_) {
    if (chunk.node.header != nullptr) returned_.push_back(chunk.node);
  }
  chunks_.clear();
  bytes_ = 0;
}

}  // namespace sluice::snapshot
