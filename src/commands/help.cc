#include "commands/help.h"

#include <string>
#include <vector>

#include "base/letters.h"
#include "commands/syntax.h"

namespace sluice::commands {

exec::Outcome reply_help(exec::Call& call) {
  const exec::Command& container = *call.command.container;
  std::vector<std::string> lines;
  lines.push_back(base::to_upper(container.full_name) +
                  " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const auto& sub : container.subcommands) {
    std::string line = base::to_upper(sub->spec->name);
    if (!sub->spec->syntax.empty()) line += " " + without_notes(sub->spec->syntax);
    lines.push_back(line);
    lines.push_back("    " + std::string(sub->spec->summary));
  }
  call.reply.array(lines.size());
  for (const std::string& line : lines) call.reply.status(line);
  return exec::Outcome::kDone;
}

}  // namespace sluice::commands
