// The grammar line of a command's row, read into the tree of arguments that COMMAND DOCS publishes and
// redis-cli's hints are drawn from. Text in, tree out: it knows no command and no reply.
//
//   line                              node
//   word in lower case                a value of that name; "name:type" where the name does not tell its type
//   WORD, = ~ * $                     a token: alone, or of the value or block that follows it
//   [x]                               x is optional; [a|b]: one of them, or none
//   <a|b>                             one of them
//   x [x ...], x y [x y ...]          x, or the block "x y", once or more
//   TOKEN x [TOKEN x ...]             the same with the token each time; TOKEN x [x ...]: with the token once
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exec/spec.h"

namespace sluice::commands {

struct Argument {
  std::string name;  // of a block or a choice: the names within, joined
  // "string" "integer" "double" "key" "pattern" "unix-time" "pure-token" "oneof" "block"
  std::string_view type;
  std::string token;
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  int key_spec = -1;  // which key spec of the command finds it; -1: none
  std::vector<Argument> arguments;

  friend bool operator==(const Argument&, const Argument&) = default;
};

// Fails, with the reason, when the line breaks the grammar.
base::Result<std::vector<Argument>> parse_syntax(std::string_view line);
// The line as people read it: without the types stated in it.
std::string without_types(std::string_view line);
// The arguments of a command, each key with the spec that finds it. None if the row's line is not sound: no
// reason to end a server, and a test asks it of every row.
std::vector<Argument> arguments_of(const exec::CommandSpec& spec);

}  // namespace sluice::commands
