// Frozen: a big value as it was when a snapshot began, while clients go on changing it. Small values are
// encoded on the spot; a big one is frozen at its first change, or when the walk comes to it, whichever is
// first, and written out piece by piece:
//
//   list, stream         the ring of its nodes is copied (16 bytes each; of a stream, the leaves of pending
//                        entries as well: snapshot/frozen_stream.h); a node that is about to change is pinned
//                        first, so that its owner changes a copy
//   hash, set, sorted    how many items there are is noted; a node of the table (or leaf of the tree) that is
//   set in a table       about to change has its items encoded aside first. Items may come in any order
//
// A node that was passed or changed carries the current epoch: that is how both sides know it is done. The
// value itself belongs to its key until nobody holds it any more; then it is kept here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "ds/node.h"
#include "keyspace/value.h"
#include "snapshot/chunk_queue.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

class Frozen {
 public:
  // What stands before the value in the file; the key is copied.
  Frozen(const EntryHeads::Entry& entry, uint32_t epoch) : head_(entry), key_(entry.key), epoch_(epoch) {
    head_.key = key_;
  }
  virtual ~Frozen() = default;
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

  [[nodiscard]] const EntryHeads::Entry& head() const { return head_; }
  // What a NodeHook is told as the container of its nodes.
  [[nodiscard]] virtual const void* container() const = 0;
  // The same for the parts of it that have nodes of their own.
  [[nodiscard]] virtual std::span<const void* const> inner_containers() const { return {}; }

  // One of its nodes, not passed yet, is about to change or to go.
  virtual void before_change(ds::NodeHeader& node) = 0;

  // What the next step gave: bytes were put behind `out`, and behind them belongs the node, if there is one.
  struct Piece {
    PinnedNode node;
    uint32_t entries = 0;
    size_t node_bytes = 0;
    bool done = false;  // nothing follows
  };
  // The next piece, one node at most. The first comes after the head was written.
  virtual Piece next(base::Bytes& out) = 0;
  // Instead, when the snapshot was given up: nodes pinned but not passed on come back, some at a time.
  // False: there are no more.
  virtual bool give_up(size_t max, std::vector<PinnedNode>& nodes) = 0;

  // The value left its key.
  void keep(keyspace::Value value) { kept_ = std::move(value); }
  [[nodiscard]] size_t kept_bytes() const { return kept_ ? keyspace::memory_bytes(*kept_) : 0; }
  [[nodiscard]] std::optional<keyspace::Value> take_kept() { return std::exchange(kept_, std::nullopt); }

  // Bytes it holds beside the value.
  [[nodiscard]] virtual size_t memory_bytes() const = 0;

 protected:
  [[nodiscard]] uint32_t epoch() const { return epoch_; }
  [[nodiscard]] bool is_owed(const ds::NodeHeader& node) const { return node.epoch != epoch_; }
  // One reference of our own to a node that is passed: made when the node changed, or now.
  void claim(ds::NodeHeader& node) const;
  // The node of a snapshot that was given up: put among `nodes` if it was pinned.
  void give_back(PinnedNode node, std::vector<PinnedNode>& nodes) const;

 private:
  EntryHeads::Entry head_;
  base::Bytes key_;
  std::optional<keyspace::Value> kept_;
  uint32_t epoch_;
};

// Whether the value is too big to be encoded at once.
[[nodiscard]] bool needs_freezing(const keyspace::Value& value);
// REQUIRES: needs_freezing(value).
[[nodiscard]] std::unique_ptr<Frozen> freeze(const keyspace::Value& value, const EntryHeads::Entry& entry,
                                             uint32_t epoch);
// The container() that a frozen form of this value has, null for one that has none.
[[nodiscard]] const void* container_of(const keyspace::Value& value);

// Gives back one reference. On the reactor only.
void unpin(PinnedNode node);

}  // namespace sluice::snapshot
