// Text into a Lua function, by way of the dialect (dialect.h). The only place where code is compiled, so that
// no bytecode and no syntax beyond Lua 5.1 gets in elsewhere. The function is left on the stack of the state
// it was given, which owns it. Knows neither commands nor who asks.
#pragma once

#include <luajit-2.1/lua.hpp>

#include "base/bytes.h"
#include "script/dialect.h"

namespace sluice::script {

// As luaL_loadbuffer: 0 and a function at the top, or a status and a message ("user_script:1: ..."). `name`
// as Lua names chunks: "@file", "=text", or the code itself. May raise (no memory).
[[nodiscard]] int load_chunk(lua_State* lua, base::ByteView text, ChunkKind kind, const char* name);

}  // namespace sluice::script
