// What the C functions of one Lua state share; they find it from any coroutine by context_of. Owned by the
// interpreter.
//
// Everything here that owns memory lives here and not in a local variable, because a Lua call that raises
// jumps over C++ frames without running destructors: between a Lua call that may raise and its caller there
// must be nothing to destroy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <luajit-2.1/lua.hpp>

#include "base/bytes.h"
#include "resp/protocol.h"
#include "resp/value.h"
#include "script/host.h"

namespace sluice::script {

// Strings that are looked up often, anchored so that looking them up neither hashes nor allocates.
enum class Key : uint8_t {
  kErr,
  kOk,
  kDouble,
  kMap,
  kSet,
  kBigNumber,
  kVerbatim,
  kString,
  kFormat,
  kKeys,
  kArgv,
  kIgnoreStats,
  kCount
};

// A string of this size or more is refused by cjson: its encoder counts in int and overflows near 400 MiB.
inline constexpr size_t kMaxJsonStringBytes = size_t{64} << 20;

struct Context {
  void* owner = nullptr;  // The Interpreter.
  lua_State* main = nullptr;
  lua_State* coroutine = nullptr;                    // The script itself; nothing else may be suspended.
  Host* host = nullptr;                              // Of the run in progress.
  resp::Protocol protocol = resp::Protocol::kResp2;  // redis.setresp.
  uint64_t random_state = 0;                         // Of math.random; 48 bits.

  std::vector<base::ByteView> args;  // Of the redis.call in progress; the bytes are Lua's.
  std::vector<char> number_text;     // Digits that `args` points into.
  resp::ValueBuilder builder;
  resp::Value reply;
  std::string scratch;  // What a library builds before it becomes a Lua string.
  std::string source;   // What `loadstring` compiles, put into the dialect.
  std::string failure;

  std::array<int, static_cast<size_t>(Key::kCount)> keys{};  // Registry references.
  int globals = 0;                                           // Registry reference of the true globals.

  size_t used_bytes = 0;
  size_t limit_bytes = 0;
  bool saw_huge_block = false;  // A block of kMaxJsonStringBytes or more was made since the state began.

  lua_CFunction json_encode = nullptr;  // cjson's own, behind the size check.
  lua_CFunction json_decode = nullptr;
  lua_CFunction json_new = nullptr;
};

[[nodiscard]] inline Context& context_of(lua_State* lua) {
  void* context = nullptr;
  lua_getallocf(lua, &context);
  return *static_cast<Context*>(context);
}

inline void push_key(lua_State* lua, const Context& context, Key key) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, context.keys[static_cast<size_t>(key)]);
}

}  // namespace sluice::script
