// The part of NodeList that works inside a list: finding, walking, inserting, erasing and cutting. The ends
// and the ring are in node_list.cc.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "ds/node_list.h"

namespace sluice::ds {

namespace {

ListNode* as_list_node(NodeHeader* header) {
  return reinterpret_cast<ListNode*>(header);
}

}  // namespace

// ---- finding and walking

NodeList::Found NodeList::find(uint64_t index) const {
  if (index >= size()) return {{node_count(), 0}, 0};
  size_t node = 0;
  uint64_t ordinal = index;
  if (index < size() / 2) {
    while (ordinal >= node_size(node)) ordinal -= node_size(node++);
  } else {
    uint64_t from_end = size() - index;  // 1 is the last
    node = node_count() - 1;
    while (from_end > node_size(node)) from_end -= node_size(node--);
    ordinal = node_size(node) - from_end;
  }
  const Opened opened = open(node);
  if (opened.large != nullptr) return {{node, 0}, 0};
  const uint8_t* at = nullptr;
  if (ordinal <= node_size(node) / 2) {
    at = opened.begin;
    for (uint64_t i = 0; i < ordinal; ++i) at += ds::entry_bytes(at);
  } else {
    at = opened.end;
    for (uint64_t i = node_size(node); i > ordinal; --i) at = entry_before(at);
  }
  return {{node, static_cast<size_t>(at - opened.begin)}, ordinal};
}

NodeList::Cursor NodeList::cursor_at(uint64_t index) const {
  const Place place = find(index).place;
  return Cursor(this, place.node, place.offset);
}

void NodeList::Cursor::enter(size_t node, size_t offset) {
  node_ = node;
  begin_ = at_ = end_ = nullptr;
  if (!valid()) return;
  const Opened opened = list_->open(node);
  if (opened.large != nullptr) return;
  begin_ = opened.begin;
  end_ = opened.end;
  at_ = offset == kLastEntry ? entry_before(end_) : begin_ + offset;
}

Element NodeList::Cursor::get() const {
  if (begin_ == nullptr) return Element{false, 0, list_->large_value(node_)};
  return decode_entry(at_);
}

void NodeList::Cursor::next() {
  if (begin_ != nullptr) {
    at_ += ds::entry_bytes(at_);
    if (at_ != end_) return;
  }
  enter(node_ + 1, 0);
}

void NodeList::Cursor::prev() {
  if (begin_ != nullptr && at_ != begin_) {
    at_ = entry_before(at_);
    return;
  }
  enter(node_ - 1, kLastEntry);  // before the first node the index wraps, which is invalid too
}

base::ByteView NodeList::large_value(size_t node) const {
  return *open(node).large;
}

void NodeList::append_listpack(size_t node, base::Bytes& out) const {
  append_node(*header(node), node_size(node), out);
}

// ---- changing one element

void NodeList::insert_before(const Cursor& at, const Packable& value) {
  insert_at({at.node_, at.offset()}, value);
}

void NodeList::insert_after(const Cursor& at, const Packable& value) {
  if (at.begin_ == nullptr) {
    insert_at({at.node_ + 1, 0}, value);
  } else {
    insert_at({at.node_, at.offset() + ds::entry_bytes(at.at_)}, value);
  }
}

void NodeList::replace(const Cursor& at, const Packable& value) {
  const bool stays = at.begin_ != nullptr && !limits().is_large(value.text_bytes());
  if (stays && ds::entry_bytes(at.at_) == value.encoded_bytes()) {
    const size_t offset = at.offset();
    ListNode* const changed = writable(at.node_);
    value.encode(changed->data() + changed->begin + offset);
    return;
  }
  insert_at(erase_at(at), value);
}

NodeList::Cursor NodeList::erase(const Cursor& at, End onward) {
  Place place = erase_at(at);
  merge_around(place);
  if (onward == End::kBack) {
    const bool past_node =
        place.node < node_count() && place.offset > 0 && place.offset == node_bytes(place.node);
    return past_node ? Cursor(this, place.node + 1, 0) : Cursor(this, place.node, place.offset);
  }
  if (place.offset == 0) return Cursor(this, place.node - 1, kLastEntry);
  Cursor before(this, place.node, place.offset);
  before.prev();
  return before;
}

// Removes one element; returns where it was.
NodeList::Place NodeList::erase_at(const Cursor& at) {
  const Place place{at.node_, at.begin_ == nullptr ? 0 : at.offset()};
  if (node_size(place.node) == 1) {
    drop_node(place.node);
  } else {
    erase_entries(place, 1, ds::entry_bytes(at.at_));
  }
  return place;
}

// Removes part of a node. REQUIRES: not all of it.
void NodeList::erase_entries(Place place, uint64_t entries, size_t bytes) {
  close_room(*writable(place.node), place.offset, bytes);
  count(place.node, -static_cast<int64_t>(entries), -static_cast<int64_t>(bytes));
  tighten(place.node);
}

void NodeList::insert_at(Place place, const Packable& value) {
  const bool large = limits().is_large(value.text_bytes());
  if (!large && try_put(place, value)) return;
  if (place.offset > 0) {
    if (place.offset < node_bytes(place.node)) split(place);
    place = {place.node + 1, 0};
  }
  // Between two nodes now: the end of the one or the beginning of the other may have room.
  if (!large && place.node > 0 && try_put({place.node - 1, node_bytes(place.node - 1)}, value)) return;
  if (!large && try_put(place, value)) return;
  put_new_node(place.node, value, End::kBack);
}

// Puts the value into the node at `place` if it may have one more.
bool NodeList::try_put(Place place, const Packable& value) {
  if (place.node >= node_count() || !allows(place.node, value.text_bytes())) return false;
  const size_t bytes = value.encoded_bytes();
  ListNode* node = as_list_node(header(place.node));
  if (node->capacity() - node->used() < bytes) {
    const size_t needed = sizeof(ListNode) + node->used() + bytes;
    const size_t largest = limits().node_bytes();
    if (needed > largest) return false;
    announce_change(*context().epoch, node->header, identity());
    node = resize_list_node(node, std::max(needed, std::min(node->block_bytes() * 2, largest)), End::kBack);
    set_node(place.node, node);
  } else {
    node = writable(place.node);
  }
  value.encode(open_room(*node, place.offset, bytes));
  count(place.node, 1, static_cast<int64_t>(bytes));
  return true;
}

// Moves the entries from `place` on into a node of their own. REQUIRES: some stay, some go.
void NodeList::split(Place place) {
  ListNode* const left = writable(place.node);
  const uint8_t* const from = left->data() + left->begin + place.offset;
  const size_t bytes = left->used() - place.offset;
  uint32_t entries = 0;
  for (const uint8_t* at = from; at < from + bytes; at += ds::entry_bytes(at)) ++entries;
  ListNode* right = make_list_node(sizeof(ListNode) + bytes, End::kBack, context().epoch->current);
  std::memcpy(right->data(), from, bytes);
  right->end = static_cast<uint16_t>(bytes);
  left->end = static_cast<uint16_t>(left->end - bytes);
  count(place.node, -int64_t{entries}, -static_cast<int64_t>(bytes));
  insert_slot(place.node + 1, Slot{&right->header, entries, static_cast<uint32_t>(bytes)});
  tighten(place.node);
}

// ---- keeping nodes full

// After an erase at `place`: joins a node that became small with its neighbours. `place` stays the same
// place.
void NodeList::merge_around(Place& place) {
  if (place.node >= node_count() || node_bytes(place.node) * 4 > limits().node_bytes()) return;
  if (place.node + 1 < node_count()) merge_with_next(place.node);
  if (place.node == 0) return;
  const size_t before = node_bytes(place.node - 1);
  if (merge_with_next(place.node - 1)) place = {place.node - 1, place.offset + before};
}

bool NodeList::merge_with_next(size_t node) {
  if (header(node)->form != NodeForm::kPlain || header(node + 1)->form != NodeForm::kPlain) return false;
  const size_t added = node_bytes(node + 1);
  const uint64_t entries = node_size(node + 1);
  const size_t total = node_bytes(node) + added;
  // A quarter stays free, so that the next insertion does not split what was just joined.
  const ListLimits& limits = this->limits();
  if (limits.exceeded_by(total + kListpackOverhead + limits.node_bytes() / 4, node_size(node) + entries))
    return false;
  ListNode* left = writable(node);
  if (left->capacity() < total) {
    left = resize_list_node(left, sizeof(ListNode) + total, End::kBack);
    set_node(node, left);
  } else if (left->capacity() - left->end < added) {
    slide_entries(*left, End::kBack);
  }
  std::memcpy(left->data() + left->end, open(node + 1).begin, added);
  left->end = static_cast<uint16_t>(left->end + added);
  count(node, static_cast<int64_t>(entries), static_cast<int64_t>(added));
  drop_node(node + 1);
  return true;
}

// ---- whole lists

std::vector<NodeList::NodeRef> NodeList::node_refs() const {
  std::vector<NodeRef> refs;
  refs.reserve(node_count());
  for (size_t i = 0; i < node_count(); ++i) {
    refs.push_back({header(i), static_cast<uint32_t>(node_size(i)), static_cast<uint32_t>(node_bytes(i))});
  }
  return refs;
}

NodeList NodeList::clone() const {
  NodeList copy(context());
  const uint32_t epoch = context().epoch->current;
  for (size_t i = 0; i < node_count(); ++i) {
    NodeHeader* const node = is_large_node(i) ? &make_large_node(base::Bytes(large_value(i)), epoch)->header
                                              : &copy_list_node(*as_list_node(header(i)), epoch)->header;
    copy.insert_slot(i, {node, static_cast<uint32_t>(node_size(i)), static_cast<uint32_t>(node_bytes(i))});
  }
  return copy;
}

void NodeList::adopt_listpack(base::ByteView listpack, uint64_t elements) {
  const size_t bytes = listpack.size() - kListpackOverhead;
  if (elements == 0) return;
  if (limits().exceeded_by(listpack.size(), elements) || sizeof(ListNode) + bytes > UINT16_MAX) {
    const ListpackView view(listpack);
    for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(at)) {
      push(End::kBack, Packable(view.get(at)));
    }
    return;
  }
  ListNode* node = make_list_node(sizeof(ListNode) + bytes, End::kBack, context().epoch->current);
  std::memcpy(node->data(), listpack.data() + ListpackView::kHeaderBytes, bytes);
  node->end = static_cast<uint16_t>(bytes);
  insert_slot(node_count(),
              Slot{&node->header, static_cast<uint32_t>(elements), static_cast<uint32_t>(bytes)});
}

NodeList NodeList::cut(uint64_t first, uint64_t count) {
  NodeList removed(context());
  if (first >= size() || count == 0) return removed;
  const Found from = find(first);
  const Found to = find(first + std::min(count, size() - first));
  if (from.place.node == to.place.node) {
    erase_entries(from.place, to.ordinal - from.ordinal, to.place.offset - from.place.offset);
    Place place = from.place;
    merge_around(place);
    return removed;
  }
  if (to.place.offset > 0) erase_entries({to.place.node, 0}, to.ordinal, to.place.offset);
  size_t whole = from.place.node;
  if (from.place.offset > 0) {
    const uint64_t entries = node_size(whole) - from.ordinal;
    erase_entries(from.place, entries, node_bytes(whole) - from.place.offset);
    ++whole;
  }
  for (size_t i = whole; i < to.place.node; ++i) {
    // Without a snapshot the nodes are not touched: there may be very many of them.
    if (context().epoch->hook != nullptr) announce_change(*context().epoch, *header(i), identity());
    removed.insert_slot(removed.node_count(), {header(i), static_cast<uint32_t>(node_size(i)),
                                               static_cast<uint32_t>(node_bytes(i))});
  }
  if (to.place.node > whole) remove_slots(whole, to.place.node - whole);
  Place place{whole, 0};
  merge_around(place);
  return removed;
}

}  // namespace sluice::ds
