// COMMAND DOCS, apart from the rest of COMMAND since it alone speaks of syntax: it makes the tree of
// arguments from the syntax line of each row (commands/syntax). Reads the table and owns nothing. Must not
// know a family: what a row does not say is not told.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

exec::Outcome cmd_command_docs(exec::Call& call);

}  // namespace sluice::commands
