// What DEBUG shows of how a value is held: OBJECT, HTSTATS, HTSTATS-KEY, LISTPACK.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

// Each with the words behind the subcommand still to be read.
exec::Outcome debug_object(exec::Call& call);
exec::Outcome debug_htstats(exec::Call& call);
exec::Outcome debug_htstats_key(exec::Call& call);
exec::Outcome debug_listpack(exec::Call& call);

}  // namespace sluice::commands
