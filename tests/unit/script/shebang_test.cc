#include "script/shebang.h"

#include "unit/script/script_runner.h"

using namespace std::string_view_literals;
using namespace sluice::script;
using namespace sluice::script::test;

TEST_CASE("Shebang: flags and mistakes answer as redis-server was recorded to") {
  static const Recorded kTable[] = {
#include "unit/script/recorded_shebang.inc"
  };
  check_recorded(kTable);
}

TEST_CASE("Shebang: a script without one declares nothing, and its code begins at once") {
  auto shebang = parse_shebang("return 1");
  REQUIRE(shebang.ok());
  CHECK(!shebang->flags.declared);
  CHECK(shebang->bytes == 0);
}

TEST_CASE("Shebang: flags are told apart, and code begins at the line end") {
  auto shebang = parse_shebang("#!lua flags=no-writes,allow-stale\nreturn 1");
  REQUIRE(shebang.ok());
  CHECK(shebang->flags.declared);
  CHECK(shebang->flags.no_writes);
  CHECK(shebang->flags.allow_stale);
  CHECK(!shebang->flags.allow_oom);
  CHECK(!shebang->flags.no_cluster);
  CHECK(!shebang->flags.allow_cross_slot_keys);
  CHECK(shebang->bytes == 33);
}
