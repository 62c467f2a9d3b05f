#include "resp/value.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace sluice;
using base::Bytes;
using base::ByteView;
using resp::DecodeLimits;
using resp::Decoder;
using resp::Kind;
using resp::Protocol;
using resp::Value;

namespace {

struct Decoded {
  std::vector<Value> values;
  std::string error;
};

template <class NextSize>
Decoded decode_in_pieces(ByteView bytes, const DecodeLimits& limits, NextSize next_size) {
  Decoder decoder(limits);
  Decoded result;
  while (!bytes.empty()) {
    const size_t arrived = std::min<size_t>(next_size(), bytes.size());
    decoder.feed(bytes.substr(0, arrived));
    bytes.remove_prefix(arrived);
    Decoder::Status status;
    while ((status = decoder.next()) == Decoder::Status::kValue) result.values.push_back(decoder.take());
    if (status == Decoder::Status::kError) {
      result.error = decoder.error();
      return result;
    }
  }
  return result;
}

Decoded decode(ByteView bytes, const DecodeLimits& limits = {}) {
  const Decoded whole = decode_in_pieces(bytes, limits, [&] { return bytes.size(); });
  base::Random random(3);
  const Decoded single = decode_in_pieces(bytes, limits, [] { return size_t{1}; });
  const Decoded pieces = decode_in_pieces(bytes, limits, [&] { return 1 + random.below(9); });
  CHECK(single.values == whole.values);
  CHECK(single.error == whole.error);
  CHECK(pieces.values == whole.values);
  CHECK(pieces.error == whole.error);
  return whole;
}

Bytes random_bytes(base::Random& random) {
  Bytes bytes;
  for (uint64_t left = random.below(30); left > 0; --left) bytes.push_back(static_cast<char>(random.next()));
  return bytes;
}

Value random_value(base::Random& random, int depth) {
  switch (random.below(depth > 0 ? 14 : 9)) {
    case 0:
      return {};
    case 1:
      return Value::make_text(Kind::kStatus, "status");
    case 2:
      return Value::make_text(Kind::kError, "ERR error");
    case 3:
      return Value::make_integer(static_cast<int64_t>(random.next()));
    case 4:
      return Value::make_double(static_cast<double>(random.next()) / 1e7);
    case 5:
      return Value::make_boolean(random.below(2) == 1);
    case 6:
      return Value::make_text(Kind::kBigNumber, "-1234567890123456789012345678901");
    case 7:
      return Value::make_verbatim("mkd", random_bytes(random));
    case 8:
      return Value::make_text(Kind::kBulk, random_bytes(random));
    default:
      break;
  }
  static constexpr Kind kKinds[] = {Kind::kArray, Kind::kMap, Kind::kSet, Kind::kPush, Kind::kAttribute};
  Value value = Value::make_aggregate(kKinds[random.below(5)]);
  uint64_t children = random.below(5);
  if (value.kind == Kind::kMap || value.kind == Kind::kAttribute) children *= 2;
  if (value.kind == Kind::kAttribute) ++children;
  while (children-- > 0) value.children.push_back(random_value(random, depth - 1));
  return value;
}

}  // namespace

TEST_CASE("Value: scalars of both protocols decode to their kinds") {
  const Decoded got = decode(
      "+OK\r\n-ERR "
      "x\r\n:-42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n,1.5\r\n,inf\r\n#t\r\n#f\r\n(123\r\n=6\r\ntxt:hi\r\n"
      "!5\r\nERR y\r\n");
  CHECK(got.error.empty());
  REQUIRE(got.values.size() == 14);
  CHECK(got.values[0] == Value::make_text(Kind::kStatus, "OK"));
  CHECK(got.values[1] == Value::make_text(Kind::kError, "ERR x"));
  CHECK(got.values[2] == Value::make_integer(-42));
  CHECK(got.values[3] == Value::make_text(Kind::kBulk, "a\r\n"));
  CHECK(got.values[4].kind == Kind::kNull);
  CHECK(got.values[5].kind == Kind::kNullArray);
  CHECK(got.values[6].kind == Kind::kNull);
  CHECK(got.values[7] == Value::make_double(1.5));
  CHECK(got.values[8] == Value::make_double(std::numeric_limits<double>::infinity()));
  CHECK(got.values[9] == Value::make_boolean(true));
  CHECK(got.values[10] == Value::make_boolean(false));
  CHECK(got.values[11] == Value::make_text(Kind::kBigNumber, "123"));
  CHECK(got.values[12] == Value::make_verbatim("txt", "hi"));
  CHECK(got.values[13] == Value::make_text(Kind::kError, "ERR y"));
}

TEST_CASE("Value: aggregates nest, and are described on one line") {
  const Decoded got =
      decode("*3\r\n:1\r\n%1\r\n+k\r\n~2\r\n$1\r\na\r\n_\r\n*0\r\n>1\r\n#t\r\n|1\r\n+a\r\n,0.5\r\n:7\r\n");
  REQUIRE(got.values.size() == 3);
  CHECK(describe(got.values[0]) == "[1, {+k: ~[\"a\", nil]}, []]");
  CHECK(describe(got.values[1]) == ">[true]");
  CHECK(describe(got.values[2]) == "|{+a: ,0.5, 7}");
}

TEST_CASE("Value: trees of every kind survive encoding and decoding in RESP3") {
  base::Random random(11);
  for (int round = 0; round < 300; ++round) {
    const Value value = random_value(random, 4);
    Bytes wire;
    encode(value, Protocol::kResp3, wire);
    const Decoded got = decode(wire);
    CAPTURE(describe(value));
    REQUIRE(got.error == "");
    REQUIRE(got.values.size() == 1);
    CHECK(got.values[0] == value);
  }
}

TEST_CASE("Value: what RESP2 writes of any tree decodes, and is written again the same") {
  base::Random random(12);
  for (int round = 0; round < 300; ++round) {
    const Value value = random_value(random, 3);
    Bytes wire;
    encode(value, Protocol::kResp2, wire);
    const Decoded got = decode(wire);
    REQUIRE(got.values.size() == 1);
    Bytes again;
    encode(got.values[0], Protocol::kResp2, again);
    CHECK(again == wire);
  }
}

TEST_CASE("Value: equality looks at payloads, and holds NaN equal to NaN") {
  CHECK(Value::make_integer(1) == Value::make_integer(1));
  CHECK_FALSE(Value::make_integer(1) == Value::make_integer(2));
  CHECK_FALSE(Value::make_boolean(true) == Value::make_boolean(false));
  CHECK_FALSE(Value::make_integer(1) == Value::make_boolean(true));
  CHECK(Value::make_double(std::nan("")) == Value::make_double(std::nan("")));
  CHECK_FALSE(Value::make_double(1) == Value::make_double(2));
  CHECK_FALSE(Value::make_verbatim("txt", "a") == Value::make_verbatim("mkd", "a"));
  CHECK_FALSE(Value::make_text(Kind::kBulk, "a") == Value::make_text(Kind::kStatus, "a"));
}

TEST_CASE("Decoder: malformed replies are refused with the reason") {
  for (const char* bad :
       {":abc\r\n", ":\r\n", "$abc\r\n", "$-2\r\n", "$1\r\nabc", "*-2\r\n", "%-1\r\n", ",x\r\n", "#x\r\n",
        "_x\r\n", "?\r\n", "\r\n", "=2\r\nab\r\n", "=4\r\nabcd\r\n", "*?\r\n", "!-1\r\n"}) {
    CAPTURE(bad);
    const Decoded got = decode(bad);
    CHECK(got.values.empty());
    CHECK_FALSE(got.error.empty());
  }
}

TEST_CASE("Decoder: depth, bulk, line and count limits hold") {
  DecodeLimits limits;
  limits.max_depth = 3;
  limits.max_bulk_bytes = 4;
  limits.max_children = 5;
  limits.max_line_bytes = 10;
  CHECK(decode("*1\r\n*1\r\n*1\r\n:1\r\n", limits).error.empty());
  CHECK(decode("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", limits).error == "aggregates nested too deeply");
  CHECK(decode("$4\r\nabcd\r\n", limits).error.empty());
  CHECK(decode("$5\r\n", limits).error == "a bulk that is too long");
  CHECK(decode("*6\r\n", limits).error == "an aggregate with too many children");
  CHECK(decode("+123456789\r\n", limits).error.empty());
  CHECK(decode("+1234567890\r\n", limits).error == "a line that is too long");
  CHECK(decode("+12345678901234567890", limits).error == "a line that is too long");
}

TEST_CASE("Decoder: an incomplete reply waits, and says how much it holds") {
  Decoder decoder;
  decoder.feed("+OK\r\n$5\r\nab");
  REQUIRE(decoder.next() == Decoder::Status::kValue);
  CHECK(decoder.take() == Value::make_text(Kind::kStatus, "OK"));
  CHECK(decoder.next() == Decoder::Status::kNeedMore);
  CHECK(decoder.buffered_bytes() == 2);
  decoder.feed("cde\r\n");
  REQUIRE(decoder.next() == Decoder::Status::kValue);
  CHECK(decoder.take() == Value::make_text(Kind::kBulk, "abcde"));
  CHECK(decoder.buffered_bytes() == 0);
}
