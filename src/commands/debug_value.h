// What DEBUG shows of how a value is held: OBJECT, HTSTATS, HTSTATS-KEY, LISTPACK. Reads values through the
// keyspace and owns nothing; nothing here may change or touch a key, since tools compare before and after.
// The words of DEBUG itself are commands/debug's.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

// Each with the words behind the subcommand still to be read.
exec::Outcome debug_object(exec::Call& call);
exec::Outcome debug_htstats(exec::Call& call);
exec::Outcome debug_htstats_key(exec::Call& call);
exec::Outcome debug_listpack(exec::Call& call);

}  // namespace sluice::commands
