// COMMAND DOCS, apart from the rest of COMMAND since it alone speaks of syntax.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

exec::Outcome cmd_command_docs(exec::Call& call);

}  // namespace sluice::commands
