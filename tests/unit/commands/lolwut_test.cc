#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("LOLWUT: a picture of the size asked for, then the version") {
  Harness h;
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string shown = h.run("LOLWUT").text;
  CHECK(shown.ends_with("\nRedis ver. 7.2.4\n"));
  CHECK(h.run("LOLWUT", "VERSION", "5", "9", "3").text.find('\n') == 9);
  CHECK(lines(h.run("LOLWUT", "9", "3").text) == 5);
  CHECK(lines(h.run("LOLWUT", "9", "1000000").text) < 60);
  CHECK(h.run("LOLWUT", "-5").text.find('\n') == 1);
  CHECK(h.run("LOLWUT", "VERSION", "x") == error("ERR value is not an integer or out of range"));
}
