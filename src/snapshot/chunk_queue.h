// ChunkQueue: what a walk hands to the worker thread: bytes it encoded, and pinned nodes that the worker
// encodes itself; and, the other way, the same chunks, to be freed and unpinned. The only thing both threads
// touch. Bounded by whoever fills it: full() says when to stop, but what a change forces out is taken all the
// same, and counted.
//
// The worker frees nothing that the reactor allocated, and allocates nothing for it: the reactor's count of
// its memory (base/memory) would rise with every file, until `maxmemory` refused writes on an empty server.
// So chunks move by links between lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

#include "base/bytes.h"
#include "ds/node.h"

namespace sluice::snapshot {

// Bytes waiting for the worker beyond which a walk pauses.
inline constexpr size_t kQueuedBytes = size_t{4} << 20;

enum class NodeKind : uint8_t {
  kNone,
  kListNode,
  kStreamBlock,
  kPendingLeaf,
  kOwnLeaf,
  kDelayedBlock,
  kExpiryLeaf
};

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

using Chunks = std::list<Chunk>;

class ChunkQueue {
 public:
  // The walk's side.
  void push(Chunk chunk);
  [[nodiscard]] bool full() const { return queued_bytes() >= kQueuedBytes; }
  [[nodiscard]] size_t queued_bytes() const;
  // In memory because of the queue: what waits, and what came back or will.
  [[nodiscard]] size_t held_bytes() const;
  // The most that ever waited since the last time it was asked for.
  [[nodiscard]] size_t take_peak_bytes();
  // What the worker is done with: nodes are to be unpinned by the caller. Since it was last asked, no more
  // can have come than was queued.
  [[nodiscard]] Chunks take_returned();

  // The worker's side. The oldest one, behind what is in `taken`; false when there is nothing.
  bool pop(Chunks& taken);
  void give_back(Chunks& taken);
  // Gives everything back.
  void discard();

 private:
  static size_t weight(const Chunk& chunk) { return chunk.bytes.size() + chunk.node_bytes; }

  mutable std::mutex mutex_;
  Chunks chunks_;
  Chunks returned_;
  size_t bytes_ = 0;
  size_t away_bytes_ = 0;  // popped, and not yet taken back
  size_t peak_bytes_ = 0;
};

}  // namespace sluice::snapshot
