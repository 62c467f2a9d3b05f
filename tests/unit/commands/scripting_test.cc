#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

constexpr int64_t kSecondUs = 1'000'000;

const std::string kBusy =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
const std::string kOom = "OOM command not allowed when used memory > 'maxmemory'.";

// The error an EVAL of one line ends with, without what names the script and the line.
std::string problem(const resp::Value& reply) {
  REQUIRE(reply.is_error());
  return reply.text.substr(0, reply.text.find(" script: "));
}

resp::Value eval(Harness& h, const std::string& script) {
  return h.run("EVAL", script, "0");
}

// From here on a script that loops is past its time whenever somebody looks, and somebody looks at once.
void slow_down(Harness& h) {
  h.clock.step_with_each_reading(10 * kSecondUs);
  h.scripts.interrupt();
}
void let_finish(Harness& h) {
  h.clock.step_with_each_reading(0);
  h.settle();
}

const std::string kLoop = "local n = 0 for i = 1, 100000 do n = n + 1 end return n";

}  // namespace

TEST_CASE("EVAL: keys and arguments arrive, and the result is converted") {
  Harness h;
  CHECK(h.run("EVAL", "return {KEYS[1], ARGV[1], ARGV[2], 3.9, true, false}", "1", "k", "a", "b") ==
        array({bulk("k"), bulk("a"), bulk("b"), integer(3), integer(1), null()}));
  CHECK(h.run("EVAL", "return #KEYS + #ARGV", "0") == integer(0));
  CHECK(h.run("EVAL", "return redis.status_reply('FINE')", "0") == status("FINE"));
}

TEST_CASE("EVAL: the count of keys is checked as Redis does") {
  Harness h;
  CHECK(h.run("EVAL", "return 1", "-1") == error("ERR Number of keys can't be negative"));
  CHECK(h.run("EVAL", "return 1", "1") == error("ERR Number of keys can't be greater than number of args"));
  CHECK(h.run("EVAL", "return 1", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("EVAL", "return 1") == error("ERR wrong number of arguments for 'eval' command"));
}

TEST_CASE("EVALSHA: runs what SCRIPT LOAD or EVAL brought, under any case of its name") {
  Harness h;
  const resp::Value loaded = h.run("SCRIPT", "LOAD", "return ARGV[1]");
  CHECK(loaded.text.size() == 40);
  CHECK(h.run("EVALSHA", loaded.text, "0", "x") == bulk("x"));
  eval(h, "return 1");
  CHECK(h.run("EVALSHA", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0") == integer(1));
  CHECK(h.run("EVALSHA_RO", loaded.text, "0", "x") == bulk("x"));
  const resp::Value unknown = error("NOSCRIPT No matching script. Please use EVAL.");
  CHECK(h.run("EVALSHA", std::string(40, 'f'), "0") == unknown);
  CHECK(h.run("EVALSHA", "short", "-1") == unknown);
  CHECK(h.run("EVALSHA", std::string(40, 'f'), "-1") == error("ERR Number of keys can't be negative"));
}

TEST_CASE("SCRIPT: EXISTS, FLUSH, LOAD, DEBUG, HELP, KILL without a script") {
  Harness h;
  const std::string sha = h.run("SCRIPT", "LOAD", "return 1").text;
  CHECK(h.run("SCRIPT", "EXISTS", sha, "nope") == array({integer(1), integer(0)}));
  const resp::Value option = error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  CHECK(h.run("SCRIPT", "FLUSH", "NOW") == option);
  CHECK(h.run("SCRIPT", "FLUSH", "SYNC", "x") == option);
  CHECK(h.run("SCRIPT", "EXISTS", sha) == array({integer(1)}));
  CHECK(h.run("SCRIPT", "FLUSH", "async") == status("OK"));
  CHECK(h.run("SCRIPT", "EXISTS", sha) == array({integer(0)}));
  CHECK(h.run("SCRIPT", "FLUSH") == status("OK"));
  CHECK(problem(h.run("SCRIPT", "LOAD", "return +"))
            .starts_with("ERR Error compiling script (new function): "));
  CHECK(h.run("SCRIPT", "DEBUG", "NO") == status("OK"));
  CHECK(h.run("SCRIPT", "DEBUG", "YES").is_error());
  CHECK(h.run("SCRIPT", "DEBUG", "x") == error("ERR Use SCRIPT DEBUG YES/SYNC/NO"));
  CHECK(h.run("SCRIPT", "HELP").children.size() > 10);
  CHECK(h.run("SCRIPT", "KILL") == error("NOTBUSY No scripts in execution right now."));
  CHECK(h.run("SCRIPT", "NOPE") == error("ERR unknown subcommand 'NOPE'. Try SCRIPT HELP."));
}

TEST_CASE("redis.call: what a script may not call, in Redis's words") {
  Harness h;
  CHECK(problem(eval(h, "return redis.call('nosuch')")) == "ERR Unknown Redis command called from script");
  CHECK(problem(eval(h, "return redis.call('object', 'foo')")) ==
        "ERR Unknown Redis command called from script");
  CHECK(problem(eval(h, "return redis.call('xlen')")) ==
        "ERR Wrong number of args calling Redis command from script");
  CHECK(problem(eval(h, "return redis.call('object')")) ==
        "ERR Wrong number of args calling Redis command from script");
  for (const std::string name : {"multi", "exec", "watch", "subscribe', 'c", "eval', 'return 1', '0"}) {
    CHECK(problem(eval(h, "return redis.call('" + name + "')")).find("rom script") != std::string::npos);
  }
  CHECK(eval(h, "return redis.pcall('multi')") == error("ERR This Redis command is not allowed from script"));
  CHECK(eval(h, "return redis.pcall('xadd', 's', 'x', 'f', 'v').err") ==
        bulk("ERR Invalid stream ID specified as stream command argument"));
}

TEST_CASE("Scripts: SELECT inside does not leak out, and each record goes to its database") {
  Harness h;
  h.run("SELECT", "3");
  eval(h, "redis.call('xadd','a','1','f','v') redis.call('select',5) redis.call('xadd','b','1','f','v')");
  h.run("XADD", "a", "2", "f", "v");
  CHECK(h.propagated() == Lines{"SELECT 3", "MULTI", "xadd a 1 f v", "SELECT 5", "xadd b 1 f v", "EXEC",
                                "SELECT 3", "XADD a 2 f v"});
  CHECK(eval(h, "return redis.call('xlen','b')") == integer(0));
}

TEST_CASE("Scripts: one write is one record, none is none, effects and not intentions") {
  Harness h;
  eval(h, "return redis.call('xadd', KEYS[1] or 's', '*', 'f', 'v')");
  eval(h, "return redis.call('xlen', 's')");
  CHECK(h.propagated() == Lines{"xadd s 1700000000000-0 f v"});
}

TEST_CASE("Scripts: what was written before an error stays") {
  Harness h;
  CHECK(eval(h, "redis.call('xadd','s','1','f','v') error('stop')").is_error());
  CHECK(h.run("XLEN", "s") == integer(1));
  CHECK(h.propagated() == Lines{"xadd s 1 f v"});
}

TEST_CASE("Scripts: redis.set_repl keeps changes from the log, until the script ends") {
  Harness h;
  h.run("MULTI");
  h.run(
      "EVAL",
      "redis.call('xadd','s','1','f','v') redis.set_repl(redis.REPL_NONE) redis.call('xadd','s','2','f','v')",
      "0");
  h.run("XADD", "s", "3", "f", "v");
  h.run("EXEC");
  CHECK(h.propagated() == Lines{"MULTI", "xadd s 1 f v", "XADD s 3 f v", "EXEC"});
}

TEST_CASE("Read-only scripts: by command and by promise") {
  Harness h;
  const std::string refused = "ERR Write commands are not allowed from read-only scripts.";
  const std::string write = "return redis.call('xadd','s','1','f','v')";
  CHECK(problem(h.run("EVAL_RO", write, "0")) == refused);
  CHECK(problem(eval(h, "#!lua flags=no-writes\n" + write)) == refused);
  CHECK(problem(h.run("EVAL_RO", "return redis.call('publish','c','m')", "0")) == refused);
  CHECK(h.run("EVAL_RO", "return redis.call('xlen','s')", "0") == integer(0));
  CHECK(h.run("EVAL_RO", "#!lua flags=no-writes\nreturn 1", "0") == integer(1));
  CHECK(h.run("EVAL_RO", "#!lua\nreturn 1", "0") ==
        error("ERR Can not execute a script with write flag using *_ro command."));
  CHECK(h.propagated().empty());
}

TEST_CASE("Scripts out of memory: refused at their first write, unless they said they may") {
  Harness h;
  if (h.memory.used_bytes() == 0) return;  // a sanitizer's allocator does not tell
  const std::string write = "return redis.call('xadd','s','1','f','v')";
  h.configure("maxmemory", "1");
  CHECK(problem(eval(h, write)) == kOom);
  CHECK(eval(h, "#!lua\nreturn 1") == error(kOom));
  CHECK(eval(h, "#!lua flags=no-writes\nreturn 1") == integer(1));
  CHECK(eval(h, "return redis.call('xlen','s')") == integer(0));
  CHECK(eval(h, "#!lua flags=allow-oom\n" + write) == bulk("1-0"));
  // A command that frees is a write as well, and after one nothing is refused any more.
  CHECK(eval(h, "redis.call('del','s') return redis.call('xadd','s','1','f','v')") == bulk("1-0"));
}

TEST_CASE("Scripts while the disk fails: writes are refused, reading goes on") {
  Harness h;
  h.state.disk_error = "MISCONF Errors writing to the AOF file: full";
  CHECK(problem(eval(h, "return redis.call('xadd','s','1','f','v')")) == h.state.disk_error);
  CHECK(eval(h, "#!lua\nreturn 1") == error(h.state.disk_error));
  CHECK(eval(h, "#!lua flags=no-writes\nreturn redis.call('xlen','s')") == integer(0));
  CHECK(eval(h, "return redis.call('xlen','s')") == integer(0));
}

TEST_CASE("Scripts: RESP3 values only after redis.setresp") {
  Harness h;
  h.run("XADD", "s", "1", "f", "v");
  CHECK(eval(h, "return redis.call('xread','streams','s','0')[1][1]") == bulk("s"));
  CHECK(eval(h, "redis.setresp(3) return redis.call('xread','streams','s','0').map.s[1][1]") == bulk("1-0"));
  CHECK(eval(h, "return redis.call('xread','streams','s','0')[1][1]") == bulk("s"));
}

TEST_CASE("Scripts: a blocking command does not wait inside") {
  Harness h;
  CHECK(eval(h, "return redis.call('xread','block','0','streams','s','$') == false") == integer(1));
}

TEST_CASE("Scripts: a push wakes who waits, when the script has ended") {
  Harness h;
  Peer& reader = h.client();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  eval(h, "redis.call('xadd','s','1','f','v') redis.call('xadd','s','2','f','v')");
  CHECK(reader.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"v\"]], [\"2-0\", [\"f\", \"v\"]]]]]");
}

TEST_CASE("Scripts: inner calls count in the statistics of their commands") {
  Harness h;
  eval(h, "redis.call('xlen','s') redis.call('xlen','s') redis.pcall('multi')");
  CHECK(h.table.find("xlen")->stats.calls == 2);
  CHECK(h.table.find("eval")->stats.calls == 1);
  CHECK(h.table.find("multi")->stats.rejected == 1);
  eval(h, "error('x')");
  CHECK(h.table.find("eval")->stats.failed == 1);
}

TEST_CASE("MONITOR shows a script before what it calls") {
  Harness h;
  h.hub.monitor(h.client().client);
  eval(h, "return redis.call('xlen', 's')");
  REQUIRE(h.sink.monitored.size() == 2);
  CHECK(h.sink.monitored[0].starts_with("EVAL"));
  CHECK(h.sink.monitored[1] == "xlen s");
}

TEST_CASE("A long script is suspended, others are told so, and it ends with its answer") {
  Harness h;
  Peer& runner = h.client();
  slow_down(h);
  CHECK(runner.send("EVAL", kLoop, "0") == exec::Next::kWait);
  CHECK(h.executor.suspended_client() == runner.client.id);
  CHECK(h.run("PING") == error(kBusy));
  CHECK(h.run("EVAL", "return 1", "0") == error(kBusy));
  CHECK(h.run("SCRIPT", "LOAD", "return 1") == error(kBusy));
  CHECK(h.executor.tick());
  CHECK(runner.reply_text() == "(nothing)");
  let_finish(h);
  CHECK(runner.reply_text() == "100000");
  CHECK(runner.client.has(client::kUnblocked));
  CHECK(h.run("PING") == status("PONG"));
  CHECK(runner.run("PING") == status("PONG"));
}

TEST_CASE("A suspended script's writes are one unit, seen when it has ended") {
  Harness h;
  Peer& runner = h.client();
  Peer& waiter = h.client();
  waiter.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  slow_down(h);
  runner.send(
      "EVAL",
      "redis.call('xadd','s','1','f','v') for i = 1, 100000 do end redis.call('xadd','s','2','f','v') "
      "return 'done'",
      "0");
  CHECK(h.propagated().empty());
  CHECK(waiter.reply_text() == "(nothing)");
  // Commands that pass do not serve waiters in the middle of it.
  CHECK(h.run("SCRIPT", "KILL").text.starts_with("UNKILLABLE "));
  CHECK(waiter.reply_text() == "(nothing)");
  let_finish(h);
  CHECK(runner.reply_text() == "\"done\"");
  CHECK(h.propagated() == Lines{"MULTI", "xadd s 1 f v", "xadd s 2 f v", "EXEC"});
  CHECK(waiter.reply_text() == "[[\"s\", [[\"1-0\", [\"f\", \"v\"]], [\"2-0\", [\"f\", \"v\"]]]]]");
}

TEST_CASE("SCRIPT KILL: ends a script that has not written, with an error to its client") {
  Harness h;
  Peer& runner = h.client();
  slow_down(h);
  runner.send("EVAL", "while true do redis.call('xlen','s') end", "0");
  CHECK(h.executor.suspended_client() == runner.client.id);
  CHECK(h.run("SCRIPT", "KILL") == status("OK"));
  h.settle();
  CHECK(h.executor.suspended_client() == 0);
  CHECK(problem(*runner.reply()) == "ERR Script killed by user with SCRIPT KILL...");
  h.clock.step_with_each_reading(0);
  CHECK(h.run("SCRIPT", "KILL") == error("NOTBUSY No scripts in execution right now."));
  CHECK(eval(h, "return 1") == integer(1));
}

TEST_CASE("SCRIPT KILL works for a script after one that wrote") {
  Harness h;
  eval(h, "redis.call('xadd','s','1','f','v')");
  Peer& runner = h.client();
  slow_down(h);
  runner.send("EVAL", "while true do end", "0");
  CHECK(h.run("SCRIPT", "KILL") == status("OK"));
  h.settle();
  CHECK(runner.reply()->is_error());
}

TEST_CASE("EXEC goes on where a script in it was suspended") {
  Harness h;
  Peer& runner = h.client();
  runner.run("MULTI");
  runner.run("XADD", "s", "1", "f", "v");
  runner.run("EVAL", kLoop, "0");
  runner.run("EVAL", kLoop, "0");
  runner.run("XADD", "s", "2", "f", "v");
  slow_down(h);
  CHECK(runner.send("EXEC") == exec::Next::kWait);
  CHECK(runner.reply_text() == "(nothing)");
  CHECK(h.run("PING") == error(kBusy));
  let_finish(h);
  CHECK(runner.reply_text() == "[\"1-0\", 100000, 100000, \"2-0\"]");
  CHECK(h.propagated() == Lines{"MULTI", "XADD s 1 f v", "XADD s 2 f v", "EXEC"});
  CHECK_FALSE(runner.client.has(client::kMulti));
}

TEST_CASE("EXEC: killing a script in it leaves the rest of the queue") {
  Harness h;
  Peer& runner = h.client();
  runner.run("MULTI");
  runner.run("XADD", "s", "1", "f", "v");
  runner.run("EVAL", "while true do end", "0");
  runner.run("XADD", "s", "2", "f", "v");
  slow_down(h);
  runner.send("EXEC");
  CHECK(h.run("SCRIPT", "KILL") == status("OK"));
  h.settle();
  const std::optional<resp::Value> reply = runner.reply();
  REQUIRE(reply.has_value());
  REQUIRE(reply->children.size() == 3);
  CHECK(reply->children[1].is_error());
  CHECK(h.run("XLEN", "s") == integer(2));
}

TEST_CASE("A suspended script's answer is dropped for a client that wants none") {
  Harness h;
  Peer& runner = h.client();
  slow_down(h);
  runner.client.set(client::kReplyOff);
  runner.send("EVAL", kLoop, "0");
  let_finish(h);
  CHECK(runner.reply_text() == "(nothing)");
  CHECK(runner.client.outbox.empty());
}

TEST_CASE("busy-reply-threshold decides when a script is called busy") {
  Harness h;
  h.configure("busy-reply-threshold", "30000");
  Peer& runner = h.client();
  h.scripts.interrupt();
  h.clock.step_with_each_reading(10 * kSecondUs);
  CHECK(runner.send("EVAL", kLoop, "0") == exec::Next::kMore);
  h.clock.step_with_each_reading(0);
  h.configure("busy-reply-threshold", "1");
  h.scripts.interrupt();
  h.clock.step_with_each_reading(2000);
  CHECK(runner.send("EVAL", kLoop, "0") == exec::Next::kWait);
  let_finish(h);
}

TEST_CASE("A log that holds a script is refused rather than run") {
  Harness h;
  client::Client loader(99);
  loader.set(client::kLoader);
  const std::vector<base::ByteView> words = {"EVAL", "return 1", "0"};
  CHECK_FALSE(h.executor.replay(loader, words).ok());
}

TEST_CASE("COMMAND GETKEYS finds the keys of a script") {
  Harness h;
  CHECK(h.run("COMMAND", "GETKEYS", "EVAL", "return 1", "2", "a", "b", "c") == bulks({"a", "b"}));
}

TEST_CASE("EVAL: every error of a script counts once, under its own code") {
  struct Case {
    const char* script;
    const char* code;
    uint64_t count;
  };
  for (const Case& each : {Case{"return redis.pcall('get')", "ERR", 1},
                           {"redis.pcall('get') return 1", "ERR", 1},
                           {"return redis.call('foo')", "ERR", 1},
                           {"return redis.call('subscribe', 'x')", "ERR", 1},
                           {"error('x')", "ERR", 1},
                           {"error({err='BAD x'})", "BAD", 1},
                           {"return {err='MYERR x'}", "MYERR", 1},
                           {"return redis.error_reply('ABC d')", "ABC", 1},
                           {"return {1, redis.error_reply('ABC d')}", "ABC", 1},
                           {"redis.pcall() return 1", "ERR", 0},
                           {"return redis.call('lpush', 's', 'a')", "WRONGTYPE", 1},
                           {"return redis.pcall('lpush', 's', 'a')", "WRONGTYPE", 1},
                           {"local r = redis.pcall('lpush', 's', 'a') error(r)", "WRONGTYPE", 1},
                           {"local r = redis.pcall('lpush', 's', 'a') return {r, r}", "WRONGTYPE", 1}}) {
    CAPTURE(each.script);
    Harness h;
    h.run("SET", "s", "x");
    eval(h, each.script);
    CHECK(h.stats.error_replies == each.count);
    CHECK(h.stats.errors[each.code] == each.count);
  }
}

TEST_CASE("EVAL: a script that declares not to write runs while writes are paused") {
  Harness h;
  const std::string script = "#!lua flags=no-writes\nreturn 1";
  const std::string sha = h.run("SCRIPT", "LOAD", script).text;
  h.executor.pause(exec::PauseMode::kWrite, 1000);
  CHECK(eval(h, script) == integer(1));
  CHECK(h.run("EVALSHA", sha, "0") == integer(1));
  CHECK(h.client().send("EVAL", "#!lua\nreturn 1", "0") == exec::Next::kWait);
  CHECK(h.client().send("EVAL", "return 1", "0") == exec::Next::kWait);
}

}  // namespace sluice::test
