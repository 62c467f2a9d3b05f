#include "types/hash_item.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#include "ds/size_class.h"

namespace sluice::types {

HashItem HashItem::create(base::ByteView field, base::ByteView value, int64_t deadline_ms) {
  SLUICE_CHECK(field.size() <= UINT32_MAX && value.size() <= UINT32_MAX, "a hash field or value over 4 GiB");
  const bool timed = deadline_ms != kNeverExpires;
  const size_t head = timed ? sizeof(Timing) : 0;
  void* memory = std::malloc(head + sizeof(Lengths) + field.size() + value.size());
  SLUICE_CHECK(memory != nullptr, "out of memory");
  char* at = static_cast<char*>(memory);
  if (timed) new (at) Timing{deadline_ms, 0};
  at += head;
  new (at) Lengths{static_cast<uint32_t>(field.size()), static_cast<uint32_t>(value.size())};
  at += sizeof(Lengths);
  if (!field.empty()) std::memcpy(at, field.data(), field.size());
  if (!value.empty()) std::memcpy(at + field.size(), value.data(), value.size());
  return HashItem(reinterpret_cast<uint64_t>(memory) | (timed ? kTimed : 0));
}

void HashItem::destroy() {
  std::free(memory());
}

size_t HashItem::memory_bytes() const {
  return ds::size_class(head_bytes() + sizeof(Lengths) + size_t{lengths().field} + lengths().value);
}

}  // namespace sluice::types
