#include "resp/reply.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace sluice;
using base::Bytes;
using resp::Kind;
using resp::Protocol;
using resp::Reply;
using resp::Value;
using resp::ValueBuilder;

namespace {

// The wire form of what `write` writes. Checks on the way that a capture of the same is the tree a client
// decodes.
template <class Write>
Bytes written(Protocol protocol, Write write) {
  Bytes wire;
  Reply to_wire(wire, protocol);
  write(to_wire);

  ValueBuilder captured;
  Reply to_capture(captured, protocol);
  write(to_capture);
  Bytes again;
  for (const Value& value : captured.take_all()) encode(value, protocol, again);
  CHECK(again == wire);

  Reply dropped = Reply::discard(protocol);
  write(dropped);
  CHECK(dropped.errors() == to_wire.errors());
  CHECK(to_capture.errors() == to_wire.errors());
  return wire;
}

template <class Write>
void check_both(Write write, const Bytes& resp2, const Bytes& resp3) {
  CHECK(written(Protocol::kResp2, write) == resp2);
  CHECK(written(Protocol::kResp3, write) == resp3);
}

}  // namespace

TEST_CASE("Reply: shapes that both protocols share") {
  check_both([](Reply& reply) { reply.ok(); }, "+OK\r\n", "+OK\r\n");
  check_both([](Reply& reply) { reply.status("QUEUED"); }, "+QUEUED\r\n", "+QUEUED\r\n");
  check_both([](Reply& reply) { reply.bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n");
  check_both([](Reply& reply) { reply.bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n");
  check_both([](Reply& reply) { reply.bulk_integer(-15); }, "$3\r\n-15\r\n", "$3\r\n-15\r\n");
  check_both([](Reply& reply) { reply.array(0); }, "*0\r\n", "*0\r\n");
}

TEST_CASE("Reply: integers from end to end of their range") {
  const auto wire = [](int64_t value) {
    return written(Protocol::kResp2, [=](Reply& reply) { reply.integer(value); });
  };
  for (const int64_t value : {int64_t{0}, int64_t{9}, int64_t{10}, int64_t{999}, int64_t{1000}, int64_t{-1},
                              std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    CHECK(wire(value) == ":" + std::to_string(value) + "\r\n");
  }
}

TEST_CASE("Reply: bulks of every size around the one that is composed at once") {
  for (size_t size = 0; size < 600; ++size) {
    const Bytes payload(size, 'x');
    const Bytes wire = written(Protocol::kResp3, [&](Reply& reply) { reply.bulk(payload); });
    REQUIRE(wire == "$" + std::to_string(size) + "\r\n" + payload + "\r\n");
  }
}

TEST_CASE("Reply: shapes that RESP2 lacks become ones it has") {
  check_both([](Reply& reply) { reply.null(); }, "$-1\r\n", "_\r\n");
  check_both([](Reply& reply) { reply.null_array(); }, "*-1\r\n", "_\r\n");
  check_both([](Reply& reply) { reply.boolean(true); }, ":1\r\n", "#t\r\n");
  check_both([](Reply& reply) { reply.boolean(false); }, ":0\r\n", "#f\r\n");
  check_both([](Reply& reply) { reply.verbatim("txt", "hi"); }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n");
  check_both([](Reply& reply) { reply.big_number("123"); }, "$3\r\n123\r\n", "(123\r\n");
  check_both([](Reply& reply) { reply.push(0); }, "*0\r\n", ">0\r\n");
  check_both([](Reply& reply) { reply.set(0); }, "*0\r\n", "~0\r\n");
  check_both([](Reply& reply) { reply.map(0); }, "*0\r\n", "%0\r\n");
  check_both(
      [](Reply& reply) {
        reply.map(2);
        for (int i = 0; i < 4; ++i) reply.integer(i);
      },
      "*4\r\n:0\r\n:1\r\n:2\r\n:3\r\n", "%2\r\n:0\r\n:1\r\n:2\r\n:3\r\n");
}

TEST_CASE("Reply: doubles are the shortest text, infinities and NaN by name") {
  const double infinity = std::numeric_limits<double>::infinity();
  check_both([](Reply& reply) { reply.real(3); }, "$1\r\n3\r\n", ",3\r\n");
  check_both([](Reply& reply) { reply.real(0.1); }, "$3\r\n0.1\r\n", ",0.1\r\n");
  check_both([=](Reply& reply) { reply.real(-infinity); }, "$4\r\n-inf\r\n", ",-inf\r\n");
  check_both([](Reply& reply) { reply.real(std::nan("")); }, "$3\r\nnan\r\n", ",nan\r\n");
}

TEST_CASE("Reply: line ends in errors and statuses become blanks, trimmed from errors") {
  check_both([](Reply& reply) { reply.error("\r\nERR a\r\nb\n\n"); }, "-ERR a  b\r\n", "-ERR a  b\r\n");
  check_both([](Reply& reply) { reply.status("a\r\nb\n"); }, "+a  b \r\n", "+a  b \r\n");
}

TEST_CASE("Reply: errors are counted, also within trees") {
  Bytes wire;
  Reply reply(wire, Protocol::kResp2);
  reply.ok();
  CHECK(reply.errors() == 0);
  reply.error("ERR one");
  Value tree = Value::make_aggregate(Kind::kArray);
  tree.children.push_back(Value::make_text(Kind::kError, "ERR two"));
  tree.children.push_back(Value::make_integer(1));
  reply.value(tree);
  CHECK(reply.errors() == 2);
  CHECK(wire == "+OK\r\n-ERR one\r\n*2\r\n-ERR two\r\n:1\r\n");
}

TEST_CASE("Reply: deferred counts of one digit, of many, nested") {
  for (const size_t count : {0, 1, 9, 10, 11, 100, 1234}) {
    CAPTURE(count);
    const auto write = [=](Reply& reply) {
      reply.bulk("before");
      const auto outer = reply.begin_array();
      for (size_t i = 0; i < count; ++i) {
        const auto inner = reply.begin_set();
        reply.bulk("k");
        reply.integer(static_cast<int64_t>(i));
        reply.end_set(inner, 2);
      }
      const auto tail = reply.begin_set();
      reply.end_set(tail, 0);
      reply.end_array(outer, count + 1);
      reply.bulk("after");
    };
    Bytes items2;
    Bytes items3;
    for (size_t i = 0; i < count; ++i) {
      items2 += "*2\r\n$1\r\nk\r\n:" + std::to_string(i) + "\r\n";
      items3 += "~2\r\n$1\r\nk\r\n:" + std::to_string(i) + "\r\n";
    }
    const Bytes head = "$6\r\nbefore\r\n*" + std::to_string(count + 1) + "\r\n";
    check_both(write, head + items2 + "*0\r\n$5\r\nafter\r\n", head + items3 + "~0\r\n$5\r\nafter\r\n");
  }
}

TEST_CASE("Reply: raw bytes are passed on, and decoded by a capture") {
  check_both(
      [](Reply& reply) {
        reply.array(2);
        reply.raw("+PONG\r\n*1\r\n:7\r\n");
      },
      "*2\r\n+PONG\r\n*1\r\n:7\r\n", "*2\r\n+PONG\r\n*1\r\n:7\r\n");
}

TEST_CASE("Reply: a capture takes several replies one after another") {
  ValueBuilder captured;
  Reply reply(captured, Protocol::kResp3);
  reply.push(1);
  reply.bulk("subscribe");
  reply.integer(1);
  const auto values = captured.take_all();
  REQUIRE(values.size() == 2);
  CHECK(values[0].kind == Kind::kPush);
  CHECK(values[1] == Value::make_integer(1));
}

TEST_CASE("Reply: an attribute is left out in RESP2 and what it describes remains") {
  Value tree = Value::make_aggregate(Kind::kAttribute);
  tree.children.push_back(Value::make_text(Kind::kBulk, "ttl"));
  tree.children.push_back(Value::make_integer(3600));
  tree.children.push_back(Value::make_integer(42));
  Bytes resp2;
  encode(tree, Protocol::kResp2, resp2);
  CHECK(resp2 == ":42\r\n");
  Bytes resp3;
  encode(tree, Protocol::kResp3, resp3);
  CHECK(resp3 == "|1\r\n$3\r\nttl\r\n:3600\r\n:42\r\n");
}
