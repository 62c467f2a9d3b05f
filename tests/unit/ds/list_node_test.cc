#include "ds/list_node.h"

#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "ds/listpack.h"

namespace sluice::ds {
namespace {

std::string bytes_of(const ListNode& node) {
  return {reinterpret_cast<const char*>(node.data()) + node.begin, node.used()};
}

void put(ListNode& node, size_t offset, const std::string& bytes) {
  std::memcpy(open_room(node, offset, bytes.size()), bytes.data(), bytes.size());
}

TEST_CASE("ListNode: a new node has all its room where it was asked for") {
  ListNode* front = make_list_node(1000, End::kFront, 3);
  CHECK(front->begin == front->capacity());
  CHECK(front->used() == 0);
  CHECK(front->header.epoch == 3);
  CHECK(front->block_bytes() == 1024);
  ListNode* back = make_list_node(65536, End::kBack, 0);
  CHECK(back->begin == 0);
  CHECK(back->block_bytes() == 65536);
  unpin_list_node(&front->header);
  unpin_list_node(&back->header);
}

TEST_CASE("ListNode: opening and closing room anywhere agrees with std::string") {
  base::Random random(13);
  ListNode* node = make_list_node(512, End::kBack, 0);
  std::string model;
  for (int step = 0; step < 20000; ++step) {
    const size_t offset = random.below(model.size() + 1);
    if (random.below(2) == 0) {
      const std::string bytes(1 + random.below(40), static_cast<char>('a' + step % 26));
      if (model.size() + bytes.size() > node->capacity()) continue;
      put(*node, offset, bytes);
      model.insert(offset, bytes);
    } else {
      const size_t count = random.below(std::min<size_t>(model.size() - offset, 60) + 1);
      close_room(*node, offset, count);
      model.erase(offset, count);
    }
    if (random.below(50) == 0) slide_entries(*node, random.below(2) == 0 ? End::kFront : End::kBack);
    REQUIRE(bytes_of(*node) == model);
  }
  unpin_list_node(&node->header);
}

TEST_CASE("ListNode: resizing keeps the bytes and puts the room at the wanted end") {
  ListNode* node = make_list_node(64, End::kBack, 5);
  put(*node, 0, "entries");
  node = resize_list_node(node, 256, End::kFront);
  CHECK(bytes_of(*node) == "entries");
  CHECK(node->end == node->capacity());
  CHECK(node->header.epoch == 5);
  node = resize_list_node(node, 32, End::kBack);
  CHECK(node->begin == 0);
  CHECK(bytes_of(*node) == "entries");
  unpin_list_node(&node->header);
}

TEST_CASE("ListNode: a copy is independent, and a pinned node lives until its last reference goes") {
  ListNode* node = make_list_node(64, End::kBack, 1);
  put(*node, 0, "kept");
  pin(node->header);
  ListNode* copy = copy_list_node(*node, 2);
  put(*copy, 4, "!");
  unpin_list_node(&node->header);
  CHECK(bytes_of(*node) == "kept");
  CHECK(bytes_of(*copy) == "kept!");
  CHECK(copy->header.refs == 1);
  unpin_list_node(&node->header);
  unpin_list_node(&copy->header);
}

TEST_CASE("LargeNode: keeps the buffer it was given") {
  base::Bytes value(5000, 'L');
  const char* const buffer = value.data();
  LargeNode* node = make_large_node(std::move(value), 7);
  CHECK(node->value.data() == buffer);
  CHECK(node->header.form == NodeForm::kAdopted);
  unpin_list_node(&node->header);
}

TEST_CASE("ListNode: it is written out as a whole listpack, a large one as its value") {
  ListNode* node = make_list_node(64, End::kFront, 0);
  const Packable value(base::ByteView("abc"));
  node->begin = static_cast<uint16_t>(node->begin - value.encoded_bytes());
  value.encode(node->data() + node->begin);
  base::Bytes out = "before:";
  append_node(node->header, 1, out);
  const base::Bytes listpack = out.substr(7);
  CHECK(validate(listpack, true));
  CHECK(ListpackView(listpack).size() == 1);
  CHECK(ListpackView(listpack).get(ListpackView(listpack).first()).text == "abc");
  unpin_list_node(&node->header);

  LargeNode* large = make_large_node("whole", 0);
  base::Bytes text;
  append_node(large->header, 1, text);
  CHECK(text == "whole");
  unpin_list_node(&large->header);
}

}  // namespace
}  // namespace sluice::ds
