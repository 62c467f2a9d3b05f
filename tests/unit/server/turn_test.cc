#include "server/turn.h"

#include <doctest/doctest.h>

using namespace sluice::server;

TEST_CASE("Turn: goes on while each look at the sockets finds more to log") {
  Turn turn;
  CHECK_FALSE(turn.goes_on(0, true));  // nothing happened
  CHECK_FALSE(turn.add(10));
  CHECK(turn.goes_on(20, true));
  CHECK_FALSE(turn.add(30));
  CHECK_FALSE(turn.add(31));
  CHECK(turn.goes_on(40, true));
  CHECK_FALSE(turn.goes_on(50, true));
  turn.end();
  CHECK_FALSE(turn.goes_on(60, true));
  CHECK_FALSE(turn.add(70));
  CHECK(turn.goes_on(80, true));
}

TEST_CASE("Turn: where there is nothing to log, nobody waits for others") {
  Turn turn;
  CHECK_FALSE(turn.add(0));
  CHECK_FALSE(turn.goes_on(1, false));
}

TEST_CASE("Turn: ends after its time, whatever else is ready") {
  Turn turn;
  CHECK_FALSE(turn.add(5));
  CHECK_FALSE(turn.add(5 + kTurnUs - 1));
  CHECK_FALSE(turn.goes_on(5 + kTurnUs, true));
  CHECK(turn.add(5 + kTurnUs));
  turn.end();
  CHECK_FALSE(turn.add(5 + kTurnUs));
}

TEST_CASE("Turn: may be given more time than the one before, once") {
  Turn turn;
  turn.end(kSyncedTurnUs);
  CHECK_FALSE(turn.add(5));
  CHECK_FALSE(turn.add(5 + kTurnUs));
  CHECK(turn.goes_on(5 + kSyncedTurnUs - 1, true));
  CHECK(turn.add(5 + kSyncedTurnUs));
  turn.end();
  CHECK_FALSE(turn.add(5));
  CHECK(turn.add(5 + kTurnUs));
}

TEST_CASE("Turn: ends after so many commands") {
  Turn turn;
  for (size_t i = 1; i < kCommandsPerTurn; ++i) REQUIRE_FALSE(turn.add(0));
  CHECK(turn.add(0));
  turn.end();
  CHECK_FALSE(turn.add(0));
}
