// Runs one script against a fresh FakeHost and returns the reply as wire bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "script/engine.h"
#include "unit/script/fake_host.h"

namespace sluice::script::test {

struct Recorded {
  std::string_view script;
  std::string_view resp2;
  std::string_view resp3;  // Empty: as resp2.
};

class ScriptRunner {
 public:
  explicit ScriptRunner(const Limits& limits = {}) : clock(1'700'000'000'000'000), engine(clock, limits) {}

  base::ManualClock clock;
  Engine engine;
  FakeHost host;

  std::string run(std::string_view script, resp::Protocol protocol = resp::Protocol::kResp2,
                  std::vector<base::ByteView> keys = {}, std::vector<base::ByteView> argv = {}) {
    std::string out;
    resp::Reply reply(out, protocol);
    auto prepared = engine.prepare(script);
    if (!prepared.ok()) {
      reply.error(prepared.error().message);
      return out;
    }
    CHECK(engine.run(**prepared, {keys, argv}, host, reply) == Outcome::kDone);
    return out;
  }
};

// Each script in both protocols, with KEYS {"k1"} and ARGV {"v1"}.
template <size_t kCount>
void check_recorded(const Recorded (&table)[kCount]) {
  ScriptRunner runner;
  for (const Recorded& recorded : table) {
    CAPTURE(recorded.script);
    for (resp::Protocol protocol : {resp::Protocol::kResp2, resp::Protocol::kResp3}) {
      runner.host = FakeHost();
      runner.host.read_only = recorded.script.find("no-writes") != std::string_view::npos;
      bool second = protocol == resp::Protocol::kResp3 && !recorded.resp3.empty();
      CHECK(runner.run(recorded.script, protocol, {"k1"}, {"v1"}) ==
            (second ? recorded.resp3 : recorded.resp2));
    }
  }
}

}  // namespace sluice::script::test
