// Between replies and Lua values, by the rules of Redis:
//
//   reply -> Lua   status {ok=}, error {err=}, integer number, bulk string, null false, array table;
//                  after redis.setresp(3): null nil, boolean, {double=}, {map=}, {set=}, {big_number=},
//                  {verbatim_string={string=, format=}}
//   Lua -> reply   number integer (cut toward zero), string bulk, true 1, false and nil null, {err=} {ok=}
//   {double=}
//                  {map=} {set=} {big_number=} {verbatim_string=} their kind, other tables arrays up to the
//                  first nil
//   Lua -> command argument   strings as they are, numbers as exact integers or the shortest text that reads
//   back
#pragma once

#include "resp/reply.h"
#include "script/context.h"

namespace sluice::script {

// Nesting of a returned table beyond which the reply is an error, in place of the deeper part.
inline constexpr int kMaxResultDepth = 1000;

// Pushes `value`. May raise (no memory).
void push_reply(lua_State* lua, const Context& context, const resp::Value& value);

// Pushes {err = text}. May raise (no memory).
void push_error_table(lua_State* lua, const Context& context, base::ByteView text);

// Writes the value at the top of `lua` as one reply and pops it. Raises only when the stack cannot grow.
void write_result(lua_State* lua, const Context& context, resp::Reply& reply);

// All stack values as command arguments into context.args, valid while they stay on the stack.
// False: one of them is neither a string nor a number. Never raises.
[[nodiscard]] bool read_args(lua_State* lua, Context& context);

}  // namespace sluice::script
