#include "types/string_value.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "ds/size_class.h"

namespace sluice::types {

StringValue::StringValue(int64_t number) : bytes_(), tag_(static_cast<uint8_t>(Kind::kInteger)) {
  std::memcpy(bytes_, &number, sizeof number);
}

StringValue StringValue::from_text(base::ByteView text) {
  if (const auto number = base::parse_int64(text)) return StringValue(*number);
  return from_plain_text(text);
}

StringValue StringValue::from_plain_text(base::ByteView text) {
  StringValue value;
  value.assign_text(text);
  return value;
}

StringValue StringValue::adopt(base::Bytes text) {
  if (text.size() < kAdoptBytes) return from_text(text);
  StringValue value;
  auto* const owned = new base::Bytes(std::move(text));
  std::memcpy(value.bytes_, &owned, sizeof owned);
  value.tag_ = static_cast<uint8_t>(Kind::kAdopted);
  return value;
}

StringValue::StringValue(StringValue&& other) noexcept : StringValue() {
  *this = std::move(other);
}

StringValue& StringValue::operator=(StringValue&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(tag_, other.tag_);
  return *this;
}

StringValue::~StringValue() {
  release();
}

StringValue StringValue::clone() const {
  if (kind() == Kind::kInteger) return StringValue(load<int64_t>());
  base::NumberText unused;
  StringValue copy = from_plain_text(view(unused));
  copy.tag_ = static_cast<uint8_t>(copy.tag_ | (tag_ & kEdited));
  return copy;
}

void StringValue::release() {
  if (kind() == Kind::kHeap) std::free(heap().data);
  if (kind() == Kind::kAdopted) delete load<base::Bytes*>();
}

StringValue::Heap StringValue::heap() const {
  Heap heap;
  std::memcpy(&heap.data, bytes_, 8);
  std::memcpy(&heap.size, bytes_ + 8, 4);
  heap.code = bytes_[12];
  return heap;
}

void StringValue::set_heap(const Heap& heap) {
  std::memcpy(bytes_, &heap.data, 8);
  std::memcpy(bytes_ + 8, &heap.size, 4);
  bytes_[12] = heap.code;
}

// REQUIRES: the value owns nothing.
void StringValue::assign_text(base::ByteView text) {
  SLUICE_CHECK(text.size() <= kMaxBytes, "the caller limits values to proto-max-bulk-len");
  if (text.size() <= kInlineBytes) {
    tag_ = static_cast<uint8_t>(Kind::kInline);
    set_inline_size(text.size());
    if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
    return;
  }
  const uint8_t code = ds::size_code(text.size());
  auto* const block = static_cast<char*>(std::malloc(ds::class_bytes(code)));
  SLUICE_CHECK(block != nullptr, "out of memory");
  std::memcpy(block, text.data(), text.size());
  tag_ = static_cast<uint8_t>(Kind::kHeap);
  set_heap({block, static_cast<uint32_t>(text.size()), code});
}

base::ByteView StringValue::view(base::NumberText& buffer) const {
  switch (kind()) {
    case Kind::kInteger:
      buffer = base::format_int64(load<int64_t>());
      return buffer.view();
    case Kind::kInline:
      return {reinterpret_cast<const char*>(bytes_), inline_size()};
    case Kind::kHeap:
      return {heap().data, heap().size};
    case Kind::kAdopted:
      break;
  }
  return *load<base::Bytes*>();
}

size_t StringValue::size() const {
  base::NumberText buffer;
  return view(buffer).size();
}

std::optional<int64_t> StringValue::integer() const {
  if (kind() == Kind::kInteger) return load<int64_t>();
  base::NumberText unused;
  return base::parse_int64(view(unused));
}

const char* StringValue::encoding() const {
  if (kind() == Kind::kInteger) return "int";
  return !edited() && size() <= kEmbeddedBytes ? "embstr" : "raw";
}

size_t StringValue::memory_bytes() const {
  if (kind() == Kind::kHeap) return ds::class_bytes(heap().code);
  if (kind() == Kind::kAdopted)
    return sizeof(base::Bytes) + ds::size_class(load<base::Bytes*>()->capacity() + 1);
  return 0;
}

char* StringValue::data() {
  switch (kind()) {
    case Kind::kHeap:
      return heap().data;
    case Kind::kAdopted:
      return load<base::Bytes*>()->data();
    default:
      return reinterpret_cast<char*>(bytes_);
  }
}

void StringValue::make_room(size_t capacity) {
  SLUICE_CHECK(capacity <= kMaxBytes, "the caller limits values to proto-max-bulk-len");
  if (kind() == Kind::kInteger) {
    const base::NumberText text = base::format_int64(load<int64_t>());
    assign_text(text.view());
  }
  tag_ |= kEdited;
  if (kind() == Kind::kAdopted) return;  // the buffer grows by itself, in resize()
  if (kind() == Kind::kInline) {
    if (capacity <= kInlineBytes) return;
    const uint8_t code = ds::size_code(capacity);
    auto* const block = static_cast<char*>(std::malloc(ds::class_bytes(code)));
    SLUICE_CHECK(block != nullptr, "out of memory");
    std::memcpy(block, bytes_, inline_size());
    const auto size = static_cast<uint32_t>(inline_size());
    tag_ = static_cast<uint8_t>(Kind::kHeap) | kEdited;
    set_heap({block, size, code});
    return;
  }
  Heap grown = heap();
  if (capacity <= ds::class_bytes(grown.code)) return;
  // A value that grows once grows again: a quarter more makes the copies of many appends cost a constant per
  // byte.
  grown.code = ds::size_code(capacity + capacity / 4);
  grown.data = static_cast<char*>(std::realloc(grown.data, ds::class_bytes(grown.code)));
  SLUICE_CHECK(grown.data != nullptr, "out of memory");
  set_heap(grown);
}

void StringValue::resize(size_t size) {
  if (kind() == Kind::kAdopted) {
    load<base::Bytes*>()->resize(size);
  } else if (kind() == Kind::kInline) {
    set_inline_size(size);
  } else {
    Heap resized = heap();
    resized.size = static_cast<uint32_t>(size);
    set_heap(resized);
  }
}

size_t StringValue::append(base::ByteView suffix) {
  const size_t old_size = size();
  const size_t new_size = old_size + suffix.size();
  make_room(new_size);
  resize(new_size);
  if (!suffix.empty()) std::memcpy(data() + old_size, suffix.data(), suffix.size());
  return new_size;
}

char* StringValue::edit(size_t min_size) {
  const size_t old_size = size();
  make_room(std::max(min_size, old_size));
  if (min_size > old_size) {
    resize(min_size);
    std::memset(data() + old_size, 0, min_size - old_size);
  }
  return data();
}

size_t StringValue::set_range(size_t offset, base::ByteView part) {
  char* const start = edit(offset + part.size());
  if (!part.empty()) std::memcpy(start + offset, part.data(), part.size());
  return size();
}

}  // namespace sluice::types
