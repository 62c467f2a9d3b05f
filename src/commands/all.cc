#include "commands/all.h"

namespace sluice::commands {

std::vector<std::span<const exec::CommandSpec>> all_families() {
  return {handshake_commands(),
          client_commands(),
          config_commands(),
          memory_commands(),
          info_commands(),
          pubsub_commands(),
          transaction_commands(),
          key_commands(),
          expire_commands(),
          scan_commands(),
          sort_commands(),
          string_commands(),
          string_range_commands(),
          string_compare_commands(),
          lcs_commands(),
          counter_commands(),
          bounded_counter_commands(),
          bits_commands(),
          bitmap_commands(),
          scripting_commands(),
          stream_commands(),
          stream_read_commands(),
          command_commands(),
          admin_commands(),
          replication_commands(),
          latency_commands(),
          lolwut_commands(),
          debug_commands(),
          dump_commands(),
          list_commands(),
          list_blocking_commands(),
          list_move_commands(),
          hash_commands(),
          persistence_commands(),
          set_commands(),
          set_algebra_commands(),
          zset_commands(),
          zset_range_commands(),
          zset_store_commands(),
          zset_blocking_commands(),
          wait_commands()};
}

}  // namespace sluice::commands
