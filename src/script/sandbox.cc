#include "script/sandbox.h"

#include <cstring>

// The header does not say that it is C.
extern "C" {
#include <lua5.1/lua-cjson.h>
}

#include "script/base_library.h"
#include "script/context.h"
#include "script/libs/cmsgpack.h"
#include "script/libs/struct.h"
#include "script/redis_api.h"

namespace sluice::script {
namespace {

// What scripts may use of Lua's own global functions.
constexpr const char* kAllowedGlobals[] = {
    "_VERSION",     "assert",   "collectgarbage", "error", "gcinfo",   "getmetatable", "ipairs", "load",
    "loadstring",   "next",     "pairs",          "pcall", "rawequal", "rawget",       "rawset", "select",
    "setmetatable", "tonumber", "tostring",       "type",  "unpack",   "xpcall",
};

constexpr const char* kGuardedLibraries[] = {"string", "table",    "math",   "coroutine", "bit",
                                             "cjson",  "cmsgpack", "struct", "redis"};

constexpr const char* kKeyNames[] = {"err",
                                     "ok",
                                     "double",
                                     "map",
                                     "set",
                                     "big_number",
                                     "verbatim_string",
                                     "string",
                                     "format",
                                     "KEYS",
                                     "ARGV",
                                     "ignore_error_stats_update"};
static_assert(sizeof kKeyNames / sizeof *kKeyNames == static_cast<size_t>(Key::kCount));

void anchor_keys(lua_State* lua) {
  Context& context = context_of(lua);
  for (size_t i = 0; i < static_cast<size_t>(Key::kCount); ++i) {
    lua_pushstring(lua, kKeyNames[i]);
    context.keys[i] = luaL_ref(lua, LUA_REGISTRYINDEX);
  }
}

void open_library(lua_State* lua, lua_CFunction open, const char* name) {
  lua_pushcfunction(lua, open);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

void set_functions(lua_State* lua, const luaL_Reg* functions) {
  for (; functions->name != nullptr; ++functions) {
    lua_pushcfunction(lua, functions->func);
    lua_setfield(lua, -2, functions->name);
  }
}

// Of the library table in the current globals.
void change_library(lua_State* lua, const char* name, const luaL_Reg* functions) {
  lua_getglobal(lua, name);
  set_functions(lua, functions);
  lua_pop(lua, 1);
}

void open_lua_libraries(lua_State* lua) {
  open_library(lua, luaopen_base, "");
  open_library(lua, luaopen_table, LUA_TABLIBNAME);
  open_library(lua, luaopen_string, LUA_STRLIBNAME);
  open_library(lua, luaopen_math, LUA_MATHLIBNAME);
  open_library(lua, luaopen_bit, LUA_BITLIBNAME);
}

void open_extra_libraries(lua_State* lua) {
  lua_pushcfunction(lua, luaopen_cjson);
  lua_call(lua, 0, 1);
  Context& context = context_of(lua);
  lua_getfield(lua, -1, "encode");
  context.json_encode = lua_tocfunction(lua, -1);
  lua_getfield(lua, -2, "decode");
  context.json_decode = lua_tocfunction(lua, -1);
  lua_getfield(lua, -3, "new");
  context.json_new = lua_tocfunction(lua, -1);
  lua_pop(lua, 3);
  guard_json(lua);
  lua_setglobal(lua, "cjson");

  libs::push_cmsgpack(lua);
  lua_setglobal(lua, "cmsgpack");
  libs::push_struct(lua);
  lua_setglobal(lua, "struct");
  push_redis_table(lua);
  lua_setglobal(lua, "redis");
}

void rename_field(lua_State* lua, const char* library, const char* from, const char* to) {
  lua_getglobal(lua, library);
  if (from == nullptr) {
    lua_pushnil(lua);
  } else {
    lua_getfield(lua, -1, from);
  }
  lua_setfield(lua, -2, to);
  lua_pop(lua, 1);
}

// Puts our functions in the place of LuaJIT's and takes out what Lua 5.1 does not have.
void change_libraries(lua_State* lua) {
  lua_getglobal(lua, "next");
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  set_functions(lua, kBaseFunctions);
  lua_pop(lua, 1);
  lua_getglobal(lua, "next");
  lua_pushcclosure(lua, guarded_pairs, 2);
  lua_setglobal(lua, "pairs");

  change_library(lua, LUA_COLIBNAME, kCoroutineFunctions);
  change_library(lua, LUA_STRLIBNAME, kStringFunctions);
  change_library(lua, LUA_TABLIBNAME, kTableFunctions);
  change_library(lua, LUA_MATHLIBNAME, kMathFunctions);
  rename_field(lua, LUA_STRLIBNAME, "gmatch", "gfind");
  rename_field(lua, LUA_MATHLIBNAME, "fmod", "mod");
  rename_field(lua, LUA_TABLIBNAME, nullptr, "move");
  rename_field(lua, LUA_COLIBNAME, nullptr, "isyieldable");

  if (luaL_loadbuffer(lua, kPrelude, std::strlen(kPrelude), kPreludeName) != 0) lua_error(lua);
  lua_call(lua, 0, 2);
  lua_setglobal(lua, "load");
  lua_setglobal(lua, "pcall");
}

// Pushes a guard of the table at the top, which it replaces. `metatable_shown` is what getmetatable answers:
// the stack index of a value, or 0 for false.
void guard_top(lua_State* lua, int metatable_shown) {
  lua_createtable(lua, 0, 0);
  lua_createtable(lua, kGuardedField, 4);
  lua_pushvalue(lua, -3);
  lua_rawseti(lua, -2, kGuardedField);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, refuse_write);
  lua_setfield(lua, -2, "__newindex");
  if (metatable_shown == 0) {
    lua_pushboolean(lua, 0);
  } else {
    lua_pushvalue(lua, metatable_shown);
  }
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
  lua_remove(lua, -2);
}

// Pushes a guarded table with the one field __index, for those who ask for the metatable of _G or of strings.
int push_shown_metatable(lua_State* lua, int index_value) {
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, index_value);
  lua_setfield(lua, -2, "__index");
  guard_top(lua, 0);
  return lua_gettop(lua);
}

// string values keep the true library as __index, so that ("x"):len() stays fast.
void hide_string_metatable(lua_State* lua, int globals) {
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_getfield(lua, globals, LUA_STRLIBNAME);
  lua_pushvalue(lua, push_shown_metatable(lua, lua_gettop(lua)));
  lua_setfield(lua, -4, "__metatable");
  lua_pop(lua, 4);
}

void fill_globals(lua_State* lua, int globals) {
  for (const char* name : kAllowedGlobals) {
    lua_getglobal(lua, name);
    lua_setfield(lua, globals, name);
  }
  for (const char* name : kGuardedLibraries) {
    lua_getglobal(lua, name);
    guard_top(lua, 0);
    lua_setfield(lua, globals, name);
  }
}

}  // namespace

void open_sandbox(lua_State* lua) {
  lua_settop(lua, 0);
  anchor_keys(lua);
  open_lua_libraries(lua);
  open_extra_libraries(lua);
  change_libraries(lua);

  lua_createtable(lua, 0, 64);
  int globals = lua_gettop(lua);
  fill_globals(lua, globals);
  hide_string_metatable(lua, globals);
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, refuse_unknown_global);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, globals);

  lua_pushcfunction(lua, refuse_unknown_global);
  int shown = push_shown_metatable(lua, lua_gettop(lua));
  lua_pushvalue(lua, globals);
  guard_top(lua, shown);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, globals, "_G");
  lua_replace(lua, LUA_GLOBALSINDEX);

  lua_pushvalue(lua, globals);
  context_of(lua).globals = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_settop(lua, 0);
}

}  // namespace sluice::script
