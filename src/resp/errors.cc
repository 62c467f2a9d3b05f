#include "resp/errors.h"

#include <algorithm>

#include "base/letters.h"

namespace sluice::resp::errors {
namespace {

// What printf's %.*s makes of the bytes: cut at the limit and at the first NUL.
base::ByteView echoed(base::ByteView bytes, size_t limit) {
  const base::ByteView cut = bytes.substr(0, limit);
  return cut.substr(0, cut.find('\0'));
}

std::string join(std::initializer_list<base::ByteView> parts) {
  std::string text;
  for (const base::ByteView part : parts) text.append(part);
  return text;
}

}  // namespace

std::string expected_bulk(char got) {
  return join({"ERR Protocol error: expected '$', got '", base::ByteView(&got, 1), "'"});
}

std::string wrong_arity(base::ByteView command) {
  return join({"ERR wrong number of arguments for '", command, "' command"});
}

std::string unknown_command(std::span<const base::ByteView> request) {
  std::string arguments;
  for (size_t i = 1; i < request.size() && arguments.size() < kEchoedBytes; ++i) {
    arguments += '\'';
    arguments += echoed(request[i], kEchoedBytes - (arguments.size() - 1));
    arguments += "' ";
  }
  return join({"ERR unknown command '", echoed(request[0], kEchoedBytes),
               "', with args beginning with: ", arguments});
}

std::string unknown_subcommand(base::ByteView command, base::ByteView subcommand) {
  return join({"ERR unknown subcommand '", echoed(subcommand, kEchoedBytes), "'. Try ",
               base::to_upper(command), " HELP."});
}

std::string unknown_subcommand_or_arity(base::ByteView command, base::ByteView subcommand) {
  return join({"ERR unknown subcommand or wrong number of arguments for '", echoed(subcommand, kEchoedBytes),
               "'. Try ", base::to_upper(command), " HELP."});
}

std::string not_allowed_when_subscribed(base::ByteView command) {
  return join(
      {"ERR Can't execute '", command,
       "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"});
}

std::string misconf_log(base::ByteView reason) {
  return join({"MISCONF Errors writing to the AOF file: ", reason});
}

std::string exec_refused(base::ByteView error) {
  constexpr base::ByteView kPlain = "ERR ";
  if (error.starts_with(kPlain)) error.remove_prefix(kPlain.size());
  return "EXECABORT Transaction discarded because of: " + std::string(error);
}

}  // namespace sluice::resp::errors
