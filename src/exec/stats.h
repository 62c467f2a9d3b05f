// Stats: the counters behind INFO stats and clients, plain numbers that the executor, the connections and the
// cron add to. CONFIG RESETSTAT clears them. The server owns them and everybody adds; they must not know what
// they count.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/bytes.h"

namespace sluice::exec {

inline constexpr size_t kMaxErrorKinds = 128;  // Distinct error codes counted; the rest go under one name.

struct Stats {
  uint64_t commands = 0;
  uint64_t command_us = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t connections = 0;
  uint64_t rejected_connections = 0;
  uint64_t input_bytes = 0;
  uint64_t output_bytes = 0;
  uint64_t keyspace_hits = 0;
  uint64_t keyspace_misses = 0;
  uint64_t expired_keys = 0;
  uint64_t expired_fields = 0;  // of hashes
  uint64_t evicted_keys = 0;
  // How long memory was above maxmemory though keys were evicted: in all, and since when (monotonic, 0: is
  // not).
  int64_t eviction_exceeded_us = 0;
  int64_t eviction_exceeded_since_us = 0;
  uint64_t unblocked_clients = 0;
  uint64_t error_replies = 0;
  uint64_t auth_failures = 0;
  uint64_t denied_commands = 0;
  uint64_t denied_keys = 0;
  uint64_t denied_channels = 0;
  uint64_t query_buffer_limit_disconnections = 0;
  uint64_t output_buffer_limit_disconnections = 0;
  uint64_t held_reply_disconnections = 0;  // their replies could not become durable
  uint64_t changes_since_save = 0;
  uint64_t peak_memory_bytes = 0;
  // Of the reactor's counters, which only grow, what was there at the last reset.
  uint64_t loop_cycles_before = 0;
  uint64_t loop_busy_before_us = 0;
  std::map<std::string, uint64_t, std::less<>> errors;  // by code: INFO errorstats

  void count_error(base::ByteView text);
  void reset();
};

}  // namespace sluice::exec
