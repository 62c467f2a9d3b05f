// ChunkQueue: what a walk hands to the worker thread: bytes it encoded, and pinned nodes that the worker
// encodes itself; and, the other way, nodes to unpin. The only thing both threads touch. Bounded by whoever
// fills it: full() says when to stop, but what a change forces out is taken all the same, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "ds/node.h"

namespace sluice::snapshot {

// Bytes waiting for the worker beyond which a walk pauses.
inline constexpr size_t kQueuedBytes = size_t{4} << 20;

enum class NodeKind : uint8_t { kNone, kListNode, kStreamBlock, kPendingLeaf, kOwnLeaf };

// A node with one reference that belongs to whoever holds this.
struct PinnedNode {
  ds::NodeHeader* header = nullptr;
  NodeKind kind = NodeKind::kNone;
};

struct Chunk {
  base::Bytes bytes;     // written first
  PinnedNode node;       // encoded and written behind them, if any
  uint32_t entries = 0;  // of a list node
  size_t node_bytes = 0;
  bool last = false;  // the file is complete
};

class ChunkQueue {
 public:
  // The walk's side.
  void push(Chunk chunk);
  [[nodiscard]] bool full() const { return queued_bytes() >= kQueuedBytes; }
  [[nodiscard]] size_t queued_bytes() const;
  // The most there ever was since the last time it was asked for.
  [[nodiscard]] size_t take_peak_bytes();
  // Nodes the worker is done with: to be unpinned by the caller.
  [[nodiscard]] std::vector<PinnedNode> take_returned();

  // The worker's side. False when there is nothing.
  bool pop(Chunk& chunk);
  void give_back(PinnedNode node);
  // Drops everything; its nodes are given back.
  void discard();

 private:
  static size_t weight(const Chunk& chunk) { return chunk.bytes.size() + chunk.node_bytes; }

  mutable std::mutex mutex_;
  std::deque<Chunk> chunks_;
  std::vector<PinnedNode> returned_;
  size_t bytes_ = 0;
  size_t peak_bytes_ = 0;
};

}  // namespace sluice::snapshot
