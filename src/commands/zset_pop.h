// Taking members off an end of a sorted set, for ZPOPMIN, ZMPOP and their blocking kin. Replies are the
// command's matter except for the members themselves. Borrows the edit it takes from; committing and
// propagating are the caller's too.
#pragma once

#include <cstddef>

#include "commands/element_reply.h"
#include "commands/family.h"
#include "types/sorted_set.h"

namespace sluice::commands {

enum class End : uint8_t { kMin, kMax };

// Replies `count` members, or all if there are fewer, and removes them. The array's head is the caller's.
// REQUIRES: the set is there, not empty, and count > 0.
void pop_members(Call& call, Edit<types::SortedSet>& set, End end, size_t count, Pairs shape);

}  // namespace sluice::commands
