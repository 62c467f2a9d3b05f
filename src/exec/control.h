// Control: the door upward for administrative commands: what only the server as a whole can do. Implemented
// by server/control; a harness puts a recorder there. Not a place for what a smaller part can answer. The
// server owns what stands behind it; commands borrow it for a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/client.h"

namespace sluice::exec {

struct ProcessFacts {
  int64_t started_unix_us = 0;
  std::string executable;
  std::string config_file;
  std::string run_id;
  std::string replication_id;
  std::vector<std::string> listeners;  // "name=tcp,bind=127.0.0.1,bind=-::1,port=6379"
  int tcp_port = 0;
  uint64_t ops_per_second = 0;
  uint64_t input_bytes_per_second = 0;
  uint64_t output_bytes_per_second = 0;
  uint64_t startup_memory_bytes = 0;  // in use before anything was loaded
  // Of all clients, as the cron last went round them.
  uint64_t clients_memory_bytes = 0;
  uint64_t largest_query_bytes = 0;
  uint64_t largest_outbox_bytes = 0;
  // Iterations of the reactor, and the processor time they took.
  uint64_t loop_cycles = 0;
  uint64_t loop_busy_us = 0;
  uint64_t loop_cycles_per_second = 0;
  uint64_t loop_cycle_us = 0;          // on average, lately
  std::optional<int64_t> stops_in_ms;  // while shutting down
};

// What INFO persistence and the gates know of the log.
struct LogFacts {
  bool enabled = false;
  bool last_write_ok = true;
  std::string last_error;
  uint64_t retained_bytes = 0;  // in memory until the disk has them
  uint64_t memory_bytes = 0;    // that they take, with room to grow
  uint64_t written_offset = 0;
  uint64_t synced_offset = 0;
  uint64_t durable_offset = 0;  // what a power cut leaves: 0 while a log that was switched on has no base yet
  uint64_t first_offset = 0;    // durable to here, the log holds what was there before it was switched on
  uint64_t delayed_syncs = 0;
  // While loading:
  bool loading = false;
  uint64_t load_total_bytes = 0;
  uint64_t load_done_bytes = 0;
  int64_t load_started_unix_s = 0;
  uint64_t loaded_commands = 0;
};

// What INFO persistence tells of snapshots and rewrites. Seconds are -1 where there is nothing to tell.
struct SavingFacts {
  bool save_in_progress = false;
  bool save_scheduled = false;
  bool last_save_ok = true;
  int64_t last_save_unix_s = 0;  // or the start
  int64_t last_save_took_s = -1;
  int64_t current_save_s = -1;
  uint64_t saves = 0;
  bool rewrite_in_progress = false;
  bool rewrite_scheduled = false;
  bool last_rewrite_ok = true;
  int64_t last_rewrite_took_s = -1;
  int64_t current_rewrite_s = -1;
  uint64_t rewrites = 0;
  uint64_t rewrite_failures = 0;  // in a row
  // Of the one under way.
  uint64_t keys_total = 0;
  uint64_t keys_passed = 0;
  // Memory held for it beside the keyspace, copies of nodes that were changed not counted.
  uint64_t held_bytes = 0;
  uint64_t held_peak_bytes = 0;
  uint64_t last_save_held_bytes = 0;
  uint64_t last_rewrite_held_bytes = 0;
  // Of the last snapshot that was loaded, alone or as the base of a log.
  uint64_t loaded_keys = 0;
  uint64_t load_expired_keys = 0;        // left out, since their time had come
  uint64_t log_bytes = 0;                // on disk
  uint64_t log_bytes_after_rewrite = 0;  // or at the start
};

enum class ShutdownSave : uint8_t { kDefault, kSave, kNoSave };

struct ShutdownOptions {
  ShutdownSave save = ShutdownSave::kDefault;
  bool now = false;
  bool force = false;
};

class Control {
 public:
  virtual ~Control() = default;

  [[nodiscard]] virtual ProcessFacts process_facts() const = 0;
  [[nodiscard]] virtual LogFacts log_facts() const = 0;
  [[nodiscard]] virtual SavingFacts saving_facts() const = 0;

  // Memory that maxmemory does not count: what waits for the disk, and what a snapshot holds beside the keys.
  [[nodiscard]] virtual uint64_t uncounted_memory_bytes() const = 0;

  // BGSAVE and BGREWRITEAOF: the status to answer.
  virtual base::Result<std::string> save_in_background(bool schedule) = 0;
  virtual base::Result<std::string> rewrite_log() = 0;
  // SAVE: returns when the file is there.
  virtual base::Result<void> save() = 0;

  // Begins an orderly stop; fails when it must not (and `force` is not given).
  virtual base::Result<void> shutdown(const ShutdownOptions& options) = 0;
  // Takes a running shutdown back; fails if there is none.
  virtual base::Result<void> abort_shutdown() = 0;

  // Writes what is buffered, empties the keyspace and loads the log again (DEBUG LOADAOF).
  virtual base::Result<void> reload_log() = 0;
  // Writes a snapshot, empties the keyspace and loads that (DEBUG RELOAD).
  virtual base::Result<void> reload_snapshot() = 0;
  // Another id for whoever would follow this server's changes (DEBUG CHANGE-REPL-ID).
  virtual void change_replication_id() = 0;
  // CONFIG REWRITE.
  virtual base::Result<void> rewrite_config() = 0;

  // Whether the kernel knows by now that this client's peer has gone: asked before it is handed a job.
  [[nodiscard]] virtual bool peer_is_dead(const client::Client& client) const = 0;
};

}  // namespace sluice::exec
