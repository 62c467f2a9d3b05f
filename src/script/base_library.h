// Replacements for functions of Lua's own libraries, where LuaJIT's differ from Lua 5.1's, where raw access
// would pass a guard by (sandbox.h), or where one script could harm the next. The Lua state owns them; they
// must know neither commands nor replies.
#pragma once

#include <luajit-2.1/lua.hpp>

namespace sluice::script {

inline constexpr char kReadonlyError[] = "Attempt to modify a readonly table";

// The field of a guard's metatable that holds the table behind it. Scripts cannot reach that metatable.
inline constexpr int kGuardedField = 1;

// Tables of {name, function}, ending with a null name, for each library.
extern const luaL_Reg kBaseFunctions[];
extern const luaL_Reg kCoroutineFunctions[];
extern const luaL_Reg kStringFunctions[];
extern const luaL_Reg kTableFunctions[];
extern const luaL_Reg kMathFunctions[];

// pairs. Its upvalues: LuaJIT's own next, which the interpreter knows and runs fast, and ours, for guards.
int guarded_pairs(lua_State* lua);

// __newindex of guards.
int refuse_write(lua_State* lua);
// __index of the true globals.
int refuse_unknown_global(lua_State* lua);

// Puts the size check before cjson's functions, in the table at the top. REQUIRES: the context knows the
// originals.
void guard_json(lua_State* lua);

// Lua text run once: returns pcall and load. Lua, not C, so that a script can be suspended inside pcall.
extern const char kPrelude[];
inline constexpr char kPreludeName[] = "=script";  // Error places never name it.

}  // namespace sluice::script
