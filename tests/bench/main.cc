// sluice-bench: puts one named load on a server and prints its figures as JSON. `scripts/bench` starts the
// servers and sets the figures side by side.
//
//   sluice-bench --list                             the cases, with what each asks of the server's settings
//   sluice-bench --port N --pid N [--scale X] CASE  runs one against 127.0.0.1:N, whose process is `pid`
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "bench/closed_loop.h"
#include "bench/encodings.h"
#include "bench/handoff.h"
#include "bench/links.h"
#include "bench/measure.h"
#include "bench/memory.h"
#include "bench/pending.h"
#include "bench/rewrite.h"
#include "bench/wire.h"

namespace {

using namespace sluice::bench;  // NOLINT: the whole program is of this namespace

struct Case {
  std::string name;
  bool floor;       // the floor, which answers everything with a number, can take it
  const char* log;  // what the server is told of a log: none, everysec, always
  std::function<std::vector<Row>(const Target&, const std::string&)> run;
  bool restart = false;  // what is to be measured is the load at the next start
};

using Requests = std::vector<std::string>;

// One request shape over some connections into an empty server; `prefill` operations of `fill` come first,
// unmeasured.
struct Shape {
  Requests request;
  size_t pipeline = 1;
  uint64_t operations = 0;
  uint64_t random_range = 1;
  Requests fill = {};
  uint64_t prefill = 0;
  size_t connections = kConnections;
};

std::vector<Row> run_shape(const Target& target, const std::string& name, const Shape& shape) {
  constexpr size_t kFillPipeline = 64;
  flush_all(target);
  if (shape.prefill > 0) {
    run_closed(target, name,
               {{shape.fill}, kFillPipeline, scaled(target, shape.prefill), shape.random_range});
  }
  return {run_closed(target, name,
                     {{shape.request},
                      shape.pipeline,
                      scaled(target, shape.operations),
                      shape.random_range,
                      shape.connections})};
}

std::vector<Row> run_script(const Target& target, const std::string& name) {
  const std::string script =
      "redis.call('INCR', KEYS[1]) redis.call('LPUSH', KEYS[2], ARGV[1]) "
      "redis.call('HSET', KEYS[3], 'job', ARGV[1]) return 1";
  flush_all(target);
  const std::string loaded = Links(target.port, 1).ask({"SCRIPT", "LOAD", script});
  const std::string sha(ReplyWalker(loaded).bulk());
  constexpr size_t kPipeline = 16;
  return {run_closed(target, name,
                     {{{"EVALSHA", sha, "3", "bench:count", "bench:list", "bench:hash", payload()}},
                      kPipeline,
                      scaled(target, 600'000)})};
}

constexpr const char* kNoLog = "none";
constexpr const char* kEverySecond = "everysec";
constexpr const char* kAlways = "always";

Case shape_case(const std::string& name, const Shape& shape, const char* log = kNoLog) {
  return {name, true, log,
          [shape](const Target& target, const std::string& row) { return run_shape(target, row, shape); }};
}

void add_shapes(std::vector<Case>& cases) {
  constexpr uint64_t kMembers = 500'000;
  const Requests push{"LPUSH", "bench:list", payload()};
  const Requests pop{"RPOP", "bench:list"};
  const std::string counter(kCounter);
  const std::string random(kRandom);
  const Requests member{"ZADD", "bench:zset", random, "member:" + random};
  const Requests fill_member{"ZADD", "bench:zset", random, "member:" + counter};
  const Requests set{"SET", "bench:key:" + random, payload()};

  cases.push_back(shape_case("lpush-p1", {push, 1, 600'000}));
  cases.push_back(shape_case("lpush-p16", {push, 16, 2'500'000}));
  cases.push_back(shape_case("lpush-p64", {push, 64, 4'000'000}));
  cases.push_back(shape_case("rpop-p16", {pop, 16, 2'500'000, 1, push, 2'500'000}));
  cases.push_back(shape_case("rpop-p64", {pop, 64, 4'000'000, 1, push, 4'000'000}));
  cases.push_back(shape_case("xadd-p64", {{"XADD", "bench:stream", "*", "job", payload()}, 64, 1'500'000}));
  cases.push_back(shape_case("zadd-500k-p64", {member, 64, 1'200'000, kMembers, fill_member, kMembers}));
  cases.push_back(
      shape_case("hset6-p16", {{"HSET", "bench:hash:" + counter, "id", counter, "state", "waiting", "queue",
                                "default", "attempts", "0", "at", counter, "data", payload()},
                               16,
                               600'000}));
  cases.push_back(shape_case("set-p1", {set, 1, 300'000, 100'000}));
  cases.push_back(shape_case("set-p16", {set, 16, 2'000'000, 100'000}));
  cases.push_back(
      shape_case("get-p16", {{"GET", "bench:key:" + random}, 16, 2'000'000, 100'000, set, 600'000}));
  cases.push_back(
      shape_case("sadd-p16", {{"SADD", "bench:set", "member:" + random}, 16, 2'000'000, 100'000}));
  cases.push_back(shape_case("lpush-1000", {push, 1, 400'000, 1, {}, 0, 1'000}));
  cases.push_back(shape_case("always-lpush-p1", {push, 1, 200'000}, kAlways));
  cases.push_back(shape_case("always-lpush-p16", {push, 16, 2'000'000}, kAlways));
  cases.push_back(shape_case("always-lpush-1000", {push, 1, 400'000, 1, {}, 0, 1'000}, kAlways));
  cases.push_back(shape_case("always-lpush-1000-p16", {push, 16, 2'000'000, 1, {}, 0, 1'000}, kAlways));
  cases.push_back(shape_case("everysec-lpush-p1", {push, 1, 200'000}, kEverySecond));
  cases.push_back(shape_case("everysec-lpush-p16", {push, 16, 2'000'000}, kEverySecond));
}

// A case of one row, run into an empty server.
Case single(const std::string& name, Row (*run)(const Target&, const std::string&)) {
  return {name, false, kNoLog, [run](const Target& target, const std::string& row) {
            flush_all(target);
            return std::vector<Row>{run(target, row)};
          }};
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_shapes(cases);
  cases.push_back({"evalsha-p16", false, kNoLog, run_script});
  cases.push_back(single("handoff", run_handoff));
  cases.push_back(single("stream-handoff", run_stream_handoff));
  cases.push_back({"pending", false, kNoLog, run_pending});
  cases.push_back({"stream-drop", false, kNoLog, run_stream_drop});
  cases.push_back(single("paced", run_paced));
  cases.push_back({"paced-deep", false, kNoLog, [](const Target& target, const std::string& name) {
                     flush_all(target);
                     fill_backlog(target, name);
                     return std::vector<Row>{run_paced(target, name)};
                   }});
  cases.push_back({"connections", false, kNoLog, run_connections});
  cases.push_back({"backlog", false, kNoLog, run_backlog});
  for (const Encoding& encoding : all_encodings()) {
    cases.push_back(
        {"memory-" + encoding.name, false, kNoLog, [encoding](const Target& target, const std::string& name) {
           return run_encoding(target, name, encoding);
         }});
  }
  cases.push_back({"rewrite", false, kEverySecond, run_rewrite});
  cases.push_back({"load-base", false, kEverySecond, prepare_base, true});
  cases.push_back({"load-log", false, kEverySecond, prepare_log, true});
  return cases;
}

void list(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    std::printf("%s floor=%d log=%s restart=%d\n", one.name.c_str(), one.floor ? 1 : 0, one.log,
                one.restart ? 1 : 0);
  }
}

// Ten thousand connections need as many descriptors.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  Target target{0, 0, 1.0};
  std::string wanted;
  const std::vector<Case> cases = all_cases();
  for (int at = 1; at < argc; ++at) {
    const std::string word = argv[at];
    if (word == "--list") {
      list(cases);
      return 0;
    }
    if (word.rfind("--", 0) != 0) {
      wanted = word;
      continue;
    }
    if (at + 1 == argc) fail(word + " needs a value");
    const char* value = argv[++at];
    if (word == "--port") {
      target.port = std::atoi(value);
    } else if (word == "--pid") {
      target.pid = std::atoi(value);
    } else if (word == "--scale") {
      target.scale = std::atof(value);
    } else {
      fail("unknown option " + word);
    }
  }
  raise_descriptor_limit();
  for (const Case& one : cases) {
    if (one.name != wanted) continue;
    const std::string json = to_json(one.run(target, one.name));
    std::fputs(json.c_str(), stdout);
    return 0;
  }
  fail("no such case: '" + wanted + "' (--list names them)");
}
