#include "commands/zset_bounds.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/number.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace {

struct ScoreBound {
  double score = 0;
  bool exclusive = false;
};

// As src/t_zset.c reads it, by strtod: nothing at all is 0, leading blanks pass, what is too big is infinite,
// and what follows a NUL is not seen.
ScoreBound score_bound(exec::Args& args) {
  ScoreBound bound;
  base::ByteView word = args.next();
  if (word.starts_with('(')) {
    bound.exclusive = true;
    word.remove_prefix(1);
  }
  if (const auto score = base::parse_double(word)) {
    bound.score = *score;
    return bound;
  }
  const base::Bytes text(word);
  char* end = nullptr;
  bound.score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || std::isnan(bound.score)) args.latch(resp::errors::kMinOrMaxNotAFloat);
  return bound;
}

types::LexBound lex_bound(exec::Args& args) {
  using Kind = types::LexBound::Kind;
  const base::ByteView word = args.next();
  if (word == "-") return {Kind::kLowest, {}};
  if (word == "+") return {Kind::kHighest, {}};
  if (word.starts_with('[')) return {Kind::kInclusive, word.substr(1)};
  if (word.starts_with('(')) return {Kind::kExclusive, word.substr(1)};
  args.latch(resp::errors::kMinOrMaxNotAString);
  return {};
}

}  // namespace

types::ScoreRange score_range(exec::Args& args, bool max_first) {
  ScoreBound min = score_bound(args);
  ScoreBound max = score_bound(args);
  if (max_first) std::swap(min, max);
  return {min.score, max.score, min.exclusive, max.exclusive};
}

types::LexRange lex_range(exec::Args& args, bool max_first) {
  types::LexRange range;
  range.min = lex_bound(args);
  range.max = lex_bound(args);
  if (max_first) std::swap(range.min, range.max);
  return range;
}

}  // namespace sluice::commands
