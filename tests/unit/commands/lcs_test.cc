#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kNoStrings = error("ERR The specified keys must contain string values");

resp::Value range(int64_t first, int64_t last) {
  return array({integer(first), integer(last)});
}

}  // namespace

TEST_CASE("LCS: the text in common, its length, and where it stands") {
  Harness h;
  h.run("MSET", "a", "ohmytext", "b", "mynewtext");
  CHECK(h.run("LCS", "a", "b") == bulk("mytext"));
  CHECK(h.run("LCS", "a", "b", "len") == integer(6));
  CHECK(h.run("LCS", "a", "b", "IDX") ==
        array({bulk("matches"), array({array({range(4, 7), range(5, 8)}), array({range(2, 3), range(0, 1)})}),
               bulk("len"), integer(6)}));
  CHECK(h.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN") ==
        array({bulk("matches"), array({array({range(4, 7), range(5, 8), integer(4)})}), bulk("len"),
               integer(6)}));
  CHECK(h.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "9223372036854775807") ==
        array({bulk("matches"), array({}), bulk("len"), integer(6)}));
  h.first().resp3();
  CHECK(h.run("LCS", "a", "b", "IDX").kind == resp::Kind::kMap);
}

TEST_CASE("LCS: absent keys are empty, numbers are texts, bytes are bytes") {
  Harness h;
  const std::string binary("\0\r\n\xff", 4);
  h.run("MSET", "n", "12345", "m", "145", "x", binary, "y", "a" + binary, "", "4");
  CHECK(h.run("LCS", "n", "m") == bulk("145"));
  CHECK(h.run("LCS", "n", "none") == bulk(""));
  CHECK(h.run("LCS", "none", "nothing", "LEN") == integer(0));
  CHECK(h.run("LCS", "none", "n", "IDX") == array({bulk("matches"), array({}), bulk("len"), integer(0)}));
  CHECK(h.run("LCS", "x", "y") == bulk(binary));
  CHECK(h.run("LCS", "", "m") == bulk("4"));
  CHECK(h.run("LCS", "n", "n", "MINMATCHLEN", "-3", "IDX") ==
        array({bulk("matches"), array({array({range(0, 4), range(0, 4)})}), bulk("len"), integer(5)}));
}

TEST_CASE("LCS: bad arguments, and a table that would be too big") {
  Harness h;
  h.run("LPUSH", "l", "a");
  CHECK(h.run("LCS", "l", "none", "FOO") == kNoStrings);
  CHECK(h.run("LCS", "none", "l") == kNoStrings);
  CHECK(h.run("LCS", "a", "b", "FOO") == error("ERR syntax error"));
  CHECK(h.run("LCS", "a", "b", "MINMATCHLEN") == error("ERR syntax error"));
  CHECK(h.run("LCS", "a", "b", "MINMATCHLEN", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("LCS", "a", "b", "LEN", "IDX") ==
        error("ERR If you want both the length and indexes, please just use IDX."));
  h.configure("proto-max-bulk-len", "1mb");
  h.run("SETRANGE", "a", "599", "x");
  h.run("SETRANGE", "b", "599", "x");
  CHECK(h.run("LCS", "a", "b", "LEN") ==
        error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"));
}

}  // namespace sluice::test
