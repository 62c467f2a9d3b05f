#include "commands/stream_policy.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

void make_group(Harness& h) {
  h.run("XADD", "s", "1-0", "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.propagated();
}

std::string policy(Harness& h) {
  return h.text("XGROUP", "GETPOLICY", "s", "g");
}

const std::string kNone =
    "[\"lease\", 0, \"maxdeliver\", 0, \"backoff-base\", 0, \"backoff-factor\", \"2\", \"backoff-max\", 0, "
    "\"dlq\", \"\", \"dlqmaxlen\", 0, \"consumer-ttl\", 0]";

}  // namespace

TEST_CASE("XGROUP SETPOLICY: what is named changes, the rest stays, and nothing takes it away") {
  Harness h;
  make_group(h);
  CHECK(policy(h) == kNone);
  CHECK(h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "30000", "maxdeliver", "5", "DLQ", "dead") ==
        status("OK"));
  CHECK(h.run("XGROUP", "SETPOLICY", "s", "g", "BACKOFF", "100", "1.5", "9000", "DLQMAXLEN", "1000",
              "CONSUMER-TTL", "60000") == status("OK"));
  const std::string all =
      "[\"lease\", 30000, \"maxdeliver\", 5, \"backoff-base\", 100, \"backoff-factor\", \"1.5\", "
      "\"backoff-max\", 9000, \"dlq\", \"dead\", \"dlqmaxlen\", 1000, \"consumer-ttl\", 60000]";
  CHECK(policy(h) == all);
  CHECK(h.propagated() ==
        Lines{"#SLUICE XGROUP SETPOLICY s g LEASE 30000 MAXDELIVER 5 BACKOFF 0 2 0 DLQ dead DLQMAXLEN 0 "
              "CONSUMER-TTL 0",
              "#SLUICE XGROUP SETPOLICY s g LEASE 30000 MAXDELIVER 5 BACKOFF 100 1.5 9000 DLQ dead DLQMAXLEN "
              "1000 CONSUMER-TTL 60000"});
  CHECK(h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "30000") == status("OK"));
  CHECK(h.propagated() == Lines{});
  h.run("XGROUP", "SETPOLICY", "s", "g", "BACKOFF", "7");
  CHECK(policy(h).find("\"backoff-base\", 7, \"backoff-factor\", \"2\", \"backoff-max\", 0") !=
        std::string::npos);
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "0", "MAXDELIVER", "0", "BACKOFF", "0", "DLQ", "",
        "CONSUMER-TTL", "0");
  CHECK(policy(h) == kNone);
  h.first().resp3();
  CHECK(h.run("XGROUP", "GETPOLICY", "s", "g").kind == resp::Kind::kMap);
}

TEST_CASE("XGROUP SETPOLICY: refuses what makes no sense, and changes nothing then") {
  Harness h;
  make_group(h);
  h.run("SET", "str", "x");
  h.propagated();
  const std::string needs = "ERR MAXDELIVER and DLQMAXLEN need a DLQ";
  const auto refused = [&h](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"XGROUP", "SETPOLICY", "s", "g"};
    words.insert(words.end(), options.begin(), options.end());
    h.first().send_words(words);
    return h.first().reply()->text;
  };
  CHECK(refused({}) == "ERR At least one parameter must be specified");
  CHECK(refused({"LEASE"}) == "ERR syntax error");
  CHECK(refused({"LEASE", "x"}) == "ERR value is not an integer or out of range");
  CHECK(refused({"LEASE", "-1"}) == "ERR LEASE must be between 0 and 315360000000 milliseconds");
  CHECK(refused({"LEASE", "315360000001"}) == "ERR LEASE must be between 0 and 315360000000 milliseconds");
  CHECK(refused({"LEASE", "1", "LEASE", "2"}) == "ERR syntax error");
  CHECK(refused({"MAXDELIVER", "1000000001", "DLQ", "d"}) ==
        "ERR MAXDELIVER must be between 0 and 1000000000");
  CHECK(refused({"MAXDELIVER", "3"}) == needs);
  CHECK(refused({"DLQMAXLEN", "3"}) == needs);
  CHECK(refused({"DLQMAXLEN", "-1", "DLQ", "d"}) == "ERR DLQMAXLEN must not be negative");
  CHECK(refused({"DLQ", "s"}) == "ERR the DLQ of a group cannot be its own stream");
  CHECK(refused({"DLQ", "d", "DLQ", "e"}) == "ERR syntax error");
  CHECK(refused({"CONSUMER-TTL", "-1"}) ==
        "ERR CONSUMER-TTL must be between 0 and 315360000000 milliseconds");
  const std::string factor = "ERR the factor of BACKOFF must be a number, and at least 1";
  CHECK(refused({"BACKOFF", "1", "0.5"}) == factor);
  CHECK(refused({"BACKOFF", "1", "inf"}) == factor);
  const std::string longest =
      "ERR the longest BACKOFF must lie between its base and 315360000000 milliseconds";
  CHECK(refused({"BACKOFF", "10", "2", "9"}) == longest);
  CHECK(refused({"BACKOFF", "10", "2", "-9"}) == longest);
  CHECK(refused({"BACKOFF", "10", "odd"}) == "ERR syntax error");
  CHECK(refused({"BACKOFF", "-1"}) == "ERR BACKOFF must be between 0 and 315360000000 milliseconds");
  CHECK(policy(h) == kNone);
  for (const std::string word : {"SETPOLICY", "GETPOLICY"}) {
    const auto asked = [&](const std::string& key, const std::string& group) {
      std::vector<std::string> words = {"XGROUP", word, key, group};
      if (word == "SETPOLICY") words.insert(words.end(), {"LEASE", "5"});
      h.first().send_words(words);
      return h.first().reply()->text;
    };
    CHECK(asked("s", "no") == "NOGROUP No such consumer group 'no' for key name 's'");
    CHECK(asked("none", "g").starts_with("ERR The XGROUP subcommand requires the key to exist."));
    CHECK(asked("str", "g").starts_with("WRONGTYPE"));
  }
  CHECK(h.propagated() == Lines{});
  h.run("XGROUP", "SETPOLICY", "s", "g", "MAXDELIVER", "3", "DLQ", "d");
  CHECK(refused({"DLQ", ""}) == needs);
}

TEST_CASE(
    "XGROUP SETPOLICY: a policy goes along with COPY, RENAME, DUMP and RESTORE, and goes with its group") {
  Harness h;
  make_group(h);
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.run("XGROUP", "SETPOLICY", "s", "g", "LEASE", "1000");
  const std::string payload = h.run("DUMP", "s").text;
  h.run("COPY", "s", "t");
  h.run("RENAME", "s", "u");
  h.run("RESTORE", "r", "0", payload);
  h.run("COPY", "r", "q", "DB", "2");
  CHECK(h.keyspace.deadlines().size() == 4);
  h.run("XGROUP", "DESTROY", "r", "g");
  h.propagated();
  h.advance(std::chrono::milliseconds(1000));
  const Lines released = h.propagated();  // in any order, since all are due at the same moment
  for (const std::string key : {"t", "u", "q"}) {
    CHECK(std::count(released.begin(), released.end(),
                     "#SLUICE XNACK " + key + " g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE") == 1);
  }
  CHECK(h.keyspace.deadlines().size() == 0);
}

TEST_CASE("XGROUP SETPOLICY: who may use some keys only may name no other for dead letters") {
  Harness h;
  make_group(h);
  h.run("ACL", "SETUSER", "some", "on", "nopass", "~s", "~dead:*", "+@all");
  Peer& peer = h.client();
  peer.send("AUTH", "some", "x");
  CHECK(peer.reply() == status("OK"));
  CHECK(peer.run("XGROUP", "SETPOLICY", "s", "g", "DLQ", "dead:s") == status("OK"));
  CHECK(peer.text("XGROUP", "SETPOLICY", "s", "g", "LEASE", "5", "dlq", "other").find("NOPERM") !=
        std::string::npos);
}

TEST_CASE("XGROUP SETPOLICY: what is logged of a stream that came to its dead letters' name is replayed") {
  for (const std::string way : {"RENAME", "COPY"}) {
    CAPTURE(way);
    Harness h;
    make_group(h);
    h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
    h.run("XGROUP", "SETPOLICY", "s", "g", "DLQ", "b", "MAXDELIVER", "1");
    h.run(way, "s", "b");
    h.propagated();
    CHECK(h.run("XGROUP", "SETPOLICY", "b", "g", "LEASE", "100") == status("OK"));
    CHECK(h.propagated() == Lines{"#SLUICE XGROUP SETPOLICY b g LEASE 100 MAXDELIVER 1 BACKOFF 0 2 0 DLQ b "
                                  "DLQMAXLEN 0 CONSUMER-TTL 0"});
    // As the loader runs it.
    Harness again;
    const auto load = [&again](const std::vector<base::ByteView>& words) {
      return again.executor.replay(again.first().client, words).ok();
    };
    CHECK(load({"XGROUP", "CREATE", "b", "g", "0", "MKSTREAM"}));
    CHECK(load({"XGROUP", "SETPOLICY", "b", "g", "LEASE", "100", "MAXDELIVER", "1", "BACKOFF", "0", "2", "0",
                "DLQ", "b", "DLQMAXLEN", "0", "CONSUMER-TTL", "0"}));
    CHECK(again.text("XGROUP", "GETPOLICY", "b", "g") == h.text("XGROUP", "GETPOLICY", "b", "g"));
    // The stream is no place for its own dead letters: what is given up is released.
    h.advance(std::chrono::milliseconds(100));
    CHECK(h.propagated() == Lines{"#SLUICE XNACK b g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE"});
    CHECK(h.run("XLEN", "b") == integer(1));
  }
}

}  // namespace sluice::test
