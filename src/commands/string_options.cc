#include "commands/string_options.h"

#include <optional>

#include "base/number.h"
#include "commands/any_type.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace {

using Time = ExpiryWords::Time;

bool accept_one(exec::Args& args, ExpiryWords& words, base::ByteView word, Time time) {
  if (words.keep_ttl || words.persist) return false;
  if (words.time != Time::kNone && words.time != time) return false;
  if (!args.accept_with(word)) return false;
  words.time = time;
  words.amount = args.next();
  return true;
}

}  // namespace

bool accept_time(exec::Args& args, ExpiryWords& words) {
  return accept_one(args, words, "EX", Time::kEx) || accept_one(args, words, "PX", Time::kPx) ||
         accept_one(args, words, "EXAT", Time::kExAt) || accept_one(args, words, "PXAT", Time::kPxAt);
}

bool accept_keep_ttl(exec::Args& args, ExpiryWords& words) {
  if (words.time != Time::kNone || !args.accept("KEEPTTL")) return false;
  words.keep_ttl = true;
  return true;
}

bool accept_persist(exec::Args& args, ExpiryWords& words) {
  if (words.time != Time::kNone || !args.accept("PERSIST")) return false;
  words.persist = true;
  return true;
}

base::Result<int64_t> deadline_of(const exec::Call& call, const ExpiryWords& words) {
  const std::optional<int64_t> amount = base::parse_int64(words.amount);
  if (!amount) return base::Error{base::Bytes(resp::errors::kNotAnInteger)};
  int64_t when_ms = *amount;
  const bool overflows =
      *amount <= 0 || (words.seconds() && __builtin_mul_overflow(when_ms, int64_t{1000}, &when_ms)) ||
      (words.relative() && __builtin_add_overflow(when_ms, call.access().now_ms, &when_ms));
  if (overflows) return base::Error{invalid_expire_time(call)};
  return when_ms;
}

}  // namespace sluice::commands
