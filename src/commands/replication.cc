// FAILOVER REPLICAOF SLAVEOF ROLE: what a primary without replicas says of itself, and that it follows
// nobody.
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

constexpr int64_t kLastPort = 65'535;

Outcome cmd_role(Call& call) {
  call.reply.array(3);
  call.reply.bulk("master");
  call.reply.integer(0);
  call.reply.array(0);
  return Outcome::kDone;
}

// A primary is one already: NO ONE changes nothing.
Outcome cmd_replicaof(Call& call) {
  if (call.args.accept("NO")) {
    if (call.args.accept("ONE")) {
      call.reply.ok();
      return Outcome::kDone;
    }
  } else {
    call.args.next();
  }
  constexpr ByteView kInvalidPort = "ERR Invalid master port";
  call.args.integer_between(0, kLastPort, kInvalidPort);
  if (!call.args.ok()) return call.fail(kInvalidPort);
  return call.fail("ERR This server follows no other: REPLICAOF takes NO ONE only");
}

// Latches Redis's error. Nothing is done with the words: there is nobody to hand over to.
void read_failover(Call& call) {
  bool to = false;
  bool force = false;
  bool timeout = false;
  while (call.args.more() && call.args.ok()) {
    if (!timeout && call.args.accept_with("TIMEOUT")) {
      timeout = true;
      const int64_t timeout_ms = call.args.integer();
      if (timeout_ms <= 0) call.args.latch("ERR FAILOVER timeout must be greater than 0");
    } else if (!to && call.args.accept_with("TO", 2)) {
      to = true;
      call.args.next();
      call.args.integer();
    } else if (!force && call.args.accept("FORCE")) {
      force = true;
    } else {
      call.args.syntax_error();
    }
  }
}

Outcome cmd_failover(Call& call) {
  if (call.args.words().size() == 2 && call.args.accept("ABORT"))
    return call.fail("ERR No failover in progress.");
  read_failover(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  return call.fail("ERR FAILOVER requires connected replicas.");
}

constexpr uint32_t kReplicaofFlags = kAdmin | kNoscript | kStale | kNoAsyncLoading;

constexpr CommandSpec kRows[] = {
    {"failover", cmd_failover, at_least(1), no_keys(), kAdmin | kNoscript | kStale, Group::kServer, "6.2.0",
     "Hands the part of the primary to a replica.",
     "[TO target<host port:integer [FORCE]>] [ABORT] [TIMEOUT milliseconds]"},
    {"replicaof", cmd_replicaof, exactly(3), no_keys(), kReplicaofFlags, Group::kServer, "5.0.0",
     "Makes the server a primary, which it is.", "args<host-port<host port:integer>|no-one<NO ONE>>"},
    {"role",
     cmd_role,
     exactly(1),
     no_keys(),
     kNoscript | kLoading | kStale | kFast,
     Group::kServer,
     "2.8.12",
     "Tells which part the server has in replication.",
     {},
     kCatAdmin | kCatDangerous},
    {"slaveof", cmd_replicaof, exactly(3), no_keys(), kReplicaofFlags, Group::kServer, "1.0.0",
     "Makes the server a primary, which it is.", "args<host-port<host port:integer>|no-one<NO ONE>>"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> replication_commands() {
  return kRows;
}

}  // namespace sluice::commands
