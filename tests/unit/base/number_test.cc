#include "base/number.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>

#include "base/random.h"

using sluice::base::Bytes;
using sluice::base::ByteView;
using sluice::base::parse_double;
using sluice::base::parse_int64;
using sluice::base::parse_memory;
using sluice::base::parse_uint64;

namespace {

Bytes text_of(double value) {
  return Bytes(sluice::base::format_double(value).view());
}

Bytes sum(ByteView a, ByteView b) {
  return sluice::base::format_long_double(*sluice::base::parse_long_double(a) +
                                          *sluice::base::parse_long_double(b));
}

}  // namespace

TEST_CASE("parse_int64: reads exactly what format_int64 writes") {
  for (const int64_t value :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{10}, int64_t{-907}, INT64_MAX, INT64_MIN}) {
    CHECK(parse_int64(sluice::base::format_int64(value).view()) == value);
  }
  CHECK(sluice::base::format_int64(INT64_MIN).view() == "-9223372036854775808");
}

TEST_CASE("parse_int64: refuses every other spelling") {
  for (const char* text : {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1a", "0x1", "1.0",
                           "9223372036854775808", "-9223372036854775809", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_int64(text).has_value());
  }
  CHECK_FALSE(parse_int64(ByteView("1\0", 2)).has_value());
}

TEST_CASE("parse_uint64: takes the spellings Redis takes in stream ids") {
  CHECK(parse_uint64("18446744073709551615") == UINT64_MAX);
  CHECK(parse_uint64("05") == 5);
  CHECK(parse_uint64(" 5") == 5);
  CHECK(parse_uint64("+6") == 6);
  CHECK(sluice::base::format_uint64(UINT64_MAX).view() == "18446744073709551615");
  for (const char* text : {"", " ", "+", "++1", "-1", "-0", "5 ", "0x10", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_uint64(text).has_value());
  }
}

TEST_CASE("put_digits: writes numbers of every length as the library does") {
  uint64_t power = 1;
  for (int digits = 1; digits <= 20; ++digits, power *= 10) {
    for (const uint64_t value :
         {power - 1, power, power + 1, power * 7 / 4, power / 10 * 9 + 5, power | 0x5555}) {
      char text[sluice::base::kDigitsRoom];
      const char* const end = sluice::base::put_digits(text, value);
      CHECK(std::string(text, static_cast<size_t>(end - text)) == std::to_string(value));
    }
  }
}

TEST_CASE("parse_double: reads what strtod reads") {
  CHECK(parse_double("3") == 3.0);
  CHECK(parse_double("+1") == 1.0);
  CHECK(parse_double("1.0e-05") == 1.0e-05);
  CHECK(parse_double("0x1.8") == 1.5);
  CHECK(parse_double("0x1p3") == 8.0);
  CHECK(parse_double("-0x10") == -16.0);
  CHECK(parse_double(".5") == 0.5);
  CHECK(parse_double("5.") == 5.0);
  CHECK(parse_double("1e-320") == 1e-320);
  CHECK(parse_double("9007199254740993") == 9007199254740992.0);
  for (const char* text : {"inf", "+inf", "INF", "Infinity", "+INFINITY"}) {
    CAPTURE(text);
    CHECK(parse_double(text) == std::numeric_limits<double>::infinity());
  }
  CHECK(parse_double("-inf") == -std::numeric_limits<double>::infinity());
  CHECK(std::signbit(*parse_double("-0")));
  CHECK(parse_double(Bytes(300, '1')) == std::strtod(Bytes(300, '1').c_str(), nullptr));
}

TEST_CASE("parse_double: refuses NaN, blanks, leftovers, overflow and underflow") {
  for (const char* text :
       {"",    " 1",  "1 ", "\t1", "nan",   "-nan",   "nan(1)", "infinit", "infinityx", "0x", "1e", "1_0",
        "--1", "+-1", "1f", "1,5", "1e400", "-1e400", "1e-400", "abc",     "-",         "+",  "."}) {
    CAPTURE(text);
    CHECK_FALSE(parse_double(text).has_value());
  }
  CHECK_FALSE(parse_double(ByteView("1\0", 2)).has_value());
  CHECK_FALSE(parse_double(ByteView("inf\0", 4)).has_value());
}

TEST_CASE("format_double: integers up to 2^62 are plain, greater ones the shortest digits and zeros") {
  CHECK(text_of(3.0) == "3");
  CHECK(text_of(1755430000000.0) == "1755430000000");
  CHECK(text_of(7190243000000001.0) == "7190243000000001");
  CHECK(text_of(1e17) == "100000000000000000");
  CHECK(text_of(-1e18) == "-1000000000000000000");
  CHECK(text_of(0x1p62) == "4611686018427387904");
  CHECK(text_of(-0x1p62) == "-4611686018427387904");
  CHECK(text_of(4611686018427388928.0) == "4611686018427389000");
  CHECK(text_of(-0x1p63) == "-9223372036854776000");
  CHECK(text_of(0x1p63) == "9223372036854776000");
  CHECK(text_of(1e19) == "1e+19");
  CHECK(text_of(1e21) == "1e+21");
  CHECK(text_of(1.5e300) == "1.5e+300");
  CHECK(text_of(0.0) == "0");
  CHECK(text_of(-0.0) == "-0");
}

TEST_CASE("format_double: fractions are the shortest text, without exponent where clients meet them") {
  CHECK(text_of(0.1) == "0.1");
  CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text_of(1755430419.1234567) == "1755430419.1234567");
  CHECK(text_of(-1755430419.5) == "-1755430419.5");
  CHECK(text_of(0.00001) == "0.00001");
  CHECK(text_of(0.000001) == "0.000001");
  CHECK(text_of(1e-7) == "1e-7");
  CHECK(text_of(1.25e-7) == "1.25e-7");
  CHECK(text_of(-5e-324) == "-5e-324");
  CHECK(text_of(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(text_of(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(text_of(-std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("format_double: any double reads back as the same bits") {
  sluice::base::Random random(42);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t bits = random.next();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isnan(value)) continue;
    const auto back = parse_double(sluice::base::format_double(value).view());
    REQUIRE(back.has_value());
    REQUIRE(std::memcmp(&*back, &value, sizeof value) == 0);
  }
}

TEST_CASE("long double: sums read as INCRBYFLOAT writes them") {
  CHECK(sum("10.5", "0.1") == "10.6");
  CHECK(sum("3", "1.000000000000000005") == "4.00000000000000001");
  CHECK(sum("-5", "5") == "0");
  CHECK(sum("-0.0000000000000000001", "0") == "0");
  CHECK(sum("0", "5.0e3") == "5000");
  CHECK(sum("0", "1e-17") == "0.00000000000000001");
  CHECK(sum("0", "123456789012345678901234567890") == "123456789012345678899921813504");
  CHECK(sum("1.1e4932", "0").size() == 4933);
  CHECK(sum("inf", "0") == "inf");
}

TEST_CASE("parse_long_double: refuses what INCRBYFLOAT refuses") {
  for (const char* text : {"", " 1", "1 ", "nan", "1e5000", "1e-5000", "1.7e4932", "x"}) {
    CAPTURE(text);
    CHECK_FALSE(sluice::base::parse_long_double(text).has_value());
  }
  CHECK(sluice::base::parse_long_double(Bytes(5119, '0')) == 0.0L);
  CHECK_FALSE(sluice::base::parse_long_double(Bytes(5120, '0')).has_value());
}

TEST_CASE("parse_memory: units of redis.conf") {
  CHECK(parse_memory("0") == 0);
  CHECK(parse_memory("007") == 7);
  CHECK(parse_memory("1b") == 1);
  CHECK(parse_memory("1k") == 1000);
  CHECK(parse_memory("1KB") == 1024);
  CHECK(parse_memory("100mb") == 100 * 1024 * 1024);
  CHECK(parse_memory("3M") == 3'000'000);
  CHECK(parse_memory("2g") == 2'000'000'000);
  CHECK(parse_memory("1Gb") == uint64_t{1} << 30);
  CHECK(parse_memory("kb") == 0);
  CHECK(parse_memory("18446744073709551615") == UINT64_MAX);
  for (const char* text : {"-1", "+1", " 1", "1 kb", "1.5gb", "1tb", "5x", "kbb", "18446744073709551616",
                           "18446744073709551615k"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_memory(text).has_value());
  }
}
