// Lua 5.1 as clients wrote it, from the slightly wider language that LuaJIT reads. One pass over the text of
// a script, at compile time only:
//
//   1LL, 2i, 0b11       refused as Lua 5.1 does ("malformed number near '1LL'"): they would make cdata values
//   "\x41" "\z" "\q"     the backslash is dropped, as Lua 5.1 reads escapes it does not know
//   1e5..""             a blank is put before the dots: LuaJIT takes them for part of the number
//   return f(x)         of a script itself (not of its functions) becomes `return (f(x))`: it is no tail call
//   then, and
//                       an error in f still knows the line, which every error text ends with
//   function(...)       gets `local arg = {n = select("#", ...), ...}` when the text names `arg` at all
//
// Lines keep their numbers. Differences that remain: `goto` and labels parse; string.format("%s", x) takes
// any value; NaN joined by `..` has no sign; an error in a function's own `return g(x)` names the line of its
// caller.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::script {

enum class DialectError : unsigned char { kUnexpectedSymbol, kMalformedNumber };

struct DialectFailure {
  DialectError what;
  size_t line = 1;
  std::string near;  // The number or symbol, as written.
};

// Of a script only the first value counts that it returns; code that `loadstring` makes may return several.
enum class ChunkKind : unsigned char { kScript, kFunction };

// Puts the text to compile into `out` (empty when `source` may be compiled as it stands) and returns which
// one to use. Bytecode is refused: crafted bytecode breaks out of any sandbox.
[[nodiscard]] base::Result<base::ByteView, DialectFailure> to_lua51(base::ByteView source, ChunkKind kind,
                                                                    std::string& out);

}  // namespace sluice::script
