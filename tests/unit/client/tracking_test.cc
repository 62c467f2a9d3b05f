#include "client/tracking.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace sluice::client {

namespace {

struct Room {
  ClientTable clients;
  Tracking tracking{clients, 7};
  base::Random random{7};
  Client one{clients.next_id()};
  Client two{clients.next_id()};
  Client three{clients.next_id()};
  Room() {
    for (Client* client : {&one, &two, &three}) {
      client->protocol = resp::Protocol::kResp3;
      clients.add(*client);
    }
  }

  // Whoever read it is told at once.
  void change(base::ByteView key, const Client* by = nullptr, ClientId author = 0) {
    if (const auto invalidation = tracking.changed(key, by, author)) tracking.deliver(*invalidation, 0);
  }
};

std::string take(Client& client) {
  const std::string bytes(client.outbox.sendable(UINT64_MAX));
  client.outbox.sent(bytes.size());
  return bytes;
}

std::string invalidation_of(const std::vector<std::string>& keys) {
  std::string text = ">2\r\n$10\r\ninvalidate\r\n*" + std::to_string(keys.size()) + "\r\n";
  for (const std::string& key : keys) text += "$" + std::to_string(key.size()) + "\r\n" + key + "\r\n";
  return text;
}

const std::string kEverything = ">2\r\n$10\r\ninvalidate\r\n_\r\n";

}  // namespace

TEST_CASE("Tracking: it is in use from the first client that tracks until nothing is remembered") {
  Room room;
  CHECK_FALSE(room.tracking.in_use());
  room.tracking.start(room.one, 0, 0);
  CHECK(room.tracking.in_use());
  CHECK(room.one.has(kTracking));
  room.tracking.remember(room.one, "k");
  room.tracking.stop(room.one);
  CHECK_FALSE(room.one.has(kTracking));
  CHECK(room.tracking.in_use());
  CHECK(room.tracking.trackers() == 0);
  room.change("k");
  CHECK_FALSE(room.tracking.in_use());
  CHECK(take(room.one).empty());
}

TEST_CASE("Tracking: whoever read a key is told of its first change, with every byte of its name") {
  Room room;
  room.tracking.start(room.one, 0, 0);
  room.tracking.start(room.two, 0, 0);
  const std::string odd("a\r\n\0b", 5);
  room.tracking.remember(room.two, odd);
  room.tracking.remember(room.one, odd);
  room.tracking.remember(room.one, odd);
  room.tracking.remember(room.one, "");
  CHECK(room.tracking.keys() == 2);
  CHECK(room.tracking.items() == 3);
  room.change("other");
  CHECK(take(room.one).empty());
  room.change(odd);
  CHECK(take(room.one) == invalidation_of({odd}));
  CHECK(take(room.two) == invalidation_of({odd}));
  CHECK(room.clients.take_attention() == std::vector<ClientId>{room.one.id, room.two.id});
  room.change(odd);
  CHECK(take(room.one).empty());
  room.change("");
  CHECK(take(room.one) == invalidation_of({""}));
  CHECK(room.tracking.items() == 0);
}

TEST_CASE("Tracking: what is told waits for the log as the change itself does") {
  Room room;
  room.tracking.start(room.one, 0, 0);
  room.tracking.remember(room.one, "k");
  room.tracking.deliver(*room.tracking.changed("k", nullptr, 0), 50);
  CHECK(room.one.outbox.sendable(49).empty());
  CHECK_FALSE(room.one.outbox.sendable(50).empty());
}

TEST_CASE("Tracking: who has gone, stopped, or turned to broadcasts is not told of what it read before") {
  Room room;
  for (Client* client : {&room.one, &room.two, &room.three}) {
    room.tracking.start(*client, 0, 0);
    room.tracking.remember(*client, "k");
  }
  room.tracking.stop(room.one);
  room.tracking.stop(room.two);
  room.tracking.start(room.two, kTrackingBcast, 0);
  room.tracking.add_prefix(room.two, "z");
  room.tracking.stop(room.three);
  room.clients.remove(room.three.id);
  CHECK_FALSE(room.tracking.changed("k", nullptr, 0));
  CHECK(room.tracking.items() == 0);
}

TEST_CASE("Tracking: off and on again, a client is still told of what it read before") {
  Room room;
  room.tracking.start(room.one, 0, 0);
  room.tracking.remember(room.one, "k");
  room.tracking.stop(room.one);
  room.tracking.start(room.one, 0, 0);
  room.change("k");
  CHECK(take(room.one) == invalidation_of({"k"}));
}

TEST_CASE("Tracking: NOLOOP spares a client its own changes, and they are forgotten all the same") {
  Room room;
  room.tracking.start(room.one, kTrackingNoLoop, 0);
  room.tracking.remember(room.one, "k");
  room.change("k", &room.one, room.one.id);
  CHECK(take(room.one).empty());
  CHECK(room.tracking.keys() == 0);
  room.tracking.remember(room.one, "k");
  room.change("k", &room.two, room.two.id);
  CHECK(take(room.one) == invalidation_of({"k"}));
}

TEST_CASE("Tracking: what is read is remembered as its client asked") {
  Client client(1);
  CHECK_FALSE(Tracking::remembers_for(client));
  client.set(kTracking);
  CHECK(Tracking::remembers_for(client));
  client.set(kTrackingOptIn);
  CHECK_FALSE(Tracking::remembers_for(client));
  client.set(kTrackingCaching);
  CHECK(Tracking::remembers_for(client));
  client.unset(kTrackingOptIn);
  client.set(kTrackingOptOut);
  CHECK_FALSE(Tracking::remembers_for(client));
  client.unset(kTrackingCaching);
  CHECK(Tracking::remembers_for(client));
  client.unset(kTrackingOptOut);
  client.set(kTrackingBcast);
  CHECK_FALSE(Tracking::remembers_for(client));
}

TEST_CASE("Tracking: the older protocol is told only as a subscriber that another redirects to") {
  Room room;
  room.one.protocol = resp::Protocol::kResp2;
  room.one.set(kPubsub);
  room.tracking.start(room.one, 0, 0);
  room.tracking.remember(room.one, "k");
  room.change("k");
  CHECK(take(room.one).empty());

  room.tracking.start(room.two, 0, room.one.id);
  CHECK(room.tracking.redirect_of(room.two) == room.one.id);
  room.tracking.remember(room.two, "k");
  room.change("k");
  CHECK(take(room.two).empty());
  CHECK(take(room.one) == "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n");
  room.tracking.deliver(room.tracking.flushed(), 0);
  CHECK(take(room.one) == "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n");

  room.one.unset(kPubsub);
  room.tracking.remember(room.two, "k");
  room.change("k");
  CHECK(take(room.one).empty());
  CHECK_FALSE(room.two.has(kTrackingBroken));
}

TEST_CASE("Tracking: a redirection to somebody who has gone is told to the client that asked for it") {
  Room room;
  room.tracking.start(room.one, 0, room.two.id);
  room.tracking.remember(room.one, "k");
  room.clients.remove(room.two.id);
  room.change("k");
  CHECK(take(room.one) == ">2\r\n$21\r\ntracking-redir-broken\r\n:2\r\n");
  CHECK(room.one.has(kTrackingBroken));

  room.one.protocol = resp::Protocol::kResp2;
  room.one.set(kPubsub);
  room.tracking.remember(room.one, "k");
  room.change("k");
  CHECK(take(room.one).empty());
  room.tracking.start(room.one, 0, room.three.id);
  CHECK_FALSE(room.one.has(kTrackingBroken));
}

TEST_CASE("Tracking: a client that is about to be closed is told nothing") {
  Room room;
  room.tracking.start(room.one, 0, 0);
  room.tracking.remember(room.one, "k");
  room.one.set(kCloseNow);
  room.change("k");
  CHECK(take(room.one).empty());
}

TEST_CASE("Tracking: a prefix hears of the changes below it together, sorted, each once") {
  Room room;
  room.tracking.start(room.one, kTrackingBcast, 0);
  room.tracking.add_prefix(room.one, "u:");
  room.tracking.add_prefix(room.one, "o:");
  room.tracking.add_prefix(room.one, "u:");
  CHECK(room.tracking.prefixes_of(room.one) == std::vector<base::Bytes>{"o:", "u:"});
  CHECK(room.tracking.prefixes() == 2);
  for (const char* key : {"u:2", "u", "u:1", "z", "o:", "u:2", "\xffu:"}) room.change(key);
  CHECK(take(room.one).empty());
  CHECK(room.tracking.anything_to_broadcast());
  room.tracking.broadcast(9);
  CHECK(room.one.outbox.sendable(8).empty());
  CHECK(take(room.one) == invalidation_of({"o:"}) + invalidation_of({"u:1", "u:2"}));
  CHECK_FALSE(room.tracking.anything_to_broadcast());
  room.tracking.broadcast(9);
  CHECK(take(room.one).empty());
}

TEST_CASE("Tracking: an empty prefix is the beginning of every key, the empty one included") {
  Room room;
  room.tracking.start(room.one, kTrackingBcast, 0);
  room.tracking.add_prefix(room.one, "");
  room.tracking.start(room.two, kTrackingBcast, 0);
  room.tracking.add_prefix(room.two, "ab");
  room.change("");
  room.change("abc");
  room.tracking.broadcast(0);
  CHECK(take(room.one) == invalidation_of({"", "abc"}));
  CHECK(take(room.two) == invalidation_of({"abc"}));
}

TEST_CASE("Tracking: in broadcasts NOLOOP leaves out what a client itself changed last") {
  Room room;
  room.tracking.start(room.one, kTrackingBcast | kTrackingNoLoop, 0);
  room.tracking.start(room.two, kTrackingBcast, 0);
  room.tracking.add_prefix(room.one, "");
  room.tracking.add_prefix(room.two, "");
  room.change("a", &room.two, room.two.id);
  room.change("a", &room.one, room.one.id);
  room.change("b", &room.one, room.one.id);
  room.change("b", &room.two, room.two.id);
  room.tracking.broadcast(0);
  CHECK(take(room.one) == invalidation_of({"b"}));
  CHECK(take(room.two) == invalidation_of({"a", "b"}));
  room.change("a", &room.one, room.one.id);
  room.tracking.broadcast(0);
  CHECK(take(room.one).empty());
}

TEST_CASE("Tracking: a prefix that its last client left takes its changes along") {
  Room room;
  room.tracking.start(room.one, kTrackingBcast, 0);
  room.tracking.add_prefix(room.one, "a");
  room.tracking.start(room.two, kTrackingBcast, 0);
  room.tracking.add_prefix(room.two, "b");
  room.change("a1");
  room.tracking.stop(room.one);
  CHECK(room.tracking.prefixes() == 1);
  CHECK_FALSE(room.tracking.anything_to_broadcast());
  CHECK(room.tracking.prefixes_of(room.one).empty());
  room.change("b1");
  room.tracking.broadcast(0);
  CHECK(take(room.one).empty());
  CHECK(take(room.two) == invalidation_of({"b1"}));
}

TEST_CASE("Tracking: flushed, everybody is told that nothing is left, and the table goes in slices") {
  Room room;
  room.tracking.start(room.one, kTrackingNoLoop, 0);
  room.tracking.start(room.two, kTrackingBcast, 0);
  for (int i = 0; i < 1000; ++i) room.tracking.remember(room.one, std::to_string(i));
  room.tracking.deliver(room.tracking.flushed(), 0);
  CHECK(take(room.one) == kEverything);
  CHECK(take(room.two) == kEverything);
  CHECK(take(room.three).empty());
  CHECK(room.tracking.keys() == 0);
  CHECK(room.tracking.items() == 0);
  CHECK(room.tracking.free_slice(100));
  room.tracking.remember(room.one, "5");
  room.change("5");
  CHECK(take(room.one) == invalidation_of({"5"}));
  while (room.tracking.free_slice(100)) {
  }
  CHECK_FALSE(room.tracking.free_slice(100));
}

TEST_CASE("Tracking: forgetting one of many keys by chance tells its readers") {
  Room room;
  room.tracking.start(room.one, kTrackingNoLoop, 0);
  for (const char* key : {"a", "b", "c"}) room.tracking.remember(room.one, key);
  std::string told;
  for (size_t left = 3; left > 0; --left) {
    CHECK(room.tracking.keys() == left);
    const Invalidation invalidation = room.tracking.forget_one(room.random);
    REQUIRE(invalidation.key);
    told += *invalidation.key;
    room.tracking.deliver(invalidation, 0);
    CHECK(take(room.one) == invalidation_of({*invalidation.key}));
  }
  for (const char* key : {"a", "b", "c"}) CHECK(told.find(key) != std::string::npos);
  CHECK(room.tracking.items() == 0);
}

}  // namespace sluice::client
