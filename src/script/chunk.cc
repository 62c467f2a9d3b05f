#include "script/chunk.h"

#include <algorithm>
#include <string>

#include "script/context.h"

namespace sluice::script {
namespace {

constexpr size_t kShownNameBytes = 40;

// "user_script:3: " or `[string "x = 1LL..."]:1: `.
std::string place(const char* name, size_t line) {
  std::string shown = name;
  if (shown.starts_with('@') || shown.starts_with('=')) {
    shown.erase(0, 1);
  } else {
    size_t end = std::min(shown.find('\n'), kShownNameBytes);
    if (end < shown.size()) shown = shown.substr(0, end) + "...";
    shown = "[string \"" + shown + "\"]";
  }
  return shown + ":" + std::to_string(line) + ": ";
}

// False: context.failure says why. Lua is not called here, so there may be something to destroy.
bool convert(Context& context, base::ByteView& text, ChunkKind kind, const char* name) {
  base::Result<base::ByteView, DialectFailure> converted = to_lua51(text, kind, context.source);
  if (converted.ok()) {
    text = *converted;
    return true;
  }
  const DialectFailure& failure = converted.error();
  context.failure = place(name, failure.line);
  context.failure +=
      failure.what == DialectError::kMalformedNumber ? "malformed number" : "unexpected symbol";
  context.failure += " near '" + failure.near + "'";
  return false;
}

}  // namespace

int load_chunk(lua_State* lua, base::ByteView text, ChunkKind kind, const char* name) {
  Context& context = context_of(lua);
  if (convert(context, text, kind, name)) return luaL_loadbuffer(lua, text.data(), text.size(), name);
  lua_pushlstring(lua, context.failure.data(), context.failure.size());
  return LUA_ERRSYNTAX;
}

}  // namespace sluice::script
