// The subcommands of CLIENT by which a connection that keeps copies of keys says what it wants to be told of.
// Their rows stand with CLIENT's others; whom to tell, and the copies, are client/tracking's: here only words
// are read and judged.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

// TRACKING and its options, which must fit each other and what the connection asked for before.
exec::Outcome cmd_client_tracking(exec::Call& call);
// What the next command reads, or the next transaction, is the exception.
exec::Outcome cmd_client_caching(exec::Call& call);
// Who is told in its place: 0, nobody; -1, it does not track.
exec::Outcome cmd_client_getredir(exec::Call& call);
exec::Outcome cmd_client_trackinginfo(exec::Call& call);

}  // namespace sluice::commands
