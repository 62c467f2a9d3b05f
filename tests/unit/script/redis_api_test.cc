#include "script/redis_api.h"

#include "unit/script/script_runner.h"

using namespace std::string_view_literals;
using namespace sluice::script;
using namespace sluice::script::test;

TEST_CASE("Redis API: calls, conversions and errors answer as redis-server was recorded to") {
  static const Recorded kTable[] = {
#include "unit/script/recorded_redis_api.inc"
  };
  check_recorded(kTable);
}

TEST_CASE("Redis API: the version is the one INFO reports") {
  ScriptRunner runner;
  CHECK(runner.run("return redis.REDIS_VERSION") == "$5\r\n7.2.4\r\n");
  CHECK(runner.run("return redis.REDIS_VERSION_NUM") == ":459268\r\n");
}

TEST_CASE("Redis API: numbers become exact integers or the shortest text as arguments") {
  ScriptRunner runner;
  auto echoed = [&](std::string_view number) {
    return runner.run("return redis.call('echo', " + std::string(number) + ")");
  };
  CHECK(echoed("0.1") == "$3\r\n0.1\r\n");
  CHECK(echoed("1e17") == "$18\r\n100000000000000000\r\n");
  CHECK(echoed("1755430419.1234567") == "$18\r\n1755430419.1234567\r\n");
  CHECK(echoed("-2^53") == "$17\r\n-9007199254740992\r\n");
  std::string many = "local t={} for i=1,500 do t[i]=i/8 end redis.call('rpush','l',unpack(t))";
  runner.run(many);
  REQUIRE(runner.host.calls.back().size() == 502);
  CHECK(runner.host.calls.back()[2] == "0.125");
  CHECK(runner.host.calls.back()[501] == "62.5");
}

TEST_CASE("Redis API: log joins its texts and passes the level on") {
  ScriptRunner runner;
  CHECK(runner.run("redis.log(redis.LOG_WARNING, 'a', 1, {}, 'b') return 1") == ":1\r\n");
  REQUIRE(runner.host.logs.size() == 1);
  CHECK(runner.host.logs[0] == "3:a 1 b");
}

TEST_CASE("Redis API: set_repl tells the host where effects go") {
  ScriptRunner runner;
  runner.run("redis.set_repl(redis.REPL_AOF)");
  CHECK(runner.host.to_log);
  CHECK(!runner.host.to_replicas);
  runner.run("redis.set_repl(redis.REPL_NONE)");
  CHECK(!runner.host.to_log);
}

TEST_CASE("Redis API: acl_check_cmd asks the host") {
  ScriptRunner runner;
  runner.host.acl = AclVerdict::kDenied;
  CHECK(runner.run("return redis.acl_check_cmd('get', 'k')") == "$-1\r\n");
}

TEST_CASE("Redis API: setresp lasts for one run") {
  ScriptRunner runner;
  runner.run("redis.setresp(3)");
  CHECK(runner.run("return redis.call('get', 'none') == false") == ":1\r\n");
}
