#include "exec/gates.h"

#include <array>

#include <doctest/doctest.h>

#include "exec/access.h"
#include "resp/errors.h"
#include "support/harness.h"

namespace sluice::exec {

namespace errors = resp::errors;

namespace {

struct Gatehouse {
  test::Harness h;
  ServerState state;
  client::Client& client = h.first().client;
  Command command;

  Gatehouse() {
    command.full_name = "x";
    h.users.set_default_password("secret");  // or nobody would be a stranger
  }
  Verdict pass(uint32_t flags) {
    const std::array<base::ByteView, 1> words = {"x"};
    return pass_gates(state, h.executor.access(), {client, command, words}, flags);
  }
  std::string refusal(uint32_t flags) {
    const Verdict verdict = pass(flags);
    return verdict.passage == Passage::kRefuse ? verdict.error : "";
  }
};

}  // namespace

TEST_CASE("Gates: in an unremarkable state everything runs") {
  Gatehouse gates;
  CHECK(gates.state.unremarkable());
  CHECK(gates.pass(kWrite | kDenyOom | kBlocking).passage == Passage::kRun);
}

TEST_CASE("Gates: while the disk is behind, what writes or may write waits, and nothing else") {
  Gatehouse gates;
  gates.state.log_is_behind = true;
  CHECK_FALSE(gates.state.unremarkable());
  CHECK(gates.pass(kWrite).passage == Passage::kWait);
  CHECK(gates.pass(kMayReplicate).passage == Passage::kWait);
  CHECK(gates.pass(kReadonly).passage == Passage::kRun);
  CHECK(gates.pass(kDiskProbe).passage == Passage::kRun);
}

TEST_CASE("Gates: strangers may only use what needs no authentication") {
  Gatehouse gates;
  gates.client.authenticated = false;
  CHECK(gates.refusal(kReadonly) == errors::kNoAuth);
  CHECK(gates.pass(kNoAuth).passage == Passage::kRun);
}

TEST_CASE("Gates: protected commands follow enable-debug-command") {
  Gatehouse gates;
  gates.client.address = "10.0.0.1:1000";
  CHECK(gates.refusal(kProtected).rfind("ERR DEBUG command not allowed.", 0) == 0);
  gates.state.debug_commands = ProtectedMode::kLocal;
  CHECK_FALSE(gates.refusal(kProtected).empty());
  for (const char* local : {"127.0.0.1:1000", "[::1]:1000"}) {
    gates.client.address = local;
    CHECK(gates.refusal(kProtected).empty());
  }
  gates.client.address = "/tmp/socket:0";
  gates.client.set(client::kUnixSocket);
  CHECK(gates.refusal(kProtected).empty());
  gates.client.unset(client::kUnixSocket);
  gates.state.debug_commands = ProtectedMode::kYes;
  CHECK(gates.refusal(kProtected).empty());
}

TEST_CASE("Gates: inside MULTI commands are queued, but for those that run at once or may not be there") {
  Gatehouse gates;
  gates.client.set(client::kMulti);
  CHECK(gates.pass(kWrite).passage == Passage::kQueue);
  CHECK(gates.pass(kNotQueued).passage == Passage::kRun);
  CHECK(gates.refusal(kNoMulti) == errors::kNotAllowedInMulti);
}

TEST_CASE(
    "Gates: without memory what takes memory is refused, inside MULTI everything that does not end it") {
  Gatehouse gates;
  gates.state.room = Room::kNone;
  CHECK(gates.refusal(kWrite | kDenyOom) == errors::kOutOfMemory);
  CHECK(gates.pass(kWrite).passage == Passage::kRun);
  gates.client.set(client::kMulti);
  CHECK(gates.refusal(kReadonly) == errors::kOutOfMemory);
  CHECK(gates.refusal(kNotQueued) == errors::kOutOfMemory);
  CHECK(gates.pass(kNotQueued | kEndsMulti).passage == Passage::kRun);
}

TEST_CASE("Gates: the reserve is for those who may use it, and for queueing what does not grow") {
  Gatehouse gates;
  gates.state.room = Room::kReserve;
  CHECK(gates.refusal(kWrite | kDenyOom) == errors::kOutOfMemory);
  CHECK(gates.pass(kWrite | kDenyOom | kUsesReserve).passage == Passage::kRun);
  gates.client.set(client::kMulti);
  CHECK(gates.pass(kReadonly).passage == Passage::kQueue);
  CHECK(gates.pass(kWrite | kDenyOom | kUsesReserve).passage == Passage::kQueue);
  CHECK(gates.refusal(kWrite | kDenyOom) == errors::kOutOfMemory);
  gates.state.room = Room::kNone;
  CHECK(gates.refusal(kWrite | kDenyOom | kUsesReserve) == errors::kOutOfMemory);
}

TEST_CASE("Gates: while the disk fails writes and PING are refused with its reason") {
  Gatehouse gates;
  gates.state.disk_error = "MISCONF Errors writing to the AOF file: No space left on device";
  CHECK(gates.refusal(kWrite) == gates.state.disk_error);
  CHECK(gates.refusal(kDiskProbe) == gates.state.disk_error);
  CHECK(gates.pass(kReadonly).passage == Passage::kRun);
}

TEST_CASE("Gates: RESP2 subscribers may only go on subscribing; RESP3 ones may do anything") {
  Gatehouse gates;
  gates.client.set(client::kPubsub);
  CHECK(gates.refusal(kReadonly) == errors::not_allowed_when_subscribed("x"));
  CHECK(gates.pass(kWhenSubscribed).passage == Passage::kRun);
  gates.client.protocol = resp::Protocol::kResp3;
  CHECK(gates.pass(kReadonly).passage == Passage::kRun);
}

TEST_CASE("Gates: while loading or in a busy script only what allows it runs") {
  Gatehouse gates;
  gates.state.loading = true;
  CHECK(gates.refusal(kReadonly) == errors::kLoading);
  CHECK(gates.pass(kLoading).passage == Passage::kRun);
  gates.state.loading = false;
  gates.state.script_busy = true;
  CHECK(gates.refusal(kReadonly) == errors::kBusyScript);
  CHECK(gates.pass(kAllowBusy).passage == Passage::kRun);
  gates.state.function_busy = true;
  CHECK(gates.refusal(kReadonly) == errors::kBusyFunction);
}

TEST_CASE("Gates: a pause holds writes back, or everything") {
  Gatehouse gates;
  gates.state.pause = PauseMode::kWrite;
  CHECK(gates.pass(kReadonly).passage == Passage::kRun);
  CHECK(gates.pass(kWrite).passage == Passage::kWait);
  CHECK(gates.pass(kMayReplicate).passage == Passage::kWait);
  gates.state.pause = PauseMode::kAll;
  CHECK(gates.pass(kReadonly).passage == Passage::kWait);
}

TEST_CASE("Gates: of several refusals the first in Redis's order is given") {
  Gatehouse gates;
  gates.client.authenticated = false;
  gates.client.set(client::kMulti);
  gates.state.room = Room::kNone;
  gates.state.disk_error = "MISCONF x";
  gates.state.loading = true;
  gates.state.pause = PauseMode::kAll;
  const uint32_t flags = kWrite | kDenyOom | kNoMulti;
  CHECK(gates.refusal(flags) == errors::kNoAuth);
  gates.client.authenticated = true;
  CHECK(gates.refusal(flags) == errors::kNotAllowedInMulti);
  gates.client.unset(client::kMulti);
  CHECK(gates.refusal(flags) == errors::kOutOfMemory);
  gates.state.room = Room::kEnough;
  CHECK(gates.refusal(flags) == "MISCONF x");
  gates.state.disk_error.clear();
  CHECK(gates.refusal(flags) == errors::kLoading);
  gates.state.loading = false;
  CHECK(gates.pass(flags).passage == Passage::kWait);
}

}  // namespace sluice::exec
