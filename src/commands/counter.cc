// Strings as numbers: INCR DECR INCRBY DECRBY INCRBYFLOAT.
#include <cmath>
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using types::StringValue;

Outcome add_integer(Call& call, ByteView key, int64_t by) {
  auto found = call.edit<StringValue>(key);
  if (!found) return call.fail(found.error());
  Edit<StringValue>& counter = *found;
  // A value made just now is 0.
  const std::optional<int64_t> current = counter.peek().integer();
  if (!current) return call.fail(errors::kNotAnInteger);
  int64_t sum = 0;
  if (__builtin_add_overflow(*current, by, &sum)) return call.fail(errors::kIncrementOverflow);
  *counter = StringValue(sum);
  counter.commit(events::incrby);
  call.reply.integer(sum);
  return Outcome::kDone;
}

Outcome cmd_incr(Call& call) {
  return add_integer(call, call.args.key(), 1);
}

Outcome cmd_decr(Call& call) {
  return add_integer(call, call.args.key(), -1);
}

Outcome cmd_incrby(Call& call) {
  const ByteView key = call.args.key();
  const int64_t by = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  return add_integer(call, key, by);
}

Outcome cmd_decrby(Call& call) {
  const ByteView key = call.args.key();
  const int64_t by = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  if (by == INT64_MIN) return call.fail("ERR decrement would overflow");
  return add_integer(call, key, -by);
}

Outcome cmd_incrbyfloat(Call& call) {
  const ByteView key = call.args.key();
  auto found = call.edit<StringValue>(key);
  if (!found) return call.fail(found.error());
  Edit<StringValue>& counter = *found;
  base::NumberText digits;
  const std::optional<long double> current = base::parse_long_double(counter.peek().view(digits));
  const std::optional<long double> by = base::parse_long_double(call.args.next());
  if (!current || !by) return call.fail(errors::kNotAFloat);
  const long double sum = *current + *by;
  if (std::isnan(sum) || std::isinf(sum)) return call.fail(errors::kIncrementNanOrInfinity);
  const Bytes text = base::format_long_double(sum);
  *counter = StringValue::from_plain_text(text);
  counter.commit(events::incrbyfloat);
  // The sum and not the step: another machine's long double may round otherwise.
  call.propagate_as({"SET", key, text, "KEEPTTL"});
  call.reply.bulk(text);
  return Outcome::kDone;
}

constexpr KeySpecs kCounter = one_key(1, kKeyRw | kKeyAccess | kKeyUpdate);
constexpr uint32_t kStep = kWrite | kDenyOom | kFast;

constexpr CommandSpec kRows[] = {
    {"decr", cmd_decr, exactly(2), kCounter, kStep, Group::kString, "1.0.0", "Takes 1 from a number.", "key"},
    {"decrby", cmd_decrby, exactly(3), kCounter, kStep, Group::kString, "1.0.0",
     "Takes an integer from a number.", "key decrement"},
    {"incr", cmd_incr, exactly(2), kCounter, kStep, Group::kString, "1.0.0", "Adds 1 to a number.", "key"},
    {"incrby", cmd_incrby, exactly(3), kCounter, kStep, Group::kString, "1.0.0",
     "Adds an integer to a number.", "key increment"},
    {"incrbyfloat", cmd_incrbyfloat, exactly(3), kCounter, kStep, Group::kString, "2.6.0",
     "Adds a fraction to a number.", "key increment:double"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> counter_commands() {
  return kRows;
}

}  // namespace sluice::commands
