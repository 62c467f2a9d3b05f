#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

TEST_CASE("LASTSAVE: the moment the last snapshot was written") {
  Harness h;
  h.control.saving.last_save_unix_s = 1'699'999'999;
  CHECK(h.run("LASTSAVE") == integer(1'699'999'999));
}

TEST_CASE("SAVE: answers when it is done, or why it is not") {
  Harness h;
  CHECK(h.run("SAVE") == status("OK"));
  h.control.refusal = "ERR Background save already in progress";
  CHECK(h.run("SAVE") == error("ERR Background save already in progress"));
  CHECK(h.control.asked_to_save == Lines{"SAVE", "SAVE"});
}

TEST_CASE("BGSAVE: asks for a snapshot, at once or when it can be had") {
  Harness h;
  CHECK(h.run("BGSAVE") == status("Background saving started"));
  CHECK(h.run("BGSAVE", "schedule") == status("Background saving started"));
  CHECK(h.control.asked_to_save == Lines{"BGSAVE", "BGSAVE SCHEDULE"});
  CHECK(h.run("BGSAVE", "now") == error("ERR syntax error"));
  CHECK(h.run("BGSAVE", "SCHEDULE", "x") == error("ERR syntax error"));
  h.control.refusal = "ERR no";
  CHECK(h.run("BGSAVE") == error("ERR no"));
}

TEST_CASE("BGREWRITEAOF: asks for the log to be written anew") {
  Harness h;
  CHECK(h.run("BGREWRITEAOF") == status("Background append only file rewriting started"));
  h.control.refusal = "ERR no";
  CHECK(h.run("BGREWRITEAOF") == error("ERR no"));
  CHECK(h.control.asked_to_save == Lines{"BGREWRITEAOF", "BGREWRITEAOF"});
}

TEST_CASE("SAVE, BGSAVE and BGREWRITEAOF change nothing and are not logged") {
  Harness h;
  h.run("SAVE");
  h.run("BGSAVE");
  h.run("BGREWRITEAOF");
  CHECK(h.propagated().empty());
}

}  // namespace sluice::test
