#include "commands/help.h"

#include <string>
#include <vector>

#include "commands/syntax.h"

namespace sluice::commands {

namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  }
  return result;
}

}  // namespace

exec::Outcome reply_help(exec::Call& call) {
  const exec::Command& container = *call.command.container;
  std::vector<std::string> lines;
  lines.push_back(upper(container.full_name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const auto& sub : container.subcommands) {
    std::string line = upper(sub->spec->name);
    if (!sub->spec->syntax.empty()) line += " " + without_notes(sub->spec->syntax);
    lines.push_back(line);
    lines.push_back("    " + std::string(sub->spec->summary));
  }
  call.reply.array(lines.size());
  for (const std::string& line : lines) call.reply.status(line);
  return exec::Outcome::kDone;
}

}  // namespace sluice::commands
