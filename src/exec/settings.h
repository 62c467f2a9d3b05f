// Settings: the few configured values that the hot path reads on every command, mirrored from config::Store
// by the server at start and whenever CONFIG SET changes one. Options have their defaults in
// their table, not here; the switches that are no option begin as said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::exec {

// Which keys go when memory is full (maxmemory-policy).
enum class EvictBy : uint8_t {
  kNothing,    // none
  kIdleTime,   // the one unused longest, of some samples
  kFrequency,  // the one used least often, of some samples
  kChance,     // any
  kDeadline,   // the one that would expire first
};

struct Settings {
  uint64_t maxmemory_bytes = 0;       // 0: no limit
  uint64_t memory_reserve_bytes = 0;  // above that, for commands with kUsesReserve
  EvictBy evict_by = EvictBy::kNothing;
  bool evict_volatile_only = false;  // keys without an expiry stay
  size_t eviction_samples = 0;
  int64_t slowlog_threshold_us = 0;  // negative: nothing is logged
  size_t slowlog_max_entries = 0;
  int64_t latency_threshold_ms = 0;  // 0: LATENCY records nothing
  uint16_t notify_classes = 0;       // keyspace::EventClass bits; 0: no notifications
  size_t tracking_max_keys = 0;      // that are remembered for CLIENT TRACKING; 0: no limit
  bool active_expire = true;         // DEBUG SET-ACTIVE-EXPIRE
  bool latency_tracking = false;
  bool keeps_records = true;  // somebody reads what is propagated: false without a log, to save the encoding
};

}  // namespace sluice::exec
