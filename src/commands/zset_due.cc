#include "commands/zset_due.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"

namespace sluice::commands {

namespace {

constexpr double kMsPerSecond = 1000;
// Later than that no clock gets, and no timer is armed.
constexpr double kLastMs = 9e15;

}  // namespace

size_t Due::count_in(const exec::Call& call, const types::SortedSet& set) const {
  const auto now_ms = static_cast<double>(call.access().now_ms);
  const double now = unit == Unit::kSeconds ? now_ms / kMsPerSecond : now_ms;
  return set.range_by_score({-std::numeric_limits<double>::infinity(), limit.value_or(now)}).count;
}

int64_t Due::next_ms(const exec::Call& call, const types::SortedSet& set) const {
  if (limit) return 0;
  double lowest = 0;
  set.for_each({0, 1}, false, [&lowest](const ds::Element&, double score) { lowest = score; });
  const double at_ms = std::ceil(unit == Unit::kSeconds ? lowest * kMsPerSecond : lowest);
  if (at_ms > kLastMs) return 0;
  // Rounding may put it at the millisecond that is: it would be woken again and again until that is over.
  return std::max(static_cast<int64_t>(at_ms), call.access().now_ms + 1);
}

void read_limit(exec::Args& args, Due& due) {
  if (!args.more() || args.accept("NOW")) return;
  const auto limit = base::parse_double(args.peek());
  if (!limit) return;  // the next option
  args.next();
  due.limit = *limit;
}

void read_unit(exec::Args& args, Due& due) {
  due.unit_given = true;
  if (args.accept("MS")) {
    due.unit = Due::Unit::kMilliseconds;
  } else if (!args.accept("S")) {
    args.syntax_error();
  }
}

}  // namespace sluice::commands
