#include "ds/list_node.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"
#include "ds/listpack.h"
#include "ds/size_class.h"

namespace sluice::ds {

size_t ListLimits::node_bytes() const {
  if (max_listpack_size >= 0) return kSafeNodeBytes;
  return size_t{2048} << -std::max(max_listpack_size, kLargestLevel);
}

uint64_t ListLimits::node_entries() const {
  if (max_listpack_size < 0) return UINT32_MAX;
  return static_cast<uint64_t>(std::max(max_listpack_size, 1));
}

bool ListLimits::is_large(size_t value_bytes) const {
  return packed_threshold != 0 ? value_bytes >= packed_threshold : value_bytes > node_bytes();
}

size_t ListNode::capacity() const {
  // Of the biggest block a little stays unused: offsets have 16 bits.
  return std::min<size_t>(class_bytes(header.size_code) - sizeof(ListNode), UINT16_MAX);
}

ListNode* make_list_node(size_t block_bytes, End room, uint32_t epoch) {
  const uint8_t code = size_code(block_bytes);
  void* const memory = std::malloc(class_bytes(code));
  SLUICE_CHECK(memory != nullptr, "out of memory");
  auto* node = new (memory) ListNode{};
  node->header.size_code = code;
  node->header.epoch = epoch;
  node->begin = node->end = room == End::kFront ? static_cast<uint16_t>(node->capacity()) : uint16_t{0};
  return node;
}

LargeNode* make_large_node(base::Bytes value, uint32_t epoch) {
  auto* node = new LargeNode{{}, std::move(value)};
  node->header.form = NodeForm::kAdopted;
  node->header.epoch = epoch;
  return node;
}

ListNode* copy_list_node(const ListNode& node, uint32_t epoch) {
  ListNode* copy = make_list_node(class_bytes(node.header.size_code), End::kBack, epoch);
  copy->begin = node.begin;
  copy->end = node.end;
  std::memcpy(copy->data() + copy->begin, node.data() + node.begin, node.used());
  return copy;
}

ListNode* resize_list_node(ListNode* node, size_t block_bytes, End room) {
  ListNode* resized = make_list_node(block_bytes, room, node->header.epoch);
  const size_t used = node->used();
  if (room == End::kFront) {
    resized->begin = static_cast<uint16_t>(resized->end - used);
  } else {
    resized->end = static_cast<uint16_t>(used);
  }
  std::memcpy(resized->data() + resized->begin, node->data() + node->begin, used);
  unpin_list_node(&node->header);
  return resized;
}

void slide_entries(ListNode& node, End room) {
  const size_t used = node.used();
  const size_t begin = room == End::kFront ? node.capacity() - used : 0;
  std::memmove(node.data() + begin, node.data() + node.begin, used);
  node.begin = static_cast<uint16_t>(begin);
  node.end = static_cast<uint16_t>(begin + used);
}

uint8_t* open_room(ListNode& node, size_t offset, size_t bytes) {
  const size_t after = node.used() - offset;
  size_t back_room = node.capacity() - node.end;
  if (node.begin < bytes && back_room < bytes) {
    slide_entries(node, End::kBack);
    back_room = node.capacity() - node.end;
  }
  uint8_t* const entries = node.data() + node.begin;
  if (node.begin >= bytes && (offset < after || back_room < bytes)) {
    std::memmove(entries - bytes, entries, offset);
    node.begin = static_cast<uint16_t>(node.begin - bytes);
    return entries + offset - bytes;
  }
  std::memmove(entries + offset + bytes, entries + offset, after);
  node.end = static_cast<uint16_t>(node.end + bytes);
  return entries + offset;
}

void close_room(ListNode& node, size_t offset, size_t bytes) {
  const size_t after = node.used() - offset - bytes;
  uint8_t* const entries = node.data() + node.begin;
  if (offset < after) {
    std::memmove(entries + bytes, entries, offset);
    node.begin = static_cast<uint16_t>(node.begin + bytes);
  } else {
    std::memmove(entries + offset, entries + offset + bytes, after);
    node.end = static_cast<uint16_t>(node.end - bytes);
  }
}

void append_node(const NodeHeader& node, uint64_t entries, base::Bytes& out) {
  if (node.form == NodeForm::kAdopted) {
    out += reinterpret_cast<const LargeNode&>(node).value;
    return;
  }
  const auto& plain = reinterpret_cast<const ListNode&>(node);
  const auto put = [&out](uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  };
  put(plain.used() + ListpackView::kHeaderBytes + 1, 4);
  put(std::min<uint64_t>(entries, UINT16_MAX), 2);
  out.append(reinterpret_cast<const char*>(plain.data() + plain.begin), plain.used());
  out.push_back(static_cast<char>(ListpackView::kEnd));
}

void unpin_list_node(NodeHeader* node) {
  if (--node->refs > 0) return;
  if (node->form == NodeForm::kAdopted) {
    delete reinterpret_cast<LargeNode*>(node);
  } else {
    std::free(node);
  }
}

}  // namespace sluice::ds
