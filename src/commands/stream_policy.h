// The subcommands of XGROUP that say what a group does by itself, and what it is told of that:
//
//   SETPOLICY key group [LEASE ms] [MAXDELIVER n] [BACKOFF base-ms [factor [max-ms]]] [DLQ key] [DLQMAXLEN n]
//             [CONSUMER-TTL ms]
//   GETPOLICY key group
//
// What is named changes, the rest stays; 0, or an empty key, takes it away. Redis knows none of this: the log
// has a record of ours, with all of the policy.
#pragma once

#include "commands/family.h"

namespace sluice::commands {

Outcome cmd_setpolicy(Call& call);
Outcome cmd_getpolicy(Call& call);

}  // namespace sluice::commands
