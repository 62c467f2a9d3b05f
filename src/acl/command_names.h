// CommandNames: the door upward through which rules learn which commands there are: names to numbers, and
// which numbers a category means. The command table (exec/table) stands behind it. Numbers are dense, never
// change while the server runs, and a container's subcommands follow it directly; names are those of the
// rows, whatever rename-command made of them, so that a file of users means the same everywhere.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sluice::acl {

using CommandId = uint16_t;
inline constexpr size_t kMaxCommands = 1024;  // subcommands included
using CommandSet = std::bitset<kMaxCommands>;

struct NamedCommand {
  CommandId id;
  size_t subcommands;  // of a container: their ids are id + 1 ... id + subcommands
  bool is_subcommand;
  std::string_view full_name;  // "get", "client|list": static as long as the table
};

class CommandNames {
 public:
  virtual ~CommandNames() = default;
  // "get", "client", "client|list", letters of either case.
  [[nodiscard]] virtual std::optional<NamedCommand> find_named(base::ByteView full_name) const = 0;
  // Every command filed under a category, subcommands with their container.
  [[nodiscard]] virtual CommandSet in_category(uint32_t category) const = 0;
};

}  // namespace sluice::acl
