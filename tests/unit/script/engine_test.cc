#include "script/engine.h"

#include "script/convert.h"
#include "unit/script/script_runner.h"

using namespace sluice;
using namespace sluice::script;
using namespace sluice::script::test;

namespace {

constexpr int64_t kSecond = 1'000'000;

// A run whose every call of `time` lets the limit pass and rings the alarm, as the watchdog would.
struct SlowRunner : ScriptRunner {
  SlowRunner() {
    host.on_call = [this] {
      clock.advance_us(step_us);
      engine.interrupt();
    };
  }

  Outcome begin(std::string_view script) {
    auto prepared = engine.prepare(script);
    REQUIRE(prepared.ok());
    base::ByteView argument = "argument";
    resp::Reply reply(out, resp::Protocol::kResp2);
    return engine.run(**prepared, {{}, {&argument, 1}}, host, reply);
  }
  Outcome go_on() {
    resp::Reply reply(out, resp::Protocol::kResp2);
    return engine.resume(host, reply);
  }

  int64_t step_us = 6 * kSecond;
  std::string out;
};

}  // namespace

TEST_CASE("Engine: a script is found by its SHA-1 in any case, whichever way it came") {
  ScriptRunner runner;
  CHECK(runner.engine.find("e0e1f9fabfc9d4800c877a703b823ac0578ff8db") == nullptr);
  auto loaded = runner.engine.load("return 1");
  REQUIRE(loaded.ok());
  CHECK(view((*loaded)->sha) == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  CHECK(runner.engine.find("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB") == *loaded);
  CHECK(runner.engine.find("short") == nullptr);
  CHECK(*runner.engine.prepare("return 1") == *loaded);
  CHECK(runner.engine.script_count() == 1);
}

TEST_CASE("Engine: scripts that do not compile say so and leave nothing") {
  ScriptRunner runner;
  auto loaded = runner.engine.load("x=");
  REQUIRE(!loaded.ok());
  CHECK(loaded.error().message ==
        "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'");
  CHECK(runner.engine.script_count() == 0);
}

TEST_CASE("Engine: beyond the limit the longest unused EVAL script goes, loaded ones never") {
  Limits limits;
  limits.eval_scripts = 3;
  ScriptRunner runner(limits);
  REQUIRE(runner.engine.load("return 'loaded'").ok());
  REQUIRE(runner.engine.prepare("return 'pinned later'").ok());
  REQUIRE(runner.engine.load("return 'pinned later'").ok());
  for (int i = 1; i <= 3; ++i) runner.run("return " + std::to_string(i));
  runner.run("return 1");  // Now 2 is the longest unused.
  runner.run("return 4");
  CHECK(runner.engine.script_count() == 5);
  CHECK(runner.engine.find(view(sha1_hex("return 1"))) != nullptr);
  CHECK(runner.engine.find(view(sha1_hex("return 2"))) == nullptr);
  CHECK(runner.engine.find(view(sha1_hex("return 'loaded'"))) != nullptr);
  CHECK(runner.engine.find(view(sha1_hex("return 'pinned later'"))) != nullptr);
  CHECK(runner.run("return 2") == ":2\r\n");
}

TEST_CASE("Engine: flush forgets every script and its memory") {
  ScriptRunner runner;
  REQUIRE(runner.engine.load("return 1").ok());
  runner.run("return 2");
  CHECK(runner.engine.text_bytes() == 16);
  runner.engine.flush();
  CHECK(runner.engine.script_count() == 0);
  CHECK(runner.engine.text_bytes() == 0);
  CHECK(runner.engine.find(view(sha1_hex("return 1"))) == nullptr);
  CHECK(runner.run("return 1") == ":1\r\n");
}

TEST_CASE("Engine: a long run is suspended, keeps its arguments and is finished by resume") {
  SlowRunner runner;
  Outcome outcome = runner.begin("redis.call('time') for i = 1, 100000 do end return ARGV[1]");
  CHECK(outcome == Outcome::kSuspended);
  CHECK(runner.engine.busy());
  CHECK(runner.out.empty());
  CHECK(runner.go_on() == Outcome::kDone);
  CHECK(!runner.engine.busy());
  CHECK(runner.out == "$8\r\nargument\r\n");
}

TEST_CASE("Engine: a resumed run is suspended again after its slice") {
  SlowRunner runner;
  runner.step_us = 6 * kSecond;
  REQUIRE(runner.begin("for i = 1, 3 do redis.call('time') for j = 1, 100000 do end end return 7") ==
          Outcome::kSuspended);
  int resumed = 0;
  while (runner.engine.busy()) {
    if (runner.go_on() == Outcome::kDone) break;
    ++resumed;
  }
  CHECK(resumed == 2);
  CHECK(runner.out == ":7\r\n");
}

TEST_CASE("Engine: a run inside pcall can be suspended") {
  SlowRunner runner;
  REQUIRE(
      runner.begin("local ok, v = pcall(function() redis.call('time') for i = 1, 100000 do end return 5 end) "
                   "return v") == Outcome::kSuspended);
  CHECK(runner.go_on() == Outcome::kDone);
  CHECK(runner.out == ":5\r\n");
}

TEST_CASE("Engine: kill ends a suspended run with the place where it stood") {
  SlowRunner runner;
  REQUIRE(runner.begin("redis.call('time')\nwhile true do end") == Outcome::kSuspended);
  std::string sha(view(sha1_hex("redis.call('time')\nwhile true do end")));
  CHECK(runner.engine.kill() ==
        "ERR Script killed by user with SCRIPT KILL... script: " + sha + ", on @user_script:2.");
  CHECK(!runner.engine.busy());
  CHECK(runner.run("return 1") == ":1\r\n");
}

TEST_CASE("Engine: where it cannot be suspended a run is stopped at the hard limit, pcall or not") {
  for (std::string_view script : {
           "table.sort({3, 2, 1}, function() redis.call('time') while true do end end)",
           "string.gsub('a', 'a', function() redis.call('time') while true do pcall(function() end) end end)",
           "coroutine.wrap(function() redis.call('time') while true do end end)()",
       }) {
    CAPTURE(script);
    SlowRunner runner;
    runner.step_us = 60 * kSecond;
    Outcome outcome = runner.begin(script);
    CHECK(outcome == Outcome::kDone);
    CHECK(runner.out.find("Script stopped: it ran for too long") != std::string::npos);
    runner.host.on_call = nullptr;
    CHECK(runner.run("return 1") == ":1\r\n");
  }
}

TEST_CASE("Engine: an alarm that comes late does not disturb the next run") {
  ScriptRunner runner;
  runner.engine.interrupt();
  CHECK(runner.run("local s = 0 for i = 1, 100000 do s = s + 1 end return s") == ":100000\r\n");
}

TEST_CASE("Engine: running out of Lua memory is an error of the script, and the next one runs") {
  Limits limits;
  limits.memory_bytes = size_t{8} << 20;
  ScriptRunner runner(limits);
  CHECK(runner.run("local t = {} for i = 1, 1e9 do t[i] = {i} end").rfind("-ERR not enough memory", 0) == 0);
  CHECK(runner.run("local ok, e = pcall(string.rep, 'x', 7 * 1024 * 1024) return e") ==
        "$17\r\nnot enough memory\r\n");
  std::string big(size_t{9} << 20, 'x');
  CHECK(runner.run("return 1", resp::Protocol::kResp2, {}, {big}).rfind("-ERR not enough memory", 0) == 0);
  CHECK(runner.run("return 1") == ":1\r\n");
}

TEST_CASE("Engine: a table that holds itself ends in an error at the depth limit") {
  ScriptRunner runner;
  std::string reply = runner.run("local t = {} t[1] = t return t");
  CHECK(reply.size() == 4 * size_t{kMaxResultDepth} + 30);
  CHECK(reply.find("-ERR reached lua stack limit\r\n") != std::string::npos);
}

TEST_CASE("Engine: KEYS and ARGV of one run are gone in the next") {
  ScriptRunner runner;
  CHECK(runner.run("return #KEYS + #ARGV", resp::Protocol::kResp2, {"a", "b"}, {"c"}) == ":3\r\n");
  CHECK(runner.run("return #KEYS + #ARGV") == ":0\r\n");
}

TEST_CASE("Engine: the watchdog suspends an endless loop that calls nothing") {
  base::SystemClock clock;
  Limits limits;
  limits.busy_after_us = 2000;
  Engine engine(clock, limits);
  engine.start_watchdog();
  FakeHost host;
  std::string out;
  resp::Reply reply(out, resp::Protocol::kResp2);
  auto prepared = engine.prepare("while true do end");
  REQUIRE(prepared.ok());
  REQUIRE(engine.run(**prepared, {}, host, reply) == Outcome::kSuspended);
  REQUIRE(engine.resume(host, reply) == Outcome::kSuspended);
  CHECK(engine.kill().find("Script killed by user") != std::string::npos);
  CHECK(out.empty());
}
