#include "commands/zset_pop.h"

#include <algorithm>

namespace sluice::commands {

void pop_members(Call& call, Edit<types::SortedSet>& set, End end, size_t count, Pairs shape) {
  const size_t size = set.peek().size();
  const size_t popped = std::min(count, size);
  const types::RankRange range{end == End::kMin ? 0 : size - popped, popped};
  set.peek().for_each(range, end == End::kMax, [&call, shape](const ds::Element& member, double score) {
    reply_scored(call.reply, member, score, shape);
  });
  set->remove_range(range);
  set.commit(end == End::kMin ? events::zpopmin : events::zpopmax, popped);
}

}  // namespace sluice::commands
