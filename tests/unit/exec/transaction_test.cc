#include "exec/transaction.h"

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

using Words = std::vector<base::ByteView>;

struct Two {
  client::ClientTable clients;
  Transactions transactions{clients};
  client::Client one{clients.next_id()};
  client::Client two{clients.next_id()};
  Two() {
    clients.add(one);
    clients.add(two);
  }
};

}  // namespace

TEST_CASE("OwnedRequest: outlives the words it was made of, also when moved") {
  OwnedRequest request;
  {
    const base::Bytes short_word = "a";
    const base::Bytes long_word(100, 'x');
    OwnedRequest made(nullptr, Words{short_word, long_word, ""});
    request = std::move(made);
  }
  REQUIRE(request.words.size() == 3);
  CHECK(request.words[0] == "a");
  CHECK(request.words[1] == base::Bytes(100, 'x'));
  CHECK(request.words[2].empty());
  CHECK(request.memory_bytes() > 100);
}

TEST_CASE("Transactions: a queue is kept per client, with what its flags have in common") {
  Two room;
  Command write;
  write.flags = kWrite | kFast;
  Command read;
  read.flags = kReadonly | kFast;
  room.transactions.begin(room.one);
  CHECK(room.one.has(client::kMulti));
  room.transactions.queue(room.one, write, Words{"LPUSH", "q", "a"}, write.flags);
  room.transactions.queue(room.one, read, Words{"LLEN", "q"}, read.flags);
  Transaction& queued = room.transactions.of(room.one);
  CHECK(queued.queue.size() == 2);
  CHECK(queued.all_flags == (kWrite | kReadonly | kFast));
  CHECK(queued.every_flags == kFast);
  CHECK(room.one.multi_memory_bytes > 0);
  room.transactions.end(room.one);
  CHECK_FALSE(room.one.has(client::kMulti));
  CHECK(room.one.multi_memory_bytes == 0);
}

TEST_CASE("Transactions: a touched key marks everybody who watches it, in its database") {
  Two room;
  room.transactions.watch(room.one, 0, "k", false);
  room.transactions.watch(room.two, 1, "k", false);
  room.transactions.touch(0, "other");
  CHECK_FALSE(room.one.has(client::kCasDirty));
  room.transactions.touch(0, "k");
  CHECK(room.one.has(client::kCasDirty));
  CHECK_FALSE(room.two.has(client::kCasDirty));
  room.transactions.touch(1, "k");
  CHECK(room.two.has(client::kCasDirty));
}

TEST_CASE("Transactions: a key watched twice is watched once") {
  Two room;
  room.transactions.watch(room.one, 0, "k", false);
  room.transactions.watch(room.one, 0, "k", false);
  room.transactions.watch(room.one, 0, "l", false);
  const auto watched = room.transactions.watched_by(room.one);
  REQUIRE(watched.size() == 2);
  CHECK(watched[0].key == "k");
  CHECK(watched[1].key == "l");
  int visits = 0;
  room.transactions.for_each_watched([&](int, base::ByteView) { ++visits; });
  CHECK(visits == 2);
}

TEST_CASE("Transactions: a key's expiry is a change, but for whoever found it expired already") {
  Two room;
  room.transactions.watch(room.one, 0, "k", true);
  room.transactions.watch(room.two, 0, "k", false);
  CHECK(room.transactions.watched_by(room.one)[0].expired);
  room.transactions.expired(0, "k");
  CHECK_FALSE(room.one.has(client::kCasDirty));
  CHECK(room.two.has(client::kCasDirty));
  CHECK_FALSE(room.transactions.watched_by(room.one)[0].expired);
  room.transactions.expired(0, "k");
  CHECK(room.one.has(client::kCasDirty));
}

TEST_CASE("Transactions: unwatch forgets keys and the mark, for one client only") {
  Two room;
  room.transactions.watch(room.one, 0, "k", false);
  room.transactions.watch(room.two, 0, "k", false);
  room.transactions.touch(0, "k");
  room.transactions.unwatch(room.one);
  CHECK_FALSE(room.one.has(client::kCasDirty | client::kWatching));
  CHECK(room.two.has(client::kCasDirty));
  CHECK(room.transactions.anybody_watches());
  room.transactions.end(room.two);
  CHECK_FALSE(room.two.has(client::kCasDirty | client::kWatching));
  CHECK_FALSE(room.transactions.anybody_watches());
  CHECK(room.transactions.watched_by(room.two).empty());
}

TEST_CASE("Transactions: a database that goes changes nothing for who saw its key as expired") {
  Two room;
  room.transactions.watch(room.one, 0, "k", true);
  room.transactions.watch(room.two, 0, "k", false);
  room.transactions.replaced(0, "k", Presence::kExpired, Presence::kAbsent);
  CHECK_FALSE(room.one.has(client::kCasDirty));
  CHECK(room.two.has(client::kCasDirty));
  // Absent for it since then: its return is a change, and its return as expired is none.
  room.transactions.replaced(0, "k", Presence::kAbsent, Presence::kExpired);
  CHECK_FALSE(room.one.has(client::kCasDirty));
  room.transactions.replaced(0, "k", Presence::kExpired, Presence::kLive);
  CHECK(room.one.has(client::kCasDirty));
}

}  // namespace sluice::exec
