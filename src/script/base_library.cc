#include "script/base_library.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "script/chunk.h"
#include "script/context.h"

namespace sluice::script {
namespace {

// If the value at `index` is a guard, replaces it by the table behind it.
bool unguard(lua_State* lua, int index) {
  if (!lua_istable(lua, index) || lua_getmetatable(lua, index) == 0) return false;
  lua_rawgeti(lua, -1, kGuardedField);
  if (!lua_istable(lua, -1)) {
    lua_pop(lua, 2);
    return false;
  }
  lua_replace(lua, index);
  lua_pop(lua, 1);
  return true;
}

bool is_guard(lua_State* lua, int index) {
  if (!lua_istable(lua, index) || lua_getmetatable(lua, index) == 0) return false;
  lua_rawgeti(lua, -1, kGuardedField);
  bool guard = lua_istable(lua, -1);
  lua_pop(lua, 2);
  return guard;
}

// By a function of the library: the message names no line, as it does not in Redis.
int refuse(lua_State* lua) {
  lua_pushstring(lua, kReadonlyError);
  return lua_error(lua);
}

int base_next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  unguard(lua, 1);
  if (lua_next(lua, 1) != 0) return 2;
  lua_pushnil(lua);
  return 1;
}

int base_rawget(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  unguard(lua, 1);
  lua_rawget(lua, 1);
  return 1;
}

int base_rawset(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 3);
  lua_settop(lua, 3);
  if (is_guard(lua, 1)) return refuse(lua);
  if (lua_isnil(lua, 2)) return luaL_error(lua, "table index is nil");
  lua_rawset(lua, 1);
  return 1;
}

int base_setmetatable(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  int type = lua_type(lua, 2);
  luaL_argcheck(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  if (is_guard(lua, 1)) return refuse(lua);
  if (luaL_getmetafield(lua, 1, "__metatable") != 0)
    return luaL_error(lua, "cannot change a protected metatable");
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

// Lua 5.1 prints through the C library, which shows the sign of NaN; LuaJIT drops it.
int base_tostring(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (luaL_callmeta(lua, 1, "__tostring") != 0) return 1;
  switch (lua_type(lua, 1)) {
    case LUA_TNUMBER: {
      lua_Number number = lua_tonumber(lua, 1);
      if (std::isnan(number)) {
        lua_pushstring(lua, std::signbit(number) ? "-nan" : "nan");
      } else {
        lua_pushvalue(lua, 1);
        lua_tolstring(lua, -1, nullptr);
      }
      break;
    }
    case LUA_TSTRING:
      lua_pushvalue(lua, 1);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(lua, lua_toboolean(lua, 1) != 0 ? "true" : "false");
      break;
    case LUA_TNIL:
      lua_pushliteral(lua, "nil");
      break;
    default:
      lua_pushfstring(lua, "%s: %p", luaL_typename(lua, 1), lua_topointer(lua, 1));
      break;
  }
  return 1;
}

// Turning the collector off or down would outlive the script, so those options do nothing.
int base_collectgarbage(lua_State* lua) {
  constexpr const char* kOptions[] = {"collect", "count",    "step",       "stop",
                                      "restart", "setpause", "setstepmul", nullptr};
  int option = luaL_checkoption(lua, 1, "collect", kOptions);
  if (option == 1) {
    lua_pushnumber(lua, static_cast<lua_Number>(lua_gc(lua, LUA_GCCOUNT, 0)) +
                            static_cast<lua_Number>(lua_gc(lua, LUA_GCCOUNTB, 0)) / 1024);
    return 1;
  }
  if (option == 2) {
    lua_pushboolean(lua, lua_gc(lua, LUA_GCSTEP, static_cast<int>(luaL_optinteger(lua, 2, 0))));
    return 1;
  }
  if (option == 0) lua_gc(lua, LUA_GCCOLLECT, 0);
  lua_pushnumber(lua, 0);
  return 1;
}

int base_loadstring(lua_State* lua) {
  size_t bytes = 0;
  const char* text = luaL_checklstring(lua, 1, &bytes);
  const char* name = luaL_optstring(lua, 2, text);
  if (load_chunk(lua, {text, bytes}, ChunkKind::kFunction, name) == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

// The script itself is a coroutine here, which it must neither see nor leave: Lua 5.1 has no main coroutine.
int coroutine_running(lua_State* lua) {
  if (lua == context_of(lua).coroutine) {
    lua_pushnil(lua);
  } else {
    lua_pushthread(lua);
  }
  return 1;
}

int coroutine_yield(lua_State* lua) {
  if (lua == context_of(lua).coroutine) {
    lua_pushliteral(lua, "attempt to yield across metamethod/C-call boundary");
    return lua_error(lua);
  }
  return lua_yield(lua, lua_gettop(lua));
}

// Without LuaJIT's third parameter.
int string_rep(lua_State* lua) {
  size_t bytes = 0;
  const char* text = luaL_checklstring(lua, 1, &bytes);
  lua_Number times = luaL_checknumber(lua, 2);
  if (!(times >= 1) || bytes == 0) {
    lua_pushliteral(lua, "");
    return 1;
  }
  if (times * static_cast<lua_Number>(bytes) > static_cast<lua_Number>(context_of(lua).limit_bytes)) {
    return luaL_error(lua, "not enough memory");
  }
  size_t total = static_cast<size_t>(times) * bytes;
  auto* out = static_cast<char*>(lua_newuserdata(lua, total));
  std::memcpy(out, text, bytes);
  for (size_t done = bytes; done < total;) {
    size_t more = std::min(done, total - done);
    std::memcpy(out + done, out, more);
    done += more;
  }
  lua_pushlstring(lua, out, total);
  return 1;
}

int table_insert(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  int end = static_cast<int>(lua_objlen(lua, 1)) + 1;
  int count = lua_gettop(lua);
  if (count != 2 && count != 3) return luaL_error(lua, "wrong number of arguments to 'insert'");
  if (is_guard(lua, 1)) return refuse(lua);
  int position = end;
  if (count == 3) {
    position = static_cast<int>(luaL_checkinteger(lua, 2));
    for (int i = end; i > position; --i) {
      lua_rawgeti(lua, 1, i - 1);
      lua_rawseti(lua, 1, i);
    }
  }
  lua_rawseti(lua, 1, position);
  return 0;
}

int table_setn(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  return luaL_error(lua, "'setn' is obsolete");
}

// The second parameter came with Lua 5.2.
int math_log(lua_State* lua) {
  lua_pushnumber(lua, std::log(luaL_checknumber(lua, 1)));
  return 1;
}

// The drand48 generator: after math.randomseed(n), scripts written for Redis expect its numbers.
constexpr uint64_t kRandomFactor = 0x5DEECE66D;
constexpr uint64_t kRandomAddend = 0xB;
constexpr uint64_t kRandomMask = (uint64_t{1} << 48) - 1;
constexpr uint64_t kSeedTail = 0x330E;
constexpr int32_t kRandomMax = INT32_MAX;

int32_t next_random(Context& context) {
  context.random_state = (context.random_state * kRandomFactor + kRandomAddend) & kRandomMask;
  return static_cast<int32_t>(context.random_state >> 17);
}

int math_random(lua_State* lua) {
  lua_Number unit = static_cast<lua_Number>(next_random(context_of(lua)) % kRandomMax) / kRandomMax;
  int count = lua_gettop(lua);
  if (count == 0) {
    lua_pushnumber(lua, unit);
  } else if (count == 1) {
    int upper = static_cast<int>(luaL_checkinteger(lua, 1));
    luaL_argcheck(lua, 1 <= upper, 1, "interval is empty");
    lua_pushnumber(lua, std::floor(unit * upper) + 1);
  } else if (count == 2) {
    int lower = static_cast<int>(luaL_checkinteger(lua, 1));
    int upper = static_cast<int>(luaL_checkinteger(lua, 2));
    luaL_argcheck(lua, lower <= upper, 2, "interval is empty");
    lua_pushnumber(lua, std::floor(unit * (static_cast<lua_Number>(upper) - lower + 1)) + lower);
  } else {
    return luaL_error(lua, "wrong number of arguments");
  }
  return 1;
}

int math_randomseed(lua_State* lua) {
  auto seed = static_cast<uint32_t>(luaL_checkinteger(lua, 1));
  context_of(lua).random_state = (static_cast<uint64_t>(seed) << 16) + kSeedTail;
  return 0;
}

// Only strings made by a block that large can be that long, so most calls do not look at their values at all.
void check_json_value(lua_State* lua, int depth) {
  constexpr int kMaxJsonDepth = 1000;  // cjson refuses deeper tables itself.
  if (lua_type(lua, -1) == LUA_TSTRING && lua_objlen(lua, -1) >= kMaxJsonStringBytes) {
    luaL_error(lua, "Cannot serialise string: it is too long");
  }
  if (!lua_istable(lua, -1) || depth > kMaxJsonDepth) return;
  luaL_checkstack(lua, 4, "table is nested too deeply");
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    check_json_value(lua, depth + 1);
    lua_pop(lua, 1);
    check_json_value(lua, depth + 1);
  }
}

// These have cjson's configuration as their first upvalue, as the originals they call do.
int json_encode(lua_State* lua) {
  Context& context = context_of(lua);
  if (context.saw_huge_block && lua_gettop(lua) == 1) check_json_value(lua, 0);
  return context.json_encode(lua);
}

int json_decode(lua_State* lua) {
  Context& context = context_of(lua);
  if (lua_isstring(lua, 1) != 0 && lua_objlen(lua, 1) >= kMaxJsonStringBytes) {
    return luaL_error(lua, "Cannot parse text: it is too long");
  }
  return context.json_decode(lua);
}

int json_new(lua_State* lua) {
  int results = context_of(lua).json_new(lua);
  guard_json(lua);
  return results;
}

void guard_json_function(lua_State* lua, const char* name, lua_CFunction guarded) {
  lua_getfield(lua, -1, name);
  if (lua_getupvalue(lua, -1, 1) == nullptr) lua_pushnil(lua);
  lua_pushcclosure(lua, guarded, 1);
  lua_setfield(lua, -3, name);
  lua_pop(lua, 1);
}

}  // namespace

int guarded_pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(is_guard(lua, 1) ? 2 : 1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int refuse_write(lua_State* lua) {
  return luaL_error(lua, kReadonlyError);
}

int refuse_unknown_global(lua_State* lua) {
  const char* name = luaL_checkstring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name);
}

void guard_json(lua_State* lua) {
  guard_json_function(lua, "encode", json_encode);
  guard_json_function(lua, "decode", json_decode);
  guard_json_function(lua, "new", json_new);
}

const luaL_Reg kBaseFunctions[] = {
    {"next", base_next},
    {"rawget", base_rawget},
    {"rawset", base_rawset},
    {"setmetatable", base_setmetatable},
    {"tostring", base_tostring},
    {"collectgarbage", base_collectgarbage},
    {"loadstring", base_loadstring},
    {nullptr, nullptr},
};

const luaL_Reg kCoroutineFunctions[] = {
    {"running", coroutine_running}, {"yield", coroutine_yield}, {nullptr, nullptr}};

const luaL_Reg kStringFunctions[] = {{"rep", string_rep}, {nullptr, nullptr}};

const luaL_Reg kTableFunctions[] = {{"insert", table_insert}, {"setn", table_setn}, {nullptr, nullptr}};

const luaL_Reg kMathFunctions[] = {
    {"log", math_log}, {"random", math_random}, {"randomseed", math_randomseed}, {nullptr, nullptr}};

// pcall hands out the text of an error table, as Redis's does, so that `pcall(redis.call, ...)` yields a
// string.
const char kPrelude[] = R"lua(
local pcall, type, rawget, concat, loadstring = pcall, type, rawget, table.concat, loadstring
local function settle(ok, ...)
  if not ok then
    local problem = ...
    if type(problem) == 'table' then
      local text = rawget(problem, 'err')
      if type(text) == 'string' or type(text) == 'number' then return false, text end
    end
  end
  return ok, ...
end
local function protected(...) return settle(pcall(...)) end
local function load(reader, name)
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == '' then break end
    pieces[#pieces + 1] = piece
  end
  return loadstring(concat(pieces), name or '=(load)')
end
return protected, load
)lua";

}  // namespace sluice::script
