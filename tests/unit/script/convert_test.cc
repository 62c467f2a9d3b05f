#include "script/convert.h"

#include "unit/script/script_runner.h"

using namespace sluice;
using namespace sluice::script;
using namespace sluice::script::test;

TEST_CASE("Convert: a script on RESP2 sees flat shapes though its client speaks RESP3") {
  ScriptRunner runner;
  runner.run("redis.call('hset', 'h', 'a', 1) redis.call('zadd', 'z', 2.5, 'm')");
  auto resp3 = [&](std::string_view script) { return runner.run(script, resp::Protocol::kResp3); };
  CHECK(resp3("return redis.call('hgetall', 'h')") == "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  CHECK(resp3("return type(redis.call('zscore', 'z', 'm'))") == "$6\r\nstring\r\n");
  CHECK(resp3("return true") == ":1\r\n");
  CHECK(resp3("return false") == "_\r\n");
}

TEST_CASE("Convert: a script on RESP3 sees and returns maps, sets and doubles") {
  ScriptRunner runner;
  runner.run(
      "redis.call('hset', 'h', 'a', 1) redis.call('zadd', 'z', 2.5, 'm') redis.call('sadd', 's', 'x')");
  auto resp3 = [&](std::string_view script) {
    return runner.run("redis.setresp(3) " + std::string(script), resp::Protocol::kResp3);
  };
  CHECK(resp3("return redis.call('hgetall', 'h')") == "%1\r\n$1\r\na\r\n$1\r\n1\r\n");
  CHECK(resp3("return redis.call('smembers', 's').set.x") == "#t\r\n");
  CHECK(resp3("return redis.call('zscore', 'z', 'm')") == ",2.5\r\n");
  CHECK(resp3("return redis.call('get', 'none') == nil") == "#t\r\n");
}

TEST_CASE("Convert: nil ends an array, false inside one is a null") {
  ScriptRunner runner;
  CHECK(runner.run("return {1, false, 'a', nil, 5}") == "*3\r\n:1\r\n$-1\r\n$1\r\na\r\n");
}

TEST_CASE("Convert: numbers are cut toward zero, and those that do not fit are the smallest integer") {
  ScriptRunner runner;
  CHECK(runner.run("return -3.99") == ":-3\r\n");
  CHECK(runner.run("return 2^53") == ":9007199254740992\r\n");
  CHECK(runner.run("return 0/0") == ":-9223372036854775808\r\n");
  CHECK(runner.run("return 1e300") == ":-9223372036854775808\r\n");
}
