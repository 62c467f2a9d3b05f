#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kInvalidId = "ERR Invalid stream ID specified as stream command argument";

void fill(Harness& h, const std::string& key, int count) {
  for (int i = 1; i <= count; ++i) h.run("XADD", key, std::to_string(i) + "-0", "f", std::to_string(i));
}

// The ids of the entries in a range reply.
std::string ids_of(const resp::Value& reply) {
  std::string ids;
  for (const resp::Value& entry : reply.children) ids += entry.children.at(0).text + " ";
  return ids;
}

}  // namespace

TEST_CASE("XRANGE and XREVRANGE: bounds, exclusive bounds, COUNT") {
  Harness h;
  fill(h, "s", 5);
  CHECK(ids_of(h.run("XRANGE", "s", "-", "+")) == "1-0 2-0 3-0 4-0 5-0 ");
  CHECK(ids_of(h.run("XRANGE", "s", "2", "4")) == "2-0 3-0 4-0 ");
  CHECK(ids_of(h.run("XRANGE", "s", "(2-0", "(4-0")) == "3-0 ");
  CHECK(ids_of(h.run("XRANGE", "s", "-", "+", "COUNT", "2")) == "1-0 2-0 ");
  CHECK(ids_of(h.run("XREVRANGE", "s", "+", "-")) == "5-0 4-0 3-0 2-0 1-0 ");
  CHECK(ids_of(h.run("XREVRANGE", "s", "4", "2")) == "4-0 3-0 2-0 ");
  CHECK(ids_of(h.run("XREVRANGE", "s", "(4-0", "2-1", "COUNT", "5")) == "3-0 ");
  CHECK(ids_of(h.run("XRANGE", "s", "4", "2")).empty());
  h.run("XDEL", "s", "1", "3", "5");
  CHECK(ids_of(h.run("XRANGE", "s", "-", "+")) == "2-0 4-0 ");
  CHECK(ids_of(h.run("XREVRANGE", "s", "+", "-")) == "4-0 2-0 ");
}

TEST_CASE("XRANGE: no key is an empty array, a count of none is a null") {
  Harness h;
  CHECK(h.run("XRANGE", "nokey", "-", "+", "COUNT", "0") == array({}));
  fill(h, "s", 1);
  CHECK(h.run("XRANGE", "s", "-", "+", "COUNT", "0") == null_array());
  CHECK(h.run("XRANGE", "s", "-", "+", "COUNT", "-3") == null_array());
}

TEST_CASE("XRANGE: refuses bad bounds and options") {
  Harness h;
  CHECK(h.run("XRANGE", "s", "x", "+") == error(kInvalidId));
  CHECK(h.run("XRANGE", "s", "(-", "+") == error(kInvalidId));
  CHECK(h.run("XRANGE", "s", "(18446744073709551615-18446744073709551615", "+") ==
        error("ERR invalid start ID for the interval"));
  CHECK(h.run("XREVRANGE", "s", "(0-0", "-") == error("ERR invalid end ID for the interval"));
  CHECK(h.run("XRANGE", "s", "-", "+", "COUNT") == error("ERR syntax error"));
  CHECK(h.run("XRANGE", "s", "-", "+", "FOO", "1") == error("ERR syntax error"));
  CHECK(h.run("XRANGE", "s", "-", "+", "COUNT", "x") == error("ERR value is not an integer or out of range"));
}

TEST_CASE("XREAD: what stands behind an id, of every stream that has something") {
  Harness h;
  fill(h, "a", 3);
  fill(h, "b", 1);
  CHECK(h.text("XREAD", "STREAMS", "a", "b", "c", "2", "1", "0") == "[[\"a\", [[\"3-0\", [\"f\", \"3\"]]]]]");
  CHECK(h.run("XREAD", "COUNT", "1", "STREAMS", "a", "b", "0", "0") ==
        array({array({bulk("a"), array({array({bulk("1-0"), bulks({"f", "1"})})})}),
               array({bulk("b"), array({array({bulk("1-0"), bulks({"f", "1"})})})})}));
  CHECK(h.run("XREAD", "COUNT", "-1", "STREAMS", "a", "0").children.size() == 1);
  CHECK(h.run("XREAD", "STREAMS", "a", "$") == null_array());
  CHECK(h.run("XREAD", "STREAMS", "a", "18446744073709551615-18446744073709551615") == null_array());
}

// `+`: https://redis.io/docs/latest/commands/xread/ (7.4)
TEST_CASE("XREAD: + stands for the last entry there is, or for the next one") {
  Harness h;
  fill(h, "a", 3);
  fill(h, "b", 2);
  h.run("XDEL", "a", "3");
  CHECK(h.text("XREAD", "COUNT", "9", "STREAMS", "a", "b", "nokey", "+", "+", "+") ==
        "[[\"a\", [[\"2-0\", [\"f\", \"2\"]]]], [\"b\", [[\"2-0\", [\"f\", \"2\"]]]]]");
  h.run("XTRIM", "b", "MAXLEN", "0");
  CHECK(h.run("XREAD", "STREAMS", "b", "+") == null_array());
  Peer& peer = h.client();
  peer.send("XREAD", "BLOCK", "0", "STREAMS", "b", "+");
  h.run("XADD", "b", "7", "f", "v");
  CHECK(peer.reply_text() == "[[\"b\", [[\"7-0\", [\"f\", \"v\"]]]]]");
}

// https://github.com/redis/redis/pull/15282
TEST_CASE("XREAD: MAXCOUNT and MAXSIZE limit all streams together") {
  Harness h;
  fill(h, "a", 3);
  fill(h, "b", 3);
  const auto counts = [&h](auto... limits) {
    std::string text;
    for (const resp::Value& stream : h.run("XREAD", limits..., "STREAMS", "a", "b", "0", "0").children) {
      text += stream.children.at(0).text + std::to_string(stream.children.at(1).children.size()) + " ";
    }
    return text;
  };
  CHECK(counts("MAXCOUNT", "4") == "a3 b1 ");
  CHECK(counts("COUNT", "2", "MAXCOUNT", "3") == "a2 b1 ");
  CHECK(counts("MAXCOUNT", "3") == "a3 ");
  CHECK(counts("MAXSIZE", "1") == "a1 ");
  CHECK(counts("MAXSIZE", "1000000") == "a3 b3 ");
  CHECK(h.run("XREAD", "COUNT", "3", "MAXCOUNT", "2", "STREAMS", "a", "0") ==
        error("ERR MAXCOUNT must be greater than or equal to COUNT"));
  CHECK(h.run("XREAD", "MAXSIZE", "0", "STREAMS", "a", "0") ==
        error("ERR MAXSIZE must be a positive integer"));
}

TEST_CASE("XREAD: a map in RESP3") {
  Harness h;
  fill(h, "a", 1);
  Peer& peer = h.client();
  peer.resp3();
  CHECK(peer.text("XREAD", "STREAMS", "a", "0") == "{\"a\": [[\"1-0\", [\"f\", \"1\"]]]}");
  CHECK(peer.run("XREAD", "STREAMS", "a", "5").is_null());
}

TEST_CASE("XREAD: refuses in Redis's order and words") {
  Harness h;
  fill(h, "s", 1);
  CHECK(h.run("XREAD", "STREAMS", "s", "a", "0") ==
        error("ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified."));
  CHECK(h.run("XREAD", "COUNT", "x", "STREAMS", "s", "0") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("XREAD", "BLOCK", "x", "STREAMS", "s", "0") ==
        error("ERR timeout is not an integer or out of range"));
  CHECK(h.run("XREAD", "BLOCK", "-1", "STREAMS", "s", "0") == error("ERR timeout is negative"));
  CHECK(h.run("XREAD", "FOO", "STREAMS", "s", "0") == error("ERR syntax error"));
  CHECK(h.run("XREAD", "COUNT", "1", "BLOCK", "1") == error("ERR syntax error"));
  CHECK(h.run("XREAD", "STREAMS", "s", "-") == error(kInvalidId));
  CHECK(h.run("XREAD", "STREAMS", "s", ">") ==
        error("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
              "option."));
  CHECK(h.run("XREAD", "GROUP", "g", "c", "STREAMS", "s", "0") ==
        error("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."));
  CHECK(h.run("XREAD", "NOACK", "STREAMS", "s", "0") ==
        error("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."));
}

TEST_CASE("XREAD BLOCK: `$` is what was last when it began to wait") {
  Harness h;
  fill(h, "s", 2);
  Peer& reader = h.client();
  CHECK(reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "empty", "$", "$") == exec::Next::kWait);
  CHECK(reader.reply_text() == "(nothing)");
  h.run("XADD", "s", "3", "f", "3");
  CHECK(reader.reply_text() == "[[\"s\", [[\"3-0\", [\"f\", \"3\"]]]]]");
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "empty", "$", "$");
  h.run("XADD", "empty", "1", "f", "1");
  CHECK(reader.reply_text() == "[[\"empty\", [[\"1-0\", [\"f\", \"1\"]]]]]");
}

TEST_CASE("XREAD BLOCK: every entry of one unit, to every reader") {
  Harness h;
  Peer& one = h.client();
  Peer& two = h.client();
  one.send("XREAD", "BLOCK", "0", "STREAMS", "s", "t", "$", "0");
  two.send("XREAD", "COUNT", "1", "BLOCK", "0", "STREAMS", "s", "0");
  h.run("MULTI");
  h.run("XADD", "s", "1", "f", "1");
  h.run("XADD", "s", "2", "f", "2");
  h.run("XADD", "t", "3", "f", "3");
  h.run("EXEC");
  CHECK(one.reply_text() ==
        "[[\"s\", [[\"1-0\", [\"f\", \"1\"]], [\"2-0\", [\"f\", \"2\"]]]], [\"t\", [[\"3-0\", [\"f\", "
        "\"3\"]]]]]");
  CHECK(two.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
}

TEST_CASE("XREAD BLOCK: an entry trimmed at once, or deleted, wakes nobody for good") {
  Harness h;
  Peer& reader = h.client();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  h.run("XADD", "s", "MAXLEN", "0", "1", "f", "v");
  CHECK(reader.reply_text() == "(nothing)");
  h.run("XADD", "s", "2", "f", "v");
  CHECK(reader.reply_text() == "[[\"s\", [[\"2-0\", [\"f\", \"v\"]]]]]");
}

TEST_CASE("XREAD BLOCK: a timeout answers null, in milliseconds") {
  Harness h;
  Peer& reader = h.client();
  reader.send("XREAD", "BLOCK", "50", "STREAMS", "s", "$");
  h.advance(std::chrono::milliseconds(49));
  CHECK(reader.reply_text() == "(nothing)");
  h.advance(std::chrono::milliseconds(1));
  CHECK(reader.reply() == null_array());
}

TEST_CASE("XREAD BLOCK inside MULTI does not wait") {
  Harness h;
  h.run("MULTI");
  h.run("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(h.run("EXEC") == array({null_array()}));
}

}  // namespace sluice::test
