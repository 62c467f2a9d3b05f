#include "commands/dead_letter.h"

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

// An entry, pending in a group that gives it up as soon as it is said to be fatal.
void make(Harness& h, const std::string& dead_letters) {
  h.run("XADD", "s", "5-1", "f", "v", "n", "12");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XGROUP", "SETPOLICY", "s", "g", "DLQ", dead_letters);
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.propagated();
}

std::vector<base::Bytes> texts(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

}  // namespace

TEST_CASE("Dead letters: a copy with where it came from and why, in one unit with its acknowledgement") {
  Harness h;
  make(h, "dead");
  h.configure("notify-keyspace-events", "KEtn");
  CHECK(h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "5-1") == integer(1));
  CHECK(h.propagated() == Lines{"MULTI",
                                "XADD dead 1700000000000-0 f v n 12 dlq-key s dlq-id 5-1 dlq-group g "
                                "dlq-deliveries 1 dlq-reason fatal",
                                "XACK s g 5-1", "EXEC"});
  CHECK(h.run("XPENDING", "s", "g", "-", "+", "9") == array({}));
  CHECK(h.run("XLEN", "s") == integer(1));
  CHECK(h.run("XLEN", "dead") == integer(1));
}

TEST_CASE("Dead letters: where they cannot go, the entry stays in its group") {
  Harness h;
  make(h, "dead");
  const std::string fatal = "[[\"5-1\", \"\", -1, 9223372036854775807]]";
  h.run("SET", "dead", "x");
  h.propagated();
  CHECK(h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "5-1") == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XNACK s g FAIL IDS 1 5-1 RETRYCOUNT 9223372036854775807 FORCE"});
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == fatal);
  h.run("DEL", "dead");
  h.run("XADD", "dead", "18446744073709551615-18446744073709551615", "f", "v");
  h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "5-1");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == fatal);
  h.run("XTRIM", "s", "MAXLEN", "0");
  h.propagated();
  h.run("XNACK", "s", "g", "FATAL", "IDS", "1", "5-1");
  CHECK(h.propagated() == Lines{"XACK s g 5-1"});
}

TEST_CASE("Dead letters: an entry that is named several times makes one letter") {
  Harness h;
  make(h, "dead");
  CHECK(h.run("XNACK", "s", "g", "FATAL", "IDS", "3", "5-1", "5-1", "5-1", "FORCE") == integer(1));
  CHECK(h.run("XLEN", "dead") == integer(1));
  CHECK(h.run("XPENDING", "s", "g", "-", "+", "9") == array({}));
}

TEST_CASE("Dead letters: their length is bounded by those only who may write there") {
  Harness h;
  make(h, "dead");
  const resp::Value dump = h.run("DUMP", "s");
  h.run("ACL", "SETUSER", "some", "on", "nopass", "~s", "~t", "+@all");
  Peer& peer = h.client();
  CHECK(peer.run("AUTH", "some", "x") == status("OK"));
  CHECK(peer.text("XGROUP", "SETPOLICY", "s", "g", "DLQMAXLEN", "1") ==
        "-NOPERM No permissions to access a key");
  CHECK(peer.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000") == status("OK"));
  CHECK(peer.text("RESTORE", "t", "0", dump.text) == "-NOPERM No permissions to access a key");
  CHECK(h.run("RESTORE", "t", "0", dump.text) == status("OK"));
}

TEST_CASE("Dead letters: their origin is read from the last five fields, and from no others") {
  const auto origin = [](const std::vector<std::string>& words) { return commands::origin_of(texts(words)); };
  std::vector<std::string> fields = {"f",         "v", "dlq-key",        "s", "dlq-id",     "5-1",
                                     "dlq-group", "g", "dlq-deliveries", "3", "dlq-reason", "expired"};
  REQUIRE(origin(fields));
  const std::vector<base::Bytes> read = texts(fields);
  CHECK(commands::origin_of(read)->own_fields == 2);
  CHECK(commands::origin_of(read)->key == "s");
  CHECK_FALSE(origin({"f", "v"}));
  CHECK_FALSE(origin({fields.begin() + 2, fields.end()}));
  std::vector<std::string> more = fields;
  more.insert(more.end(), {"f", "v"});
  CHECK_FALSE(origin(more));
  for (const auto& [index, text] : std::vector<std::pair<size_t, std::string>>{
           {2, "key"}, {5, "x"}, {9, "x"}, {9, "-1"}, {10, "reason"}, {11, "tired"}}) {
    std::vector<std::string> odd = fields;
    odd[index] = text;
    CHECK_FALSE(origin(odd));
  }
}

}  // namespace sluice::test
