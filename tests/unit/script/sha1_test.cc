#include "script/sha1.h"

#include <doctest/doctest.h>

using namespace sluice::script;

TEST_CASE("sha1_hex: the name of a script is the one clients compute") {
  CHECK(view(sha1_hex("return 1")) == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  CHECK(view(sha1_hex("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("parse_sha: upper case is taken, other lengths are not") {
  Sha sha;
  REQUIRE(parse_sha("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", sha));
  CHECK(view(sha) == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  CHECK(!parse_sha("e0e1", sha));
}
