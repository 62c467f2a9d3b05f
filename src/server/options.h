// What the server's parts are told of the configuration, as plain structs: server/configuration fills them
// from config::Store, at the start and whenever CONFIG SET changes something. They have no defaults of their
// own: those stand in the table of options alone, and a field that nobody filled is zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "aof/writer.h"
#include "config/setting.h"

namespace sluice::server {

struct ListenOptions {
  std::vector<std::string>
      addresses;          // "127.0.0.1", "::1", "*"; a leading '-' means: only if this machine has it
  int port = 0;           // 0: no TCP
  std::string unix_path;  // empty: none
  unsigned unix_permission = 0;
  int backlog = 0;
};

struct OutputLimit {
  uint64_t hard_bytes = 0;  // 0: none
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

struct ClientOptions {
  size_t max_clients = 0;
  int64_t idle_timeout_s = 0;  // 0: never
  int keepalive_s = 0;
  bool protected_mode = false;
  int64_t max_bulk_bytes = 0;
  size_t query_limit_bytes = 0;
  size_t held_limit_bytes = 0;  // replies waiting for the disk beyond which requests wait too
  OutputLimit normal;
  OutputLimit pubsub;
};

struct LogOptions {
  bool enabled = false;
  bool load_truncated = false;
  aof::WriterOptions writer;
};

// Snapshots and rewrites of the log.
struct SavingOptions {
  std::vector<config::SavePoint> points;
  std::string dir;
  std::string file_name;
  bool compress = false;
  bool checksum = false;
  bool stop_writes_on_error = false;
  uint64_t bytes_per_second = 0;    // 0: no limit
  uint64_t rewrite_percentage = 0;  // growth at which the log is rewritten; 0: never by itself
  uint64_t rewrite_min_bytes = 0;
};

// How the process was started: what INFO tells, and where CONFIG REWRITE writes.
struct Invocation {
  std::string executable;
  std::string config_file;  // absolute; empty: none
  // Ends the process from another thread, when the disk does not let a stop come to its end in time.
  std::function<void()> leave = [] { std::_Exit(1); };
};

struct ProcessOptions {
  int64_t shutdown_timeout_s = 0;
};

}  // namespace sluice::server
