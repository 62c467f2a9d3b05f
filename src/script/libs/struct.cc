#include "script/libs/struct.h"

#include <bit>
#include <climits>
#include <cstdint>
#include <cstring>

#include "script/context.h"

namespace sluice::script::libs {
namespace {

constexpr size_t kNativeAlignment = 8;
constexpr size_t kMaxPackedBytes = size_t{512} << 20;
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

// One item of a format: its option, its size and the padding before it.
struct Item {
  char option;
  size_t size;
  size_t padding;
};

// Reads a format from left to right. Errors raise, so it owns nothing.
class Format {
 public:
  Format(lua_State* lua, const char* text) : lua_(lua), next_(text) {}

  [[nodiscard]] bool done() const { return *next_ == '\0'; }
  [[nodiscard]] bool little() const { return little_; }
  // The next item; `position` is how many bytes stand before it. Options that only set something have option
  // 0.
  Item take(size_t position);

 private:
  size_t digits(size_t otherwise);
  size_t integer_size(size_t otherwise);
  size_t size_of(char option);
  void set(char option);

  lua_State* lua_;
  const char* next_;
  size_t alignment_ = 1;
  bool little_ = std::endian::native == std::endian::little;
};

size_t Format::digits(size_t otherwise) {
  if (*next_ < '0' || *next_ > '9') return otherwise;
  size_t value = 0;
  while (*next_ >= '0' && *next_ <= '9') {
    value = value * 10 + static_cast<size_t>(*next_++ - '0');
    if (value > INT_MAX) luaL_error(lua_, "integral size overflow");
  }
  return value;
}

size_t Format::integer_size(size_t otherwise) {
  size_t size = digits(otherwise);
  if (size > static_cast<size_t>(kMaxIntegerBytes)) {
    luaL_error(lua_, "integral size %d is larger than limit of %d", static_cast<int>(size), kMaxIntegerBytes);
  }
  return size;
}

size_t Format::size_of(char option) {
  switch (option) {
    case 'b':
    case 'B':
    case 'x':
      return 1;
    case 'h':
    case 'H':
      return sizeof(int16_t);
    case 'l':
    case 'L':
    case 'T':
      return sizeof(int64_t);
    case 'f':
      return sizeof(float);
    case 'd':
      return sizeof(double);
    case 'c':
      return digits(1);
    case 'i':
    case 'I':
      return integer_size(sizeof(int32_t));
    default:
      return 0;
  }
}

void Format::set(char option) {
  switch (option) {
    case ' ':
      return;
    case '>':
      little_ = false;
      return;
    case '<':
      little_ = true;
      return;
    case '=':
      little_ = std::endian::native == std::endian::little;
      return;
    case '!':
      alignment_ = digits(kNativeAlignment);
      if (alignment_ == 0 || (alignment_ & (alignment_ - 1)) != 0) {
        luaL_error(lua_, "alignment %d is not a power of 2", static_cast<int>(alignment_));
      }
      return;
    default:
      luaL_argerror(lua_, 1, lua_pushfstring(lua_, "invalid format option '%c'", option));
  }
}

Item Format::take(size_t position) {
  char option = *next_++;
  if (std::strchr("bBhHlLTfdciIsx", option) == nullptr) {
    set(option);
    return {0, 0, 0};
  }
  size_t size = size_of(option);
  size_t boundary = size < alignment_ ? size : alignment_;
  size_t padding = 0;
  if (boundary > 1 && option != 'c') padding = (boundary - (position & (boundary - 1))) & (boundary - 1);
  return {option, size, padding};
}

bool is_integer(char option) {
  return std::strchr("bBhHlLTiI", option) != nullptr;
}

bool is_signed(char option) {
  return option >= 'a';
}

void put_integer(std::string& out, uint64_t value, size_t size, bool little) {
  for (size_t i = 0; i < size; ++i) {
    size_t place = little ? i : size - 1 - i;
    out.push_back(place < sizeof value ? static_cast<char>(value >> (8 * place)) : '\0');
  }
}

uint64_t get_integer(const char* data, size_t size, bool little) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(data[little ? size - 1 - i : i]);
  }
  return value;
}

uint64_t to_bits(double number) {
  if (number < 0)
    return number >= -kTwoTo63 ? static_cast<uint64_t>(static_cast<int64_t>(number)) : uint64_t{1} << 63;
  return number < kTwoTo64 ? static_cast<uint64_t>(number) : 0;
}

void pack_float(std::string& out, double number, size_t size, bool little) {
  uint64_t bits = 0;
  if (size == sizeof(float)) {
    auto narrow = static_cast<float>(number);
    uint32_t narrow_bits = 0;
    std::memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
    bits = narrow_bits;
  } else {
    std::memcpy(&bits, &number, sizeof bits);
  }
  put_integer(out, bits, size, little);
}

void pack_text(lua_State* lua, std::string& out, const Item& item, int argument) {
  size_t bytes = 0;
  const char* data = luaL_checklstring(lua, argument, &bytes);
  size_t wanted = item.option == 's' || item.size == 0 ? bytes : item.size;
  luaL_argcheck(lua, bytes >= wanted, argument + 1, "string too short");  // Redis counts it so.
  out.append(data, wanted);
  if (item.option == 's') out.push_back('\0');
}

int struct_pack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  std::string& out = context_of(lua).scratch;  // Not a local: a raise would leak it.
  out.clear();
  int argument = 2;
  while (!format.done()) {
    Item item = format.take(out.size());
    if (out.size() + item.padding + item.size > kMaxPackedBytes)
      return luaL_error(lua, "format result too large");
    out.append(item.padding, '\0');
    if (item.option == 0) continue;
    if (item.option == 'x') {
      out.push_back('\0');
    } else if (is_integer(item.option)) {
      put_integer(out, to_bits(luaL_checknumber(lua, argument++)), item.size, format.little());
    } else if (item.option == 'f' || item.option == 'd') {
      pack_float(out, luaL_checknumber(lua, argument++), item.size, format.little());
    } else {
      pack_text(lua, out, item, argument++);
    }
  }
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

void push_integer(lua_State* lua, const Item& item, const char* data, bool little) {
  uint64_t bits = get_integer(data, item.size, little);
  if (!is_signed(item.option) || item.size == 0) return lua_pushnumber(lua, static_cast<lua_Number>(bits));
  if (item.size < sizeof bits) {
    auto unused = static_cast<int>(8 * (sizeof bits - item.size));
    lua_pushnumber(lua, static_cast<lua_Number>(static_cast<int64_t>(bits << unused) >> unused));
  } else {
    lua_pushnumber(lua, static_cast<lua_Number>(static_cast<int64_t>(bits)));
  }
}

void push_float(lua_State* lua, const Item& item, const char* data, bool little) {
  uint64_t bits = get_integer(data, item.size, little);
  if (item.size == sizeof(double)) {
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return lua_pushnumber(lua, number);
  }
  auto narrow_bits = static_cast<uint32_t>(bits);
  float narrow = 0;
  std::memcpy(&narrow, &narrow_bits, sizeof narrow);
  lua_pushnumber(lua, static_cast<lua_Number>(narrow));
}

// What unpack has done so far.
struct Unpacking {
  const char* data;
  size_t bytes;
  size_t position;
  int values;
};

// Values of unknown length. Returns how many bytes they took.
size_t push_text(lua_State* lua, const Item& item, Unpacking& at) {
  const char* data = at.data + at.position;
  size_t left = at.bytes - at.position;
  size_t size = item.size;
  if (item.option == 's') {
    const void* end = left == 0 ? nullptr : std::memchr(data, '\0', left);
    if (end == nullptr) luaL_error(lua, "unfinished string in data");
    size = static_cast<size_t>(static_cast<const char*>(end) - data);
    lua_pushlstring(lua, data, size);
    return size + 1;
  }
  if (size == 0) {  // The value read before this one is the length, and is used up.
    if (at.values == 0 || lua_isnumber(lua, -1) == 0) luaL_error(lua, "format 'c0' needs a previous size");
    lua_Number wanted = lua_tonumber(lua, -1);
    lua_pop(lua, 1);
    --at.values;
    luaL_argcheck(lua, wanted >= 0 && wanted <= static_cast<lua_Number>(left), 2, "data string too short");
    size = static_cast<size_t>(wanted);
  }
  lua_pushlstring(lua, data, size);
  return size;
}

int struct_unpack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  Unpacking at{nullptr, 0, 0, 0};
  at.data = luaL_checklstring(lua, 2, &at.bytes);
  lua_Number first = luaL_optnumber(lua, 3, 1);
  luaL_argcheck(lua, first >= 1, 3, "offset must be 1 or greater");
  luaL_argcheck(lua, first - 1 <= static_cast<lua_Number>(at.bytes), 2, "data string too short");
  at.position = static_cast<size_t>(first) - 1;
  lua_settop(lua, 2);
  while (!format.done()) {
    Item item = format.take(at.position);
    luaL_argcheck(lua, item.padding + item.size <= at.bytes - at.position, 2, "data string too short");
    at.position += item.padding;
    if (item.option == 0) continue;
    luaL_checkstack(lua, 2, "too many results");
    const char* data = at.data + at.position;
    size_t used = item.size;
    if (item.option != 'x') {
      if (is_integer(item.option)) {
        push_integer(lua, item, data, format.little());
      } else if (item.option == 'f' || item.option == 'd') {
        push_float(lua, item, data, format.little());
      } else {
        used = push_text(lua, item, at);
      }
      ++at.values;
    }
    at.position += used;
  }
  lua_pushnumber(lua, static_cast<lua_Number>(at.position + 1));
  return at.values + 1;
}

int struct_size(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  size_t position = 0;
  while (!format.done()) {
    Item item = format.take(position);
    if (item.option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (item.option == 'c' && item.size == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    position += item.padding + item.size;
    if (position > INT_MAX) luaL_error(lua, "format result too large");
  }
  lua_pushnumber(lua, static_cast<lua_Number>(position));
  return 1;
}

}  // namespace

void push_struct(lua_State* lua) {
  lua_createtable(lua, 0, 3);
  lua_pushcfunction(lua, struct_pack);
  lua_setfield(lua, -2, "pack");
  lua_pushcfunction(lua, struct_unpack);
  lua_setfield(lua, -2, "unpack");
  lua_pushcfunction(lua, struct_size);
  lua_setfield(lua, -2, "size");
}

}  // namespace sluice::script::libs
