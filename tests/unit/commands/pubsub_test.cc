#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("SUBSCRIBE: confirms each name with the running count, channels and patterns together") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "a", "b");
  CHECK(listener.reply() == array({bulk("subscribe"), bulk("a"), integer(1)}));
  CHECK(listener.reply() == array({bulk("subscribe"), bulk("b"), integer(2)}));
  listener.send("PSUBSCRIBE", "x*");
  CHECK(listener.reply() == array({bulk("psubscribe"), bulk("x*"), integer(3)}));
  listener.send("SUBSCRIBE", "a");
  CHECK(listener.reply() == array({bulk("subscribe"), bulk("a"), integer(3)}));
}

TEST_CASE("PUBLISH: reaches channels and patterns, and counts both") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "news");
  listener.send("PSUBSCRIBE", "n*");
  listener.reply();
  listener.reply();
  CHECK(h.run("PUBLISH", "news", "hello") == integer(2));
  CHECK(listener.reply() == bulks({"message", "news", "hello"}));
  CHECK(listener.reply() == bulks({"pmessage", "n*", "news", "hello"}));
  CHECK(h.run("PUBLISH", "other", "x") == integer(0));
  CHECK_FALSE(listener.reply().has_value());
}

TEST_CASE("PUBLISH: a RESP3 listener gets pushes, and may go on with other commands") {
  Harness h;
  Peer& listener = h.client();
  listener.resp3();
  listener.send("SUBSCRIBE", "c");
  CHECK(listener.reply()->kind == resp::Kind::kPush);
  CHECK(listener.run("PING") == status("PONG"));
  h.run("PUBLISH", "c", "m");
  const auto message = listener.reply();
  REQUIRE(message.has_value());
  CHECK(message->kind == resp::Kind::kPush);
  CHECK(message->children[2] == bulk("m"));
}

TEST_CASE("PUBLISH: whoever publishes to itself gets the reply first, also from EXEC") {
  Harness h;
  Peer& self = h.client();
  self.resp3();
  self.send("SUBSCRIBE", "me");
  self.reply();
  self.send("PUBLISH", "me", "1");
  CHECK(self.reply() == integer(1));
  CHECK(self.reply()->kind == resp::Kind::kPush);
  self.send("MULTI");
  self.send("PUBLISH", "me", "2");
  self.send("PING");
  self.send("EXEC");
  self.reply();
  self.reply();
  self.reply();
  CHECK(self.reply() == array({integer(1), status("PONG")}));
  CHECK(self.reply()->kind == resp::Kind::kPush);
}

TEST_CASE("a RESP2 subscriber may only do what a subscriber does") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "a");
  listener.reply();
  CHECK(listener.run("SELECT", "1") == error("ERR Can't execute 'select': only (P|S)SUBSCRIBE / "
                                             "(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                                             "this context"));
  CHECK(listener.run("PING") == bulks({"pong", ""}));
  CHECK(listener.run("PING", "x") == bulks({"pong", "x"}));
  CHECK(listener.run("UNSUBSCRIBE") == array({bulk("unsubscribe"), bulk("a"), integer(0)}));
  CHECK(listener.run("SELECT", "1") == status("OK"));
}

TEST_CASE("UNSUBSCRIBE: of a name never subscribed answers with the count that is left") {
  Harness h;
  Peer& listener = h.client();
  listener.send("PSUBSCRIBE", "p*");
  listener.reply();
  CHECK(listener.run("UNSUBSCRIBE", "p*") == array({bulk("unsubscribe"), bulk("p*"), integer(1)}));
  CHECK(listener.run("PUNSUBSCRIBE", "p*") == array({bulk("punsubscribe"), bulk("p*"), integer(0)}));
  CHECK(listener.run("PUNSUBSCRIBE") == array({bulk("punsubscribe"), null(), integer(0)}));
}

TEST_CASE("shard channels are counted apart") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SSUBSCRIBE", "s");
  CHECK(listener.reply() == array({bulk("ssubscribe"), bulk("s"), integer(1)}));
  CHECK(h.run("SPUBLISH", "s", "m") == integer(1));
  CHECK(listener.reply() == bulks({"smessage", "s", "m"}));
  CHECK(h.run("PUBLISH", "s", "m") == integer(0));
  CHECK(h.run("PUBSUB", "SHARDCHANNELS") == bulks({"s"}));
  CHECK(h.run("PUBSUB", "SHARDNUMSUB", "s") == array({bulk("s"), integer(1)}));
  CHECK(listener.run("SUNSUBSCRIBE") == array({bulk("sunsubscribe"), bulk("s"), integer(0)}));
}

TEST_CASE("PUBSUB: names channels, counts listeners and patterns") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "apple", "pear");
  listener.send("PSUBSCRIBE", "*");
  CHECK(h.run("PUBSUB", "CHANNELS", "a*") == bulks({"apple"}));
  CHECK(h.run("PUBSUB", "CHANNELS").children.size() == 2);
  CHECK(h.run("PUBSUB", "NUMSUB", "apple", "none") ==
        array({bulk("apple"), integer(1), bulk("none"), integer(0)}));
  CHECK(h.run("PUBSUB", "NUMSUB") == array({}));
  CHECK(h.run("PUBSUB", "NUMPAT") == integer(1));
  CHECK(h.run("PUBSUB", "NOPE").is_error());
  CHECK(h.run("PUBSUB", "HELP").children.size() > 4);
}

TEST_CASE("a listener that disconnects is forgotten") {
  Harness h;
  Peer& listener = h.client();
  listener.send("SUBSCRIBE", "a");
  listener.send("PSUBSCRIBE", "b");
  h.disconnect(listener);
  CHECK(h.run("PUBLISH", "a", "x") == integer(0));
  CHECK(h.run("PUBSUB", "NUMPAT") == integer(0));
  CHECK(h.run("PUBSUB", "CHANNELS") == array({}));
}

TEST_CASE("SUBSCRIBE: confirmations reach a client that turned replies off") {
  Harness h;
  Peer& quiet = h.client();
  quiet.send("CLIENT", "REPLY", "OFF");
  quiet.send("SUBSCRIBE", "news");
  CHECK(quiet.reply() == array({bulk("subscribe"), bulk("news"), integer(1)}));
  quiet.send("SUBSCRIBE");
  quiet.send("PING");
  CHECK(quiet.reply_text() == "(nothing)");
}

TEST_CASE("SUBSCRIBE: inside EXEC, too, confirmations alone reach a client that turned replies off") {
  Harness h;
  const auto answers = [&](const std::vector<std::vector<std::string>>& requests) {
    Peer& peer = h.client();
    for (const auto& words : requests) peer.send_words(words);
    const std::string bytes(peer.client.outbox.sendable(UINT64_MAX));
    peer.client.outbox.sent(bytes.size());
    h.disconnect(peer);
    return bytes;
  };
  const std::string queued = "+QUEUED\r\n";
  const std::string confirmed = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
  CHECK(answers(
            {{"CLIENT", "REPLY", "OFF"}, {"MULTI"}, {"PING"}, {"SUBSCRIBE", "a"}, {"ECHO", "x"}, {"EXEC"}}) ==
        confirmed);
  CHECK(answers({{"MULTI"},
                 {"CLIENT", "REPLY", "OFF"},
                 {"SUBSCRIBE", "a"},
                 {"ECHO", "x"},
                 {"EXEC"},
                 {"ECHO", "x"}}) == "+OK\r\n" + queued + queued + queued + "*3\r\n" + confirmed);
  // What the queue says of replies holds from there on.
  CHECK(answers({{"MULTI"},
                 {"CLIENT", "REPLY", "OFF"},
                 {"ECHO", "unheard"},
                 {"CLIENT", "REPLY", "ON"},
                 {"ECHO", "heard"},
                 {"EXEC"}}) ==
        "+OK\r\n" + queued + queued + queued + queued + "*4\r\n+OK\r\n$5\r\nheard\r\n");
  CHECK(answers({{"CLIENT", "REPLY", "SKIP"},
                 {"MULTI"},
                 {"SUBSCRIBE", "a"},
                 {"CLIENT", "REPLY", "SKIP"},
                 {"EXEC"}}) == queued + queued + "*2\r\n" + confirmed);
}

}  // namespace sluice::test
