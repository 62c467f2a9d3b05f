// Unit: one thing the server does, whole or not at all, in the eyes of everybody else: a command, an EXEC, a
// script, a served waiter, a deadline firing. One clock reading, one group of records in the log. The
// executor owns them.
#pragma once

#include <cstdint>

#include "exec/effects.h"
#include "exec/gates.h"
#include "keyspace/changes.h"

namespace sluice::exec {

struct Unit {
  explicit Unit(keyspace::Graveyard& graveyard) : changes(graveyard) {}

  Effects effects;
  keyspace::ChangeLog changes;        // of the command at hand
  int64_t now_us = 0;                 // unix; every command of the unit sees this
  client::Client* speaker = nullptr;  // the connection whose command it is; nobody: a deadline, an eviction
  int depth = 0;                      // commands within commands: EXEC 1, a script in EXEC 2
  bool wrote = false;                 // something was changed so far
  bool to_log = true;                 // what follows is logged; a script may say otherwise
  bool pushed = false;                // what was answered stands, whatever CLIENT REPLY says: pushes
  Room room = Room::kEnough;          // as it was when the unit began: a script is judged by this
};

}  // namespace sluice::exec
