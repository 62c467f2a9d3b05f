// Server: where everything meets. Owns every part and the connections, and gives turns their shape: bytes are
// read and executed, then the batch is written once, watermarks advance, replies leave, and what is left to
// do is done in slices. One thread; beside it the flusher behind the log, and the worker behind snapshots.
//
//   poll ─> read, parse, execute ... ─> before poll: tick · resume the unblocked · (look once more, while
//   that finds more to log) · write the batch · flush · close · a slice of what is being saved or freed
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "acl/registry.h"
#include "aof/flusher.h"
#include "aof/writer.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "client/client_table.h"
#include "client/hub.h"
#include "client/tracking.h"
#include "config/store.h"
#include "exec/executor.h"
#include "exec/services.h"
#include "exec/settings.h"
#include "net/listener.h"
#include "net/loop.h"
#include "script/engine.h"
#include "server/connection.h"
#include "server/control.h"
#include "server/fanout.h"
#include "server/log_loading.h"
#include "server/options.h"
#include "server/saving.h"
#include "server/turn.h"

namespace sluice::server {

// Connections whose kept input is taken up again per turn, and elements freed per turn.
inline constexpr size_t kResumesPerTurn = 1000;
inline constexpr size_t kFreedPerTurn = 5000;
inline constexpr int64_t kGatherUs = 500;  // between two looks at the sockets while a sync runs
// Bytes of requests that a client may have waiting before it has said who it is.
inline constexpr size_t kStrangerQueryBytes = size_t{1} << 20;
// Descriptors that clients never get: the log and its rewrite, the operator's log, listeners, the loop's own.
inline constexpr uint64_t kReservedDescriptors = 32;
// How often trouble with accepting clients is told, at most; and how often the operator's log is looked for.
inline constexpr int64_t kAcceptTroubleUs = 60'000'000;
inline constexpr int64_t kRotationLookUs = 1'000'000;
// Idle clients looked at per cron run: the whole crowd within a few seconds.
inline constexpr size_t kClientsPerCron = 200;

class Server final : public ConnectionOwner {
 public:
  Server(config::Store& config, base::SpdLog& log, base::Fs& fs, Invocation invocation);
  ~Server() override;

  // Listens and loads the log; fails with a text for the operator.
  base::Result<void> start();
  // Serves until stopped. Returns the process's exit status.
  int run();

  // rename-command, before start().
  base::Result<void> rename_command(base::ByteView name, base::ByteView new_name) {
    return table_.rename(name, new_name);
  }
  // Takes the plain structs anew from the configuration.
  void apply_configuration();
  // A snapshot first, if `save`. Refused where that fails, or the log cannot be written, unless
  // `despite_failure`; a signal waits for such a log as long as shutdown-timeout says. While a log that was
  // switched on has no base yet, the stop waits for it, unless `despite_base`.
  struct Stop {
    bool save = false;
    bool despite_failure = false;
    bool despite_base = false;
    bool by_signal = false;
  };
  base::Result<void> begin_stop(const Stop& stop);
  bool abort_stop();
  // BGREWRITEAOF: the status to answer. Without a log it makes one that holds what there is now.
  base::Result<std::string> rewrite_log();
  // Both need the memory for all data twice, and leave it as it is if they fail.
  base::Result<void> reload_log();
  base::Result<void> reload_snapshot();
  void change_replication_id();
  base::Result<void> rewrite_config();
  // Before start(), for the users of the configuration.
  [[nodiscard]] acl::Registry& users() { return users_; }
  [[nodiscard]] bool peer_is_dead(client::ClientId id) const;

  [[nodiscard]] const exec::Services& services() const { return services_; }
  [[nodiscard]] const aof::Writer* log_writer() const { return writer_ ? &*writer_ : nullptr; }
  // The journal offset at which the log took up what there was before it; 0 for one that was loaded.
  [[nodiscard]] uint64_t log_first_offset() const { return log_first_offset_; }
  [[nodiscard]] Saving& saving() { return saving_; }
  [[nodiscard]] const LogLoading* loading() const { return loading_.get(); }
  [[nodiscard]] int64_t started_unix_us() const { return started_unix_us_; }
  // What INFO is told of the process.
  [[nodiscard]] exec::ProcessFacts process_facts() const;

  resp::Parser& shared_parser() override { return parser_; }
  [[nodiscard]] resp::ParserLimits parser_limits(const client::Client& client) const override;
  [[nodiscard]] size_t query_limit_bytes(const client::Client& client) const override {
    const size_t limit = client_options_.query_limit_bytes;
    return client.authenticated || users_.open() ? limit : std::min(limit, kStrangerQueryBytes);
  }
  [[nodiscard]] size_t held_limit_bytes() const override { return client_options_.held_limit_bytes; }
  bool execute(Connection& connection, resp::Parser& parser) override;
  void begin_burst() override { executor_.refresh_clock(); }
  void has_output(Connection& connection) override;
  void lost(Connection& connection) override;
  void count_input(size_t bytes) override {
    ++stats_.reads;
    stats_.input_bytes += bytes;
  }
  void count_query_overflow() override { ++stats_.query_buffer_limit_disconnections; }

 private:
  struct Rates {
    base::RateSampler commands;
    base::RateSampler input_bytes;
    base::RateSampler output_bytes;
    base::RateSampler cycles;
    base::RateSampler busy_us;
  };
  // A log nobody writes to: it lasts until it has a base. Nothing is asked of its flusher, which has no
  // thread.
  struct LogCopy {
    LogCopy(base::Fs& fs, base::Random& random, const aof::WriterOptions& options)
        : writer(fs, random, flusher, options) {}

    std::unique_ptr<base::FileLock> lock;
    aof::Flusher flusher{[] {}};
    aof::Writer writer;
  };
  // What the clients hold, summed up as the cron goes round them.
  struct Crowd {
    uint64_t memory_bytes = 0;
    uint64_t largest_query_bytes = 0;
    uint64_t largest_outbox_bytes = 0;
  };

  base::Result<void, config::ApplyError> follow_configuration(std::span<const config::Option> options);
  [[nodiscard]] bool anyone_durable() const;
  [[nodiscard]] std::vector<std::string> user_lines() const;
  uint64_t client_room();
  base::Result<void> fit_max_clients();
  base::Result<void> move_to_dir();
  base::Result<void> listen();
  void tell_accept_trouble(int code);
  net::AcceptCallbacks accept_callbacks();
  void accept(std::unique_ptr<net::Socket> socket);
  [[nodiscard]] bool refuses_stranger(const net::Socket& socket) const;

  void before_poll();
  void load_slice();
  LogLoading::Parts loading_parts() { return {fs_, executor_, keyspace_, clock_, log_}; }
  [[nodiscard]] std::string snapshot_path() const;
  base::Result<void> begin_loading();
  // Takes the lock of the directory that the log is in.
  base::Result<void> take_directory();
  base::Result<void> begin_log(aof::StartPoint start, uint64_t bytes_on_disk);
  base::Result<void, config::ApplyError> follow_appendonly();
  base::Result<void> switch_log_on();
  base::Result<void> switch_log_off();
  base::Result<void> begin_copy();
  void end_copy();
  void open_flusher();
  void drop_log();
  void take_up_base(bool was_listed);
  // All data anew, by `load`: if that fails, what was there stays.
  base::Result<void> load_anew(const std::function<base::Result<void>()>& load);
  void settle_attention();
  bool gather();
  void tell_caches();
  void write_turn(aof::Writer::Left left);
  void flush_outputs();
  void flush_output(Connection& connection);
  void check_output_limit(Connection& connection);
  void close_lost();
  void free_slice();
  // Takes what the flusher did, and what follows from it.
  void tick_log(int64_t now_us);
  void note_disk_state();
  void save_some();
  void arm_timer();
  void cron();
  void look_at_clients();
  void sample_rates(int64_t now_us);
  void drop_beyond_retention();
  void advance_stop();
  void finish_stop();
  // Replies in it that are tagged up to here may leave.
  [[nodiscard]] uint64_t watermark_of(const client::Outbox& outbox) const;
  Connection* connection_of(client::ClientId id);

  config::Store& config_;
  base::SpdLog& log_;
  base::Fs& fs_;
  const Invocation invocation_;
  base::SystemClock clock_;
  base::Random random_;
  base::MemoryMeter memory_;
  net::Loop loop_;

  client::ClientTable clients_;
  client::Hub hub_;
  client::Tracking tracking_;
  keyspace::Keyspace keyspace_;
  script::Engine scripts_;
  exec::Table table_;
  acl::Registry users_;
  exec::Transactions transactions_;
  exec::Blocking blocking_;
  exec::Slowlog slowlog_;
  exec::LatencyMonitor latency_;
  exec::Stats stats_;
  exec::ServerState state_;
  exec::Settings settings_;
  ServerControl control_;
  exec::Services services_;
  Fanout fanout_;
  exec::Executor executor_;

  ListenOptions listen_;
  ClientOptions client_options_;
  LogOptions log_options_;
  ProcessOptions process_;

  net::Waker saving_waker_;  // its turn is before_poll's
  Saving saving_;
  std::unique_ptr<base::FileLock> directory_lock_;  // while there is a log
  std::unique_ptr<net::Waker> flusher_waker_;
  std::unique_ptr<aof::Flusher> flusher_;
  std::unique_ptr<aof::Writer> writer_;
  std::unique_ptr<LogCopy> copy_;  // BGREWRITEAOF without a log
  uint64_t log_first_offset_ = 0;
  uint64_t last_log_offset_ = 0;  // of the log that was switched off last: replies carry tags up to it
  bool log_went_ = false;         // switched off, and who waited for it was not told yet
  std::unique_ptr<LogLoading> loading_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::vector<std::unique_ptr<net::SignalWatch>> signals_;

  resp::Parser parser_;
  std::unordered_map<client::ClientId, std::unique_ptr<Connection>> connections_;
  std::vector<client::ClientId> outputs_;  // have something to send
  std::vector<client::ClientId> held_;     // have something that waits for the watermarks
  uint64_t held_until_released_ = 0;       // these, when held_ was last looked through
  uint64_t held_until_durable_ = 0;
  uint64_t awaited_ = 0;  // somebody's reply waits for the log up to here
  std::vector<client::ClientId> lost_;
  std::vector<client::ClientId> resumes_;  // may go on with kept input
  Turn turn_;
  int64_t next_cron_us_ = 0;
  int64_t next_rotation_look_us_ = 0;
  int64_t quiet_about_accept_until_us_ = 0;
  client::ClientId cron_client_ = 0;
  Rates rates_;
  Crowd crowd_;         // at the last whole round
  Crowd crowd_so_far_;  // in the round under way
  uint64_t startup_memory_bytes_ = 0;
  std::string run_id_;
  std::string replication_id_;
  int64_t started_unix_us_ = 0;
  int64_t stop_deadline_us_ = 0;  // monotonic; 0: not stopping
  bool stop_despite_base_ = false;
  int exit_status_ = 0;
};

}  // namespace sluice::server
