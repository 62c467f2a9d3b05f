// What a listpack from outside must pass before a structure takes it over. Beyond being well formed
// (ds/listpack.h), it must be as our own code would have written it: a text that is exactly an integer is
// stored as one, or it would never be found. Broken ones are refused; loose ones, which others may well
// write, are written anew.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "ds/listpack.h"

namespace sluice::ds {

struct ListpackFacts {
  size_t elements = 0;
  bool canonical = true;
};

// Reads nothing outside `block`, whatever it holds; nothing when it is no listpack.
[[nodiscard]] std::optional<ListpackFacts> inspect(base::ByteView block);

// An owned, canonical copy; nothing when it is no listpack.
[[nodiscard]] std::optional<Listpack> checked_copy(base::ByteView block);

// Whether every `stride`-th element, from the first on, is another one. O(n log n). REQUIRES: canonical.
[[nodiscard]] bool are_distinct(ListpackView view, size_t stride);

}  // namespace sluice::ds
