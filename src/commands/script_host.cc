#include "commands/script_host.h"

#include "exec/executor.h"
#include "exec/resolve.h"
#include "resp/errors.h"

namespace sluice::commands {

namespace errors = resp::errors;

namespace {

base::LogLevel level_of(script::LogLevel level) {
  switch (level) {
    case script::LogLevel::kDebug:
      return base::LogLevel::kDebug;
    case script::LogLevel::kVerbose:
      return base::LogLevel::kVerbose;
    case script::LogLevel::kNotice:
      return base::LogLevel::kNotice;
    case script::LogLevel::kWarning:
      return base::LogLevel::kWarning;
  }
  return base::LogLevel::kNotice;
}

}  // namespace

ScriptHost::ScriptHost(exec::Call& call) : call_(call), session_(call.on.executor->script()) {}

exec::Command* ScriptHost::find(std::span<const base::ByteView> args) const {
  exec::Command* command = call_.on.table.find(args[0]);
  if (command == nullptr || command->subcommands.empty() || args.size() == 1) return command;
  return command->subcommand(args[1]);
}

// Redis's order. Once the script has written, nothing stops it half way: neither memory nor the disk.
std::string ScriptHost::refusal(const exec::Command& command, std::span<const base::ByteView> words) const {
  if (!command.spec->arity_ok(words.size())) return std::string(errors::kWrongArityFromScript);
  if (command.has(exec::kNoscript)) return std::string(errors::kNotAllowedFromScript);
  if (session_.client.has(client::kRestricted)) {
    const exec::Asked asked{session_.client, command, words};
    exec::AccessCheck& access = call_.on.executor->access();
    const acl::Verdict verdict = access.admit(asked, acl::Context::kScript, call_.client);
    if (!verdict.allowed()) return "ERR ACL failure in script: " + access.text_of(verdict, asked);
  }
  if (session_.read_only && command.has(exec::kWrite | exec::kMayReplicate)) {
    return std::string(errors::kReadOnlyScript);
  }
  if (session_.wrote) return {};
  if (command.has(exec::kWrite) && !call_.on.state.write_refusal().empty()) {
    return call_.on.state.write_refusal();
  }
  const uint32_t flags = exec::flags_by_words(call_.on, command, words);
  if (exec::lacks_memory(call_.unit().room, flags) && !session_.ignores_memory) {
    return std::string(errors::kOutOfMemory);
  }
  return {};
}

void ScriptHost::call(std::span<const base::ByteView> args, resp::Reply& reply) {
  exec::Command* command = find(args);
  if (command == nullptr) {
    own_error(errors::kUnknownFromScript);
    return reply.error(errors::kUnknownFromScript);
  }
  if (const std::string error = refusal(*command, args); !error.empty()) {
    ++command->stats.rejected;
    own_error(error);
    return reply.error(error);
  }
  if (command->has(exec::kWrite)) session_.wrote = true;
  session_.client.protocol = reply.protocol();
  call_.on.executor->invoke(call_, *command, session_.client, args, reply, exec::Entrance::kScripted);
}

void ScriptHost::own_error(base::ByteView text) {
  call_.on.stats.count_error(text);
}

void ScriptHost::log(script::LogLevel level, base::ByteView text) {
  call_.on.log.write(level_of(level), text);
}

script::AclVerdict ScriptHost::check_acl(std::span<const base::ByteView> args) {
  const exec::Command* command = find(args);
  if (command == nullptr) return script::AclVerdict::kNoSuchCommand;
  const acl::User& user = call_.on.users.of(session_.client);
  const bool allowed = call_.on.executor->access().check(user, *command, args).allowed();
  return allowed ? script::AclVerdict::kAllowed : script::AclVerdict::kDenied;
}

void ScriptHost::set_propagation(bool to_log, bool /*to_replicas*/) {
  call_.unit().to_log = to_log;
}

}  // namespace sluice::commands
