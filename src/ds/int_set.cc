#include "ds/int_set.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace sluice::ds {

static_assert(std::endian::native == std::endian::little, "the block is little-endian, as is every target");

namespace {

size_t width_for(int64_t value) {
  if (value >= INT16_MIN && value <= INT16_MAX) return sizeof(int16_t);
  if (value >= INT32_MIN && value <= INT32_MAX) return sizeof(int32_t);
  return sizeof(int64_t);
}

}  // namespace

IntSet::IntSet()
    : data_(static_cast<unsigned char*>(std::malloc(size_class(kHeaderBytes))), size_code(kHeaderBytes)) {
  SLUICE_CHECK(data() != nullptr, "out of memory");
  set_header(sizeof(int16_t), 0);
}

std::optional<IntSet> IntSet::checked_copy(base::ByteView block) {
  if (block.size() < kHeaderBytes) return std::nullopt;
  uint32_t header[2];
  std::memcpy(header, block.data(), sizeof header);
  const size_t width = header[0];
  if (width != sizeof(int16_t) && width != sizeof(int32_t) && width != sizeof(int64_t)) return std::nullopt;
  if (block.size() - kHeaderBytes != width * header[1]) return std::nullopt;
  IntSet copy;
  copy.set_header(width, 0);
  copy.resize_for(header[1]);
  std::memcpy(copy.data(), block.data(), block.size());
  for (size_t i = 1; i < copy.size(); ++i) {
    if (copy.at(i - 1) >= copy.at(i)) return std::nullopt;
  }
  return copy;
}

IntSet::IntSet(IntSet&& other) noexcept : data_(std::exchange(other.data_, {})) {}

IntSet& IntSet::operator=(IntSet&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

IntSet::~IntSet() {
  std::free(data());
}

size_t IntSet::width() const {
  uint32_t width = 0;
  std::memcpy(&width, data(), sizeof width);
  return width;
}

size_t IntSet::size() const {
  uint32_t count = 0;
  std::memcpy(&count, data() + sizeof count, sizeof count);
  return count;
}

void IntSet::set_header(size_t width, size_t count) {
  SLUICE_CHECK(count <= UINT32_MAX, "too many integers in one set");
  const uint32_t header[2] = {static_cast<uint32_t>(width), static_cast<uint32_t>(count)};
  std::memcpy(data(), header, sizeof header);
}

base::ByteView IntSet::block() const {
  return {reinterpret_cast<const char*>(data()), kHeaderBytes + size() * width()};
}

int64_t IntSet::at(size_t index) const {
  const unsigned char* from = data() + kHeaderBytes + index * width();
  if (width() == sizeof(int16_t)) {
    int16_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  if (width() == sizeof(int32_t)) {
    int32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  int64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

void IntSet::put(size_t index, int64_t value) {
  // The low bytes of a two's complement integer are the narrower integer.
  std::memcpy(data() + kHeaderBytes + index * width(), &value, width());
}

size_t IntSet::lower_bound(int64_t value) const {
  size_t low = 0;
  size_t high = size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (at(middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool IntSet::contains(int64_t value) const {
  const size_t index = lower_bound(value);
  return index < size() && at(index) == value;
}

void IntSet::resize_for(size_t count) {
  const uint8_t code = size_code(kHeaderBytes + count * width());
  const size_t wanted = class_bytes(code);
  if (wanted <= memory_bytes() && wanted > memory_bytes() / 2) return;
  data_ = MarkedPointer(static_cast<unsigned char*>(std::realloc(data(), wanted)), code);
  SLUICE_CHECK(data() != nullptr, "out of memory");
}

// From the last member down, so that none is overwritten before it has moved.
void IntSet::widen(size_t width) {
  const size_t old_width = this->width();
  const size_t count = size();
  set_header(width, count);
  resize_for(count);
  for (size_t i = count; i-- > 0;) {
    set_header(old_width, count);
    const int64_t value = at(i);
    set_header(width, count);
    put(i, value);
  }
}

bool IntSet::insert(int64_t value) {
  if (width_for(value) > width()) widen(width_for(value));
  const size_t index = lower_bound(value);
  const size_t count = size();
  if (index < count && at(index) == value) return false;
  resize_for(count + 1);
  unsigned char* slot = data() + kHeaderBytes + index * width();
  std::memmove(slot + width(), slot, (count - index) * width());
  put(index, value);
  set_header(width(), count + 1);
  return true;
}

bool IntSet::erase(int64_t value) {
  const size_t index = lower_bound(value);
  const size_t count = size();
  if (index == count || at(index) != value) return false;
  unsigned char* slot = data() + kHeaderBytes + index * width();
  std::memmove(slot, slot + width(), (count - index - 1) * width());
  set_header(width(), count - 1);
  resize_for(count - 1);
  return true;
}

}  // namespace sluice::ds
