// What the server's parts are told of the configuration, as plain structs: server/configuration fills them
// from config::Store, at the start and whenever CONFIG SET changes something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "aof/writer.h"
#include "config/setting.h"

namespace sluice::server {

struct ListenOptions {
  std::vector<std::string>
      addresses;          // "127.0.0.1", "::1", "*"; a leading '-' means: only if this machine has it
  int port = 6379;        // 0: no TCP
  std::string unix_path;  // empty: none
  unsigned unix_permission = 0;
  int backlog = 511;
};

struct OutputLimit {
  uint64_t hard_bytes = 0;  // 0: none
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

struct ClientOptions {
  size_t max_clients = 10000;
  int64_t idle_timeout_s = 0;  // 0: never
  int keepalive_s = 300;
  bool protected_mode = true;
  int64_t max_bulk_bytes = int64_t{512} << 20;
  size_t query_limit_bytes = size_t{1} << 30;
  size_t held_limit_bytes = size_t{16} << 20;  // replies waiting for the disk beyond which requests wait too
  OutputLimit normal;
  OutputLimit pubsub;
};

struct LogOptions {
  bool enabled = false;
  bool load_truncated = true;
  aof::WriterOptions writer;
};

// Snapshots and rewrites of the log.
struct SavingOptions {
  std::vector<config::SavePoint> points;
  std::string dir = ".";
  std::string file_name = "dump.rdb";
  bool compress = true;
  bool checksum = true;
  bool stop_writes_on_error = true;
  uint64_t bytes_per_second = 0;    // 0: no limit
  uint64_t rewrite_percentage = 0;  // growth at which the log is rewritten; 0: never by itself
  uint64_t rewrite_min_bytes = 0;
};

// How the process was started: what INFO tells, and where CONFIG REWRITE writes.
struct Invocation {
  std::string executable;
  std::string config_file;  // absolute; empty: none
};

struct ProcessOptions {
  bool daemonize = false;
  std::string pid_file;
  int64_t shutdown_timeout_s = 10;
  int cron_per_second = 10;
};

}  // namespace sluice::server
