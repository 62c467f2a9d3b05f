#include "exec/args.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

base::ByteView Args::next() {
  if (!more()) {
    syntax_error();
    return {};
  }
  return words_[next_++];
}

std::span<const base::ByteView> Args::rest() {
  const auto left_over = words_.subspan(next_);
  next_ = words_.size();
  return left_over;
}

std::span<const base::ByteView> Args::take(size_t count) {
  if (count > left()) {
    syntax_error();
    return {};
  }
  const auto taken = words_.subspan(next_, count);
  next_ += count;
  return taken;
}

int64_t Args::integer() {
  const base::ByteView word = next();
  if (!ok()) return 0;
  const auto value = base::parse_int64(word);
  if (!value) latch(errors::kNotAnInteger);
  return value.value_or(0);
}

int64_t Args::integer_between(int64_t min, int64_t max, base::ByteView error) {
  const int64_t value = integer();
  if (ok() && (value < min || value > max)) latch(error);
  return std::clamp(value, min, max);
}

double Args::real() {
  const base::ByteView word = next();
  if (!ok()) return 0;
  const auto value = base::parse_double(word);
  if (!value) latch(errors::kNotAFloat);
  return value.value_or(0);
}

int64_t Args::numkeys() {
  const base::ByteView word = next();
  if (!ok()) return 0;
  const auto value = base::parse_int64(word);
  if (!value || *value <= 0) {
    latch(errors::kNumkeysMustBePositive);
    return 0;
  }
  if (static_cast<uint64_t>(*value) > left()) {
    syntax_error();
    return 0;
  }
  return *value;
}

int64_t Args::timeout_ms() {
  const base::ByteView word = next();
  if (!ok()) return 0;
  const auto seconds = base::parse_long_double(word);
  if (!seconds) {
    latch(errors::kTimeoutNotAFloat);
    return 0;
  }
  // Rounded up: a tenth of a millisecond must not become 0, which means forever. A negative tenth does.
  const long double milliseconds = std::ceil(*seconds * 1000.0L);
  if (milliseconds < 0) {
    latch(errors::kTimeoutNegative);
    return 0;
  }
  if (milliseconds > static_cast<long double>(INT64_MAX / 2)) {
    latch(errors::kTimeoutOutOfRange);
    return 0;
  }
  return static_cast<int64_t>(milliseconds);
}

int64_t Args::whole_timeout_ms() {
  const base::ByteView word = next();
  if (!ok()) return 0;
  const auto timeout_ms = base::parse_int64(word);
  if (!timeout_ms) {
    latch(errors::kTimeoutNotAnInteger);
  } else if (*timeout_ms < 0) {
    latch(errors::kTimeoutNegative);
  } else if (*timeout_ms > INT64_MAX / 2) {
    latch(errors::kTimeoutOutOfRange);
  }
  return timeout_ms.value_or(0);
}

bool Args::accept(base::ByteView word) {
  if (!more() || !same_word(words_[next_], word)) return false;
  ++next_;
  return true;
}

bool Args::accept_with(base::ByteView word, size_t values) {
  if (left() <= values || !same_word(words_[next_], word)) return false;
  ++next_;
  return true;
}

void Args::syntax_error() {
  latch(errors::kSyntax);
}

void Args::end() {
  if (more()) syntax_error();
}

}  // namespace sluice::exec
