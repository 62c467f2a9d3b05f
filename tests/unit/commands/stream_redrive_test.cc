#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

// Entries 1-0 to 3-0 of "s", all of which became dead letters a second apart.
void make(Harness& h) {
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  h.run("XGROUP", "SETPOLICY", "s", "g", "DLQ", "dead");
  for (const std::string id : {"1", "2", "3"}) {
    h.run("XADD", "s", id, "f", id);
    h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
    h.run("XNACK", "s", "g", "FATAL", "IDS", "1", id);
    h.advance(1s);
  }
  h.propagated();
}

std::string redriven(Harness& h, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"XREDRIVE", "dead"};
  words.insert(words.end(), options.begin(), options.end());
  h.first().send_words(words);
  return h.first().reply_text();
}

}  // namespace

TEST_CASE("XREDRIVE: entries go back as they were to the stream they came from, the oldest first") {
  Harness h;
  make(h);
  Peer& worker = h.client();
  worker.send("XREADGROUP", "GROUP", "g", "w", "BLOCK", "0", "STREAMS", "s", ">");
  h.configure("notify-keyspace-events", "Et");
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  const Lines records = h.propagated();
  REQUIRE(records.size() > 5);
  CHECK(Lines(records.begin() + 1, records.begin() + 5) ==
        Lines{"MULTI", "XADD s 1700000003000-0 f 1", "XDEL dead 1700000000000-0", "EXEC"});
  CHECK(h.events() == Lines{"__keyevent@0__:xadd s", "__keyevent@0__:xdel dead"});
  CHECK(worker.reply_text() == "[[\"s\", [[\"1700000003000-0\", [\"f\", \"1\"]]]]]");
  CHECK(redriven(h, {}) == "2");
  CHECK(h.run("XLEN", "dead") == integer(0));
  CHECK(h.run("XLEN", "s") == integer(6));
  CHECK(redriven(h, {}) == "0");
}

TEST_CASE("XREDRIVE: by their ids, to another stream, and without what names no origin") {
  Harness h;
  make(h);
  h.run("XADD", "dead", "*", "own", "entry");
  CHECK(redriven(h, {"IDS", "4", "1700000002000", "1700000002000", "5", "1700000000000", "TO", "t"}) == "2");
  CHECK(h.text("XRANGE", "t", "-", "+") ==
        "[[\"1700000003000-0\", [\"f\", \"1\"]], [\"1700000003000-1\", [\"f\", \"3\"]]]");
  CHECK(redriven(h, {"COUNT", "9"}) == "1");
  CHECK(h.run("XLEN", "dead") == integer(1));
  CHECK(redriven(h, {}) == "0");
  CHECK(redriven(h, {"TO", "t"}) == "1");
  CHECK(h.text("XREVRANGE", "t", "+", "-", "COUNT", "1").find("[\"own\", \"entry\"]") != std::string::npos);
}

TEST_CASE("XREDRIVE: nothing is done when something is wrong") {
  Harness h;
  make(h);
  h.run("SET", "str", "x");
  CHECK(h.run("XREDRIVE", "none") == error("ERR no such key"));
  CHECK(h.run("XREDRIVE", "str").text.starts_with("WRONGTYPE"));
  CHECK(redriven(h, {"COUNT", "0"}) == "-ERR COUNT must be a positive integer");
  CHECK(redriven(h, {"COUNT", "1", "IDS", "1", "1"}) == "-ERR COUNT and IDS exclude each other");
  CHECK(redriven(h, {"TO", "a", "TO", "b"}) == "-ERR syntax error");
  CHECK(redriven(h, {"IDS", "1", "x"}) == "-ERR Invalid stream ID specified as stream command argument");
  CHECK(redriven(h, {"TO", "dead"}) == "-ERR dead letters cannot go back to their own stream");
  CHECK(redriven(h, {"TO", "str"}).find("WRONGTYPE") != std::string::npos);
  h.run("RENAME", "s", "kept");
  h.run("SET", "s", "x");
  CHECK(redriven(h, {}).find("WRONGTYPE") != std::string::npos);
  h.run("DEL", "s");
  h.run("XADD", "s", "18446744073709551615-18446744073709551615", "f", "v");
  CHECK(redriven(h, {}).find("exhausted") != std::string::npos);
  CHECK(h.run("XLEN", "dead") == integer(3));
  h.run("DEL", "s");
  CHECK(redriven(h, {}) == "3");
  CHECK(h.run("XLEN", "s") == integer(3));
}

TEST_CASE("XREDRIVE: the user must be allowed to use the streams that entries go back to") {
  Harness h;
  make(h);
  h.run("ACL", "SETUSER", "some", "on", "nopass", "~dead", "~t", "+@all");
  Peer& peer = h.client();
  CHECK(peer.run("AUTH", "some", "x") == status("OK"));
  CHECK(peer.text("XREDRIVE", "dead") == "-NOPERM No permissions to access a key");
  CHECK(peer.text("XREDRIVE", "dead", "TO", "s").find("NOPERM") != std::string::npos);
  CHECK(h.run("XLEN", "dead") == integer(3));
  CHECK(peer.run("XREDRIVE", "dead", "TO", "t") == integer(3));
}

TEST_CASE("XREDRIVE: an entry that is still there is released to its group, and no other gets it twice") {
  Harness h;
  make(h);
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000");
  h.run("XGROUP", "CREATE", "s", "other", "$");
  Peer& worker = h.client();
  worker.send("XREADGROUP", "GROUP", "g", "w", "BLOCK", "0", "STREAMS", "s", ">");
  h.propagated();
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  const Lines records = h.propagated();
  REQUIRE(records.size() > 4);
  CHECK(Lines(records.begin(), records.begin() + 4) ==
        Lines{"MULTI", "#SLUICE XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 0 FORCE",
              "#SLUICE XDEL dead 1700000000000-0", "EXEC"});
  CHECK(worker.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"1\"]]]]]");
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == "[[\"1-0\", \"w\", 0, 1]]");
  CHECK(h.run("XLEN", "s") == integer(3));
  CHECK(h.run("XLEN", "dead") == integer(2));
  CHECK(h.run("XREADGROUP", "GROUP", "other", "c", "STREAMS", "s", ">") == null_array());
}

TEST_CASE("XREDRIVE: what its group cannot be given again is appended") {
  Harness h;
  make(h);
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "100000");
  h.run("XDEL", "s", "1");                                       // gone
  h.run("XNACK", "s", "g", "SILENT", "IDS", "1", "2", "FORCE");  // pending
  h.run("XGROUP", "SETID", "s", "g", "2");                       // 3-0 is still to be read
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  CHECK(h.run("XLEN", "s") == integer(3));
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  CHECK(h.run("XLEN", "s") == integer(4));
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  CHECK(h.run("XLEN", "s") == integer(5));
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == "[[\"2-0\", \"\", -1, 0]]");
}

TEST_CASE("XREDRIVE: another stream of the same name does not get an entry released that is not the same") {
  Harness h;
  make(h);
  h.run("DEL", "s");
  h.run("XADD", "s", "1", "f", "another");
  h.run("XGROUP", "CREATE", "s", "g", "1");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000");
  CHECK(redriven(h, {"COUNT", "1"}) == "1");
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == "[]");
}

TEST_CASE("XREDRIVE: looks at so many entries only of those that name no origin") {
  Harness h;
  h.run("XADD", "s", "1", "f", "v");
  for (int i = 0; i < 1000; ++i) h.run("XADD", "dead", "*", "own", "entry");
  h.run("XADD", "dead", "*", "f", "v", "dlq-key", "s", "dlq-id", "1-0", "dlq-group", "g", "dlq-deliveries",
        "1", "dlq-reason", "fatal");
  CHECK(redriven(h, {"COUNT", "1"}) == "0");
  CHECK(redriven(h, {"COUNT", "101"}) == "1");
}

}  // namespace sluice::test
