// What becomes of an entry that comes free: its lease or its delay ended, its consumer is gone, or gave it
// back (XNACK). As a rule it is released, for whoever asks next; what its group gives up goes to the dead
// letters. Shared by XNACK, by what groups do by themselves, and by those who claim.
#pragma once

#include "commands/dead_letter.h"
#include "commands/stream_group_edit.h"

namespace sluice::commands {

// An entry of the group comes free, with the deliveries it has. True when it was released, so that readers
// are to be woken; what its stream no longer has is acknowledged.
bool come_free(Call& call, GroupEdit& edit, const types::PendingEntry& entry);

// Whether the group gives up entries that were delivered so often.
[[nodiscard]] bool is_too_often(const types::StreamGroup& group, uint64_t deliveries);
// The entry goes to the group's dead letters, and is acknowledged; what its stream no longer has is only
// that. False, and nothing happened, where it cannot go there.
bool give_up(Call& call, GroupEdit& edit, const types::PendingEntry& entry, DeathReason reason);
// Of an entry that somebody claims: it was delivered as often as its group allows, and has gone to the dead
// letters instead. The caller drops it. Nothing of the group changes, so that a walk over it goes on.
bool goes_instead(Call& call, const GroupEdit& edit, const types::PendingEntry& entry);

}  // namespace sluice::commands
