#include "exec/slowlog.h"

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

using Words = std::vector<base::ByteView>;

}  // namespace

TEST_CASE("Slowlog: newest first, ids rising, bounded by trim") {
  Slowlog log;
  client::Client client{1};
  client.address = "127.0.0.1:1";
  client.name = "worker";
  for (int i = 0; i < 5; ++i) log.add(Words{"PING"}, client, 1'700'000'000'900'000, 42);
  log.trim(3);
  REQUIRE(log.entries().size() == 3);
  CHECK(log.entries()[0].id == 4);
  CHECK(log.entries()[2].id == 2);
  CHECK(log.entries()[0].time_s == 1'700'000'000);
  CHECK(log.entries()[0].duration_us == 42);
  CHECK(log.entries()[0].address == "127.0.0.1:1");
  CHECK(log.entries()[0].client_name == "worker");
  log.clear();
  CHECK(log.entries().empty());
  log.add(Words{"PING"}, client, 0, 1);
  CHECK(log.entries()[0].id == 5);
}

TEST_CASE("Slowlog: many and long arguments are cut, and it says by how much") {
  Slowlog log;
  const client::Client client{1};
  const base::Bytes longest(kSlowlogMaxArgBytes, 'x');
  const base::Bytes too_long(kSlowlogMaxArgBytes + 7, 'y');
  Words words = {"SET", longest, too_long};
  log.add(words, client, 0, 1);
  CHECK(log.entries()[0].words[1] == longest);
  CHECK(log.entries()[0].words[2] == base::Bytes(kSlowlogMaxArgBytes, 'y') + "... (7 more bytes)");

  words.assign(kSlowlogMaxArgs, "w");
  log.add(words, client, 0, 1);
  CHECK(log.entries()[0].words.back() == "w");
  words.push_back("w");
  log.add(words, client, 0, 1);
  REQUIRE(log.entries()[0].words.size() == kSlowlogMaxArgs);
  CHECK(log.entries()[0].words.back() == "... (2 more arguments)");
}

}  // namespace sluice::exec
