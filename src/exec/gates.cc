#include "exec/gates.h"

#include <array>

#include "exec/access.h"
#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

namespace {

struct Visitor {
  const ServerState& state;
  const client::Client& client;
  const Command& command;
  uint32_t flags;
  AccessCheck& access;
  const Asked& asked;
};

constexpr base::ByteView kDebugRefused =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
    "from a "
    "local connection, otherwise you need to set this option in the configuration file, and then restart the "
    "server.";

std::string refuse_protected(const Visitor& v) {
  if ((v.flags & kProtected) == 0 || v.state.debug_commands == ProtectedMode::kYes) return {};
  if (v.state.debug_commands == ProtectedMode::kLocal && is_local(v.client)) return {};
  return std::string(kDebugRefused);
}

std::string refuse_stranger(const Visitor& v) {
  if (v.client.authenticated || (v.flags & kNoAuth) != 0 || v.access.open()) return {};
  return std::string(errors::kNoAuth);
}

std::string refuse_in_multi(const Visitor& v) {
  if (!v.client.has(client::kMulti) || (v.flags & kNoMulti) == 0) return {};
  return std::string(errors::kNotAllowedInMulti);
}

std::string refuse_unpermitted(const Visitor& v) {
  if (!v.client.has(client::kRestricted)) return {};
  const bool queueing = v.client.has(client::kMulti);
  const acl::Context context = queueing ? acl::Context::kMulti : acl::Context::kTopLevel;
  const acl::Verdict verdict = v.access.admit(v.asked, context, v.asked.client);
  if (verdict.allowed()) return {};
  return "NOPERM " + v.access.text_of(verdict, v.asked);
}

std::string refuse_out_of_memory(const Visitor& v) {
  // Queueing takes memory too, so that inside MULTI everything is refused that does not end it.
  const bool queues = v.client.has(client::kMulti) && (v.flags & kEndsMulti) == 0;
  const bool has_room_to_queue = !queues || v.state.room != Room::kNone;
  if (has_room_to_queue && !lacks_memory(v.state.room, v.flags)) return {};
  return std::string(errors::kOutOfMemory);
}

std::string refuse_disk_error(const Visitor& v) {
  if ((v.flags & (kWrite | kDiskProbe)) == 0) return {};
  return v.state.write_refusal();
}

std::string refuse_subscriber(const Visitor& v) {
  const bool subscriber = v.client.has(client::kPubsub) && v.client.protocol == resp::Protocol::kResp2;
  if (!subscriber || (v.flags & kWhenSubscribed) != 0) return {};
  return errors::not_allowed_when_subscribed(v.command.full_name);
}

std::string refuse_loading(const Visitor& v) {
  if (!v.state.loading || (v.flags & kLoading) != 0) return {};
  return std::string(errors::kLoading);
}

std::string refuse_busy(const Visitor& v) {
  if (!v.state.script_busy || (v.flags & kAllowBusy) != 0) return {};
  return std::string(v.state.function_busy ? errors::kBusyFunction : errors::kBusyScript);
}

// A monitor is fed like a replica, and Redis treats it as one.
std::string refuse_monitor(const Visitor& v) {
  if (!v.client.has(client::kMonitor) || (v.flags & (kWrite | kReadonly | kMayReplicate)) == 0) return {};
  return "ERR Replica can't interact with the keyspace";
}

constexpr std::array kGates = {refuse_protected,     refuse_stranger,   refuse_in_multi,   refuse_unpermitted,
                               refuse_out_of_memory, refuse_disk_error, refuse_subscriber, refuse_loading,
                               refuse_busy,          refuse_monitor};

bool waits(const Visitor& v) {
  if (v.state.log_is_behind && (v.flags & (kWrite | kMayReplicate)) != 0) return true;
  if (v.state.pause == PauseMode::kNone) return false;
  return v.state.pause == PauseMode::kAll || (v.flags & (kWrite | kMayReplicate)) != 0;
}

}  // namespace

bool lacks_memory(Room room, uint32_t command_flags) {
  if (room == Room::kEnough || (command_flags & kDenyOom) == 0) return false;
  return room == Room::kNone || (command_flags & kUsesReserve) == 0;
}

bool is_local(const client::Client& client) {
  return client.has(client::kUnixSocket) || client.address.starts_with("127.") ||
         client.address.starts_with("[::1]");
}

Verdict pass_gates(const ServerState& state, AccessCheck& access, const Asked& asked,
                   uint32_t command_flags) {
  const client::Client& client = asked.client;
  const Visitor visitor{state, client, asked.command, command_flags, access, asked};
  for (const auto gate : kGates) {
    std::string error = gate(visitor);
    if (!error.empty()) return {Passage::kRefuse, std::move(error)};
  }
  if (waits(visitor)) return {Passage::kWait};
  if (client.has(client::kMulti) && (command_flags & kNotQueued) == 0) return {Passage::kQueue};
  return {Passage::kRun};
}

}  // namespace sluice::exec
