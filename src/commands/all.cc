#include "commands/all.h"

namespace sluice::commands {

std::vector<std::span<const exec::CommandSpec>> all_families() {
  // One a line, so that additions by several hands do not meet.
  // clang-format off
  return {
      handshake_commands(),
      pubsub_commands(),
      transaction_commands(),
      key_commands(),
      expire_commands(),
      scan_commands(),
      string_commands(),
      string_range_commands(),
      counter_commands(),
      bits_commands(),
      scripting_commands(),
      stream_commands(),
      stream_read_commands(),
      command_commands(),
      list_commands(),
      list_blocking_commands(),
      info_commands(),
      client_commands(),
      config_commands(),
      memory_commands(),
      hash_commands(),
      set_commands(),
      set_algebra_commands(),
      zset_commands(),
      zset_range_commands(),
      zset_blocking_commands(),
  };
  // clang-format on
}

}  // namespace sluice::commands
