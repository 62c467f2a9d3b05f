// The `struct` table: values to and from packed bytes, as the manual of Lua's struct library describes it.
//
//   pack(format, v, ...)   unpack(format, s [, position])   size(format)
//
//   > < =     big, little, native endian          x       one byte of padding
//   ![n]      align to n (a power of two) at most b B h H l L T   integers of 1, 2, 8, 8 bytes
//   i[n] I[n] integers of n bytes (4)             c[n]    n characters (1); c0: as many as the number before
//   it says f d       float, double                       s       a text that ends with a zero byte
#pragma once

#include <luajit-2.1/lua.hpp>

namespace sluice::script::libs {

inline constexpr int kMaxIntegerBytes = 32;

// Pushes the table. May raise.
void push_struct(lua_State* lua);

}  // namespace sluice::script::libs
