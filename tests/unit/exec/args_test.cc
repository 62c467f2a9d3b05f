#include "exec/args.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

namespace {

using Words = std::vector<base::ByteView>;

}  // namespace

TEST_CASE("same_word: compares ASCII without its case, and whole words only") {
  CHECK(same_word("left", "LEFT"));
  CHECK(same_word("LeFt", "lEfT"));
  CHECK(same_word("", ""));
  CHECK_FALSE(same_word("lef", "LEFT"));
  CHECK_FALSE(same_word("left ", "LEFT"));
  CHECK_FALSE(same_word("{", "["));  // differ by the bit that tells cases apart
}

TEST_CASE("Args: the cursor starts behind the command's name and ends at the last word") {
  const Words words = {"CLIENT", "KILL", "a", "b"};
  Args args(words, 2);
  CHECK(args.left() == 2);
  CHECK(args.position() == 2);
  CHECK(args.peek() == "a");
  CHECK(args.key() == "a");
  CHECK(args.next() == "b");
  CHECK_FALSE(args.more());
  CHECK(args.peek().empty());
  args.end();
  CHECK(args.ok());
}

TEST_CASE("Args: reading past the end latches a syntax error and yields nothing") {
  const Words words = {"X"};
  Args args(words);
  CHECK(args.next().empty());
  CHECK(args.error() == errors::kSyntax);
  CHECK(args.integer() == 0);
  CHECK(args.take(1).empty());
}

TEST_CASE("Args: the first error stays") {
  const Words words = {"X", "one", "-1"};
  Args args(words);
  args.integer();
  args.integer_between(0, 5, errors::kOutOfRange);
  args.syntax_error();
  CHECK(args.error() == errors::kNotAnInteger);
}

TEST_CASE("Args: end() refuses what is left") {
  const Words words = {"X", "extra"};
  Args args(words);
  args.end();
  CHECK(args.error() == errors::kSyntax);
}

TEST_CASE("Args: rest() and take() hand out the words and move on") {
  const Words words = {"X", "a", "b", "c"};
  Args args(words);
  CHECK(args.take(2).size() == 2);
  CHECK(args.rest().front() == "c");
  CHECK(args.rest().empty());
  CHECK(args.ok());
}

TEST_CASE("Args: integers are read exactly as Redis prints them") {
  for (const char* bad : {"", " 1", "1 ", "+1", "01", "-0", "1.0", "0x1", "9223372036854775808"}) {
    const Words words = {"X", bad};
    Args args(words);
    CHECK(args.integer() == 0);
    CHECK(args.error() == errors::kNotAnInteger);
  }
  const Words words = {"X", "-9223372036854775808", "9223372036854775807"};
  Args args(words);
  CHECK(args.integer() == INT64_MIN);
  CHECK(args.integer() == INT64_MAX);
  CHECK(args.ok());
}

TEST_CASE("Args: a bounded integer has its own error, no number the usual one; both stay in bounds") {
  const Words words = {"X", "5", "6", "y"};
  Args args(words);
  CHECK(args.integer_between(1, 5, errors::kOutOfRange) == 5);
  CHECK(args.ok());
  CHECK(args.integer_between(1, 5, errors::kOutOfRange) == 5);
  CHECK(args.error() == errors::kOutOfRange);
  Args no_number(words, 3);
  CHECK(no_number.integer_between(1, 5, errors::kOutOfRange) == 1);
  CHECK(no_number.error() == errors::kNotAnInteger);
}

TEST_CASE("Args: real numbers may be infinite but not NaN") {
  const Words words = {"X", "1.5", "-inf", "nan"};
  Args args(words);
  CHECK(args.real() == 1.5);
  CHECK(std::isinf(args.real()));
  CHECK(args.ok());
  args.real();
  CHECK(args.error() == errors::kNotAFloat);
}

TEST_CASE("Args: numkeys is positive, and its keys are there") {
  const auto error_of = [](const Words& words) {
    Args args(words);
    args.numkeys();
    return std::string(args.error());
  };
  CHECK(error_of({"X", "2", "a", "b"}).empty());
  CHECK(error_of({"X", "2", "a"}) == errors::kSyntax);
  CHECK(error_of({"X", "0", "a"}) == errors::kNumkeysMustBePositive);
  CHECK(error_of({"X", "-1", "a"}) == errors::kNumkeysMustBePositive);
  CHECK(error_of({"X", "many", "a"}) == errors::kNumkeysMustBePositive);
}

TEST_CASE("Args: timeouts are seconds, rounded up to milliseconds") {
  const auto timeout = [](base::ByteView text) {
    const Words words = {"X", text};
    Args args(words);
    const int64_t result = args.timeout_ms();
    REQUIRE(args.ok());
    return result;
  };
  CHECK(timeout("0") == 0);
  CHECK(timeout("1") == 1000);
  CHECK(timeout("0.0001") == 1);
  CHECK(timeout("0.035") == 35);
  CHECK(timeout("1.001") == 1001);
  CHECK(timeout("1e3") == 1'000'000);
  CHECK(timeout("0x10") == 16000);
  CHECK(timeout("1000000000000000") == 1'000'000'000'000'000'000);
}

TEST_CASE("Args: bad timeouts have errors of their own") {
  const auto error_of = [](base::ByteView text) {
    const Words words = {"X", text};
    Args args(words);
    CHECK(args.timeout_ms() == 0);
    return std::string(args.error());
  };
  CHECK(error_of("soon") == errors::kTimeoutNotAFloat);
  CHECK(error_of("nan") == errors::kTimeoutNotAFloat);
  CHECK(error_of("1s") == errors::kTimeoutNotAFloat);
  CHECK(error_of("-1") == errors::kTimeoutNegative);
  CHECK(error_of("-0.002") == errors::kTimeoutNegative);
  CHECK(error_of("-inf") == errors::kTimeoutNegative);
  CHECK(error_of("inf") == errors::kTimeoutOutOfRange);
  CHECK(error_of("1e16") == errors::kTimeoutOutOfRange);
}

TEST_CASE("Args: options are taken when they match, values only when they are there") {
  const Words words = {"X", "count", "5", "LIMIT"};
  Args args(words);
  CHECK_FALSE(args.accept("LIMIT"));
  CHECK_FALSE(args.accept_with("COUNT", 3));
  CHECK(args.accept_with("COUNT"));
  CHECK(args.integer() == 5);
  CHECK_FALSE(args.accept_with("LIMIT"));
  CHECK(args.accept("LIMIT"));
  CHECK_FALSE(args.accept("LIMIT"));
}

}  // namespace sluice::exec
