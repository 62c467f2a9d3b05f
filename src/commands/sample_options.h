// Counts that commands drawing or popping elements take: "[count [WITHVALUES]]" of HRANDFIELD, SRANDMEMBER
// and ZRANDMEMBER, and the "[count]" of SPOP, ZPOPMIN and ZPOPMAX. Knows no type. Reads the words of the call
// it is given and owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "exec/args.h"

namespace sluice::commands {

struct SampleOptions {
  bool one = true;         // no count was given: a single element, not an array
  bool repeats = false;    // a negative count: so many draws, each from the whole
  bool with_both = false;  // WITHVALUES, WITHSCORES
  size_t count = 0;
};

// `both` is the word that asks for values or scores; empty: the command has none. Latches Redis's errors, in
// its order.
SampleOptions sample_options(exec::Args& args, base::ByteView both);

// The last argument, a count of 0 or more. Latches "value is out of range, must be positive", for text, too.
size_t pop_count(exec::Args& args);

}  // namespace sluice::commands
