#include "exec/blocking.h"

#include <deque>

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

using client::ClientId;

struct WaitingRoom {
  client::ClientTable clients;
  Blocking blocking;
  std::deque<client::Client> people;

  client::Client& enter() {
    people.emplace_back(clients.next_id());
    clients.add(people.back());
    return people.back();
  }
  client::Client& wait(const Park& reason, int db = 0) {
    client::Client& client = enter();
    const std::vector<base::ByteView> words = {"BLPOP"};
    blocking.park(client, db, OwnedRequest(nullptr, words), reason);
    return client;
  }
  // Whom a value of this type wakes, in order; without one, whom the key's end does.
  std::vector<ClientId> waiters(base::ByteView key, int db = 0,
                                std::optional<keyspace::Type> type = keyspace::Type::kList) {
    std::vector<ClientId> ids;
    const Blocking::Ticket last = blocking.begin_service(db, key);
    for (Blocking::Ticket after = 0;;) {
      const auto waiter = blocking.next_waiter(db, key, type, {after, last});
      if (!waiter) return ids;
      ids.push_back(waiter->id);
      after = waiter->ticket;
    }
  }
};

Park for_keys(std::vector<base::ByteView> keys) {
  Park park;
  park.keys = std::move(keys);
  return park;
}

std::vector<std::string> names(const std::vector<KeyName>& ready) {
  std::vector<std::string> result;
  for (const KeyName& name : ready) result.push_back(std::to_string(name.db) + ":" + name.key);
  return result;
}

}  // namespace

TEST_CASE("Blocking: a parked client is blocked, and its request comes back with it") {
  WaitingRoom room;
  client::Client& client = room.wait(for_keys({"a"}));
  CHECK(client.has(client::kBlocked));
  CHECK(room.blocking.has(client.id));
  CHECK(room.blocking.request_of(client.id).words.front() == "BLPOP");
  CHECK(room.blocking.unpark(client).words.front() == "BLPOP");
  CHECK_FALSE(client.has(client::kBlocked));
  CHECK_FALSE(room.blocking.has(client.id));
  CHECK(room.blocking.blocking_keys() == 0);
  CHECK_FALSE(room.blocking.anybody_waits());
}

TEST_CASE("Blocking: waiters of a key stand in order of arrival, by database") {
  WaitingRoom room;
  const ClientId first = room.wait(for_keys({"a", "b"})).id;
  const ClientId second = room.wait(for_keys({"b", "a"})).id;
  const ClientId elsewhere = room.wait(for_keys({"a"}), 3).id;
  CHECK(room.waiters("a") == std::vector<ClientId>{first, second});
  CHECK(room.waiters("b") == std::vector<ClientId>{first, second});
  CHECK(room.waiters("a", 3) == std::vector<ClientId>{elsewhere});
  CHECK(room.waiters("c").empty());
}

TEST_CASE("Blocking: a key named twice is one place in its queue") {
  WaitingRoom room;
  client::Client& client = room.wait(for_keys({"a", "b", "a", "a"}));
  CHECK(room.waiters("a") == std::vector<ClientId>{client.id});
  room.blocking.unpark(client);
  CHECK(room.waiters("a").empty());
  CHECK(room.blocking.blocking_keys() == 0);
}

TEST_CASE("Blocking: touched keys come once a generation, in the order touched") {
  WaitingRoom room;
  room.wait(for_keys({"a", "b", "c"}));
  room.blocking.touch(0, "c");
  room.blocking.touch(0, "a");
  room.blocking.touch(0, "c");
  room.blocking.touch(0, "nobody waits here");
  room.blocking.touch(1, "b");
  CHECK(room.blocking.anything_ready());
  CHECK(names(room.blocking.take_ready()) == std::vector<std::string>{"0:c", "0:a"});
  CHECK_FALSE(room.blocking.anything_ready());
  // Still marked: only looking at its waiters makes a key touchable again.
  room.blocking.touch(0, "c");
  CHECK_FALSE(room.blocking.anything_ready());
  room.waiters("c");
  room.blocking.touch(0, "c");
  CHECK(names(room.blocking.take_ready()) == std::vector<std::string>{"0:c"});
}

TEST_CASE("Blocking: a key that went matters only to those who want to know") {
  WaitingRoom room;
  Park park = for_keys({"a"});
  room.wait(park);
  room.blocking.touch_gone(0, "a");
  CHECK_FALSE(room.blocking.anything_ready());
  park.wake_on_gone = true;
  room.wait(park);
  room.blocking.touch_gone(0, "a");
  CHECK(names(room.blocking.take_ready()) == std::vector<std::string>{"0:a"});
}

TEST_CASE("Blocking: a whole database may be touched") {
  WaitingRoom room;
  room.wait(for_keys({"a"}), 1);
  room.wait(for_keys({"b"}), 2);
  room.blocking.touch_database(1);
  CHECK(names(room.blocking.take_ready()) == std::vector<std::string>{"1:a"});
}

TEST_CASE("Blocking: who asks what was answered already is passed over, and the others keep their order") {
  WaitingRoom room;
  for (const int question : {1, 0, 2, 1, 0}) {
    Park park = for_keys({"a"});
    park.question = static_cast<uint8_t>(question);
    room.wait(park);
  }
  CHECK(room.waiters("a") == std::vector<ClientId>{1, 2, 3, 4, 5});
  Blocking::Turn turn{0, room.blocking.begin_service(0, "a"), 1u << 1};
  std::vector<ClientId> rest;
  while (const auto waiter = room.blocking.next_waiter(0, "a", keyspace::Type::kList, turn)) {
    CHECK(waiter->question == (waiter->id == 3 ? 2 : 0));
    rest.push_back(waiter->id);
    turn.after = waiter->ticket;
  }
  CHECK(rest == std::vector<ClientId>{2, 3, 5});
  CHECK(room.waiters("a", 0, keyspace::Type::kSet).empty());
}

TEST_CASE("Blocking: a position among waiters outlives those who leave and those who come") {
  WaitingRoom room;
  for (int i = 0; i < 4; ++i) room.wait(for_keys({"a"}));
  const Blocking::Ticket last = room.blocking.begin_service(0, "a");
  const auto first = room.blocking.next_waiter(0, "a", keyspace::Type::kList, {0, last});
  REQUIRE(first.has_value());
  room.blocking.unpark(room.people[0]);
  room.blocking.unpark(room.people[1]);
  room.wait(for_keys({"a"}));
  const auto third = room.blocking.next_waiter(0, "a", keyspace::Type::kList, {first->ticket, last});
  REQUIRE(third.has_value());
  CHECK(third->id == 3);
  room.blocking.unpark(room.people[3]);
  CHECK_FALSE(room.blocking.next_waiter(0, "a", keyspace::Type::kList, {third->ticket, last}).has_value());
  CHECK(room.waiters("a") == std::vector<ClientId>{3, 5});
}

TEST_CASE("Blocking: a value wakes waiters for its type and for anything, oldest first") {
  WaitingRoom room;
  Park park = for_keys({"a"});
  room.wait(park);
  park.type = keyspace::Type::kStream;
  room.wait(park);
  park.wake_on_gone = true;
  room.wait(park);
  park = for_keys({"a"});
  room.wait(park);
  CHECK(room.waiters("a", 0, keyspace::Type::kList) == std::vector<ClientId>{1, 3, 4});
  CHECK(room.waiters("a", 0, keyspace::Type::kStream) == std::vector<ClientId>{2, 3});
  CHECK(room.waiters("a", 0, keyspace::Type::kHash) == std::vector<ClientId>{3});
  CHECK(room.waiters("a", 0, std::nullopt) == std::vector<ClientId>{3});
}

TEST_CASE("Blocking: whoever waits in line keeps its place when others leave") {
  WaitingRoom room;
  const std::vector<base::ByteView> words = {"RPUSH"};
  for (int i = 0; i < 3; ++i) {
    client::Client& client = room.enter();
    room.blocking.park_in_line(client, OwnedRequest(nullptr, words));
  }
  CHECK(room.blocking.line_length() == 3);
  room.blocking.unpark(room.people[1]);
  CHECK(room.blocking.first_in_line() == 1);
  room.blocking.unpark(room.people[0]);
  CHECK(room.blocking.first_in_line() == 3);
  room.blocking.unpark(room.people[2]);
  CHECK(room.blocking.first_in_line() == 0);
}

TEST_CASE("Blocking: timeouts are found when due, and forgotten with their client") {
  WaitingRoom room;
  Park park = for_keys({"a"});
  CHECK_FALSE(room.blocking.next_deadline_ms().has_value());
  park.deadline_ms = 2000;
  client::Client& late = room.wait(park);
  park.deadline_ms = 1000;
  client::Client& early = room.wait(park);
  CHECK(room.blocking.next_deadline_ms() == 1000);
  CHECK(room.blocking.timed_out(999) == 0);
  CHECK(room.blocking.timed_out(1000) == early.id);
  room.blocking.unpark(early);
  CHECK(room.blocking.timed_out(1999) == 0);
  CHECK(room.blocking.timed_out(5000) == late.id);
  room.blocking.unpark(late);
  CHECK_FALSE(room.blocking.next_deadline_ms().has_value());
}

TEST_CASE("Blocking: the time of a waiter may be ended, whether it had one or not") {
  WaitingRoom room;
  Park late;
  late.answers_late = true;
  const ClientId endless = room.wait(late).id;
  Park timed;
  timed.deadline_ms = 900;
  const ClientId patient = room.wait(timed).id;
  CHECK(room.blocking.answers_late(endless));
  CHECK_FALSE(room.blocking.answers_late(patient));
  CHECK(room.blocking.timed_out(100) == 0);
  room.blocking.end_time(patient, 90);
  room.blocking.end_time(endless, 80);
  CHECK(room.blocking.timeouts() == 2);
  CHECK(room.blocking.timed_out(100) == endless);
  room.blocking.unpark(room.people[0]);
  CHECK(room.blocking.timed_out(100) == patient);
}

TEST_CASE("Blocking: a moment to wake at comes once, and may be set again") {
  WaitingRoom room;
  Park park = for_keys({"a"});
  park.wake_at_ms = 500;
  client::Client& client = room.wait(park);
  CHECK(room.blocking.next_wake_ms() == 500);
  CHECK_FALSE(room.blocking.touch_due(499));
  CHECK(room.blocking.touch_due(500));
  CHECK(names(room.blocking.take_ready()) == std::vector<std::string>{"0:a"});
  CHECK_FALSE(room.blocking.touch_due(500));
  room.blocking.wake_later(client.id, 700);
  CHECK(room.blocking.next_wake_ms() == 700);
  room.blocking.unpark(client);
  CHECK_FALSE(room.blocking.next_wake_ms().has_value());
}

TEST_CASE("Blocking: a key has one moment, the earliest that any of its waiters asked for") {
  WaitingRoom room;
  Park park = for_keys({"a"});
  park.wake_at_ms = 500;
  client::Client& first = room.wait(park);
  park.wake_at_ms = 300;
  client::Client& second = room.wait(park);
  park.wake_at_ms = 0;
  room.wait(park);
  CHECK(room.blocking.next_wake_ms() == 300);
  room.blocking.wake_later(first.id, 900);
  CHECK(room.blocking.next_wake_ms() == 300);
  room.blocking.unpark(second);
  // Nobody asked for it any more: it comes, and that was all.
  CHECK(room.blocking.touch_due(300));
  CHECK_FALSE(room.blocking.touch_due(1000));
  CHECK_FALSE(room.blocking.next_wake_ms().has_value());
  CHECK(room.waiters("a").size() == 2);
}

TEST_CASE("Blocking: a moment touches every key that its waiter waits for") {
  WaitingRoom room;
  Park park = for_keys({"a", "b"});
  park.wake_at_ms = 500;
  room.wait(park);
  CHECK(room.blocking.touch_due(500));
  CHECK(room.blocking.touch_due(500));
  CHECK_FALSE(room.blocking.touch_due(500));
  CHECK(room.blocking.take_ready().size() == 2);
}

TEST_CASE("Blocking: waiters for an offset are named once each when it is reached, lowest first") {
  WaitingRoom room;
  Park park;
  park.offset = 20;
  client::Client& second = room.wait(park);
  park.offset = 10;
  client::Client& first = room.wait(park);
  client::Client& gone = room.wait(park);
  CHECK(room.blocking.next_offset() == 10);
  CHECK(room.blocking.take_reached(9) == 0);
  CHECK(room.blocking.take_reached(10) == first.id);
  room.blocking.unpark(gone);
  CHECK(room.blocking.take_reached(10) == 0);
  CHECK(room.blocking.take_reached(UINT64_MAX) == second.id);
  room.blocking.unpark(first);
  room.blocking.unpark(second);
  CHECK_FALSE(room.blocking.next_offset().has_value());
}

TEST_CASE("Blocking: counts clients, keys, and keys watched for their end") {
  WaitingRoom room;
  Park park = for_keys({"a", "b"});
  room.wait(park);
  park.wake_on_gone = true;
  client::Client& watcher = room.wait(park);
  room.wait(for_keys({"c"}));
  CHECK(room.blocking.blocked_clients() == 3);
  CHECK(room.blocking.blocking_keys() == 3);
  CHECK(room.blocking.blocking_keys_on_gone() == 2);
  room.blocking.unpark(watcher);
  CHECK(room.blocking.blocking_keys_on_gone() == 0);
}

}  // namespace sluice::exec
