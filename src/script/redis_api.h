// The functions of the `redis` table: call, pcall, error_reply, status_reply, sha1hex, log, setresp,
// set_repl, replicate_commands, breakpoint, debug, acl_check_cmd and the constants. They speak to the server
// by Host only.
#pragma once

#include <luajit-2.1/lua.hpp>

namespace sluice::script {

// What scripts are told the version is; INFO and HELLO say the same.
inline constexpr char kReportedVersion[] = "7.2.4";
inline constexpr int kReportedVersionNumber = 0x00070204;

// Pushes the table. May raise.
void push_redis_table(lua_State* lua);

}  // namespace sluice::script
