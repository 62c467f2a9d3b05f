// The bounds of sorted set ranges as clients write them: scores ("5", "(5", "-inf") and names ("[a", "(a",
// "-",
// "+"). What comes out is a range that types::SortedSet looks up; names in it are views of the arguments.
#pragma once

#include "exec/args.h"
#include "types/sorted_set.h"

namespace sluice::commands {

// The next two words. Latch "min or max is not a float" and "min or max not valid string range item". With
// `max_first` (the REV forms) the higher bound comes first.
types::ScoreRange score_range(exec::Args& args, bool max_first = false);
types::LexRange lex_range(exec::Args& args, bool max_first = false);

}  // namespace sluice::commands
