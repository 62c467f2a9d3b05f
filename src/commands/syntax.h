// The grammar line of a command's row, read into the tree of arguments that COMMAND DOCS publishes and
// redis-cli's hints are drawn from. Text in, tree out: it knows no command and no reply.
//
//   line                              node
//   word in lower case                a value of that name; "name:type" where the name does not tell its type
//   WORD, = ~ * $                     a token: alone, or of the value or block that follows it
//   [x]                               x is optional; [a|b]: one of them, or none
//   <a|b>                             one of them
//   <x y>                             the block "x y"
//   x [x ...], x y [x y ...]          x, or the block "x y", once or more
//   TOKEN x [TOKEN x ...]             the same with the token each time; TOKEN x [x ...]: with the token once
//   name[x|y], name<x y>              the choice or block so named; without: the names within, joined
//   TOKEN:name                        a token of another name than its own word
//   word@-6.2.0                       out of favour since that release
//   word@6.2.0, name@6.2.0[x|y]       there since that release; @6.2.0[x|y] when the group keeps its joined
//   name
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exec/spec.h"

namespace sluice::commands {

struct Argument {
  std::string name;
  // "string" "integer" "double" "key" "pattern" "unix-time" "pure-token" "oneof" "block"
  std::string_view type;
  std::string token;
  std::string since;             // empty: as old as the command
  std::string deprecated_since;  // empty: still in favour
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  int key_spec = -1;  // which key spec of the command finds it; -1: none
  std::vector<Argument> arguments;

  friend bool operator==(const Argument&, const Argument&) = default;
};

// Fails, with the reason, when the line breaks the grammar.
base::Result<std::vector<Argument>> parse_syntax(std::string_view line);
// The line as people read it: without what it states of types, names and releases.
std::string without_notes(std::string_view line);
// The arguments of a command, each key with the spec that finds it. None if the row's line is not sound: no
// reason to end a server, and a test asks it of every row.
std::vector<Argument> arguments_of(const exec::CommandSpec& spec);

}  // namespace sluice::commands
