// INCREX: a counter that stays within bounds and has a deadline, which makes one command of what rate
// limiters are. Logged as the SET it came to.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"
#include "commands/string_options.h"

namespace sluice::commands {

namespace {

using types::StringValue;
using Time = ExpiryWords::Time;

// As given: whether they are integers or fractions is known once all options are.
struct Words {
  std::optional<ByteView> by;
  std::optional<ByteView> lower;
  std::optional<ByteView> upper;
  bool fraction = false;  // BYFLOAT
  bool saturate = false;
  bool only_without_deadline = false;  // ENX
  ExpiryWords expiry;
};

bool accept_number(exec::Args& args, ByteView word, std::optional<ByteView>& number) {
  if (number || !args.accept_with(word)) return false;
  number = args.next();
  return true;
}

bool accept_flag(exec::Args& args, ByteView word, bool& flag) {
  if (flag || !args.accept(word)) return false;
  flag = true;
  return true;
}

bool accept_increment(exec::Args& args, Words& words) {
  if (accept_number(args, "BYINT", words.by)) return true;
  if (!accept_number(args, "BYFLOAT", words.by)) return false;
  words.fraction = true;
  return true;
}

bool accept_expiry(exec::Args& args, Words& words) {
  if (words.expiry.persist || words.expiry.time != Time::kNone) return false;
  if (!words.only_without_deadline && accept_persist(args, words.expiry)) return true;
  return accept_time(args, words.expiry);
}

// Unlike SET, it takes each option once.
Words read_words(exec::Args& args) {
  Words words;
  while (args.more() && args.ok()) {
    if (!accept_increment(args, words) && !accept_number(args, "LBOUND", words.lower) &&
        !accept_number(args, "UBOUND", words.upper) && !accept_flag(args, "SATURATE", words.saturate) &&
        (words.expiry.persist || !accept_flag(args, "ENX", words.only_without_deadline)) &&
        !accept_expiry(args, words)) {
      args.syntax_error();
    }
  }
  if (words.only_without_deadline && words.expiry.time == Time::kNone) {
    args.latch("ERR ENX flag requires an expiration");
  }
  return words;
}

// --- the two kinds of counters

struct Integers {
  using Number = int64_t;
  static constexpr ByteView kBadIncrement = "ERR Increment is not an integer or out of range";
  static constexpr ByteView kBadLower = "ERR LBOUND is not an integer or out of range";
  static constexpr ByteView kBadUpper = "ERR UBOUND is not an integer or out of range";
  static constexpr ByteView kBadValue = errors::kNotAnInteger;
  static constexpr Number kLowest = INT64_MIN;
  static constexpr Number kHighest = INT64_MAX;

  static std::optional<Number> parse(ByteView text) { return base::parse_int64(text); }
  static std::optional<Number> read(const StringValue& value) { return value.integer(); }
  // Nothing when the sum is no number of this kind.
  static std::optional<Number> add(Number left, Number right) {
    Number sum = 0;
    if (__builtin_add_overflow(left, right, &sum)) return std::nullopt;
    return sum;
  }
  // A step between two counters; what is too wide for a reply is cut.
  static Number step(Number from, Number to) {
    Number difference = 0;
    if (__builtin_sub_overflow(to, from, &difference)) return to > from ? kHighest : kLowest;
    return difference;
  }
  static Bytes text(Number number) { return Bytes(base::format_int64(number).view()); }
  static StringValue value(ByteView text) { return StringValue::from_text(text); }
  static void reply(resp::Reply& reply, Number number) { reply.integer(number); }
  static constexpr const keyspace::Event& kEvent = events::incrby;
};

struct Fractions {
  using Number = long double;
  static constexpr ByteView kBadIncrement = "ERR Increment is not a valid float";
  static constexpr ByteView kBadLower = "ERR LBOUND is not a valid float";
  static constexpr ByteView kBadUpper = "ERR UBOUND is not a valid float";
  static constexpr ByteView kBadValue = errors::kNotAFloat;
  // As far as a RESP3 reply can tell them.
  static constexpr Number kLowest = -DBL_MAX;
  static constexpr Number kHighest = DBL_MAX;

  static std::optional<Number> parse(ByteView text) { return base::parse_long_double(text); }
  static std::optional<Number> read(const StringValue& value) {
    base::NumberText digits;
    const auto number = parse(value.view(digits));
    return number && *number >= kLowest && *number <= kHighest ? number : std::nullopt;
  }
  static std::optional<Number> add(Number left, Number right) {
    const Number sum = left + right;
    if (std::isinf(sum) || std::isnan(sum)) return std::nullopt;
    return sum;
  }
  static Number step(Number from, Number to) { return std::clamp(to - from, kLowest, kHighest); }
  static Bytes text(Number number) { return base::format_long_double(number); }
  static StringValue value(ByteView text) { return StringValue::from_plain_text(text); }
  static void reply(resp::Reply& reply, Number number) {
    if (reply.resp3()) {
      reply.real(static_cast<double>(number));
    } else {
      reply.bulk(text(number));
    }
  }
  static constexpr const keyspace::Event& kEvent = events::incrbyfloat;
};

template <class Kind>
struct Plan {
  typename Kind::Number by = 1;
  typename Kind::Number lower = Kind::kLowest;
  typename Kind::Number upper = Kind::kHighest;
  bool saturate = false;

  struct Step {
    typename Kind::Number sum;
    typename Kind::Number applied;
    bool refused = false;
  };
  [[nodiscard]] Step from(typename Kind::Number current) const {
    const auto sum = Kind::add(current, by);
    if (sum && *sum >= lower && *sum <= upper) return {*sum, by};
    if (!saturate) return {current, 0, true};
    const bool above = sum ? *sum > upper : by > 0;
    const auto bound = above ? upper : lower;
    return {bound, Kind::step(current, bound)};
  }
};

template <class Kind>
void read_number(exec::Args& args, std::optional<ByteView> text, typename Kind::Number& number,
                 ByteView error) {
  if (!text) return;
  const auto parsed = Kind::parse(*text);
  if (!parsed) args.latch(error);
  number = parsed.value_or(0);
}

template <class Kind>
Plan<Kind> read_plan(exec::Args& args, const Words& words) {
  Plan<Kind> plan;
  plan.saturate = words.saturate;
  read_number<Kind>(args, words.by, plan.by, Kind::kBadIncrement);
  read_number<Kind>(args, words.lower, plan.lower, Kind::kBadLower);
  read_number<Kind>(args, words.upper, plan.upper, Kind::kBadUpper);
  plan.lower = std::clamp(plan.lower, Kind::kLowest, Kind::kHighest);
  plan.upper = std::clamp(plan.upper, Kind::kLowest, Kind::kHighest);
  if (args.ok() && plan.lower > plan.upper) args.latch("ERR LBOUND can't be greater than UBOUND");
  return plan;
}

// What becomes of the key's deadline, once its value is stored; and the log's record of both.
void settle_expiry(Call& call, keyspace::Entry& entry, ByteView text, const Words& words,
                   std::optional<int64_t> when_ms) {
  const ByteView key = entry.key();
  if (when_ms) {
    set_expiry(call, entry, *when_ms);
    call.propagate_as({"SET", key, text, "PXAT", base::format_int64(*when_ms).view()});
  } else if (words.expiry.persist) {
    drop_expiry(call, entry);
    call.propagate_as({"SET", key, text});
  } else {
    call.propagate_as({"SET", key, text, "KEEPTTL"});
  }
}

template <class Kind>
Outcome count(Call& call, ByteView key, const Words& words) {
  const Plan<Kind> plan = read_plan<Kind>(call.args, words);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::optional<int64_t> when_ms;
  if (words.expiry.time != Time::kNone) {
    const auto deadline = deadline_of(call, words.expiry);
    if (!deadline) return call.fail(deadline.error().message);
    when_ms = *deadline;
  }
  auto found = call.edit<StringValue>(key);
  if (!found) return call.fail(found.error());
  Edit<StringValue>& counter = *found;
  const auto current = Kind::read(counter.peek());  // a value made just now is 0
  if (!current) return call.fail(Kind::kBadValue);
  const auto step = plan.from(*current);
  call.reply.array(2);
  Kind::reply(call.reply, step.sum);
  Kind::reply(call.reply, step.applied);
  if (step.refused) return Outcome::kDone;
  if (words.only_without_deadline && expiry_of(call, counter.entry())) when_ms.reset();
  if (when_ms && is_past(call, *when_ms)) {
    if (!counter.created()) remove_outdated(call, counter.entry());
    return Outcome::kDone;
  }
  const Bytes text = Kind::text(step.sum);
  *counter = Kind::value(text);
  counter.commit(Kind::kEvent);
  settle_expiry(call, counter.entry(), text, words, when_ms);
  return Outcome::kDone;
}

Outcome cmd_increx(Call& call) {
  const ByteView key = call.args.key();
  const Words words = read_words(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  return words.fraction ? count<Fractions>(call, key, words) : count<Integers>(call, key, words);
}

constexpr CommandSpec kRows[] = {
    {"increx", cmd_increx, at_least(2), one_key(1, kKeyRw | kKeyAccess | kKeyUpdate),
     kWrite | kDenyOom | kFast, Group::kString, "8.8.0",
     "Adds to a number that stays within bounds, and says when its key goes.",
     "key increment[BYFLOAT float:double|BYINT integer:integer] [SATURATE] [LBOUND lowerbound] [UBOUND "
     "upperbound] expiration[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT "
     "unix-time-milliseconds|PERSIST] [ENX]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> bounded_counter_commands() {
  return kRows;
}

}  // namespace sluice::commands
