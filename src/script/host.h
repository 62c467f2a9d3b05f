// What a script sees of the server. The executor implements it for the unit that a script runs in; nothing
// here knows commands, clients or Lua. A Host must live until its run is over, or be handed anew to every
// resume.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "resp/reply.h"

namespace sluice::script {

// The numbers are redis.LOG_DEBUG ... redis.LOG_WARNING.
enum class LogLevel : uint8_t { kDebug = 0, kVerbose = 1, kNotice = 2, kWarning = 3 };

enum class AclVerdict : uint8_t { kAllowed, kDenied, kNoSuchCommand };

class Host {
 public:
  virtual ~Host() = default;

  // Runs one command on behalf of the script and writes exactly one value (an error is one, too) to `reply`,
  // whose protocol is what redis.setresp chose. `args` has at least one element; the views die on return.
  virtual void call(std::span<const base::ByteView> args, resp::Reply& reply) = 0;

  // The script answers with an error that no command of its own gave it.
  virtual void own_error(base::ByteView text) = 0;

  // redis.log.
  virtual void log(LogLevel level, base::ByteView text) = 0;

  // redis.acl_check_cmd: may the user the script runs for run this?
  virtual AclVerdict check_acl(std::span<const base::ByteView> args) = 0;

  // redis.set_repl: whether the effects of the calls that follow go to the log and to replicas.
  virtual void set_propagation(bool to_log, bool to_replicas) = 0;
};

}  // namespace sluice::script
