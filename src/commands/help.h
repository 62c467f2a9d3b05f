// The answer of every container's HELP: how it is called, its subcommands from their rows,
// in the shape Redis has. Reads the table and owns nothing; must not know which container it
// speaks for.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

// Replies the help of the container that `call` is the HELP subcommand of, made from the rows' syntax and
// summaries.
exec::Outcome reply_help(exec::Call& call);

}  // namespace sluice::commands
