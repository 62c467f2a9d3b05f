#include "script/libs/cmsgpack.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "script/context.h"

namespace sluice::script::libs {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
// While reading, nesting costs C stack.
constexpr int kMaxReadNesting = 1000;

// ---- Writing. The text grows in the context: what a raise jumps over owns nothing.

void put_big_endian(std::string& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void put(std::string& out, uint8_t type, uint64_t value, int bytes) {
  out.push_back(static_cast<char>(type));
  put_big_endian(out, value, bytes);
}

void pack_unsigned(std::string& out, uint64_t value) {
  if (value <= 0x7f) {
    out.push_back(static_cast<char>(value));
  } else if (value <= 0xff) {
    put(out, 0xcc, value, 1);
  } else if (value <= 0xffff) {
    put(out, 0xcd, value, 2);
  } else if (value <= 0xffffffff) {
    put(out, 0xce, value, 4);
  } else {
    put(out, 0xcf, value, 8);
  }
}

void pack_negative(std::string& out, int64_t value) {
  auto bits = static_cast<uint64_t>(value);
  if (value >= -32) {
    out.push_back(static_cast<char>(value));
  } else if (value >= std::numeric_limits<int8_t>::min()) {
    put(out, 0xd0, bits, 1);
  } else if (value >= std::numeric_limits<int16_t>::min()) {
    put(out, 0xd1, bits, 2);
  } else if (value >= std::numeric_limits<int32_t>::min()) {
    put(out, 0xd2, bits, 4);
  } else {
    put(out, 0xd3, bits, 8);
  }
}

void pack_number(std::string& out, double number) {
  if (number >= -kTwoTo63 && number < kTwoTo63 &&
      static_cast<double>(static_cast<int64_t>(number)) == number) {
    auto value = static_cast<int64_t>(number);
    if (value >= 0) {
      pack_unsigned(out, static_cast<uint64_t>(value));
    } else {
      pack_negative(out, value);
    }
    return;
  }
  bool fits = std::isinf(number) || !(number > static_cast<double>(std::numeric_limits<float>::max()) ||
                                      number < -static_cast<double>(std::numeric_limits<float>::max()));
  if (fits && static_cast<double>(static_cast<float>(number)) == number) {
    auto narrow = static_cast<float>(number);
    uint32_t bits = 0;
    std::memcpy(&bits, &narrow, sizeof bits);
    return put(out, 0xca, bits, 4);
  }
  uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  put(out, 0xcb, bits, 8);
}

void pack_text(std::string& out, const char* data, size_t bytes) {
  if (bytes < 32) {
    out.push_back(static_cast<char>(0xa0 | bytes));
  } else if (bytes <= 0xff) {
    put(out, 0xd9, bytes, 1);
  } else if (bytes <= 0xffff) {
    put(out, 0xda, bytes, 2);
  } else {
    put(out, 0xdb, bytes, 4);
  }
  out.append(data, bytes);
}

void pack_count(std::string& out, size_t count, uint8_t fix, uint8_t type16) {
  if (count <= 15) {
    out.push_back(static_cast<char>(fix | count));
  } else if (count <= 0xffff) {
    put(out, type16, count, 2);
  } else {
    put(out, static_cast<uint8_t>(type16 + 1), count, 4);
  }
}

// Counts the pairs of the table at the top; *array says whether its keys are 1..count.
size_t count_pairs(lua_State* lua, bool* array) {
  size_t count = 0;
  double largest = 0;
  *array = true;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    ++count;
    double key = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    bool index = key >= 1 && key < kTwoTo63 && static_cast<double>(static_cast<int64_t>(key)) == key;
    if (!index) *array = false;
    if (index && key > largest) largest = key;
  }
  if (largest != static_cast<double>(count)) *array = false;
  return count;
}

void pack_value(lua_State* lua, std::string& out, int depth);

// The table at the top.
void pack_table(lua_State* lua, std::string& out, int depth) {
  luaL_checkstack(lua, 4, "in function pack_table");
  bool array = false;
  size_t count = count_pairs(lua, &array);
  if (array) {
    pack_count(out, count, 0x90, 0xdc);
    for (size_t i = 1; i <= count; ++i) {
      lua_rawgeti(lua, -1, static_cast<int>(i));
      pack_value(lua, out, depth + 1);
    }
    return;
  }
  pack_count(out, count, 0x80, 0xde);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pushvalue(lua, -2);
    pack_value(lua, out, depth + 1);
    pack_value(lua, out, depth + 1);
  }
}

// The value at the top; pops it.
void pack_value(lua_State* lua, std::string& out, int depth) {
  if (out.size() > kMaxPackedBytes) luaL_error(lua, "MessagePack text is too long");
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t bytes = 0;
      const char* data = lua_tolstring(lua, -1, &bytes);
      pack_text(out, data, bytes);
      break;
    }
    case LUA_TBOOLEAN:
      out.push_back(static_cast<char>(lua_toboolean(lua, -1) != 0 ? 0xc3 : 0xc2));
      break;
    case LUA_TNUMBER:
      pack_number(out, lua_tonumber(lua, -1));
      break;
    case LUA_TTABLE:
      if (depth < kMaxNesting) {
        pack_table(lua, out, depth);
        break;
      }
      [[fallthrough]];
    default:
      out.push_back(static_cast<char>(0xc0));
      break;
  }
  lua_pop(lua, 1);
}

int msgpack_pack(lua_State* lua) {
  int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  luaL_checkstack(lua, count + 1, "Too many arguments for MessagePack pack.");
  std::string& out = context_of(lua).scratch;
  out.clear();
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(lua, i);
    pack_value(lua, out, 0);
  }
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

// ---- Reading.

enum class Problem { kNone, kMissingBytes, kBadFormat };

class Reader {
 public:
  Reader(lua_State* lua, const char* data, size_t bytes, size_t position)
      : lua_(lua), data_(data), bytes_(bytes), position_(position) {}

  [[nodiscard]] bool at_end() const { return position_ >= bytes_; }
  [[nodiscard]] size_t position() const { return position_; }
  // Pushes one value. On a problem what is on the stack is unspecified.
  Problem read(int depth);

 private:
  bool number(int bytes, uint64_t* value);
  Problem text(uint64_t bytes);
  Problem array(uint64_t count, int depth);
  Problem map(uint64_t count, int depth);
  Problem sized(uint8_t type, int depth);
  Problem scalar(uint8_t type);

  lua_State* lua_;
  const char* data_;
  size_t bytes_;
  size_t position_;
};

bool Reader::number(int bytes, uint64_t* value) {
  if (bytes_ - position_ < static_cast<size_t>(bytes)) return false;
  *value = 0;
  for (int i = 0; i < bytes; ++i) *value = *value << 8 | static_cast<unsigned char>(data_[position_++]);
  return true;
}

Problem Reader::text(uint64_t bytes) {
  if (bytes > bytes_ - position_) return Problem::kMissingBytes;
  lua_pushlstring(lua_, data_ + position_, static_cast<size_t>(bytes));
  position_ += static_cast<size_t>(bytes);
  return Problem::kNone;
}

Problem Reader::array(uint64_t count, int depth) {
  lua_newtable(lua_);
  for (uint64_t i = 1; i <= count; ++i) {
    Problem problem = read(depth + 1);
    if (problem != Problem::kNone) return problem;
    lua_rawseti(lua_, -2, static_cast<int>(i));
  }
  return Problem::kNone;
}

Problem Reader::map(uint64_t count, int depth) {
  lua_newtable(lua_);
  for (uint64_t i = 0; i < count; ++i) {
    Problem problem = read(depth + 1);
    if (problem != Problem::kNone) return problem;
    // Neither can be a key.
    if (lua_isnil(lua_, -1) ||
        (lua_type(lua_, -1) == LUA_TNUMBER && lua_tonumber(lua_, -1) != lua_tonumber(lua_, -1))) {
      return Problem::kBadFormat;
    }
    problem = read(depth + 1);
    if (problem != Problem::kNone) return problem;
    lua_rawset(lua_, -3);
  }
  return Problem::kNone;
}

double unpack_float(uint64_t bits, int bytes) {
  if (bytes == 4) {
    auto narrow_bits = static_cast<uint32_t>(bits);
    float narrow = 0;
    std::memcpy(&narrow, &narrow_bits, sizeof narrow);
    return static_cast<double>(narrow);
  }
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

Problem Reader::scalar(uint8_t type) {
  uint64_t bits = 0;
  if (type == 0xca || type == 0xcb) {
    int bytes = type == 0xca ? 4 : 8;
    if (!number(bytes, &bits)) return Problem::kMissingBytes;
    lua_pushnumber(lua_, unpack_float(bits, bytes));
  } else if (type >= 0xcc && type <= 0xcf) {
    if (!number(1 << (type - 0xcc), &bits)) return Problem::kMissingBytes;
    lua_pushnumber(lua_, static_cast<lua_Number>(bits));
  } else {
    int bytes = 1 << (type - 0xd0);
    if (!number(bytes, &bits)) return Problem::kMissingBytes;
    int unused_bits = 64 - 8 * bytes;
    lua_pushnumber(lua_, static_cast<lua_Number>(static_cast<int64_t>(bits << unused_bits) >> unused_bits));
  }
  return Problem::kNone;
}

// Types that are followed by a length.
Problem Reader::sized(uint8_t type, int depth) {
  uint64_t count = 0;
  switch (type) {
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return number(1 << (type - 0xc4), &count) ? text(count) : Problem::kMissingBytes;
    case 0xd9:
    case 0xda:
    case 0xdb:
      return number(1 << (type - 0xd9), &count) ? text(count) : Problem::kMissingBytes;
    case 0xdc:
    case 0xdd:
      return number(2 << (type - 0xdc), &count) ? array(count, depth) : Problem::kMissingBytes;
    case 0xde:
    case 0xdf:
      return number(2 << (type - 0xde), &count) ? map(count, depth) : Problem::kMissingBytes;
    default:
      return Problem::kBadFormat;
  }
}

Problem Reader::read(int depth) {
  if (at_end()) return Problem::kMissingBytes;
  if (depth > kMaxReadNesting) return Problem::kBadFormat;
  luaL_checkstack(lua_, 4, "too many return values at once; use unpack_one or unpack_limit instead.");
  auto type = static_cast<uint8_t>(data_[position_++]);
  if (type <= 0x7f || type >= 0xe0) return lua_pushnumber(lua_, static_cast<int8_t>(type)), Problem::kNone;
  if (type <= 0x8f) return map(type & 0x0f, depth);
  if (type <= 0x9f) return array(type & 0x0f, depth);
  if (type <= 0xbf) return text(type & 0x1f);
  if (type == 0xc0) return lua_pushnil(lua_), Problem::kNone;
  if (type == 0xc2 || type == 0xc3) return lua_pushboolean(lua_, type & 1), Problem::kNone;
  if (type >= 0xca && type <= 0xd3) return scalar(type);
  return sized(type, depth);
}

int unpack_values(lua_State* lua, double limit, double offset) {
  size_t bytes = 0;
  const char* data = luaL_checklstring(lua, 1, &bytes);
  bool full = limit == 0;
  if (!(offset >= 0 && limit >= 0)) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.",
                      static_cast<int>(offset), static_cast<int>(bytes));
  }
  if (offset > static_cast<double>(bytes)) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", static_cast<int>(offset),
                      static_cast<int>(bytes));
  }
  int below = lua_gettop(lua);
  Reader reader(lua, data, bytes, static_cast<size_t>(offset));
  int count = 0;
  for (; !reader.at_end() && (full || count < limit); ++count) {
    Problem problem = reader.read(0);
    if (problem == Problem::kMissingBytes) return luaL_error(lua, "Missing bytes in input.");
    if (problem == Problem::kBadFormat) return luaL_error(lua, "Bad data format in input.");
  }
  if (full) return count;
  lua_pushnumber(lua, reader.at_end() ? -1 : static_cast<lua_Number>(reader.position()));
  lua_insert(lua, below + 1);
  return count + 1;
}

int msgpack_unpack(lua_State* lua) {
  return unpack_values(lua, 0, 0);
}

int msgpack_unpack_one(lua_State* lua) {
  return unpack_values(lua, 1, luaL_optnumber(lua, 2, 0));
}

int msgpack_unpack_limit(lua_State* lua) {
  return unpack_values(lua, luaL_checknumber(lua, 2), luaL_optnumber(lua, 3, 0));
}

}  // namespace

void push_cmsgpack(lua_State* lua) {
  lua_createtable(lua, 0, 4);
  lua_pushcfunction(lua, msgpack_pack);
  lua_setfield(lua, -2, "pack");
  lua_pushcfunction(lua, msgpack_unpack);
  lua_setfield(lua, -2, "unpack");
  lua_pushcfunction(lua, msgpack_unpack_one);
  lua_setfield(lua, -2, "unpack_one");
  lua_pushcfunction(lua, msgpack_unpack_limit);
  lua_setfield(lua, -2, "unpack_limit");
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
}

}  // namespace sluice::script::libs
