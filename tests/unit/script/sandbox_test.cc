#include "script/sandbox.h"

#include "unit/script/script_runner.h"

using namespace std::string_view_literals;
using namespace sluice::script;
using namespace sluice::script::test;

TEST_CASE("Sandbox: the language and its libraries answer as redis-server was recorded to") {
  static const Recorded kTable[] = {
#include "unit/script/recorded_language.inc"
  };
  check_recorded(kTable);
}

TEST_CASE("Sandbox: there is no os") {
  ScriptRunner runner;
  CHECK(runner.run("return type(os)").find("nonexistent global variable 'os'") != std::string::npos);
}

TEST_CASE("Sandbox: a library function refuses to change a guarded table without naming the line") {
  ScriptRunner runner;
  for (std::string_view attempt : {"setmetatable(_G, {})", "rawset(_G, 'a', 1)", "rawset(redis, 'a', 1)"}) {
    CAPTURE(attempt);
    CHECK(runner.run(attempt).rfind("-ERR Attempt to modify a readonly table script: ", 0) == 0);
  }
  CHECK(runner.run("a = 1").rfind("-ERR user_script:1: Attempt to modify a readonly table script: ", 0) == 0);
}

TEST_CASE("Sandbox: one script cannot reach the next through a shared table") {
  ScriptRunner runner;
  for (std::string_view attempt : {
           "rawset(string, 'sub', 1)",
           "table.insert(string, 1)",
           "string.sub = nil",
           "setmetatable(_G, {})",
           "setmetatable(redis, nil)",
           "getmetatable('').__index = {}",
           "getmetatable(_G).__index = nil",
           "rawset(getmetatable(_G), 'x', 1)",
           "_G.x = 1",
           "local _, t = pairs(string) t.sub = nil",
           "local _, t = pairs(_G) t.x = 1",
           "for k, v in pairs(_G) do if k == 'math' then v.floor = nil end end",
           "cjson.decode = nil",
           "cmsgpack.pack = nil",
           "struct.pack = nil",
           "bit.band = nil",
           "coroutine.yield = nil",
           "math.random = nil",
       }) {
    CAPTURE(attempt);
    CHECK(runner.run(attempt).find("Attempt to modify a readonly table") != std::string::npos);
  }
  CHECK(runner.run("return string.sub('abc', 2) .. #redis.call('time')") == "$3\r\nbc2\r\n");
  CHECK(runner.run("table.sort(string) table.remove(string) return string.sub('abc', 2)") == "$2\r\nbc\r\n");
}

TEST_CASE("Sandbox: pairs, next and rawget see what stands behind a guard") {
  ScriptRunner runner;
  CHECK(runner.run("return rawget(string, 'len')('abc')") == ":3\r\n");
  CHECK(runner.run("return type(next(math))") == "$6\r\nstring\r\n");
  CHECK(runner.run("local n=0 for k, v in pairs(redis) do n=n+1 end return n > 15") == ":1\r\n");
}

TEST_CASE("Sandbox: ffi, jit and cdata cannot be had") {
  ScriptRunner runner;
  for (std::string_view attempt :
       {"return ffi", "return jit", "return require('ffi')", "return package", "return 1ULL", "return 3i",
        "return loadstring('return 1LL')()", "return newproxy()"}) {
    CAPTURE(attempt);
    CHECK(runner.run(attempt)[0] == '-');
  }
}

TEST_CASE("Sandbox: bytecode is refused by loadstring and load, and as a script") {
  ScriptRunner runner;
  CHECK(runner.run("return (loadstring(string.dump(function() end)))") == "$-1\r\n");
  CHECK(runner.run("local d=string.dump(function() end) local done; "
                   "return (load(function() if done then return nil end done=true return d end))") ==
        "$-1\r\n");
  CHECK(runner.run("\x1bLJ\x02") ==
        "-ERR Error compiling script (new function): user_script:1: unexpected symbol near 'char(27)'\r\n");
}

TEST_CASE("Sandbox: where Lua 5.1 is stricter or other, and we are not") {
  ScriptRunner runner;
  CHECK(runner.run("return string.format('%s', nil)") == "$3\r\nnil\r\n");
  CHECK(runner.run("assert(false, {err='AERR text'})").rfind("-AERR text script: ", 0) == 0);
  CHECK(
      runner.run("local function f() return 1+f() end return f()").rfind("-ERR stack overflow script: ", 0) ==
      0);
}

TEST_CASE("Sandbox: a script cannot stop the garbage collector") {
  ScriptRunner runner;
  CHECK(runner.run("collectgarbage('stop') collectgarbage('setpause', 100000) return 1") == ":1\r\n");
  runner.run("for i = 1, 300000 do local t = {i} end");
  CHECK(runner.engine.memory_bytes() < size_t{8} << 20);
}

TEST_CASE("Sandbox: string.rep beyond the memory limit is an error, not an end") {
  ScriptRunner runner;
  CHECK(runner.run("return string.rep('x', 1e10)").find("not enough memory") != std::string::npos);
  CHECK(runner.run("return #string.rep('ab', 1e6, ',')") == ":2000000\r\n");
}
