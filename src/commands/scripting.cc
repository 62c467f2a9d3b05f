// EVAL EVALSHA EVAL_RO EVALSHA_RO, SCRIPT. A script that runs past its time is suspended and its command run
// again, with what is left of it, at every turn (Entrance::kResumed) until it ends or is killed.
#include <array>
#include <string>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"
#include "commands/script_host.h"
#include "script/engine.h"
#include "script/shebang.h"

namespace sluice::commands {

namespace {

constexpr ByteView kWritesUnderRo = "ERR Can not execute a script with write flag using *_ro command.";
constexpr ByteView kFlushOption = "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
constexpr ByteView kDebugOption = "ERR Use SCRIPT DEBUG YES/SYNC/NO";
constexpr ByteView kNoDebugger = "ERR The Lua debugger is not available";
constexpr ByteView kNotReplayed = "ERR A log holds what scripts did, never the scripts";

constexpr size_t kShaBytes = 40;

Outcome finish(Call& call, uint32_t errors_before) {
  call.unit().to_log = true;
  return call.reply.errors() == errors_before ? Outcome::kDone : Outcome::kFailed;
}

Outcome go_on(Call& call) {
  script::Engine& engine = call.on.scripts;
  if (call.on.executor->script().kill_asked) {
    const std::string text = engine.kill();
    call.unit().to_log = true;
    return call.fail(text);
  }
  const uint32_t errors_before = call.reply.errors();
  ScriptHost host(call);
  if (engine.resume(host, call.reply) == script::Outcome::kSuspended) return Outcome::kSuspended;
  return finish(call, errors_before);
}

// A script that declares what it does is judged as a whole; others at each of their calls.
std::string refusal(Call& call, const script::ScriptFlags& flags) {
  if (!flags.declared || flags.no_writes) return {};
  if (exec::lacks_memory(call.unit().room, kDenyOom) && !flags.allow_oom)
    return std::string(errors::kOutOfMemory);
  if (!call.on.state.write_refusal().empty()) return call.on.state.write_refusal();
  if (call.command.has(kReadonly)) return std::string(kWritesUnderRo);
  return {};
}

void begin_session(Call& call, const script::ScriptFlags& flags) {
  exec::ScriptSession& session = call.on.executor->script();
  session.client.flags = client::kInScript | (call.client.flags & (client::kNoTouch | client::kRestricted));
  session.client.user = call.client.user;
  session.client.db = call.client.db;
  session.client.write_offset = call.client.write_offset;
  session.read_only = call.command.has(kReadonly) || flags.no_writes;
  session.ignores_memory = flags.allow_oom;
  session.wrote = false;
  session.kill_asked = false;
}

struct Words {
  std::span<const ByteView> keys;
  std::span<const ByteView> rest;
};

Words read_words(exec::Args& args) {
  const int64_t count = args.integer();
  if (!args.ok()) return {};
  if (count > static_cast<int64_t>(args.left())) args.latch(errors::kTooManyKeys);
  if (count < 0) args.latch(errors::kNegativeKeys);
  if (!args.ok()) return {};
  const auto keys = args.take(static_cast<size_t>(count));
  return {keys, args.rest()};
}

Outcome run_script(Call& call, const script::Script& script, const Words& words) {
  if (const std::string error = refusal(call, script.flags); !error.empty()) return call.fail(error);
  begin_session(call, script.flags);
  const uint32_t errors_before = call.reply.errors();
  ScriptHost host(call);
  const script::Outcome outcome = call.on.scripts.run(script, {words.keys, words.rest}, host, call.reply);
  if (outcome == script::Outcome::kSuspended) return Outcome::kSuspended;
  return finish(call, errors_before);
}

Outcome cmd_eval(Call& call) {
  if (call.entrance == Entrance::kResumed) return go_on(call);
  if (call.entrance == Entrance::kReplay) return call.fail(kNotReplayed);
  call.on.executor->show_to_monitors(call);
  const ByteView text = call.args.next();
  const Words words = read_words(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto script = call.on.scripts.prepare(text);
  if (!script.ok()) return call.fail(script.error().message);
  return run_script(call, **script, words);
}

Outcome cmd_evalsha(Call& call) {
  if (call.entrance == Entrance::kResumed) return go_on(call);
  if (call.entrance == Entrance::kReplay) return call.fail(kNotReplayed);
  call.on.executor->show_to_monitors(call);
  const ByteView sha = call.args.next();
  if (sha.size() != kShaBytes) return call.fail(errors::kNoScript);
  const Words words = read_words(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  const script::Script* script = call.on.scripts.find(sha);
  if (script == nullptr) return call.fail(errors::kNoScript);
  return run_script(call, *script, words);
}

// What EVAL or EVALSHA does is what its script declares: one that does not write runs while writes are
// paused, one that may is refused like a write.
uint32_t declared_flags(uint32_t row_flags, const script::ScriptFlags& script) {
  if (!script.declared) return row_flags;
  uint32_t flags = row_flags & ~(kStale | kDenyOom | kWrite | kMayReplicate);
  if (!script.allow_oom && !script.no_writes) flags |= kDenyOom;
  if (!script.no_writes) flags |= kWrite;
  if (script.allow_stale) flags |= kStale;
  return flags;
}

uint32_t flags_of_text(exec::Services&, std::span<const ByteView> words, uint32_t row_flags) {
  const auto shebang = script::parse_shebang(words[1]);
  return shebang.ok() ? declared_flags(row_flags, shebang->flags) : row_flags;
}

uint32_t flags_of_sha(exec::Services& services, std::span<const ByteView> words, uint32_t row_flags) {
  if (words[1].size() != kShaBytes) return row_flags;
  const script::Script* script = services.scripts.find(words[1]);
  return script == nullptr ? row_flags : declared_flags(row_flags, script->flags);
}

Outcome cmd_script_load(Call& call) {
  const auto script = call.on.scripts.load(call.args.next());
  if (!script.ok()) return call.fail(script.error().message);
  call.reply.bulk(script::view((*script)->sha));
  return Outcome::kDone;
}

Outcome cmd_script_exists(Call& call) {
  const auto shas = call.args.rest();
  call.reply.array(shas.size());
  for (const ByteView sha : shas) call.reply.integer(call.on.scripts.find(sha) != nullptr ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_script_flush(Call& call) {
  if (call.args.more() && !call.args.accept("ASYNC") && !call.args.accept("SYNC")) {
    return call.fail(kFlushOption);
  }
  if (call.args.more()) return call.fail(kFlushOption);
  call.on.scripts.flush();
  call.reply.ok();
  return Outcome::kDone;
}

// Ends it at its next turn: it is not to be cut off within a command.
Outcome cmd_script_kill(Call& call) {
  if (!call.on.scripts.busy()) return call.fail(errors::kNotBusy);
  exec::ScriptSession& session = call.on.executor->script();
  if (session.wrote) return call.fail(errors::kUnkillable);
  session.kill_asked = true;
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_script_debug(Call& call) {
  const ByteView mode = call.args.next();
  if (same_word(mode, "NO")) {
    call.reply.ok();
    return Outcome::kDone;
  }
  return call.fail(same_word(mode, "YES") || same_word(mode, "SYNC") ? kNoDebugger : kDebugOption);
}

Outcome cmd_script_help(Call& call) {
  return reply_help(call);
}

constexpr CommandSpec kScriptRows[] = {
    {"debug", cmd_script_debug, exactly(3), no_keys(), kNoscript, Group::kScripting, "3.2.0",
     "Switches the debugger, of which there is none.", "mode<YES|SYNC|NO>"},
    {"exists", cmd_script_exists, at_least(3), no_keys(), kNoscript, Group::kScripting, "2.6.0",
     "Tells which of these scripts are known.", "sha1 [sha1 ...]", 0,
     "request_policy:all_shards response_policy:agg_logical_and"},
    {"flush", cmd_script_flush, at_least(2), no_keys(), kNoscript, Group::kScripting, "2.6.0",
     "Forgets all scripts.", "async@6.2.0[ASYNC|SYNC]", 0,
     "request_policy:all_nodes response_policy:all_succeeded"},
    {"help", cmd_script_help, exactly(2), no_keys(), kLoading | kStale, Group::kScripting, "5.0.0",
     "Prints this."},
    {"kill", cmd_script_kill, exactly(2), no_keys(), kNoscript | kAllowBusy, Group::kScripting, "2.6.0",
     "Stops the script that keeps the server busy, if it has not written.", "", 0,
     "request_policy:all_shards response_policy:one_succeeded"},
    {"load", cmd_script_load, exactly(3), no_keys(), kNoscript | kStale, Group::kScripting, "2.6.0",
     "Keeps a script for EVALSHA and tells its name.", "script", 0,
     "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(rows_are_sound(kScriptRows));

constexpr uint32_t kRunsScript = kNoscript | kStale | kSkipMonitor | kNoMandatoryKeys;
constexpr uint16_t kAnyUse = kKeyRw | kKeyAccess | kKeyUpdate;

constexpr CommandSpec kRows[] = {
    {"eval",
     cmd_eval,
     at_least(3),
     numkeys_at(2, kAnyUse, "What a script does with its keys is not known: taken to be the worst"),
     kRunsScript | kMayReplicate,
     Group::kScripting,
     "2.6.0",
     "Runs a script.",
     "script numkeys [key [key ...]] [arg [arg ...]]",
     0,
     {},
     {},
     nullptr,
     nullptr,
     flags_of_text},
    {"eval_ro",
     cmd_eval,
     at_least(3),
     numkeys_at(2, kKeyRo | kKeyAccess,
                "What a script does with its keys is not known: taken to be any reading"),
     kReadonly | kRunsScript,
     Group::kScripting,
     "7.0.0",
     "Runs a script that does not write.",
     "script numkeys [key [key ...]] [arg [arg ...]]",
     0,
     {},
     {},
     nullptr,
     nullptr,
     flags_of_text},
    {"evalsha",
     cmd_evalsha,
     at_least(3),
     numkeys_at(2, kAnyUse),
     kRunsScript | kMayReplicate,
     Group::kScripting,
     "2.6.0",
     "Runs a known script by its SHA-1.",
     "sha1 numkeys [key [key ...]] [arg [arg ...]]",
     0,
     {},
     {},
     nullptr,
     nullptr,
     flags_of_sha},
    {"evalsha_ro",
     cmd_evalsha,
     at_least(3),
     numkeys_at(2, kKeyRo | kKeyAccess),
     kReadonly | kRunsScript,
     Group::kScripting,
     "7.0.0",
     "Runs a known script that does not write, by its SHA-1.",
     "sha1 numkeys [key [key ...]] [arg [arg ...]]",
     0,
     {},
     {},
     nullptr,
     nullptr,
     flags_of_sha},
    {.name = "script",
     .arity = at_least(2),
     .group = Group::kScripting,
     .since = "2.6.0",
     .summary = "Keeps, forgets and stops scripts.",
     .categories = kCatNotOfGroup,
     .subcommands = kScriptRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> scripting_commands() {
  return kRows;
}

}  // namespace sluice::commands
