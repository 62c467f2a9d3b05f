// What a script's redis.call reaches: the executor, under the rules for commands within scripts. Lives for
// one run or one slice of it; what lasts longer is in exec::ScriptSession. Owns nothing: the call, the
// session and the executor outlive it. Knows no Lua.
#pragma once

#include <span>
#include <string>

#include "exec/call.h"
#include "exec/script_session.h"
#include "script/host.h"

namespace sluice::commands {

class ScriptHost final : public script::Host {
 public:
  // `call` is the command that runs the script; it outlives the host.
  explicit ScriptHost(exec::Call& call);

  void call(std::span<const base::ByteView> args, resp::Reply& reply) override;
  void own_error(base::ByteView text) override;
  void log(script::LogLevel level, base::ByteView text) override;
  script::AclVerdict check_acl(std::span<const base::ByteView> args) override;
  void set_propagation(bool to_log, bool to_replicas) override;

 private:
  [[nodiscard]] exec::Command* find(std::span<const base::ByteView> args) const;
  // Why the command may not run now; empty if it may.
  [[nodiscard]] std::string refusal(const exec::Command& command,
                                    std::span<const base::ByteView> words) const;

  exec::Call& call_;
  exec::ScriptSession& session_;
};

}  // namespace sluice::commands
