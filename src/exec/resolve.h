// From the words of a request to the command they name. Pure lookups: the table owns the commands, and
// whoever asks says which name counts (the one in force, or the log's). Knows no client and no gate.
//
//   Command* top = table.find(words[0]);    resolve(top, words) -> the command, or the error text to answer
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "exec/table.h"

namespace sluice::exec {

// The command or subcommand that a request means, given the command its first word names; either may be null.
Command* below(Command* top, std::span<const base::ByteView> words);

// The same with its arity checked; an error text when there is none.
base::Result<Command*> resolve(Command* top, std::span<const base::ByteView> words);

// What a request of this command may do: the flags of its row, changed where its words say more.
uint32_t flags_by_words(Services& services, const Command& command, std::span<const base::ByteView> words);

}  // namespace sluice::exec
