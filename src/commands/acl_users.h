// The subcommands of ACL that make, change, show and remove users; the rows stand in commands/acl. They put
// words to acl::Registry and its answers into replies, and keep nothing. Which users there are, and what a
// rule means, is not theirs to know.
#pragma once

#include "exec/call.h"

namespace sluice::commands {

exec::Outcome cmd_acl_setuser(exec::Call& call);
exec::Outcome cmd_acl_deluser(exec::Call& call);
exec::Outcome cmd_acl_getuser(exec::Call& call);
exec::Outcome cmd_acl_list(exec::Call& call);
exec::Outcome cmd_acl_users(exec::Call& call);
exec::Outcome cmd_acl_whoami(exec::Call& call);
exec::Outcome cmd_acl_load(exec::Call& call);
exec::Outcome cmd_acl_save(exec::Call& call);

}  // namespace sluice::commands
