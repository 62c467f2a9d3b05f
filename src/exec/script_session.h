// What a running script carries from call to call, and from turn to turn while it is suspended: the client
// its calls run as, and what it may do. One script runs at a time, so the executor owns one of these; the
// scripting commands set it up for each run.
#pragma once

#include "client/client.h"

namespace sluice::exec {

struct ScriptSession {
  client::Client client{0};     // nobody's: no socket, in no table
  bool read_only = false;       // an *_RO command, or a script that promised not to write
  bool ignores_memory = false;  // allow-oom
  bool wrote = false;           // a write command was called: it can no longer be killed
  bool kill_asked = false;      // SCRIPT KILL: the next turn ends it
};

}  // namespace sluice::exec
