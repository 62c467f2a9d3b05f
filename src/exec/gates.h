// Gates: the ordered checks between "a known command with enough arguments" and running it. Each is a few
// lines over plain state, and one asks what the client's user may do; none names a command: what it must know
// of one is a flag of its row. The order is Redis's, since a client sees which refusal comes first.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "client/client.h"

namespace sluice::exec {

enum class PauseMode : uint8_t { kNone, kWrite, kAll };
enum class ProtectedMode : uint8_t { kNo, kLocal, kYes };

// What memory is left for.
enum class Room : uint8_t {
  kEnough,   // everything; or keys are being evicted
  kReserve,  // what moves or retries jobs: the rest is above maxmemory
  kNone,     // nothing that may grow
};

// The last time that no deadline of a stream could be kept, nor most clients be served: writes were paused,
// the disk failed, a log was loaded. Unix milliseconds.
struct Hold {
  int64_t from_ms = 0;
  int64_t until_ms = 0;

  // Whether what was to end at this moment could not be put off by anybody.
  [[nodiscard]] bool covers(int64_t moment_ms) const { return from_ms <= moment_ms && moment_ms <= until_ms; }
};

// What of the server's condition decides whether a command may run. The server's parts set it; gates only
// read.
struct ServerState {
  bool loading = false;
  bool script_busy = false;    // a script has run past busy-reply-threshold
  bool function_busy = false;  // it is a function
  Room room = Room::kEnough;   // judged before each command (exec/eviction)
  std::string disk_error;      // full MISCONF text while the log cannot be written; empty: fine
  std::string snapshot_error;  // the same where only the last snapshot failed: writes are refused, no more
  bool log_is_behind = false;  // it holds so much that the disk has not: writes wait until it has caught up
  PauseMode pause = PauseMode::kNone;
  int64_t pause_until_ms = 0;  // monotonic
  Hold hold;                   // that is over; kept by exec/waiting
  ProtectedMode debug_commands = ProtectedMode::kNo;

  // Nothing here can refuse a command: the usual case, decided by one look.
  [[nodiscard]] bool unremarkable() const {
    return !loading && !script_busy && room == Room::kEnough && write_refusal().empty() &&
           pause == PauseMode::kNone && !log_is_behind;
  }
  // What a write is told that the disk is the reason to refuse; empty: it may run.
  [[nodiscard]] const std::string& write_refusal() const {
    return disk_error.empty() ? snapshot_error : disk_error;
  }
};

// Whether a command with these flags is refused for want of memory.
[[nodiscard]] bool lacks_memory(Room room, uint32_t command_flags);

enum class Passage : uint8_t {
  kRun,
  kQueue,   // inside MULTI
  kRefuse,  // `error` says why; an open MULTI will abort
  kWait,    // paused, or the disk is behind
};

struct Verdict {
  Passage passage = Passage::kRun;
  std::string error = {};
};

// Connected over the loopback interface or a unix socket.
[[nodiscard]] bool is_local(const client::Client& client);

class AccessCheck;
struct Asked;

// `command_flags`: the row's, and for a command that runs the queue also those of what is queued. `access`
// is asked about strangers and restricted clients only. REQUIRES: arity was checked.
Verdict pass_gates(const ServerState& state, AccessCheck& access, const Asked& asked, uint32_t command_flags);

}  // namespace sluice::exec
