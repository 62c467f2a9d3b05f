// Value: any of the types a key can hold, and the facts every part asks of them. A new type is one
// alternative here and its overloads in value.cc; std::visit has no catch-all anywhere, so the compiler lists
// what is left to do. A value knows no key, no clock and no client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <variant>

#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sorted_set.h"
#include "types/stream.h"
#include "types/string_value.h"

namespace sluice::keyspace {

// Held in the entry, each in 16 bytes, with at most one allocation of its own while it is small. Only a
// stream is big from its first entry on, and stands behind a pointer.
using Value = std::variant<types::StringValue, types::List, types::Hash, types::Set, types::SortedSet,
                           std::unique_ptr<types::Stream>>;
static_assert(sizeof(Value) == 24, "every key pays for what is added here");

// In the order of Value's alternatives: type_of() is its index.
enum class Type : uint8_t { kString, kList, kHash, kSet, kSortedSet, kStream };

// As Value holds a T.
template <class T>
using Held = std::conditional_t<std::is_same_v<T, types::Stream>, std::unique_ptr<T>, T>;

inline Type type_of(const Value& value) {
  return static_cast<Type>(value.index());
}

template <class T>
constexpr Type type_as() {
  if constexpr (std::is_same_v<T, types::StringValue>) return Type::kString;
  if constexpr (std::is_same_v<T, types::List>) return Type::kList;
  if constexpr (std::is_same_v<T, types::Hash>) return Type::kHash;
  if constexpr (std::is_same_v<T, types::Set>) return Type::kSet;
  if constexpr (std::is_same_v<T, types::SortedSet>) return Type::kSortedSet;
  if constexpr (std::is_same_v<T, types::Stream>) return Type::kStream;
}

// The T inside, or null when the value is of another type.
template <class T>
T* get_if(Value& value) {
  Held<T>* const held = std::get_if<Held<T>>(&value);
  if constexpr (std::is_same_v<Held<T>, T>) {
    return held;
  } else {
    return held == nullptr ? nullptr : held->get();
  }
}

// "string", "list", ... as TYPE answers.
std::string_view type_name(Type type);
// As OBJECT ENCODING answers.
std::string_view encoding_of(const Value& value);
// True when a key with this value must not exist (an empty collection; never a string or a stream).
bool vanishes(const Value& value);
// Bytes on the heap that belong to the value.
size_t memory_bytes(const Value& value);
// Elements the value holds, 1 for a string: how much work freeing it is.
size_t element_count(const Value& value);
// Frees at most about `max` elements; true while more is left.
bool release_slice(Value& value, size_t max);

}  // namespace sluice::keyspace
