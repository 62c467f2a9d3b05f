#include "ds/node_list.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "ds/size_class.h"

namespace sluice::ds {

namespace {

constexpr uint32_t kSmallestRing = 4;
// Redis reckons with so many bytes for the encoding of one more entry when it asks whether a node is full. We
// reckon alike, so that nodes end where its nodes end: OBJECT ENCODING depends on the number of nodes.
constexpr size_t kEntryEstimate = 8;

ListNode* as_list_node(NodeHeader* header) {
  return reinterpret_cast<ListNode*>(header);
}

base::Bytes text_of(const Packable& value) {
  if (!value.is_int() || !value.text().empty()) return base::Bytes(value.text());
  return base::Bytes(base::format_int64(value.number()).view());
}

}  // namespace

NodeList::NodeList(NodeList&& other) noexcept
    : context_(other.context_), storage_(std::exchange(other.storage_, {})) {}

NodeList& NodeList::operator=(NodeList&& other) noexcept {
  if (this == &other) return *this;
  free_all();
  context_ = other.context_;
  storage_ = std::exchange(other.storage_, {});
  return *this;
}

NodeList::~NodeList() {
  free_all();
}

void NodeList::free_all() {
  release_slice(SIZE_MAX);
}

bool NodeList::release_slice(size_t max_nodes) {
  for (; node_count() > 0 && max_nodes > 0; --max_nodes) {
    const size_t last = node_count() - 1;
    unpin_list_node(header(last));
    remove_slots(last, 1);
  }
  if (!empty()) return false;
  if (Ring* const ring = this->ring(); ring != nullptr) {
    std::free(ring->slots);
    delete ring;
    storage_ = {};
  }
  return true;
}

size_t NodeList::memory_bytes() const {
  const Ring* const ring = this->ring();
  size_t total = ring == nullptr ? 0 : size_class(sizeof(Ring)) + size_t{ring->capacity} * sizeof(Slot);
  const size_t nodes = node_count();
  for (size_t i = 0; i < nodes; ++i) {
    const bool exact = (i == 0 || i + 1 == nodes) && !is_large_node(i);
    total += exact ? as_list_node(header(i))->block_bytes() : size_class(node_bytes(i) + sizeof(ListNode));
  }
  return total;
}

NodeList::Opened NodeList::open(size_t node) const {
  NodeHeader* const opened = header(node);
  if (opened->form == NodeForm::kAdopted) {
    return {nullptr, nullptr, &reinterpret_cast<const LargeNode*>(opened)->value};
  }
  const ListNode* plain = as_list_node(opened);
  return {plain->data() + plain->begin, plain->data() + plain->end, nullptr};
}

bool NodeList::allows(size_t node, size_t value_bytes) const {
  if (header(node)->form != NodeForm::kPlain) return false;
  const size_t bytes = node_bytes(node) + kListpackOverhead + value_bytes + kEntryEstimate;
  return !limits().exceeded_by(bytes, node_size(node) + 1);
}

// ---- nodes and their ring

void NodeList::set_node(size_t node, ListNode* changed) {
  if (Ring* const ring = this->ring(); ring != nullptr) {
    ring->slot(node).node = &changed->header;
  } else {
    storage_ = MarkedPointer<void>(changed, storage_.mark());
  }
}

void NodeList::count(size_t node, int64_t entries, int64_t bytes) {
  Ring* const ring = this->ring();
  if (ring == nullptr) {
    // The node knows its bytes, and has no room for more entries than a mark can count.
    storage_.set_mark(static_cast<uint16_t>(storage_.mark() + entries));
    return;
  }
  ring->size += static_cast<uint64_t>(entries);
  ring->bytes += static_cast<uint64_t>(bytes);
  Slot& slot = ring->slot(node);
  slot.count += static_cast<uint32_t>(entries);
  slot.bytes += static_cast<uint32_t>(bytes);
}

void NodeList::resize_ring(Ring& ring, size_t capacity) {
  auto* slots = static_cast<Slot*>(std::malloc(capacity * sizeof(Slot)));
  SLUICE_CHECK(slots != nullptr, "out of memory");
  for (size_t i = 0; i < ring.nodes; ++i) slots[i] = ring.slot(i);
  std::free(ring.slots);
  ring.slots = slots;
  ring.capacity = static_cast<uint32_t>(capacity);
  ring.head = 0;
}

// The ring, which from now on is there.
NodeList::Ring& NodeList::made_ring() {
  if (Ring* const ring = this->ring(); ring != nullptr) return *ring;
  auto* ring = new Ring{};
  resize_ring(*ring, kSmallestRing);
  if (!empty()) {
    ring->slots[0] = Slot{header(0), static_cast<uint32_t>(size()), static_cast<uint32_t>(entry_bytes())};
    ring->size = size();
    ring->bytes = entry_bytes();
    ring->nodes = 1;
  }
  storage_ = MarkedPointer<void>(ring);
  return *ring;
}

void NodeList::insert_slot(size_t node, Slot added) {
  if (storage_.get() == nullptr && added.node->form == NodeForm::kPlain) {
    storage_ = MarkedPointer<void>(added.node, static_cast<uint16_t>(added.count));
    return;
  }
  Ring& ring = made_ring();
  if (ring.nodes == ring.capacity) resize_ring(ring, size_t{ring.capacity} * 2);
  if (node < ring.nodes / 2) {
    ring.head = (ring.head - 1) & (ring.capacity - 1);
    for (size_t i = 0; i < node; ++i) ring.slot(i) = ring.slot(i + 1);
  } else {
    for (size_t i = ring.nodes; i > node; --i) ring.slot(i) = ring.slot(i - 1);
  }
  ring.slot(node) = added;
  ++ring.nodes;
  ring.size += added.count;
  ring.bytes += added.bytes;
}

void NodeList::remove_slots(size_t node, size_t count) {
  if (this->ring() == nullptr) {
    storage_ = {};
    return;
  }
  Ring& ring = *this->ring();
  for (size_t i = node; i < node + count; ++i) {
    ring.size -= ring.slot(i).count;
    ring.bytes -= ring.slot(i).bytes;
  }
  const size_t after = ring.nodes - node - count;
  if (node < after) {
    for (size_t i = node; i > 0; --i) ring.slot(i - 1 + count) = ring.slot(i - 1);
    ring.head = static_cast<uint32_t>(ring.head + count) & (ring.capacity - 1);
  } else {
    for (size_t i = node; i < node + after; ++i) ring.slot(i) = ring.slot(i + count);
  }
  ring.nodes -= static_cast<uint32_t>(count);
  if (ring.capacity > kSmallestRing && ring.nodes < ring.capacity / 4) {
    resize_ring(ring, std::max<size_t>(std::bit_ceil(size_t{ring.nodes}) * 2, kSmallestRing));
  }
}

void NodeList::drop_node(size_t node) {
  announce_change(*context().epoch, *header(node), identity());
  unpin_list_node(header(node));
  remove_slots(node, 1);
}

// The node behind an index, announced to the snapshot and safe to change. REQUIRES: it is not a large one.
ListNode* NodeList::writable(size_t node) {
  NodeHeader* const old = header(node);
  announce_change(*context().epoch, *old, identity());
  if (!is_pinned(*old)) [[likely]]
    return as_list_node(old);
  ListNode* copy = copy_list_node(*as_list_node(old), context().epoch->current);
  unpin_list_node(old);
  set_node(node, copy);
  return copy;
}

// A node with room for `bytes` at that end, or null when making room would cost more than a new node.
ListNode* NodeList::writable_for(size_t node, size_t bytes, End end) {
  const ListNode* present = as_list_node(header(node));
  const size_t capacity = present->capacity();
  const size_t room = end == End::kFront ? present->begin : capacity - present->end;
  if (room >= bytes) [[likely]]
    return writable(node);

  const size_t used = present->used();
  const size_t block = present->block_bytes();
  const size_t largest = limits().node_bytes();
  const size_t needed = sizeof(ListNode) + used + bytes;
  // Sliding is worth it only if many pushes follow before the next time: a half-empty node, or one that
  // cannot grow but has an eighth to spare.
  const size_t spare = capacity - used;
  const bool can_grow = block < largest && needed <= largest;
  if (spare < bytes + (can_grow ? capacity / 2 : capacity / 8)) {
    if (!can_grow) return nullptr;
    announce_change(*context().epoch, *header(node), identity());
    // To the next size class: only the first node of a list grows at all, and most lists stay in it.
    ListNode* grown = resize_list_node(as_list_node(header(node)), needed, end);
    set_node(node, grown);
    return grown;
  }
  ListNode* slid = writable(node);
  slide_entries(*slid, end);
  return slid;
}

// Gives back most of a block that is nearly empty.
void NodeList::tighten(size_t node) {
  constexpr size_t kWorthIt = 256;
  if (node >= node_count() || header(node)->form != NodeForm::kPlain) return;
  ListNode* const present = as_list_node(header(node));
  const size_t used = present->used();
  if (present->block_bytes() <= kWorthIt || used * 8 >= present->block_bytes()) return;
  announce_change(*context().epoch, present->header, identity());
  if (is_pinned(present->header)) return;
  ListNode* smaller = resize_list_node(present, sizeof(ListNode) + used * 2, End::kFront);
  set_node(node, smaller);
}

// ---- ends

void NodeList::push(End end, const Packable& value) {
  if (node_count() > 0 && !limits().is_large(value.text_bytes())) [[likely]] {
    const size_t node = end == End::kFront ? 0 : node_count() - 1;
    if (allows(node, value.text_bytes())) {
      const size_t bytes = value.encoded_bytes();
      if (ListNode* place = writable_for(node, bytes, end)) [[likely]] {
        if (end == End::kFront) {
          place->begin = static_cast<uint16_t>(place->begin - bytes);
          value.encode(place->data() + place->begin);
        } else {
          value.encode(place->data() + place->end);
          place->end = static_cast<uint16_t>(place->end + bytes);
        }
        count(node, 1, static_cast<int64_t>(bytes));
        return;
      }
    }
  }
  put_new_node(end == End::kFront ? 0 : node_count(), value, end);
}

void NodeList::push_owned(End end, base::Bytes value) {
  if (adopts(value)) {
    put_large_node(end == End::kFront ? 0 : node_count(), std::move(value));
  } else {
    push(end, Packable(value));
  }
}

bool NodeList::adopts(base::ByteView value) const {
  return limits().is_large(value.size()) ||
         sizeof(ListNode) + Packable(value).encoded_bytes() > limits().node_bytes();
}

Element NodeList::peek(End end) const {
  SLUICE_CHECK(!empty(), "an empty list has no ends");
  const Opened opened = open(end == End::kFront ? 0 : node_count() - 1);
  if (opened.large != nullptr) return Element{false, 0, *opened.large};
  return decode_entry(end == End::kFront ? opened.begin : entry_before(opened.end));
}

void NodeList::pop(End end) {
  SLUICE_CHECK(!empty(), "an empty list has nothing to pop");
  const size_t node = end == End::kFront ? 0 : node_count() - 1;
  if (node_size(node) == 1) {
    drop_node(node);
  } else {
    ListNode* const changed = writable(node);
    size_t bytes = 0;
    if (end == End::kFront) {
      bytes = ds::entry_bytes(changed->data() + changed->begin);
      changed->begin = static_cast<uint16_t>(changed->begin + bytes);
    } else {
      const uint8_t* const last = changed->data() + changed->end;
      bytes = static_cast<size_t>(last - entry_before(last));
      changed->end = static_cast<uint16_t>(changed->end - bytes);
    }
    count(node, -1, -static_cast<int64_t>(bytes));
  }
  if (node_count() == 1) tighten(0);
}

// A new node before index `node` for one value.
void NodeList::put_new_node(size_t node, const Packable& value, End room) {
  const size_t bytes = value.encoded_bytes();
  const size_t needed = sizeof(ListNode) + bytes;
  const size_t largest = limits().node_bytes();
  if (limits().is_large(value.text_bytes()) || needed > largest) {
    put_large_node(node, text_of(value));
    return;
  }
  // Next to a full node more of the same is likely to come; a first value, or one among large ones, starts
  // small.
  size_t block = needed;
  if (node_count() > 0) {
    const size_t neighbour = node == 0 ? 0 : node - 1;
    if (!is_large_node(neighbour)) {
      const size_t like_neighbour = sizeof(ListNode) + node_bytes(neighbour);
      block = std::max(needed, limits().max_listpack_size < 0 ? largest : std::min(largest, like_neighbour));
    }
  }
  ListNode* added = make_list_node(block, room, context().epoch->current);
  if (room == End::kFront) {
    added->begin = static_cast<uint16_t>(added->begin - bytes);
  } else {
    added->end = static_cast<uint16_t>(bytes);
  }
  value.encode(added->data() + added->begin);
  insert_slot(node, Slot{&added->header, 1, static_cast<uint32_t>(bytes)});
}

void NodeList::put_large_node(size_t node, base::Bytes value) {
  const auto bytes = static_cast<uint32_t>(Packable(value).encoded_bytes());
  LargeNode* added = make_large_node(std::move(value), context().epoch->current);
  insert_slot(node, Slot{&added->header, 1, bytes});
  // Nothing will be pushed to a neighbour that now lies inside.
  if (node > 0) tighten(node - 1);
  tighten(node + 1);
}

}  // namespace sluice::ds
