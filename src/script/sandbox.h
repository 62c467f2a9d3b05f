// The world a script lives in: Lua 5.1's libraries as Redis offers them, and nothing else.
//
// Scripts of all clients share one Lua state, so nothing of it may be changed by one of them. Each shared
// table is kept out of reach behind an empty table (a *guard*) that passes reads on and refuses writes:
//
//   script  ->  guard of _G  --__index-->  true globals  --__index-->  "nonexistent global variable" error
//                                           string, math, redis, ...  are guards in turn
//
// pairs, next, rawget, rawset, setmetatable and table.insert know guards, because raw access would pass them
// by.
#pragma once

#include <luajit-2.1/lua.hpp>

namespace sluice::script {

// Builds the world in a fresh state and makes it the environment of all code loaded later. Fills in the
// anchors of the state's Context. May raise (no memory); to be called in protected mode.
void open_sandbox(lua_State* lua);

}  // namespace sluice::script
