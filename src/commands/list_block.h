// Several elements from an end of one list to an end of another, in one step: for LMOVEM and for LMPOP with a
// target. Logged as what Redis 7.0 can replay: LMOVEs where those do the same, else a pop and a push.
// Replying is the command's matter; views given in are the command's arguments.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "commands/family.h"
#include "commands/list_ends.h"

namespace sluice::commands {

struct BlockMove {
  Move move;
  uint64_t count = 1;    // at most so many
  bool exactly = false;  // that many or none
  bool bulk = false;     // the block keeps its order; otherwise each element goes behind the one before it
};

// The elements in the order in which single pops would have taken them. None: the source is absent, or holds
// too few; nothing has changed then.
using Block = std::vector<Bytes>;
base::Result<Block, keyspace::Refusal> move_block(Call& call, const BlockMove& asked);

// The order in which elements taken so were pushed.
Block as_pushed(Block taken, const BlockMove& asked);

}  // namespace sluice::commands
