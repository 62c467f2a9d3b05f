// One node of a NodeList: a block of listpack entries with free room at both ends, so that pushing at either
// end of a list moves no bytes and popping only moves an offset. Value bigger than a node stand alone in a
// buffer of their own (LargeNode). These functions know bytes and room only; which node is whose neighbour is
// NodeList's matter.
//
//   | header 8 | begin 2 | end 2 | free ... | entry | entry | ... | free ... |
//                                  ^ begin                  ^ end
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "ds/node.h"

namespace sluice::ds {

// Everything a list must be told from outside. One per process, shared by all lists and outliving them.
struct ListLimits {
  static constexpr size_t kSafeNodeBytes = 8192;  // limit of a node's bytes where only entries are limited
  static constexpr int32_t kLargestLevel = -5;

  // list-max-listpack-size: -1..-5 are nodes of at most 4, 8, 16, 32, 64 KiB; positive is entries per node.
  int32_t max_listpack_size = -2;
  // DEBUG QUICKLIST-PACKED-THRESHOLD: values of this many bytes or more stand alone; 0 leaves it to the node
  // size.
  uint64_t packed_threshold = 0;

  [[nodiscard]] size_t node_bytes() const;  // bytes a node may have at most; entries may be limited further
  [[nodiscard]] uint64_t node_entries() const;
  // Would a listpack of so many bytes (header included) and entries be too big? As Redis decides it.
  [[nodiscard]] bool exceeded_by(size_t bytes, uint64_t entries) const {
    return bytes > node_bytes() || entries > node_entries();
  }
  [[nodiscard]] bool is_large(size_t value_bytes) const;
};

struct ListNode {
  NodeHeader header;
  uint16_t begin;  // offsets into data()
  uint16_t end;

  [[nodiscard]] const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  [[nodiscard]] size_t used() const { return static_cast<size_t>(end - begin); }
  [[nodiscard]] size_t capacity() const;
  [[nodiscard]] size_t block_bytes() const { return capacity() + sizeof(ListNode); }
};
static_assert(sizeof(ListNode) == 12, "a node limit of 8 KiB leaves room for what Redis would put into one");

struct LargeNode {
  NodeHeader header;
  base::Bytes value;
};

// Which end of a node (or of a list) is meant.
enum class End : uint8_t { kFront, kBack };

// A node whose block is at least block_bytes (rounded up to a size class, at most 64 KiB), with all its room
// at `room`.
ListNode* make_list_node(size_t block_bytes, End room, uint32_t epoch);
LargeNode* make_large_node(base::Bytes value, uint32_t epoch);
// A copy with the same block size, for a node that is pinned.
ListNode* copy_list_node(const ListNode& node, uint32_t epoch);
// Moves the entries into a block of another size with all room at `room`; `node` is freed. REQUIRES: they
// fit, and the node is not pinned. Same for the functions below.
ListNode* resize_list_node(ListNode* node, size_t block_bytes, End room);
// Moves the entries so that all room is at `room`.
void slide_entries(ListNode& node, End room);
// Makes room for `bytes` at `offset` from the first entry, moving the shorter side. REQUIRES: that much room
// in all.
uint8_t* open_room(ListNode& node, size_t offset, size_t bytes);
// Removes `bytes` at `offset` from the first entry, moving the shorter side.
void close_room(ListNode& node, size_t offset, size_t bytes);

// Appends the value of a large node, or the entries of any other as a whole listpack. Reads nothing that
// changes while a node is pinned, so a thread that holds a pin may call it.
void append_node(const NodeHeader& node, uint64_t entries, base::Bytes& out);

// Drops one reference; the last one frees the node. For lists and for whoever pinned one.
void unpin_list_node(NodeHeader* node);

}  // namespace sluice::ds
