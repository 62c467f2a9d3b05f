#include "client/hub.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace sluice::client {

namespace {

struct Room {
  ClientTable clients;
  Hub hub{clients};
  Client one{clients.next_id()};
  Client two{clients.next_id()};
  Room() {
    clients.add(one);
    clients.add(two);
  }
};

std::string take(Client& client) {
  const std::string bytes(client.outbox.sendable(UINT64_MAX));
  client.outbox.sent(bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("Hub: subscriptions are counted once each, and mark the client") {
  Room room;
  CHECK(room.hub.subscribe(room.one, Topic::kChannel, "news"));
  CHECK_FALSE(room.hub.subscribe(room.one, Topic::kChannel, "news"));
  CHECK(room.hub.subscribe(room.one, Topic::kPattern, "n*"));
  CHECK(room.hub.subscribe(room.one, Topic::kShard, "news"));
  CHECK(room.one.has(kPubsub));
  CHECK(room.hub.subscriptions(room.one) == 2);
  CHECK(room.hub.count_of(room.one, Topic::kShard) == 1);
  CHECK(room.hub.topics_of(room.one, Topic::kPattern) == std::vector<base::Bytes>{"n*"});
  CHECK(room.hub.subscriptions(room.two) == 0);
  CHECK(room.hub.topics_of(room.two, Topic::kChannel).empty());
}

TEST_CASE("Hub: the last unsubscription takes the mark away") {
  Room room;
  room.hub.subscribe(room.one, Topic::kChannel, "a");
  room.hub.subscribe(room.one, Topic::kPattern, "b");
  CHECK_FALSE(room.hub.unsubscribe(room.one, Topic::kChannel, "b"));
  CHECK(room.hub.unsubscribe(room.one, Topic::kChannel, "a"));
  CHECK(room.one.has(kPubsub));
  CHECK(room.hub.unsubscribe(room.one, Topic::kPattern, "b"));
  CHECK_FALSE(room.one.has(kPubsub));
  CHECK_FALSE(room.hub.unsubscribe(room.one, Topic::kPattern, "b"));
  CHECK_FALSE(room.hub.unsubscribe(room.two, Topic::kChannel, "a"));
}

TEST_CASE("Hub: topics come in order of subscription, whatever went in between") {
  Room room;
  for (const char* name : {"d", "b", "a", "c"}) room.hub.subscribe(room.one, Topic::kChannel, name);
  room.hub.subscribe(room.two, Topic::kChannel, "b");
  room.hub.unsubscribe(room.one, Topic::kChannel, "b");
  CHECK(room.hub.topics_of(room.one, Topic::kChannel) == std::vector<base::Bytes>{"d", "a", "c"});
  room.hub.subscribe(room.one, Topic::kChannel, "b");
  CHECK(room.hub.topics_of(room.one, Topic::kChannel) == std::vector<base::Bytes>{"d", "a", "c", "b"});
  CHECK(room.hub.listeners(Topic::kChannel, "b") == 2);
}

TEST_CASE("Hub: a client of many channels is gone at once, and leaves the tables in slices") {
  Room room;
  constexpr size_t kMany = 20'000;
  const auto subscribe_all = [&room] {
    for (size_t i = 0; i < kMany; ++i) room.hub.subscribe(room.one, Topic::kChannel, "c" + std::to_string(i));
  };
  subscribe_all();
  room.hub.subscribe(room.one, Topic::kPattern, "c1?");
  room.hub.subscribe(room.two, Topic::kChannel, "c7");
  room.hub.forget(room.one);
  CHECK_FALSE(room.one.has(kPubsub));
  CHECK(room.hub.subscriptions(room.one) == 0);
  CHECK(room.hub.channel_count(Topic::kChannel) == kMany);
  CHECK(room.hub.receivers(Topic::kChannel, "c7") == 1);
  CHECK(room.hub.receivers(Topic::kChannel, "c12") == 0);
  // It may come back before all of that is gone (RESET).
  room.hub.subscribe(room.one, Topic::kChannel, "c12");
  CHECK(room.hub.receivers(Topic::kChannel, "c12") == 1);
  room.hub.publish(Topic::kChannel, "c12", "x", 0);
  CHECK(take(room.one) == "*3\r\n$7\r\nmessage\r\n$3\r\nc12\r\n$1\r\nx\r\n");
  size_t slices = 1;
  while (room.hub.free_slice(1000)) ++slices;
  CHECK(slices == kMany / 1000 + 1);
  CHECK(room.hub.channel_count(Topic::kChannel) == 2);
  CHECK(room.hub.pattern_count() == 0);
  CHECK(room.hub.listeners(Topic::kChannel, "c7") == 1);
  CHECK(room.hub.listeners(Topic::kChannel, "c12") == 1);
}

TEST_CASE("Hub: a message reaches each listener in its protocol, and patterns again") {
  Room room;
  room.two.protocol = resp::Protocol::kResp3;
  room.hub.subscribe(room.one, Topic::kChannel, "news");
  room.hub.subscribe(room.two, Topic::kChannel, "news");
  room.hub.subscribe(room.two, Topic::kPattern, "n?ws");
  CHECK(room.hub.receivers(Topic::kChannel, "news") == 3);
  room.hub.publish(Topic::kChannel, "news", "hi", 0);
  CHECK(take(room.one) == "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
  CHECK(take(room.two) ==
        ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
        ">4\r\n$8\r\npmessage\r\n$4\r\nn?ws\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
  CHECK(room.clients.anyone_needs_attention());
}

TEST_CASE("Hub: shard channels are apart from channels and patterns") {
  Room room;
  room.hub.subscribe(room.one, Topic::kShard, "s");
  room.hub.subscribe(room.two, Topic::kChannel, "s");
  room.hub.subscribe(room.two, Topic::kPattern, "*");
  CHECK(room.hub.receivers(Topic::kShard, "s") == 1);
  room.hub.publish(Topic::kShard, "s", "x", 0);
  CHECK(take(room.one) == "*3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$1\r\nx\r\n");
  CHECK(take(room.two).empty());
  room.hub.publish(Topic::kChannel, "s", "x", 0);
  CHECK(take(room.one).empty());
  CHECK_FALSE(take(room.two).empty());
}

TEST_CASE("Hub: a message waits for the offset of the unit that published it") {
  Room room;
  room.hub.subscribe(room.one, Topic::kChannel, "c");
  room.hub.publish(Topic::kChannel, "c", "x", 70);
  CHECK(room.one.outbox.sendable(69).empty());
  CHECK_FALSE(room.one.outbox.sendable(70).empty());
}

TEST_CASE("Hub: nothing is written to a client about to be closed") {
  Room room;
  room.hub.subscribe(room.one, Topic::kChannel, "c");
  room.one.set(kCloseNow);
  room.hub.publish(Topic::kChannel, "c", "x", 0);
  CHECK(room.one.outbox.empty());
}

TEST_CASE("Hub: a client that left is forgotten everywhere") {
  Room room;
  for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShard}) {
    room.hub.subscribe(room.one, topic, "x");
  }
  room.hub.subscribe(room.two, Topic::kChannel, "x");
  room.hub.forget(room.one);
  CHECK(room.hub.listeners(Topic::kChannel, "x") == 1);
  CHECK(room.hub.listeners(Topic::kShard, "x") == 0);
  CHECK(room.hub.pattern_count() == 0);
  CHECK(room.hub.channel_count(Topic::kShard) == 0);
}

TEST_CASE("Hub: monitors are found by a list, not by a walk over everybody") {
  Room room;
  Client third(room.clients.next_id());
  room.clients.add(third);
  room.two.set(kMonitor);  // says so, but never asked
  CHECK_FALSE(room.hub.anybody_monitors());
  room.hub.monitor(room.one);
  room.hub.monitor(room.one);
  room.hub.monitor(third);
  third.set(kCloseNow);
  CHECK(room.hub.anybody_monitors());
  room.hub.show("+line\r\n", 9);
  CHECK(room.one.outbox.sendable(8).empty());
  CHECK(take(room.one) == "+line\r\n");
  CHECK(room.two.outbox.empty());
  CHECK(third.outbox.empty());
  CHECK(room.clients.take_attention() == std::vector<ClientId>{room.one.id});
  room.hub.stop_monitoring(room.one);
  room.hub.forget(third);
  CHECK_FALSE(room.hub.anybody_monitors());
  CHECK_FALSE(room.one.has(kMonitor));
}

TEST_CASE("Hub: names its active channels, by pattern if asked") {
  Room room;
  for (const char* name : {"a1", "a2", "b1"}) room.hub.subscribe(room.one, Topic::kChannel, name);
  const auto sorted = [](std::vector<base::Bytes> names) {
    std::sort(names.begin(), names.end());
    return names;
  };
  CHECK(sorted(room.hub.active_channels(Topic::kChannel, "")) == std::vector<base::Bytes>{"a1", "a2", "b1"});
  CHECK(sorted(room.hub.active_channels(Topic::kChannel, "a*")) == std::vector<base::Bytes>{"a1", "a2"});
  CHECK(room.hub.active_channels(Topic::kShard, "").empty());
}

}  // namespace sluice::client
