// NodeList: a sequence of values as a deque of bounded, reference-counted nodes (ds/list_node.h). Both ends
// are O(1) and move no bytes; the ring of nodes knows how many entries and bytes each holds, so random access
// walks the ring, not the nodes. A list that never had more than one small node is that node and two words;
// the ring comes with the second one and stays. Nodes are opened in one place (open), where a compressed form
// will be unpacked; every change goes through writable(), which tells the snapshot and copies pinned nodes.
// The list owns its nodes and its ring; limits and epoch belong to whoever made it, and outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "ds/list_node.h"
#include "ds/listpack.h"
#include "ds/marked_pointer.h"

namespace sluice::ds {

// What lists share. One per process.
struct ListContext {
  const Epoch* epoch;
  ListLimits limits;
};

class NodeList {
 public:
  explicit NodeList(const ListContext& context) : context_(&context) {}
  NodeList(NodeList&& other) noexcept;
  NodeList& operator=(NodeList&& other) noexcept;
  NodeList(const NodeList&) = delete;
  NodeList& operator=(const NodeList&) = delete;
  // O(nodes); a big list is emptied by release_slice() first. Neither tells the snapshot: who detaches a
  // value does.
  ~NodeList();

  [[nodiscard]] uint64_t size() const {
    const Ring* const ring = this->ring();
    return ring == nullptr ? storage_.mark() : ring->size;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // Bytes of all entries in listpack encoding, large values included; headers and ends are not.
  [[nodiscard]] uint64_t entry_bytes() const {
    if (const Ring* const ring = this->ring(); ring != nullptr) return ring->bytes;
    return empty() ? 0 : only_node()->used();
  }
  [[nodiscard]] size_t node_count() const {
    const Ring* const ring = this->ring();
    return ring == nullptr ? size_t{storage_.mark() != 0} : ring->nodes;
  }
  [[nodiscard]] const ListLimits& limits() const { return context().limits; }
  // What a NodeHook is told as the container of the nodes: stays the same when the list is moved. Null
  // without a ring: then there is no more than one node, and a small one.
  [[nodiscard]] const void* identity() const { return ring(); }
  // A bit that the list keeps for its owner: it moves with the list.
  [[nodiscard]] bool owner_bit() const { return context_.mark() != 0; }
  void set_owner_bit(bool bit) { context_.set_mark(bit ? 1 : 0); }
  // Memory of nodes and ring. O(ring); nodes between the ends count as their size class.
  [[nodiscard]] size_t memory_bytes() const;

  // Views handed out die with the next change; a value handed in must not be a view into this list.
  void push_front(base::ByteView value) { push(End::kFront, Packable(value)); }
  void push_back(base::ByteView value) { push(End::kBack, Packable(value)); }
  void push(End end, const Packable& value);
  // Takes over the buffer of a value that gets a node of its own; smaller ones are copied.
  void push_owned(End end, base::Bytes value);
  // Whether it would take this one over, and views into it stay good while the element is here.
  [[nodiscard]] bool adopts(base::ByteView value) const;
  // All elements of a listpack from outside, at the back: as a node of its own if it is not bigger than one
  // may be. REQUIRES: inspect(listpack) of ds/listpack_check.h says canonical, and counts `elements`.
  void adopt_listpack(base::ByteView listpack, uint64_t elements);
  // REQUIRES: !empty().
  [[nodiscard]] Element front() const { return peek(End::kFront); }
  [[nodiscard]] Element back() const { return peek(End::kBack); }
  [[nodiscard]] Element peek(End end) const;
  void pop_front() { pop(End::kFront); }
  void pop_back() { pop(End::kBack); }
  void pop(End end);

  // Walks elements in either direction. Reads only; dies with any change of the list.
  class Cursor {
   public:
    [[nodiscard]] bool valid() const { return node_ < list_->node_count(); }
    // REQUIRES, for these three: valid(). Moving past either end makes the cursor invalid for good.
    [[nodiscard]] Element get() const;
    void next();
    void prev();

   private:
    friend class NodeList;
    Cursor(const NodeList* list, size_t node, size_t offset) : list_(list) { enter(node, offset); }
    void enter(size_t node, size_t offset);
    [[nodiscard]] size_t offset() const { return static_cast<size_t>(at_ - begin_); }

    const NodeList* list_;
    size_t node_ = 0;
    const uint8_t* begin_ = nullptr;  // entries of the node; null in a large one
    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
  };

  [[nodiscard]] Cursor cursor_at(uint64_t index) const;  // invalid when index >= size()
  // REQUIRES: index < size().
  [[nodiscard]] Element at(uint64_t index) const { return cursor_at(index).get(); }

  // REQUIRES, for all: at.valid(). The cursor given is dead afterwards.
  void insert_before(const Cursor& at, const Packable& value);
  void insert_after(const Cursor& at, const Packable& value);
  void replace(const Cursor& at, const Packable& value);
  // Returns the element after the erased one (kBack: toward the back) or before it (kFront).
  Cursor erase(const Cursor& at, End onward);

  // Removes `count` elements from `first` on (fewer if there are not so many). Whole nodes are not freed but
  // handed back as a list, so that the caller can free a long one in slices.
  NodeList cut(uint64_t first, uint64_t count);
  // A list of the same nodes, copied: a node belongs to one list, or a snapshot could not tell whose it is.
  [[nodiscard]] NodeList clone() const;
  // Frees up to max_nodes nodes from the back. Returns whether the list is empty now.
  bool release_slice(size_t max_nodes);

  // For encoders: a node as append_node() of ds/list_node.h takes it.
  [[nodiscard]] const NodeHeader& node(size_t index) const { return *header(index); }
  // For writing nodes out, in order: a large node is one plain value, any other becomes a listpack.
  [[nodiscard]] bool is_large_node(size_t node) const { return header(node)->form == NodeForm::kAdopted; }
  [[nodiscard]] base::ByteView large_value(size_t node) const;  // REQUIRES: is_large_node(node)
  void append_listpack(size_t node, base::Bytes& out) const;    // REQUIRES: !is_large_node(node)
  // The ring as it is: for a snapshot, which walks it later. O(nodes), 16 bytes each.
  struct NodeRef {
    NodeHeader* node;
    uint32_t entries;
    uint32_t bytes;
  };
  [[nodiscard]] std::vector<NodeRef> node_refs() const;
  [[nodiscard]] uint64_t node_size(size_t node) const {
    const Ring* const ring = this->ring();
    return ring == nullptr ? storage_.mark() : ring->slot(node).count;
  }

 private:
  struct Slot {
    NodeHeader* node;
    uint32_t count;
    uint32_t bytes;
  };
  // All nodes of a list that is more than one small node, or was.
  struct Ring {
    uint64_t size;
    uint64_t bytes;
    Slot* slots;        // used from `head` on
    uint32_t capacity;  // a power of two
    uint32_t head;
    uint32_t nodes;

    [[nodiscard]] Slot& slot(size_t node) const { return slots[(head + node) & (capacity - 1)]; }
  };
  // An element's place: offset from the first entry of its node.
  struct Place {
    size_t node;
    size_t offset;
  };
  struct Found {
    Place place;
    uint64_t ordinal;  // entries before it in its node
  };
  // The entries of a node, or the value of a large one.
  struct Opened {
    const uint8_t* begin;
    const uint8_t* end;
    const base::Bytes* large;
  };

  static constexpr size_t kListpackOverhead = ListpackView::kHeaderBytes + 1;
  static constexpr size_t kLastEntry = SIZE_MAX;  // as an offset: the last entry of the node

  [[nodiscard]] const ListContext& context() const { return *context_.get(); }
  [[nodiscard]] Ring* ring() const {
    return storage_.mark() == 0 ? static_cast<Ring*>(storage_.get()) : nullptr;
  }
  // REQUIRES: ring() == nullptr.
  [[nodiscard]] ListNode* only_node() const { return static_cast<ListNode*>(storage_.get()); }
  [[nodiscard]] NodeHeader* header(size_t node) const {
    const Ring* const ring = this->ring();
    return ring == nullptr ? &only_node()->header : ring->slot(node).node;
  }
  [[nodiscard]] uint64_t node_bytes(size_t node) const {
    const Ring* const ring = this->ring();
    return ring == nullptr ? only_node()->used() : ring->slot(node).bytes;
  }
  [[nodiscard]] Opened open(size_t node) const;
  [[nodiscard]] bool allows(size_t node, size_t value_bytes) const;

  ListNode* writable(size_t node);
  ListNode* writable_for(size_t node, size_t bytes, End end);
  void set_node(size_t node, ListNode* changed);
  void count(size_t node, int64_t entries, int64_t bytes);

  void insert_slot(size_t node, Slot added);
  void remove_slots(size_t node, size_t count);
  Ring& made_ring();
  static void resize_ring(Ring& ring, size_t capacity);
  void drop_node(size_t node);

  bool try_put(Place place, const Packable& value);
  void put_new_node(size_t node, const Packable& value, End room);
  void put_large_node(size_t node, base::Bytes value);
  void insert_at(Place place, const Packable& value);
  void split(Place place);
  Place erase_at(const Cursor& at);
  void erase_entries(Place place, uint64_t entries, size_t bytes);
  void merge_around(Place& place);
  bool merge_with_next(size_t node);
  void tighten(size_t node);
  [[nodiscard]] Found find(uint64_t index) const;
  void free_all();

  MarkedPointer<const ListContext> context_;  // Marked with the owner's bit.
  MarkedPointer<void> storage_;  // The only node, marked with how many entries it has; or the ring, or null.
};
static_assert(sizeof(NodeList) == 16, "a short list is held in the entry of its key");

}  // namespace sluice::ds
