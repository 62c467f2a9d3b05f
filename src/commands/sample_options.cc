#include "commands/sample_options.h"

#include "base/number.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace {

constexpr base::ByteView kCountOutOfRange =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

}  // namespace

SampleOptions sample_options(exec::Args& args, base::ByteView both) {
  SampleOptions options;
  if (!args.more()) return options;
  options.one = false;
  // A command without pairs looks for too many words before it reads the count.
  if (both.empty() && args.left() > 1) args.syntax_error();
  const int64_t count = args.integer_between(-INT64_MAX, INT64_MAX, kCountOutOfRange);
  if (args.more()) {
    if (!args.accept(both)) args.syntax_error();
    args.end();
    options.with_both = true;
    if (count < -INT64_MAX / 2 || count > INT64_MAX / 2) args.latch(resp::errors::kOutOfRange);
  }
  if (!args.ok()) return options;
  options.repeats = count < 0;
  options.count = static_cast<size_t>(count < 0 ? -count : count);
  return options;
}

size_t pop_count(exec::Args& args) {
  if (args.left() > 1) args.syntax_error();
  const auto count = base::parse_int64(args.next());
  if (!count || *count < 0) args.latch(resp::errors::kMustBePositive);
  return args.ok() ? static_cast<size_t>(*count) : 0;
}

}  // namespace sluice::commands
