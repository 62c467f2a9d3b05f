// The `cmsgpack` table: MessagePack from its public specification.
//
//   pack(v, ...)                  one text, the values one after the other
//   unpack(s)                     all values of s
//   unpack_one(s [, offset])      next offset (-1 at the end), one value
//   unpack_limit(s, n [, offset]) next offset, at most n values
//
// Integral numbers are written as integers, others as float 32 when that loses nothing. A table is an array
// when its keys are 1..n. Tables nested deeper than kMaxNesting are written as nil. bin and str read alike;
// ext is refused.
#pragma once

#include <cstddef>

#include <luajit-2.1/lua.hpp>

namespace sluice::script::libs {

inline constexpr int kMaxNesting = 16;
// Shared subtables are written once for each reference, so a small value can have a huge text.
inline constexpr size_t kMaxPackedBytes = size_t{512} << 20;

// Pushes the table. May raise.
void push_cmsgpack(lua_State* lua);

}  // namespace sluice::script::libs
