#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kBadOffset = error("ERR bit offset is not an integer or out of range");
const resp::Value kBadBit = error("ERR bit is not an integer or out of range");

}  // namespace

TEST_CASE("SETBIT: the string grows to the bit, and the old bit is shown") {
  Harness h;
  CHECK(h.run("SETBIT", "k", "7", "1") == integer(0));
  CHECK(h.run("GET", "k") == bulk("\x01"));
  CHECK(h.run("SETBIT", "k", "7", "0") == integer(1));
  CHECK(h.run("SETBIT", "k", "23", "0") == integer(0));
  CHECK(h.run("GET", "k") == bulk(std::string(3, '\0')));
  CHECK(h.run("OBJECT", "ENCODING", "k") == bulk("raw"));
  h.run("SET", "n", "12");
  CHECK(h.run("SETBIT", "n", "2", "0") == integer(1));
  CHECK(h.run("SETBIT", "", "0", "1") == integer(0));
}

TEST_CASE("SETBIT: only what changes is logged and announced") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("SETBIT", "k", "9", "0");
  h.run("SETBIT", "k", "9", "0");
  h.run("SETBIT", "k", "9", "1");
  CHECK(h.propagated() == Lines{"SETBIT k 9 0", "SETBIT k 9 1"});
  CHECK(h.events() == Lines{"__keyevent@0__:setbit k", "__keyevent@0__:setbit k"});
}

TEST_CASE("SETBIT and GETBIT: bad arguments") {
  Harness h;
  h.run("LPUSH", "l", "a");
  CHECK(h.run("SETBIT", "k", "-1", "1") == kBadOffset);
  CHECK(h.run("SETBIT", "k", "4294967296", "1") == kBadOffset);
  CHECK(h.run("SETBIT", "k", "#1", "1") == kBadOffset);
  CHECK(h.run("SETBIT", "k", "x", "y") == kBadOffset);
  CHECK(h.run("SETBIT", "k", "1", "2") == kBadBit);
  CHECK(h.run("SETBIT", "k", "1", "-1") == kBadBit);
  CHECK(h.run("SETBIT", "l", "1", "x") == kBadBit);
  CHECK(h.run("SETBIT", "l", "1", "1") == kWrongType);
  CHECK(h.run("GETBIT", "k", "x") == kBadOffset);
  CHECK(h.run("GETBIT", "l", "1") == kWrongType);
  CHECK(h.run("EXISTS", "k") == integer(0));
  h.configure("proto-max-bulk-len", "1mb");
  CHECK(h.run("SETBIT", "k", "8388608", "1") == kBadOffset);
  CHECK(h.run("SETBIT", "k", "8388607", "0") == integer(0));
}

TEST_CASE("GETBIT: zeros beyond the end, digits of a number") {
  Harness h;
  h.run("SET", "k", "12");
  CHECK(h.run("GETBIT", "k", "2") == integer(1));
  CHECK(h.run("GETBIT", "k", "0") == integer(0));
  CHECK(h.run("GETBIT", "k", "4000000000") == integer(0));
  CHECK(h.run("GETBIT", "none", "0") == integer(0));
}

TEST_CASE("BITCOUNT: whole strings, bytes and bits, counted from either end") {
  Harness h;
  h.run("SET", "k", "foobar");
  CHECK(h.run("BITCOUNT", "k") == integer(26));
  CHECK(h.run("BITCOUNT", "k", "0", "0") == integer(4));
  CHECK(h.run("BITCOUNT", "k", "1", "1", "byte") == integer(6));
  CHECK(h.run("BITCOUNT", "k", "5", "30", "BIT") == integer(17));
  CHECK(h.run("BITCOUNT", "k", "-2", "-1") == integer(7));
  CHECK(h.run("BITCOUNT", "k", "-1", "-2") == integer(0));
  CHECK(h.run("BITCOUNT", "k", "-100", "-90") == integer(4));
  CHECK(h.run("BITCOUNT", "k", "-90", "-100") == integer(0));
  CHECK(h.run("BITCOUNT", "k", "3", "2") == integer(0));
  CHECK(h.run("BITCOUNT", "k", "-9223372036854775808", "9223372036854775807", "BIT") == integer(26));
  CHECK(h.run("BITCOUNT", "none") == integer(0));
  h.run("SET", "empty", "");
  CHECK(h.run("BITCOUNT", "empty", "0", "-1") == integer(0));
}

TEST_CASE("BITCOUNT and BITPOS: every range of bits agrees with counting them one by one") {
  Harness h;
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += static_cast<char>(i % 5 == 0 ? 0 : i % 7 == 0 ? 0xff : i * 37);
  h.run("SET", "k", bytes);
  const int bits = static_cast<int>(bytes.size()) * 8;
  const auto bit = [&bytes](int at) { return (bytes[static_cast<size_t>(at / 8)] >> (7 - at % 8)) & 1; };
  for (int first = 0; first < bits; first += 3) {
    for (int last = first; last < bits; last += 5) {
      int64_t count = 0;
      int64_t found[2] = {-1, -1};
      for (int at = last; at >= first; --at) {
        count += bit(at);
        found[bit(at)] = at;
      }
      CAPTURE(first);
      CAPTURE(last);
      const std::string from = std::to_string(first);
      const std::string to = std::to_string(last);
      CHECK(h.run("BITCOUNT", "k", from, to, "BIT") == integer(count));
      CHECK(h.run("BITPOS", "k", "0", from, to, "BIT") == integer(found[0]));
      CHECK(h.run("BITPOS", "k", "1", from, to, "BIT") == integer(found[1]));
    }
  }
}

TEST_CASE("BITPOS: a string goes on with zeros, unless the client named an end") {
  Harness h;
  h.run("SET", "ones", std::string(3, '\xff'));
  h.run("SET", "zeros", std::string(3, '\0'));
  h.run("SET", "empty", "");
  CHECK(h.run("BITPOS", "ones", "0") == integer(24));
  CHECK(h.run("BITPOS", "ones", "0", "1") == integer(24));
  CHECK(h.run("BITPOS", "ones", "0", "0", "-1") == integer(-1));
  CHECK(h.run("BITPOS", "ones", "0", "5") == integer(-1));
  CHECK(h.run("BITPOS", "ones", "1", "-1") == integer(16));
  CHECK(h.run("BITPOS", "zeros", "1") == integer(-1));
  CHECK(h.run("BITPOS", "zeros", "0", "2", "1") == integer(-1));
  CHECK(h.run("BITPOS", "empty", "0") == integer(-1));
  CHECK(h.run("BITPOS", "none", "0") == integer(0));
  CHECK(h.run("BITPOS", "none", "1", "3", "5", "BIT") == integer(-1));
}

TEST_CASE("BITCOUNT and BITPOS: a range is judged only where there is a string, and the bit before that") {
  Harness h;
  h.run("LPUSH", "l", "a");
  h.run("SET", "s", "foobar");
  CHECK(h.run("BITCOUNT", "s", "1") == kSyntax);
  CHECK(h.run("BITCOUNT", "s", "x", "1", "NIBBLE") == kNotAnInteger);
  CHECK(h.run("BITCOUNT", "s", "0", "1", "NIBBLE") == kSyntax);
  CHECK(h.run("BITCOUNT", "s", "x", "1", "BIT", "BIT") == kSyntax);
  CHECK(h.run("BITCOUNT", "s", "-1", "-2", "NIBBLE") == integer(0));
  CHECK(h.run("BITCOUNT", "s", "-2", "-1", "NIBBLE") == kSyntax);
  CHECK(h.run("BITPOS", "s", "1", "x") == kNotAnInteger);
  CHECK(h.run("BITPOS", "s", "1", "0", "x", "NIBBLE") == kSyntax);
  CHECK(h.run("BITPOS", "s", "1", "0", "x", "BIT") == kNotAnInteger);
  CHECK(h.run("BITPOS", "s", "1", "x", "1", "BIT", "BIT") == kSyntax);
  CHECK(h.run("BITCOUNT", "none", "1") == integer(0));
  CHECK(h.run("BITCOUNT", "none", "x", "1", "BIT", "BIT") == integer(0));
  CHECK(h.run("BITCOUNT", "l", "x", "1") == kWrongType);
  CHECK(h.run("BITPOS", "none", "1", "x") == integer(-1));
  CHECK(h.run("BITPOS", "none", "0", "0", "x", "NIBBLE", "x") == integer(0));
  CHECK(h.run("BITPOS", "l", "1", "x") == kWrongType);
  for (const char* key : {"s", "none", "l"}) {
    CHECK(h.run("BITPOS", key, "2", "x") == error("ERR The bit argument must be 1 or 0."));
    CHECK(h.run("BITPOS", key, "x") == kNotAnInteger);
  }
}

TEST_CASE("BITOP: shorter sources and absent ones go on with zeros") {
  Harness h;
  h.run("SET", "a", "abc");
  h.run("SET", "b", "AB");
  CHECK(h.run("BITOP", "AND", "d", "a", "b") == integer(3));
  CHECK(h.run("GET", "d") == bulk(std::string("AB\0", 3)));
  CHECK(h.run("BITOP", "or", "d", "b", "a", "none") == integer(3));
  CHECK(h.run("GET", "d") == bulk("abc"));
  CHECK(h.run("BITOP", "XOR", "d", "a", "b", "a") == integer(3));
  CHECK(h.run("GET", "d") == bulk(std::string("AB\0", 3)));
  CHECK(h.run("BITOP", "NOT", "d", "a") == integer(3));
  CHECK(h.run("GET", "d") == bulk("\x9e\x9d\x9c"));
  CHECK(h.run("BITOP", "AND", "a", "a", "none") == integer(3));
  CHECK(h.run("GET", "a") == bulk(std::string(3, '\0')));
  h.run("SET", "n", "12");
  CHECK(h.run("BITOP", "OR", "copy", "n") == integer(2));
  CHECK(h.run("OBJECT", "ENCODING", "copy") == bulk("raw"));
}

TEST_CASE("BITOP: replaces what was there, or removes it; logged as it came") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("SET", "a", "x");
  h.run("RPUSH", "d", "list");
  h.run("EXPIRE", "d", "100");
  h.events();
  h.propagated();
  CHECK(h.run("BITOP", "OR", "d", "a") == integer(1));
  CHECK(h.run("TTL", "d") == integer(-1));
  CHECK(h.run("BITOP", "OR", "d", "none") == integer(0));
  CHECK(h.run("EXISTS", "d") == integer(0));
  CHECK(h.run("BITOP", "NOT", "d", "none") == integer(0));
  CHECK(h.events() == Lines{"__keyevent@0__:set d", "__keyevent@0__:del d"});
  CHECK(h.propagated() == Lines{"BITOP OR d a", "BITOP OR d none"});
}

TEST_CASE("BITOP: bad arguments") {
  Harness h;
  h.run("LPUSH", "l", "a");
  CHECK(h.run("BITOP", "NAND", "d", "a") == kSyntax);
  CHECK(h.run("BITOP", "NOT", "d", "a", "l") ==
        error("ERR BITOP NOT must be called with a single source key."));
  CHECK(h.run("BITOP", "AND", "d", "a", "l") == kWrongType);
  CHECK(h.run("BITOP", "AND", "d") == error("ERR wrong number of arguments for 'bitop' command"));
}

}  // namespace sluice::test
