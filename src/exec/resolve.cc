#include "exec/resolve.h"

#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

Command* below(Command* top, std::span<const base::ByteView> words) {
  if (top == nullptr || top->subcommands.empty() || words.size() == 1) return top;
  return top->subcommand(words[1]);
}

base::Result<Command*> resolve(Command* top, std::span<const base::ByteView> words) {
  Command* command = below(top, words);
  if (command == nullptr) {
    return base::Error{top != nullptr ? errors::unknown_subcommand(words[0], words[1])
                                      : errors::unknown_command(words)};
  }
  if (!command->spec->arity_ok(words.size())) return base::Error{errors::wrong_arity(command->full_name)};
  return command;
}

uint32_t flags_by_words(Services& services, const Command& command, std::span<const base::ByteView> words) {
  const FlagsOf flags_of = command.spec->flags_of;
  return flags_of == nullptr ? command.flags : flags_of(services, words, command.flags);
}

}  // namespace sluice::exec
