#include "keyspace/value.h"

#include <array>

namespace sluice::keyspace {

namespace {

template <class T>
const T& inner(const T& held) {
  return held;
}
const types::Stream& inner(const std::unique_ptr<types::Stream>& held) {
  return *held;
}

}  // namespace

std::string_view type_name(Type type) {
  constexpr std::array<std::string_view, std::variant_size_v<Value>> kNames = {"string", "list", "hash",
                                                                               "set",    "zset", "stream"};
  return kNames[static_cast<size_t>(type)];
}

std::string_view encoding_of(const Value& value) {
  return std::visit([](const auto& held) -> std::string_view { return inner(held).encoding(); }, value);
}

bool vanishes(const Value& value) {
  switch (type_of(value)) {
    case Type::kString:
    case Type::kStream:
      return false;
    case Type::kList:
    case Type::kHash:
    case Type::kSet:
    case Type::kSortedSet:
      return element_count(value) == 0;
  }
  return false;
}

size_t memory_bytes(const Value& value) {
  return std::visit([](const auto& held) { return inner(held).memory_bytes(); }, value);
}

namespace {

size_t count_of(const types::StringValue&) {
  return 1;
}
size_t count_of(const types::Stream& stream) {
  return stream.part_count();
}
template <class T>
size_t count_of(const T& value) {
  return value.size();
}

bool release(types::StringValue&, size_t) {
  return false;
}
// A list frees nodes, and says when none is left.
bool release(types::List& list, size_t max) {
  constexpr size_t kElementsPerNode = 32;
  return !list.release_slice(max / kElementsPerNode + 1);
}
bool release(std::unique_ptr<types::Stream>& stream, size_t max) {
  return stream->release_slice(max);
}
template <class T>
bool release(T& value, size_t max) {
  return value.release_slice(max);
}

}  // namespace

size_t element_count(const Value& value) {
  return std::visit([](const auto& held) { return count_of(inner(held)); }, value);
}

bool release_slice(Value& value, size_t max) {
  return std::visit([max](auto& held) { return release(held, max); }, value);
}

}  // namespace sluice::keyspace
