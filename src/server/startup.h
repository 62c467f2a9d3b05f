// Startup: from the command line to a running server: configuration, working directory, lock, daemon, pid
// file, log, in the order in which each needs the one before. Owns the parts that outlive the Server. Must
// not know a command or a socket.
#pragma once

#include <span>
#include <string>

namespace sluice::server {

// `arguments` begins with the program's name. Returns the process's exit status.
int run_program(std::span<const std::string> arguments);

}  // namespace sluice::server
