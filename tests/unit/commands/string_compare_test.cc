#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kHelloDigest = "9555e8555c62dcfd";
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kNoString = error("ERR Key should be of string type if conditions are specified");
const resp::Value kBadDigest = error("ERR must be exactly 16 hexadecimal characters");
const resp::Value kSyntax = error("ERR syntax error");

}  // namespace

TEST_CASE("DIGEST: of strings only") {
  Harness h;
  h.run("SET", "k", "hello");
  h.run("LPUSH", "l", "a");
  CHECK(h.run("DIGEST", "k") == bulk(kHelloDigest));
  CHECK(h.run("DIGEST", "none") == null());
  CHECK(h.run("DIGEST", "l") == kWrongType);
  CHECK(h.run("DIGEST") == error("ERR wrong number of arguments for 'digest' command"));
}

TEST_CASE("DELEX: without a condition it removes any key") {
  Harness h;
  h.run("LPUSH", "l", "a");
  h.propagated();
  CHECK(h.run("DELEX", "l") == integer(1));
  CHECK(h.run("DELEX", "l") == integer(0));
  CHECK(h.propagated() == Lines{"DEL l"});
}

TEST_CASE("DELEX: removes a string that is, or is not, what was expected") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  const auto removed = [&h](const std::string& word, const std::string& operand) {
    h.run("SET", "k", "hello");
    return h.run("DELEX", "k", word, operand);
  };
  CHECK(removed("IFEQ", "hello") == integer(1));
  CHECK(removed("IFEQ", "Hello") == integer(0));
  CHECK(removed("ifne", "x") == integer(1));
  CHECK(removed("IFNE", "hello") == integer(0));
  CHECK(removed("IFDEQ", kHelloDigest) == integer(1));
  CHECK(removed("IFDEQ", std::string(16, '0')) == integer(0));
  CHECK(removed("IFDNE", std::string(16, 'z')) == integer(1));
  CHECK(removed("IFDNE", kHelloDigest) == integer(0));
  h.run("SET", "", "");
  h.events();
  h.propagated();
  CHECK(h.run("DELEX", "", "IFEQ", "") == integer(1));
  CHECK(h.run("DELEX", "k", "IFEQ", "x") == integer(0));
  CHECK(h.events() == Lines{"__keyevent@0__:del \"\""});
  CHECK(h.propagated() == Lines{"DEL \"\""});
}

TEST_CASE("DELEX: an absent key is 0 whatever was said, and other faults come in Redis's order") {
  Harness h;
  h.run("SET", "k", "hello");
  h.run("LPUSH", "l", "a");
  CHECK(h.run("DELEX", "none", "FOO", "x") == integer(0));
  CHECK(h.run("DELEX", "none", "IFDEQ", "short") == integer(0));
  CHECK(h.run("DELEX", "l", "FOO", "x") == kNoString);
  CHECK(h.run("DELEX", "l", "IFEQ", "a") == kNoString);
  CHECK(h.run("DELEX", "k", "FOO", "x") == error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"));
  CHECK(h.run("DELEX", "k", "IFDEQ", "short") == kBadDigest);
  CHECK(h.run("DELEX", "none", "IFEQ") == error("ERR wrong number of arguments for 'delex' command"));
  CHECK(h.run("DELEX", "k", "IFEQ", "a", "b") == error("ERR wrong number of arguments for 'delex' command"));
  CHECK(h.run("EXISTS", "k", "l") == integer(2));
}

TEST_CASE("DELIFEQ: removes a string that is the one given") {
  Harness h;
  h.run("SET", "lock", "token");
  h.run("LPUSH", "l", "a");
  h.propagated();
  CHECK(h.run("DELIFEQ", "lock", "other") == integer(0));
  CHECK(h.run("DELIFEQ", "lock", "token") == integer(1));
  CHECK(h.run("DELIFEQ", "lock", "token") == integer(0));
  CHECK(h.run("DELIFEQ", "l", "a") == kWrongType);
  CHECK(h.propagated() == Lines{"DEL lock"});
}

TEST_CASE("DELEX and SET: what they do to the key follows from their words") {
  Harness h;
  const auto flags = [&h](const std::vector<std::string>& request) {
    std::vector<std::string> words{"COMMAND", "GETKEYSANDFLAGS"};
    words.insert(words.end(), request.begin(), request.end());
    h.first().send_words(words);
    return h.first().reply_text();
  };
  CHECK(flags({"DELEX", "k"}) == R"([["k", [+RM, +delete]]])");
  CHECK(flags({"DELEX", "k", "IFEQ", "v"}) == R"([["k", [+RW, +access, +delete]]])");
  CHECK(flags({"SET", "k", "v", "IFEQ", "w"}) == R"([["k", [+RW, +access, +update]]])");
}

TEST_CASE("SET IFEQ and its kin: a condition on the old text") {
  Harness h;
  CHECK(h.run("SET", "k", "a", "IFEQ", "x") == null());
  CHECK(h.run("EXISTS", "k") == integer(0));
  CHECK(h.run("SET", "k", "a", "IFDEQ", kHelloDigest) == null());
  CHECK(h.run("SET", "k", "hello", "IFNE", "x") == status("OK"));
  CHECK(h.run("SET", "k", "b", "IFNE", "hello") == null());
  CHECK(h.run("SET", "k", "b", "IFDEQ", kHelloDigest) == status("OK"));
  CHECK(h.run("SET", "k", "c", "IFEQ", "B") == null());
  CHECK(h.run("SET", "k", "c", "IFEQ", "b", "GET") == bulk("b"));
  CHECK(h.run("SET", "k", "d", "GET", "IFEQ", "b") == bulk("c"));
  CHECK(h.run("GET", "k") == bulk("c"));
  CHECK(h.run("SET", "new", "v", "IFDNE", kHelloDigest, "GET") == null());
  CHECK(h.run("GET", "new") == bulk("v"));
  CHECK(h.run("SET", "k", "e", "IFEQ", "x", "IFEQ", "c") == status("OK"));
}

TEST_CASE("SET IFEQ and its kin: bad arguments") {
  Harness h;
  h.run("LPUSH", "l", "a");
  CHECK(h.run("SET", "k", "v", "IFEQ") == kSyntax);
  CHECK(h.run("SET", "k", "v", "IFEQ", "a", "NX") == kSyntax);
  CHECK(h.run("SET", "k", "v", "XX", "IFEQ", "a") == kSyntax);
  CHECK(h.run("SET", "k", "v", "IFEQ", "a", "IFNE", "b") == kSyntax);
  CHECK(h.run("SET", "k", "v", "IFDEQ", "short") == kBadDigest);
  CHECK(h.run("SET", "k", "v", "IFDEQ", "short", "EX", "0") ==
        error("ERR invalid expire time in 'set' command"));
  CHECK(h.run("SET", "l", "v", "IFEQ", "a") == kWrongType);
  CHECK(h.run("SET", "l", "v", "IFNE", "a") == kWrongType);
  CHECK(h.run("EXISTS", "k") == integer(0));
}

TEST_CASE("SET IFEQ and its kin: logged as what they did") {
  Harness h;
  h.run("SET", "k", "a", "IFNE", "a");
  h.run("SET", "k", "b", "IFEQ", "a", "KEEPTTL");
  h.run("SET", "k", "c", "IFEQ", "b", "PXAT", "99999999999999");
  h.run("SET", "k", "d", "IFEQ", "x");
  CHECK(h.propagated() == Lines{"SET k a", "SET k b KEEPTTL", "SET k c PXAT 99999999999999"});
}

TEST_CASE("MSETEX: all or none") {
  Harness h;
  CHECK(h.run("MSETEX", "2", "a", "1", "b", "2") == integer(1));
  CHECK(h.run("MGET", "a", "b") == bulks({"1", "2"}));
  CHECK(h.run("MSETEX", "2", "b", "x", "c", "x", "NX") == integer(0));
  CHECK(h.run("MSETEX", "2", "b", "x", "c", "x", "xx") == integer(0));
  CHECK(h.run("EXISTS", "c") == integer(0));
  CHECK(h.run("MSETEX", "2", "c", "3", "d", "4", "EX", "100", "NX") == integer(1));
  CHECK(h.run("TTL", "c") == integer(100));
  CHECK(h.run("MSETEX", "2", "a", "5", "d", "6", "XX", "KEEPTTL") == integer(1));
  CHECK(h.run("TTL", "d") == integer(100));
  CHECK(h.run("TTL", "a") == integer(-1));
  CHECK(h.run("MSETEX", "1", "d", "7") == integer(1));
  CHECK(h.run("TTL", "d") == integer(-1));
  CHECK(h.run("MSETEX", "2", "", "x", "", "y") == integer(1));
  CHECK(h.run("GET", "") == bulk("y"));
  h.run("LPUSH", "l", "a");
  CHECK(h.run("MSETEX", "1", "l", "v") == integer(1));
}

TEST_CASE("MSETEX: bad arguments") {
  Harness h;
  const resp::Value bad_count = error("ERR invalid numkeys value");
  const resp::Value bad_pairs = error("ERR wrong number of key-value pairs");
  CHECK(h.run("MSETEX", "0", "a", "1") == bad_count);
  CHECK(h.run("MSETEX", "-1", "a", "1") == bad_count);
  CHECK(h.run("MSETEX", "a", "b", "1") == bad_count);
  CHECK(h.run("MSETEX", "2147483648", "a", "1") == bad_count);
  CHECK(h.run("MSETEX", "2147483647", "a", "1") == bad_pairs);
  CHECK(h.run("MSETEX", "2", "a", "1", "b") == bad_pairs);
  CHECK(h.run("MSETEX", "1", "a", "1", "FOO") == kSyntax);
  CHECK(h.run("MSETEX", "1", "a", "1", "NX", "XX") == kSyntax);
  CHECK(h.run("MSETEX", "1", "a", "1", "EX", "1", "PX", "1") == kSyntax);
  CHECK(h.run("MSETEX", "1", "a", "1", "KEEPTTL", "EX", "1") == kSyntax);
  CHECK(h.run("MSETEX", "1", "a", "1", "EX") == kSyntax);
  CHECK(h.run("MSETEX", "1", "a", "1", "EX", "0") == error("ERR invalid expire time in 'msetex' command"));
  CHECK(h.run("MSETEX", "1", "a", "1", "PX", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("EXISTS", "a") == integer(0));
}

TEST_CASE("MSETEX: logged as MSET, or as SETs where there is a deadline") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("MSETEX", "2", "a", "1", "b", "2", "NX");
  h.run("MSETEX", "2", "a", "1", "b", "2", "NX");
  h.run("MSETEX", "1", "a", "3", "PXAT", "99999999999999");
  h.run("MSETEX", "2", "a", "4", "b", "5", "KEEPTTL");
  CHECK(h.propagated() == Lines{"MSET a 1 b 2", "SET a 3 PXAT 99999999999999", "MULTI", "SET a 4 KEEPTTL",
                                "SET b 5 KEEPTTL", "EXEC"});
  CHECK(h.events() == Lines{"__keyevent@0__:set a", "__keyevent@0__:set b", "__keyevent@0__:set a",
                            "__keyevent@0__:expire a", "__keyevent@0__:set a", "__keyevent@0__:set b"});
}

}  // namespace sluice::test
