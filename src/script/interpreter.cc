#include "script/interpreter.h"

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "script/base_library.h"
#include "script/chunk.h"
#include "script/convert.h"
#include "script/sandbox.h"

namespace sluice::script {
namespace {

using base::ByteView;

constexpr char kChunkName[] = "@user_script";
// How often an installed hook looks at the clock.
constexpr int kInstructionsPerLook = 1000;
// Room kept from one run to the next; a larger scratch is given back.
constexpr size_t kKeptScratchBytes = size_t{64} << 10;
constexpr char kStopped[] = "Script stopped: it ran for too long where it cannot be suspended";

// Stack slots of the main state.
constexpr int kDriveSlot = 1;  // call_drive, so that starting a run allocates nothing outside of protection.
constexpr int kCompileSlot = 2;  // call_compile
constexpr int kRenewSlot = 3;    // call_renew
constexpr int kCoroutineSlot = 4;

std::string describe(lua_State* lua, int index) {
  if (lua_type(lua, index) == LUA_TSTRING) {
    size_t bytes = 0;
    const char* data = lua_tolstring(lua, index, &bytes);
    return {data, bytes};
  }
  if (lua_type(lua, index) == LUA_TNUMBER) {
    char text[32];
    int length = std::snprintf(text, sizeof text, "%.14g", lua_tonumber(lua, index));
    return {text, static_cast<size_t>(length)};
  }
  if (lua_type(lua, index) == LUA_TBOOLEAN) return lua_toboolean(lua, index) != 0 ? "true" : "false";
  return lua_typename(lua, lua_type(lua, index));
}

}  // namespace

Interpreter& Interpreter::of(lua_State* lua) {
  return *static_cast<Interpreter*>(context_of(lua).owner);
}

void* Interpreter::allocate(void* user, void* block, size_t old_bytes, size_t new_bytes) {
  Context& context = *static_cast<Context*>(user);
  if (new_bytes == 0) {
    std::free(block);
    context.used_bytes -= old_bytes;
    return nullptr;
  }
  if (new_bytes > old_bytes && context.used_bytes - old_bytes + new_bytes > context.limit_bytes)
    return nullptr;
  void* moved = std::realloc(block, new_bytes);
  if (moved == nullptr) return nullptr;
  context.used_bytes += new_bytes - old_bytes;
  if (new_bytes >= kMaxJsonStringBytes) context.saw_huge_block = true;
  return moved;
}

int Interpreter::call_open(lua_State* lua) {
  open_sandbox(lua);
  return 0;
}

Interpreter::Interpreter(const base::Clock& clock, size_t memory_limit_bytes) : clock_(clock) {
  context_.owner = this;
  context_.limit_bytes = memory_limit_bytes;
  context_.random_state = static_cast<uint64_t>(clock.unix_us());
  lua_ = lua_newstate(allocate, &context_);
  SLUICE_CHECK(lua_ != nullptr, "no memory for a Lua state");
  context_.main = lua_;
  luaJIT_setmode(lua_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  SLUICE_CHECK(lua_cpcall(lua_, call_open, nullptr) == 0, "the script sandbox does not open");
  lua_settop(lua_, 0);
  lua_pushcfunction(lua_, call_drive);
  lua_pushcfunction(lua_, call_compile);
  lua_pushcfunction(lua_, call_renew);
  lua_pushnil(lua_);
  renew_coroutine();
  SLUICE_CHECK(context_.coroutine != nullptr, "no memory for a Lua state");
}

Interpreter::~Interpreter() {
  lua_close(lua_);
}

int Interpreter::call_renew(lua_State* lua) {
  lua_newthread(lua);
  return 1;
}

// A coroutine that ended in an error, or was left suspended, cannot run another script.
void Interpreter::renew_coroutine() {
  context_.coroutine = nullptr;
  lua_pushvalue(lua_, kRenewSlot);
  if (lua_pcall(lua_, 0, 1, 0) == 0) context_.coroutine = lua_tothread(lua_, -1);
  lua_replace(lua_, kCoroutineSlot);
}

int Interpreter::call_compile(lua_State* lua) {
  Interpreter& self = of(lua);
  if (load_chunk(lua, self.code_, ChunkKind::kScript, kChunkName) != 0 &&
      // Once more as it was written, so that the message does not speak of brackets that the dialect put in.
      load_chunk(lua, self.code_, ChunkKind::kFunction, kChunkName) != 0) {
    return lua_error(lua);
  }
  self.compiled_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

base::Result<int> Interpreter::compile(ByteView code) {
  SLUICE_CHECK(!suspended_, "compiling while a script is suspended");
  code_ = code;
  lua_pushvalue(lua_, kCompileSlot);
  int status = lua_pcall(lua_, 0, 0, 0);
  if (status == LUA_ERRMEM) {  // What fills the memory may be garbage of earlier runs.
    lua_pop(lua_, 1);
    collect_all();
    lua_pushvalue(lua_, kCompileSlot);
    status = lua_pcall(lua_, 0, 0, 0);
  }
  code_ = {};
  context_.source = {};
  if (status == 0) return compiled_;
  base::Error error{describe(lua_, -1)};
  lua_pop(lua_, 1);
  return error;
}

void Interpreter::forget(int function) {
  luaL_unref(lua_, LUA_REGISTRYINDEX, function);
}

void Interpreter::bind(Host& host, resp::Reply& reply, ByteView sha) {
  context_.host = &host;
  reply_ = &reply;
  sha_ = sha;
}

void Interpreter::set_arguments(lua_State* lua, Key name, std::span<const ByteView> values) {
  push_key(lua, context_, name);
  lua_createtable(lua, static_cast<int>(values.size()), 0);
  int index = 0;
  for (ByteView value : values) {
    lua_pushlstring(lua, value.data(), value.size());
    lua_rawseti(lua, -2, ++index);
  }
  lua_rawset(lua, -3);
}

// In protected mode on the main state; the script itself is protected once more, by lua_resume.
int Interpreter::call_drive(lua_State* lua) {
  Interpreter& self = of(lua);
  Context& context = self.context_;
  if (self.phase_ == Phase::kStart) {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, context.globals);
    self.set_arguments(lua, Key::kKeys, self.invocation_->keys);
    self.set_arguments(lua, Key::kArgv, self.invocation_->argv);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, self.function_);
    lua_xmove(lua, context.coroutine, 1);
  }
  self.resumed_ = lua_resume(context.coroutine, 0);
  if (self.resumed_ == 0) {
    size_t limit_bytes = context.limit_bytes;
    context.limit_bytes = SIZE_MAX;  // A reply once begun must be finished.
    lua_settop(context.coroutine, 1);
    write_result(context.coroutine, context, *self.reply_);
    context.limit_bytes = limit_bytes;
  }
  return 0;
}

Outcome Interpreter::start(int function, const Invocation& invocation, const RunLimits& limits,
                           int64_t now_us) {
  SLUICE_CHECK(!suspended_, "a script is started while another is suspended");
  invocation_ = &invocation;
  function_ = function;
  context_.protocol = resp::Protocol::kResp2;
  begun_us_ = now_us;
  return run(Phase::kStart, limits);
}

Outcome Interpreter::resume(const RunLimits& limits) {
  SLUICE_CHECK(suspended_, "no script is suspended");
  begun_us_ = clock_.monotonic_us();
  // This script is known to be slow: no watchdog, it looks at the clock itself.
  install_hook(kInstructionsPerLook);
  return run(Phase::kResume, limits);
}

Outcome Interpreter::run(Phase phase, const RunLimits& limits) {
  phase_ = phase;
  deadline_us_ = begun_us_ + limits.busy_after_us;
  hard_deadline_us_ = begun_us_ + limits.hard_after_us;
  yielded_ = false;
  stopping_ = false;
  suspended_ = false;
  if (context_.coroutine == nullptr) renew_coroutine();
  if (context_.coroutine == nullptr) {
    fail("ERR not enough memory");
    return Outcome::kDone;
  }
  lua_pushvalue(lua_, kDriveSlot);
  int status = lua_pcall(lua_, 0, 0, 0);
  if (hooked_.load(std::memory_order_relaxed)) remove_hook();
  if (status != 0) {  // Before the script began: its arguments did not fit.
    fail("ERR " + describe(lua_, -1));
    lua_pop(lua_, 1);
    resumed_ = LUA_ERRMEM;
    finish();
    return Outcome::kDone;
  }
  if (resumed_ == LUA_YIELD && yielded_ && !stopping_) {
    suspended_ = true;
    return Outcome::kSuspended;
  }
  if (resumed_ == LUA_YIELD) {
    fail(with_place(std::string("ERR ") + kStopped, sha_));
  } else if (resumed_ != 0) {
    const bool known = problem_is_counted();
    const std::string text = problem_text(sha_);
    if (known) {
      reply_->error(text);
    } else {
      fail(text);
    }
  }
  finish();
  return Outcome::kDone;
}

// Leaves nothing of the run behind: arguments can be large, and the next run may be long in coming.
void Interpreter::finish() {
  context_.host = nullptr;
  reply_ = nullptr;
  if (resumed_ != 0) renew_coroutine();
  lua_rawgeti(lua_, LUA_REGISTRYINDEX, context_.globals);
  for (Key name : {Key::kKeys, Key::kArgv}) {
    push_key(lua_, context_, name);
    lua_pushboolean(lua_, 0);
    lua_rawset(lua_, -3);
  }
  lua_pop(lua_, 1);
  if (resumed_ == LUA_ERRMEM) collect_all();
  resumed_ = 0;
  if (context_.scratch.capacity() > kKeptScratchBytes) context_.scratch = {};
  if (context_.source.capacity() > kKeptScratchBytes) context_.source = {};
}

// Only when memory has run out: it is not bounded.
void Interpreter::collect_all() {
  size_t limit_bytes = context_.limit_bytes;
  context_.limit_bytes = SIZE_MAX;  // Collecting may itself need a little.
  lua_gc(lua_, LUA_GCCOLLECT, 0);
  context_.limit_bytes = limit_bytes;
}

std::string Interpreter::kill(ByteView sha) {
  SLUICE_CHECK(suspended_, "no script is suspended");
  std::string text = with_place("ERR Script killed by user with SCRIPT KILL...", sha);
  suspended_ = false;
  resumed_ = LUA_YIELD;
  finish();
  return text;
}

// Where the script stands: the innermost function that is Lua and was compiled from a script. The stack of a
// coroutine outlives its error, but not the line within the innermost function when Lua itself raised it:
// that line begins the message then, "ERR user_script:7: attempt to ...".
std::string Interpreter::with_place(std::string text, ByteView sha) {
  std::string message = text;
  text += " script: ";
  text += sha;
  lua_Debug activation;
  for (int level = 0; lua_getstack(context_.coroutine, level, &activation) != 0; ++level) {
    lua_getinfo(context_.coroutine, "Sl", &activation);
    if (activation.what[0] == 'C' || activation.source == ByteView(kPreludeName)) continue;
    int line = activation.currentline;
    std::string opening = std::string("ERR ") + activation.short_src + ':';
    if (line < 0 && message.starts_with(opening)) line = std::atoi(message.c_str() + opening.size());
    if (line < 0) continue;
    text += ", on ";
    text += activation.source;
    text += ':' + std::to_string(line) + '.';
    return text;
  }
  return text + '.';
}

std::string Interpreter::problem_text(ByteView sha) {
  lua_State* lua = context_.coroutine;
  std::string text;
  if (lua_istable(lua, -1)) {
    push_key(lua, context_, Key::kErr);
    lua_rawget(lua, -2);
    text = lua_type(lua, -1) == LUA_TSTRING ? describe(lua, -1) : "ERR unknown error";
    lua_pop(lua, 1);
  } else {
    text = "ERR " + describe(lua, -1);
  }
  return with_place(std::move(text), sha);
}

void Interpreter::fail(const std::string& text) {
  reply_->error(text);
  context_.host->own_error(text);
}

// A command's error, passed on: it was counted when the command failed.
bool Interpreter::problem_is_counted() {
  lua_State* lua = context_.coroutine;
  if (!lua_istable(lua, -1)) return false;
  push_key(lua, context_, Key::kIgnoreStats);
  lua_rawget(lua, -2);
  const bool counted = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return counted;
}

void Interpreter::interrupt() {
  install_hook(kInstructionsPerLook);
}

void Interpreter::install_hook(int every) {
  std::lock_guard<std::mutex> lock(hook_mutex_);
  lua_sethook(lua_, hook, LUA_MASKCOUNT, every);
  hooked_.store(true, std::memory_order_relaxed);
}

void Interpreter::remove_hook() {
  std::lock_guard<std::mutex> lock(hook_mutex_);
  lua_sethook(lua_, nullptr, 0, 0);
  hooked_.store(false, std::memory_order_relaxed);
}

void Interpreter::hook(lua_State* lua, lua_Debug*) {
  of(lua).on_hook(lua);
}

void Interpreter::on_hook(lua_State* lua) {
  int64_t now_us = clock_.monotonic_us();
  if (now_us < deadline_us_) {
    // The alarm was for an earlier run. One that was resumed has no other watch and keeps the hook.
    if (phase_ == Phase::kStart) remove_hook();
    return;
  }
  if (lua == context_.coroutine && lua_isyieldable(lua) != 0) {
    yielded_ = true;
    lua_yield(lua, 0);
    return;
  }
  if (now_us < hard_deadline_us_) return;
  // From now on every instruction raises, so that no pcall in a callback can hold it.
  if (!stopping_) {
    stopping_ = true;
    install_hook(1);
  }
  luaL_error(lua, kStopped);
}

}  // namespace sluice::script
