// What every value that may outgrow its packed form is handed when it is made: the secret of its tables, the
// epoch its nodes announce changes to, and the limits that decide when it converts. One per keyspace, owned
// there and outliving all values; a changed limit counts from the next change of a value on, as in Redis.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ds/hash_seed.h"
#include "ds/node.h"
#include "ds/node_list.h"

namespace sluice::types {

// A value stays packed while it has at most so many entries, none longer than so many bytes.
struct HashLimits {
  size_t max_listpack_entries = 512;
  size_t max_listpack_value_bytes = 64;
};

struct SetLimits {
  size_t max_intset_entries = 512;
  size_t max_listpack_entries = 128;
  size_t max_listpack_value_bytes = 64;
};

struct SortedSetLimits {
  size_t max_listpack_entries = 128;
  size_t max_listpack_value_bytes = 64;
};

// How long, and how many of one producer, a stream remembers what it was sent (types/stream_idempotence.h).
struct IdempotenceLimits {
  uint32_t duration_s = 100;
  uint32_t max_ids = 100;

  friend bool operator==(const IdempotenceLimits&, const IdempotenceLimits&) = default;
};

// When a stream begins a new block; 0 means no limit of that kind.
struct StreamLimits {
  size_t node_max_bytes = 4096;
  size_t node_max_entries = 100;
  IdempotenceLimits idempotence{};  // of streams that have none of their own

  // How many entries one approximate trim without LIMIT looks at, at most.
  [[nodiscard]] size_t default_trim_limit() const {
    if (node_max_entries == 0) return 10000;
    return std::min<size_t>(node_max_entries, 10000) * 100;
  }
};

struct ValueContext {
  const ds::HashSeed& seed;
  const ds::Epoch& epoch;
  HashLimits hash{};
  SetLimits set{};
  SortedSetLimits sorted_set{};
  ds::ListContext list{&epoch, {}};
  StreamLimits stream{};
};

}  // namespace sluice::types
