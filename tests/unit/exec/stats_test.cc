#include "exec/stats.h"

#include <string>

#include <doctest/doctest.h>

namespace sluice::exec {

TEST_CASE("Stats: errors are counted by their code") {
  Stats stats;
  stats.count_error("ERR syntax error");
  stats.count_error("ERR no such key");
  stats.count_error("WRONGTYPE Operation against a key holding the wrong kind of value");
  stats.count_error("LONELY");
  CHECK(stats.error_replies == 4);
  CHECK(stats.errors.at("ERR") == 2);
  CHECK(stats.errors.at("WRONGTYPE") == 1);
  CHECK(stats.errors.at("LONELY") == 1);
}

TEST_CASE("Stats: codes that scripts make up do not fill the memory") {
  Stats stats;
  for (size_t i = 0; i < kMaxErrorKinds + 10; ++i) stats.count_error("CODE" + std::to_string(i) + " text");
  CHECK(stats.errors.size() == kMaxErrorKinds + 1);
  CHECK(stats.errors.at("ERRORSTATS_OVERFLOW") == 10);
  stats.count_error("CODE0 known");
  CHECK(stats.errors.at("CODE0") == 2);
}

TEST_CASE("Stats: reset clears all but the changes that are not saved") {
  Stats stats;
  stats.commands = 5;
  stats.changes_since_save = 7;
  stats.count_error("ERR x");
  stats.reset();
  CHECK(stats.commands == 0);
  CHECK(stats.errors.empty());
  CHECK(stats.changes_since_save == 7);
}

}  // namespace sluice::exec
