#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

// Asks for it, is answered; is refused, and tells why.
void check_asks(const std::string& command, const std::string& answered) {
  Harness h;
  CHECK(h.run(command) == status(answered));
  h.control.refusal = "ERR Background save already in progress";
  CHECK(h.run(command) == error("ERR Background save already in progress"));
  CHECK(h.control.asked_to_save == Lines{command, command});
}

}  // namespace

TEST_CASE("LASTSAVE: the moment the last snapshot was written") {
  Harness h;
  h.control.saving.last_save_unix_s = 1'699'999'999;
  CHECK(h.run("LASTSAVE") == integer(1'699'999'999));
}

TEST_CASE("SAVE: answers when it is done, or why it is not") {
  check_asks("SAVE", "OK");
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
  check_asks("BGREWRITEAOF", "Background append only file rewriting started");
}

TEST_CASE("SAVE, BGSAVE and BGREWRITEAOF change nothing and are not logged") {
  Harness h;
  h.run("SAVE");
  h.run("BGSAVE");
  h.run("BGREWRITEAOF");
  CHECK(h.propagated().empty());
}

}  // namespace sluice::test
