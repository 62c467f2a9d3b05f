#include "script/convert.h"

#include <cstdint>
#include <limits>

#include "base/number.h"

namespace sluice::script {
namespace {

using base::ByteView;
using resp::Kind;
using resp::Protocol;
using resp::Value;

constexpr int kSlotsPerLevel = 6;
constexpr size_t kNumberTextBytes = 32;
constexpr double kTwoTo63 = 9223372036854775808.0;

void push_text(lua_State* lua, ByteView text) {
  lua_pushlstring(lua, text.data(), text.size());
}

void push_tagged(lua_State* lua, const Context& context, Key tag, ByteView text) {
  lua_createtable(lua, 0, 1);
  push_key(lua, context, tag);
  push_text(lua, text);
  lua_rawset(lua, -3);
}

void push_array(lua_State* lua, const Context& context, const Value& value) {
  lua_createtable(lua, static_cast<int>(value.children.size()), 0);
  int index = 0;
  for (const Value& child : value.children) {
    push_reply(lua, context, child);
    lua_rawseti(lua, -2, ++index);
  }
}

void push_map(lua_State* lua, const Context& context, const Value& value) {
  lua_createtable(lua, 0, 1);
  push_key(lua, context, Key::kMap);
  lua_createtable(lua, 0, static_cast<int>(value.children.size() / 2));
  for (size_t i = 0; i + 1 < value.children.size(); i += 2) {
    push_reply(lua, context, value.children[i]);
    if (lua_isnil(lua, -1)) {  // A null cannot be a key.
      lua_pop(lua, 1);
      continue;
    }
    push_reply(lua, context, value.children[i + 1]);
    lua_rawset(lua, -3);
  }
  lua_rawset(lua, -3);
}

void push_set(lua_State* lua, const Context& context, const Value& value) {
  lua_createtable(lua, 0, 1);
  push_key(lua, context, Key::kSet);
  lua_createtable(lua, 0, static_cast<int>(value.children.size()));
  for (const Value& child : value.children) {
    push_reply(lua, context, child);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      continue;
    }
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
  lua_rawset(lua, -3);
}

void push_verbatim(lua_State* lua, const Context& context, const Value& value) {
  lua_createtable(lua, 0, 1);
  push_key(lua, context, Key::kVerbatim);
  lua_createtable(lua, 0, 2);
  push_key(lua, context, Key::kString);
  push_text(lua, value.text);
  lua_rawset(lua, -3);
  push_key(lua, context, Key::kFormat);
  lua_pushlstring(lua, value.format, sizeof value.format);
  lua_rawset(lua, -3);
  lua_rawset(lua, -3);
}

// Kinds that RESP2 does not have. A script that did not ask for RESP3 sees what a RESP2 client would.
void push_resp3(lua_State* lua, const Context& context, const Value& value) {
  bool resp3 = context.protocol == Protocol::kResp3;
  switch (value.kind) {
    case Kind::kDouble:
      if (!resp3) return push_text(lua, value.text);
      lua_createtable(lua, 0, 1);
      push_key(lua, context, Key::kDouble);
      lua_pushnumber(lua, value.number);
      return lua_rawset(lua, -3);
    case Kind::kBoolean:
      if (!resp3) return lua_pushnumber(lua, value.boolean ? 1 : 0);
      return lua_pushboolean(lua, value.boolean ? 1 : 0);
    case Kind::kVerbatim:
      return resp3 ? push_verbatim(lua, context, value) : push_text(lua, value.text);
    case Kind::kBigNumber:
      return resp3 ? push_tagged(lua, context, Key::kBigNumber, value.text) : push_text(lua, value.text);
    case Kind::kMap:
      return resp3 ? push_map(lua, context, value) : push_array(lua, context, value);
    case Kind::kSet:
      return resp3 ? push_set(lua, context, value) : push_array(lua, context, value);
    default:
      return push_array(lua, context, value);
  }
}

int64_t truncate(double number) {
  // What the conversion instruction yields for numbers that do not fit, NaN included.
  if (!(number >= -kTwoTo63 && number < kTwoTo63)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

class ResultWriter {
 public:
  ResultWriter(lua_State* lua, const Context& context, resp::Reply& reply)
      : lua_(lua), context_(context), reply_(reply) {}

  void write(int depth);  // The value at the top; pops it.

 private:
  bool write_tagged(int depth);
  bool field(Key key);
  [[nodiscard]] bool is_marked(Key key);
  void write_array(int depth);
  void write_pairs(int depth, bool values);
  bool write_verbatim();
  void write_big_number(ByteView digits);
  [[nodiscard]] ByteView text_at(int index) const {
    size_t bytes = 0;
    const char* data = lua_tolstring(lua_, index, &bytes);
    return {data, bytes};
  }

  lua_State* lua_;
  const Context& context_;
  resp::Reply& reply_;
};

// Pushes table[key] of the table at the top.
bool ResultWriter::field(Key key) {
  push_key(lua_, context_, key);
  lua_rawget(lua_, -2);
  return !lua_isnil(lua_, -1);
}

// Of the table under the value at the top.
bool ResultWriter::is_marked(Key key) {
  push_key(lua_, context_, key);
  lua_rawget(lua_, -3);
  const bool marked = lua_toboolean(lua_, -1) != 0;
  lua_pop(lua_, 1);
  return marked;
}

void ResultWriter::write_pairs(int depth, bool values) {
  size_t count = 0;
  for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) ++count;
  if (values) {
    reply_.map(count);
  } else {
    reply_.set(count);
  }
  lua_pushnil(lua_);
  while (lua_next(lua_, -2) != 0) {
    lua_pushvalue(lua_, -2);
    write(depth + 1);
    if (values) {
      write(depth + 1);
    } else {
      lua_pop(lua_, 1);
    }
  }
}

// Of the table at the top. False: it lacks one of the two texts.
bool ResultWriter::write_verbatim() {
  bool whole = field(Key::kFormat) && lua_type(lua_, -1) == LUA_TSTRING;
  ByteView format = whole ? text_at(-1) : ByteView();
  push_key(lua_, context_, Key::kString);
  lua_rawget(lua_, -3);
  whole = whole && lua_type(lua_, -1) == LUA_TSTRING;
  if (whole) {
    char letters[3] = {' ', ' ', ' '};
    for (size_t i = 0; i < format.size() && i < sizeof letters; ++i) letters[i] = format[i];
    reply_.verbatim({letters, sizeof letters}, text_at(-1));
  }
  lua_pop(lua_, 2);
  return whole;
}

// On the wire it is a line.
void ResultWriter::write_big_number(ByteView digits) {
  base::Bytes line(digits);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  reply_.big_number(line);
}

// A table with a field that says what it is. False: a plain array. Leaves the table on the stack.
bool ResultWriter::write_tagged(int depth) {
  if (field(Key::kErr) && lua_type(lua_, -1) == LUA_TSTRING) {
    reply_.error(text_at(-1));
    if (!is_marked(Key::kIgnoreStats)) context_.host->own_error(text_at(-1));
    return lua_pop(lua_, 1), true;
  }
  lua_pop(lua_, 1);
  if (field(Key::kOk) && lua_type(lua_, -1) == LUA_TSTRING)
    return reply_.status(text_at(-1)), lua_pop(lua_, 1), true;
  lua_pop(lua_, 1);
  if (field(Key::kDouble) && lua_type(lua_, -1) == LUA_TNUMBER) {
    return reply_.real(lua_tonumber(lua_, -1)), lua_pop(lua_, 1), true;
  }
  lua_pop(lua_, 1);
  if (field(Key::kMap) && lua_istable(lua_, -1)) return write_pairs(depth, true), lua_pop(lua_, 1), true;
  lua_pop(lua_, 1);
  if (field(Key::kSet) && lua_istable(lua_, -1)) return write_pairs(depth, false), lua_pop(lua_, 1), true;
  lua_pop(lua_, 1);
  if (field(Key::kBigNumber) && lua_type(lua_, -1) == LUA_TSTRING) {
    return write_big_number(text_at(-1)), lua_pop(lua_, 1), true;
  }
  lua_pop(lua_, 1);
  bool verbatim = field(Key::kVerbatim) && lua_istable(lua_, -1) && write_verbatim();
  lua_pop(lua_, 1);
  return verbatim;
}

void ResultWriter::write_array(int depth) {
  int count = 0;
  while (true) {
    lua_rawgeti(lua_, -1, count + 1);
    bool last = lua_isnil(lua_, -1);
    lua_pop(lua_, 1);
    if (last) break;
    ++count;
  }
  reply_.array(static_cast<size_t>(count));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(lua_, -1, i);
    write(depth + 1);
  }
}

void ResultWriter::write(int depth) {
  bool script_resp3 = context_.protocol == Protocol::kResp3;
  switch (lua_type(lua_, -1)) {
    case LUA_TSTRING:
      reply_.bulk(text_at(-1));
      break;
    case LUA_TNUMBER:
      reply_.integer(truncate(lua_tonumber(lua_, -1)));
      break;
    case LUA_TBOOLEAN:
      if (script_resp3) {
        reply_.boolean(lua_toboolean(lua_, -1) != 0);
      } else if (lua_toboolean(lua_, -1) != 0) {
        reply_.integer(1);
      } else {
        reply_.null();
      }
      break;
    case LUA_TTABLE:
      if (depth >= kMaxResultDepth || lua_checkstack(lua_, kSlotsPerLevel) == 0) {
        constexpr ByteView kTooDeep = "ERR reached lua stack limit";
        reply_.error(kTooDeep);
        context_.host->own_error(kTooDeep);
      } else if (!write_tagged(depth)) {
        write_array(depth);
      }
      break;
    default:
      reply_.null();
      break;
  }
  lua_pop(lua_, 1);
}

// REQUIRES: `out` has room, since views into it must stay valid.
ByteView number_argument(double number, std::vector<char>& out) {
  base::NumberText text = base::format_double(number);
  size_t begin = out.size();
  out.insert(out.end(), text.view().begin(), text.view().end());
  return {out.data() + begin, text.view().size()};
}

}  // namespace

void push_reply(lua_State* lua, const Context& context, const Value& value) {
  luaL_checkstack(lua, kSlotsPerLevel, "reply is nested too deeply");
  switch (value.kind) {
    case Kind::kNull:
    case Kind::kNullArray:
      if (context.protocol == Protocol::kResp3) return lua_pushnil(lua);
      return lua_pushboolean(lua, 0);
    case Kind::kStatus:
      return push_tagged(lua, context, Key::kOk, value.text);
    case Kind::kError:
      return push_tagged(lua, context, Key::kErr, value.text);
    case Kind::kInteger:
      return lua_pushnumber(lua, static_cast<lua_Number>(value.integer));
    case Kind::kBulk:
      return push_text(lua, value.text);
    case Kind::kArray:
      return push_array(lua, context, value);
    default:
      return push_resp3(lua, context, value);
  }
}

void push_error_table(lua_State* lua, const Context& context, ByteView text) {
  push_tagged(lua, context, Key::kErr, text);
}

void write_result(lua_State* lua, const Context& context, resp::Reply& reply) {
  ResultWriter(lua, context, reply).write(0);
}

bool read_args(lua_State* lua, Context& context) {
  int count = lua_gettop(lua);
  context.args.clear();
  context.number_text.clear();
  for (int i = 1; i <= count; ++i) {
    int type = lua_type(lua, i);
    if (type == LUA_TSTRING) {
      size_t bytes = 0;
      const char* data = lua_tolstring(lua, i, &bytes);
      context.args.emplace_back(data, bytes);
    } else if (type == LUA_TNUMBER) {
      // Room for all the numbers that may follow, so that the views made here stay valid.
      if (context.number_text.empty()) {
        context.number_text.reserve(static_cast<size_t>(count - i + 1) * kNumberTextBytes);
      }
      context.args.push_back(number_argument(lua_tonumber(lua, i), context.number_text));
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace sluice::script
