#include "ds/listpack.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace sluice::ds {

namespace {

constexpr size_t kHeaderBytes = ListpackView::kHeaderBytes;
constexpr size_t kCountUnknown = 65535;

// The header's numbers: total bytes, then elements.
size_t load_total(const uint8_t* data) {
  uint32_t total;
  std::memcpy(&total, data, sizeof total);
  return total;
}
void store_total(uint8_t* data, size_t total) {
  const auto word = static_cast<uint32_t>(total);
  std::memcpy(data, &word, sizeof word);
}
size_t load_count(const uint8_t* data) {
  uint16_t count;
  std::memcpy(&count, data + 4, sizeof count);
  return count;
}
void store_count(uint8_t* data, size_t count) {
  const auto word = static_cast<uint16_t>(count);
  std::memcpy(data + 4, &word, sizeof word);
}

}  // namespace

size_t ListpackView::bytes() const {
  return load_total(data_);
}

size_t ListpackView::size() const {
  const size_t stored = load_count(data_);
  if (stored != kCountUnknown) return stored;
  size_t count = 0;
  for (size_t at = first(); at != kNone; at = next(at)) ++count;
  return count;
}

size_t ListpackView::last() const {
  if (empty()) return kNone;
  return static_cast<size_t>(entry_before(data_ + bytes() - 1) - data_);
}

size_t ListpackView::next(size_t position) const {
  const size_t after = position + entry_bytes(data_ + position);
  return data_[after] == kEnd ? kNone : after;
}

size_t ListpackView::prev(size_t position) const {
  if (position == kHeaderBytes) return kNone;
  return static_cast<size_t>(entry_before(data_ + position) - data_);
}

size_t ListpackView::at(int64_t index) const {
  // A known count tells the nearer end and refuses at once what is not there.
  const auto stored = static_cast<int64_t>(load_count(data_));
  if (stored != static_cast<int64_t>(kCountUnknown)) {
    const int64_t forward = index < 0 ? stored + index : index;
    if (forward < 0 || forward >= stored) return kNone;
    index = forward <= stored / 2 ? forward : forward - stored;
  }
  size_t position = index < 0 ? last() : first();
  if (index < 0) {
    for (; position != kNone && index < -1; ++index) position = prev(position);
  } else {
    for (; position != kNone && index > 0; --index) position = next(position);
  }
  return position;
}

size_t ListpackView::find(const Packable& wanted, size_t from, size_t skip) const {
  for (size_t at = from; at != kNone; at = next(at)) {
    if (wanted.equals(get(at))) return at;
    for (size_t i = 0; i < skip; ++i) {
      at = next(at);
      if (at == kNone) return kNone;
    }
  }
  return kNone;
}

Listpack::Listpack(uint8_t code) : data_(static_cast<uint8_t*>(std::malloc(class_bytes(code))), code) {
  SLUICE_CHECK(data() != nullptr, "out of memory");
}

Listpack::Listpack() : Listpack(size_code(kHeaderBytes + 1)) {
  clear();
}

Listpack Listpack::copy_of(base::ByteView block) {
  Listpack copy(size_code(block.size()));
  std::memcpy(copy.data(), block.data(), block.size());
  return copy;
}

Listpack::Listpack(Listpack&& other) noexcept : data_(std::exchange(other.data_, {})) {}

Listpack& Listpack::operator=(Listpack&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

Listpack::~Listpack() {
  std::free(data());
}

base::ByteView Listpack::block() const {
  return {reinterpret_cast<const char*>(data()), load_total(data())};
}

void Listpack::resize(uint8_t code) {
  data_ = MarkedPointer(static_cast<uint8_t*>(std::realloc(data(), class_bytes(code))), code);
  SLUICE_CHECK(data() != nullptr, "out of memory");
}

void Listpack::reserve(size_t bytes) {
  if (bytes <= capacity()) return;
  SLUICE_CHECK(bytes <= UINT32_MAX, "a listpack is small: whoever owns it turns it into a table long before");
  resize(size_code(bytes));
}

void Listpack::tighten() {
  if (const uint8_t wanted = size_code(bytes()); class_bytes(wanted) < capacity()) resize(wanted);
}

void Listpack::clear() {
  store_total(data(), kHeaderBytes + 1);
  store_count(data(), 0);
  data()[kHeaderBytes] = ListpackView::kEnd;
}

void Listpack::append(const Packable& value) {
  insert(ListpackView::kNone, value);
}

Listpack::Appender::~Appender() {
  *at_++ = ListpackView::kEnd;
  store_total(pack_.data(), static_cast<size_t>(at_ - pack_.data()));
  pack_.add_to_count(count_);
}

void Listpack::append_run(base::ByteView run, size_t count) {
  std::memcpy(open_gap(bytes() - 1, 0, run.size()), run.data(), run.size());
  add_to_count(static_cast<int64_t>(count));
}

size_t Listpack::insert(size_t position, const Packable& value) {
  if (position == ListpackView::kNone) position = bytes() - 1;
  value.encode(open_gap(position, 0, value.encoded_bytes()));
  add_to_count(1);
  return position;
}

size_t Listpack::insert_pair(size_t position, const Packable& first, const Packable& second) {
  if (position == ListpackView::kNone) position = bytes() - 1;
  uint8_t* const gap = open_gap(position, 0, first.encoded_bytes() + second.encoded_bytes());
  second.encode(first.encode(gap));
  add_to_count(2);
  return position;
}

size_t Listpack::replace(size_t position, const Packable& value) {
  value.encode(open_gap(position, entry_bytes(data() + position), value.encoded_bytes()));
  return position;
}

size_t Listpack::erase(size_t position, size_t count) {
  size_t end = position;
  size_t removed = 0;
  for (; removed < count && data()[end] != ListpackView::kEnd; ++removed) end += entry_bytes(data() + end);
  open_gap(position, end - position, 0);
  add_to_count(-static_cast<int64_t>(removed));
  // Deletes give memory back once half of it is idle; the next size class would be given back and taken
  // again.
  if (const uint8_t wanted = size_code(bytes()); class_bytes(wanted) <= capacity() / 2) resize(wanted);
  return data()[position] == ListpackView::kEnd ? ListpackView::kNone : position;
}

uint8_t* Listpack::open_gap(size_t position, size_t old_bytes, size_t new_bytes) {
  const size_t total = bytes();
  const size_t new_total = total - old_bytes + new_bytes;
  reserve(new_total);
  if (position + old_bytes == total - 1) {
    data()[new_total - 1] = ListpackView::kEnd;
  } else if (old_bytes != new_bytes) {
    std::memmove(data() + position + new_bytes, data() + position + old_bytes, total - position - old_bytes);
  }
  store_total(data(), new_total);
  return data() + position;
}

void Listpack::add_to_count(int64_t change) {
  const auto stored = static_cast<int64_t>(load_count(data()));
  const auto unknown = static_cast<int64_t>(kCountUnknown);
  // Once unknown, the count stays so until a walk shows that it fits again; deletes are the moment to look.
  if (stored == unknown) {
    if (change >= 0) return;
    const auto counted = static_cast<int64_t>(view().size());
    if (counted < unknown) store_count(data(), static_cast<size_t>(counted));
    return;
  }
  store_count(data(), static_cast<size_t>(std::min(stored + change, unknown)));
}

}  // namespace sluice::ds
