#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kTooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

}  // namespace

TEST_CASE("APPEND: makes the key, then grows it, and keeps its deadline") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("APPEND", "k", "12") == integer(2));
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("int"));
  h.run("PEXPIREAT", "k", "1800000000000");
  h.events();
  CHECK(h.run("APPEND", "k", "34") == integer(4));
  CHECK(h.events() == Lines{"__keyspace@0__:k append", "__keyevent@0__:append k"});
  CHECK(h.run("APPEND", "k", "") == integer(4));
  CHECK(h.run("GET", "k") == bulk("1234"));
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("raw"));
  CHECK(h.run("PEXPIRETIME", "k") == integer(1'800'000'000'000));
  CHECK(h.propagated() == Lines{"APPEND k 12", "PEXPIREAT k 1800000000000", "APPEND k 34", "APPEND k \"\""});
}

TEST_CASE("APPEND: onto an absent key even nothing makes one") {
  Harness h;
  CHECK(h.run("APPEND", "k", "") == integer(0));
  CHECK(h.run("EXISTS", "k") == integer(1));
  h.run("RPUSH", "list", "a");
  CHECK(h.run("APPEND", "list", "x") == kWrongType);
}

TEST_CASE("APPEND: a queue of appends onto a value that was adopted") {
  Harness h;
  std::string expected(20'000, 'a');
  CHECK(h.run("APPEND", "k", expected) == integer(20'000));
  for (int i = 0; i < 50; ++i) {
    h.run("APPEND", "k", std::string(1000, 'b'));
    expected += std::string(1000, 'b');
  }
  CHECK(h.run("STRLEN", "k") == integer(70'000));
  CHECK(h.run("GET", "k") == bulk(expected));
}

TEST_CASE("STRLEN: of text, of numbers, of nothing") {
  Harness h;
  h.run("MSET", "text", "hello", "number", "-123", "empty", "");
  CHECK(h.run("STRLEN", "text") == integer(5));
  CHECK(h.run("STRLEN", "number") == integer(4));
  CHECK(h.run("STRLEN", "empty") == integer(0));
  CHECK(h.run("STRLEN", "nokey") == integer(0));
}

TEST_CASE("GETRANGE and SUBSTR: both ends included, negative ones from the end, cut to what there is") {
  Harness h;
  h.run("SET", "k", "12345");
  struct Case {
    std::string first;
    std::string last;
    std::string part;
  };
  const std::vector<Case> cases = {
      {"0", "-1", "12345"}, {"1", "3", "234"},  {"-3", "-2", "34"},
      {"0", "0", "1"},      {"-1", "-1", "5"},  {"2", "1", ""},
      {"-1", "-3", ""},     {"5", "9", ""},     {"4", "99", "5"},
      {"-100", "0", "1"},   {"0", "-100", "1"}, {"-9", "-7", "1"},
      {"-3", "-100", ""},   {"1", "-100", ""},  {"-9223372036854775808", "9223372036854775807", "12345"},
  };
  for (const Case& c : cases) {
    CHECK_MESSAGE(h.run("GETRANGE", "k", c.first, c.last) == bulk(c.part), c.first << " " << c.last);
    CHECK(h.run("SUBSTR", "k", c.first, c.last) == bulk(c.part));
  }
  CHECK(h.run("GETRANGE", "nokey", "0", "-1") == bulk(""));
  h.run("SET", "empty", "");
  CHECK(h.run("GETRANGE", "empty", "0", "-1") == bulk(""));
  CHECK(h.run("GETRANGE", "k", "x", "1") == kNotAnInteger);
  CHECK(h.run("GETRANGE", "nokey", "0", "x") == kNotAnInteger);
  h.run("RPUSH", "list", "a");
  CHECK(h.run("GETRANGE", "list", "0", "1") == kWrongType);
}

TEST_CASE("SETRANGE: overwrites, grows, and fills the gap with zeros") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("SETRANGE", "k", "3", "ab") == integer(5));
  CHECK(h.events() == Lines{"__keyspace@0__:k setrange", "__keyevent@0__:setrange k"});
  CHECK(h.run("GET", "k") == bulk(std::string("\0\0\0ab", 5)));
  CHECK(h.run("SETRANGE", "k", "1", "xyz") == integer(5));
  CHECK(h.run("GET", "k") == bulk(std::string("\0xyzb", 5)));
  h.run("SET", "number", "12345");
  CHECK(h.run("SETRANGE", "number", "4", "99") == integer(6));
  CHECK(h.run("GET", "number") == bulk("123499"));
  CHECK(h.run("OBJECT", "ENCODING", "number") == bulk("raw"));
}

TEST_CASE("SETRANGE: nothing to write is no change and makes no key") {
  Harness h;
  h.run("SET", "k", "abc");
  h.propagated();
  CHECK(h.run("SETRANGE", "k", "1", "") == integer(3));
  CHECK(h.run("SETRANGE", "nokey", "600000000", "") == integer(0));
  CHECK(h.run("EXISTS", "nokey") == integer(0));
  CHECK(h.propagated().empty());
}

TEST_CASE("SETRANGE: offset before type before length") {
  Harness h;
  h.run("SET", "k", "abc");
  h.run("RPUSH", "list", "a");
  CHECK(h.run("SETRANGE", "list", "x", "v") == kNotAnInteger);
  CHECK(h.run("SETRANGE", "list", "-1", "v") == error("ERR offset is out of range"));
  CHECK(h.run("SETRANGE", "list", "600000000", "v") == kWrongType);
  CHECK(h.run("SETRANGE", "list", "0", "") == kWrongType);
  CHECK(h.run("SETRANGE", "k", "536870912", "v") == kTooLong);
  CHECK(h.run("SETRANGE", "nokey", "9223372036854775807", "v") == kTooLong);
  CHECK(h.run("EXISTS", "nokey") == integer(0));
}

TEST_CASE("Strings: proto-max-bulk-len is how long they may grow") {
  Harness h;
  h.configure("proto-max-bulk-len", "1mb");
  const size_t most = 1 << 20;
  CHECK(h.run("SETRANGE", "k", std::to_string(most - 1), "v") == integer(static_cast<int64_t>(most)));
  CHECK(h.run("SETRANGE", "k", std::to_string(most - 1), "vw") == kTooLong);
  CHECK(h.run("APPEND", "k", "x") == kTooLong);
  CHECK(h.run("APPEND", "k", "") == integer(static_cast<int64_t>(most)));
  // What the log brings was allowed once.
  const std::vector<base::ByteView> words = {"APPEND", "k", "x"};
  CHECK(h.executor.replay(h.first().client, words).ok());
  CHECK(h.run("STRLEN", "k") == integer(static_cast<int64_t>(most + 1)));
}

}  // namespace sluice::test
