#include "script/redis_api.h"

#include "script/context.h"
#include "script/convert.h"
#include "script/sha1.h"

namespace sluice::script {
namespace {

using base::ByteView;

constexpr int kReplLog = 1;
constexpr int kReplReplica = 2;

constexpr char kNoArguments[] = "ERR Please specify at least one argument for this redis lib call";
constexpr char kBadArguments[] = "ERR Lua redis lib command arguments must be strings or integers";
constexpr char kWrongReplyArguments[] = "ERR wrong number or type of arguments";

int raise(lua_State* lua, ByteView text) {
  push_error_table(lua, context_of(lua), text);
  return lua_error(lua);
}

// An error of the script's own making: raised by redis.call, returned by redis.pcall.
int fail_call(lua_State* lua, ByteView text, bool raises) {
  push_error_table(lua, context_of(lua), text);
  return raises ? lua_error(lua) : 1;
}

int run_command(lua_State* lua, bool raises) {
  Context& context = context_of(lua);
  if (lua_gettop(lua) == 0) return fail_call(lua, kNoArguments, raises);
  if (!read_args(lua, context)) return fail_call(lua, kBadArguments, raises);
  resp::Reply reply(context.builder, context.protocol);
  context.host->call(context.args, reply);
  context.reply = context.builder.take();
  push_reply(lua, context, context.reply);
  bool failed = context.reply.is_error();
  context.reply.children.clear();
  if (!failed) return 1;
  push_key(lua, context, Key::kIgnoreStats);
  lua_pushboolean(lua, 1);
  lua_rawset(lua, -3);
  return raises ? lua_error(lua) : 1;
}

int redis_call(lua_State* lua) {
  return run_command(lua, true);
}

int redis_pcall(lua_State* lua) {
  return run_command(lua, false);
}

ByteView text_of(lua_State* lua, int index) {
  size_t bytes = 0;
  const char* data = lua_tolstring(lua, index, &bytes);
  return data == nullptr ? ByteView("") : ByteView(data, bytes);
}

// A text is a code and words; one that has no code gets ERR, a leading minus is the wire's and goes.
int redis_error_reply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING)
    return fail_call(lua, kWrongReplyArguments, false);
  ByteView text = text_of(lua, 1);
  if (text.starts_with('-')) text.remove_prefix(1);
  lua_createtable(lua, 0, 1);
  push_key(lua, context_of(lua), Key::kErr);
  lua_pushliteral(lua, "ERR ");
  lua_pushlstring(lua, text.data(), text.size());
  if (text.find(' ') == ByteView::npos) {
    lua_concat(lua, 2);
  } else {
    lua_remove(lua, -2);
  }
  lua_rawset(lua, -3);
  return 1;
}

int redis_status_reply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING)
    return fail_call(lua, kWrongReplyArguments, false);
  lua_createtable(lua, 0, 1);
  push_key(lua, context_of(lua), Key::kOk);
  lua_pushvalue(lua, 1);
  lua_rawset(lua, -3);
  return 1;
}

int redis_sha1hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "ERR wrong number of arguments");
  Sha sha = sha1_hex(text_of(lua, 1));
  lua_pushlstring(lua, sha.data(), sha.size());
  return 1;
}

int redis_log(lua_State* lua) {
  int count = lua_gettop(lua);
  if (count < 2) return raise(lua, "ERR redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0) return raise(lua, "ERR First argument must be a number (log level).");
  lua_Number level = lua_tonumber(lua, 1);
  if (!(level >= 0 && level < 4)) return raise(lua, "ERR Invalid debug level.");
  luaL_Buffer text;
  luaL_buffinit(lua, &text);
  for (int i = 2; i <= count; ++i) {
    if (lua_isstring(lua, i) == 0) continue;
    if (i > 2) luaL_addchar(&text, ' ');
    lua_pushvalue(lua, i);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  context_of(lua).host->log(static_cast<LogLevel>(static_cast<int>(level)), text_of(lua, -1));
  return 0;
}

int redis_setresp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "ERR redis.setresp() requires one argument.");
  lua_Number version = lua_tonumber(lua, 1);
  if (version != 2 && version != 3) return raise(lua, "ERR RESP version must be 2 or 3.");
  context_of(lua).protocol = version == 2 ? resp::Protocol::kResp2 : resp::Protocol::kResp3;
  return 0;
}

int redis_set_repl(lua_State* lua) {
  if (lua_gettop(lua) != 1) return raise(lua, "ERR redis.set_repl() requires two arguments.");
  lua_Number flags = lua_tonumber(lua, 1);
  if (!(flags >= 0 && flags < kReplLog + kReplReplica + 1)) {
    return raise(lua, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  int bits = static_cast<int>(flags);
  context_of(lua).host->set_propagation((bits & kReplLog) != 0, (bits & kReplReplica) != 0);
  return 0;
}

// Effects are what is propagated always; kept for scripts written when it was a choice.
int redis_replicate_commands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

// There is no debugger attached, and both say so as Redis does outside of one.
int redis_breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

int redis_debug(lua_State*) {
  return 0;
}

int redis_acl_check_cmd(lua_State* lua) {
  Context& context = context_of(lua);
  if (lua_gettop(lua) == 0) return raise(lua, kNoArguments);
  if (!read_args(lua, context)) return raise(lua, kBadArguments);
  AclVerdict verdict = context.host->check_acl(context.args);
  if (verdict == AclVerdict::kNoSuchCommand) {
    return raise(lua, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(lua, verdict == AclVerdict::kAllowed ? 1 : 0);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"call", redis_call},
    {"pcall", redis_pcall},
    {"error_reply", redis_error_reply},
    {"status_reply", redis_status_reply},
    {"sha1hex", redis_sha1hex},
    {"log", redis_log},
    {"setresp", redis_setresp},
    {"set_repl", redis_set_repl},
    {"replicate_commands", redis_replicate_commands},
    {"breakpoint", redis_breakpoint},
    {"debug", redis_debug},
    {"acl_check_cmd", redis_acl_check_cmd},
};

struct Constant {
  const char* name;
  int value;
};

constexpr Constant kConstants[] = {
    {"LOG_DEBUG", static_cast<int>(LogLevel::kDebug)},
    {"LOG_VERBOSE", static_cast<int>(LogLevel::kVerbose)},
    {"LOG_NOTICE", static_cast<int>(LogLevel::kNotice)},
    {"LOG_WARNING", static_cast<int>(LogLevel::kWarning)},
    {"REPL_NONE", 0},
    {"REPL_AOF", kReplLog},
    {"REPL_REPLICA", kReplReplica},
    {"REPL_SLAVE", kReplReplica},
    {"REPL_ALL", kReplLog + kReplReplica},
    {"REDIS_VERSION_NUM", kReportedVersionNumber},
};

}  // namespace

void push_redis_table(lua_State* lua) {
  lua_createtable(lua, 0, 32);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(lua, function.func);
    lua_setfield(lua, -2, function.name);
  }
  for (const Constant& constant : kConstants) {
    lua_pushnumber(lua, constant.value);
    lua_setfield(lua, -2, constant.name);
  }
  lua_pushstring(lua, kReportedVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
}

}  // namespace sluice::script
