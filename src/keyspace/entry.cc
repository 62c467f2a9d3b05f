#include "keyspace/entry.h"

#include <cstring>
#include <new>

namespace sluice::keyspace {

Entry* Entry::create(base::ByteView key, Value value) {
  void* memory = ::operator new(sizeof(Entry) + key.size());
  auto* entry = new (memory) Entry(std::move(value), static_cast<uint32_t>(key.size()));
  if (!key.empty()) std::memcpy(static_cast<void*>(entry + 1), key.data(), key.size());
  return entry;
}

void Entry::destroy(Entry* entry) {
  entry->~Entry();
  ::operator delete(entry);
}

}  // namespace sluice::keyspace
