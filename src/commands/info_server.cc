// INFO of the process itself: what it is, whom it serves, what it keeps on disk. Parts that this server does
// not have show what an idle Redis shows of them.
#include <algorithm>

#include "base/number.h"
#include "base/process.h"
#include "commands/info_sections.h"
#include "commands/session.h"
#include "config/store.h"
#include "keyspace/keyspace.h"

namespace sluice::commands {

namespace {

constexpr int64_t kUsPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;
// A clock of so many bits, as Redis shows it.
constexpr int64_t kLruClockMask = (1 << 24) - 1;

// Options that nothing here reads are known by name only.
base::Bytes option_text(exec::Call& call, base::ByteView name) {
  const base::ByteView names[] = {name};
  const auto found = call.on.config.get(names);
  return found.empty() ? base::Bytes() : found.front().text;
}

std::string compiler_version() {
#if defined(__GNUC__) && !defined(__clang__)
  return std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
         std::to_string(__GNUC_PATCHLEVEL__);
#else
  return "0.0.0";
#endif
}

void cpu_fields(InfoText& text, const std::string& suffix, const base::CpuTime& time) {
  text.decimal("used_cpu_sys" + suffix, static_cast<double>(time.system_us) / kUsPerSecond, 6);
  text.decimal("used_cpu_user" + suffix, static_cast<double>(time.user_us) / kUsPerSecond, 6);
}

void loading_fields(const exec::LogFacts& log, int64_t now_s, InfoText& text) {
  const int64_t elapsed_s = std::max<int64_t>(now_s - log.load_started_unix_s, 0);
  const double total = static_cast<double>(log.load_total_bytes);
  const double done = static_cast<double>(log.load_done_bytes);
  text.field("loading_start_time", log.load_started_unix_s);
  text.field("loading_total_bytes", log.load_total_bytes);
  text.field("loading_rdb_used_mem", 0);
  text.field("loading_loaded_bytes", log.load_done_bytes);
  text.decimal("loading_loaded_perc", total > 0 ? done * 100 / total : 0);
  const double eta_s = done > 0 ? static_cast<double>(elapsed_s) * (total - done) / done : 1;
  text.field("loading_eta_seconds", static_cast<int64_t>(eta_s));
}

double percent(uint64_t part, uint64_t whole) {
  return static_cast<double>(part) * 100 / static_cast<double>(whole);
}

void log_fields(const exec::LogFacts& log, const exec::SavingFacts& saving, InfoText& text) {
  text.field("aof_current_size", saving.log_bytes);
  text.field("aof_base_size", saving.log_bytes_after_rewrite);
  text.field("aof_pending_rewrite", saving.rewrite_scheduled ? 1 : 0);
  text.field("aof_buffer_length", log.retained_bytes);
  text.field("aof_pending_bio_fsync", log.written_offset > log.synced_offset ? 1 : 0);
  text.field("aof_delayed_fsync", log.delayed_syncs);
}

}  // namespace

void info_server(const InfoSource& source, InfoText& text) {
  exec::Call& call = source.call;
  const exec::ProcessFacts& process = source.process;
  const int64_t now_us = call.unit().now_us;
  const int64_t uptime_s = (now_us - process.started_unix_us) / kUsPerSecond;
  text.field("redis_version", kReportedVersion);
  text.field("sluice_version", kSluiceVersion);
  text.field("redis_git_sha1", "00000000");
  text.field("redis_git_dirty", 0);
  text.field("redis_build_id", 0);
  text.field("redis_mode", "standalone");
  text.field("os", base::ByteView(base::system_name()));
  text.field("arch_bits", sizeof(void*) * 8);
  text.field("monotonic_clock", "POSIX clock_gettime");
  text.field("multiplexing_api", "epoll");
  text.field("atomicvar_api", "c11-builtin");
  text.field("gcc_version", base::ByteView(compiler_version()));
  text.field("process_id", base::process_id());
  text.field("process_supervised", "no");
  text.field("run_id", process.run_id);
  text.field("tcp_port", process.tcp_port);
  text.field("server_time_usec", now_us);
  text.field("uptime_in_seconds", uptime_s);
  text.field("uptime_in_days", uptime_s / kSecondsPerDay);
  const base::Bytes ticks = option_text(call, "hz");
  text.field("hz", ticks);
  text.field("configured_hz", ticks);
  text.field("lru_clock", (now_us / kUsPerSecond) & kLruClockMask);
  text.field("executable", process.executable);
  text.field("config_file", process.config_file);
  text.field("io_threads_active", 0);
  if (process.stops_in_ms) text.field("shutdown_in_milliseconds", *process.stops_in_ms);
  for (size_t i = 0; i < process.listeners.size(); ++i) {
    text.field("listener" + std::to_string(i), process.listeners[i]);
  }
}

void info_clients(const InfoSource& source, InfoText& text) {
  exec::Call& call = source.call;
  text.field("connected_clients", call.on.clients.size());
  text.field("cluster_connections", 0);
  text.field("maxclients", call.on.config.number(config::Option::kMaxClients));
  text.field("client_recent_max_input_buffer", source.process.largest_query_bytes);
  text.field("client_recent_max_output_buffer", source.process.largest_outbox_bytes);
  text.field("blocked_clients", call.on.blocking.blocked_clients());
  text.field("tracking_clients", call.on.tracking.trackers());
  text.field("clients_in_timeout_table", call.on.blocking.timeouts());
  text.field("total_blocking_keys", call.on.blocking.blocking_keys());
  text.field("total_blocking_keys_on_nokey", call.on.blocking.blocking_keys_on_gone());
}

void info_persistence(const InfoSource& source, InfoText& text) {
  const exec::LogFacts& log = source.log;
  const exec::SavingFacts& saving = source.saving;
  text.field("loading", log.loading ? 1 : 0);
  text.field("async_loading", 0);
  text.field("current_cow_peak", saving.held_peak_bytes);
  text.field("current_cow_size", saving.held_bytes);
  text.field("current_cow_size_age", 0);
  text.decimal("current_fork_perc",
               saving.keys_total == 0 ? 0 : percent(saving.keys_passed, saving.keys_total));
  text.field("current_save_keys_processed", saving.keys_passed);
  text.field("current_save_keys_total", saving.keys_total);
  text.field("rdb_changes_since_last_save", source.call.on.stats.changes_since_save);
  text.field("rdb_bgsave_in_progress", saving.save_in_progress ? 1 : 0);
  text.field("rdb_last_save_time", saving.last_save_unix_s);
  text.field("rdb_last_bgsave_status", saving.last_save_ok ? "ok" : "err");
  text.field("rdb_last_bgsave_time_sec", saving.last_save_took_s);
  text.field("rdb_current_bgsave_time_sec", saving.current_save_s);
  text.field("rdb_saves", saving.saves);
  text.field("rdb_last_cow_size", saving.last_save_held_bytes);
  text.field("rdb_last_load_keys_expired", saving.load_expired_keys);
  text.field("rdb_last_load_keys_loaded", saving.loaded_keys);
  text.field("aof_enabled", log.enabled ? 1 : 0);
  text.field("aof_rewrite_in_progress", saving.rewrite_in_progress ? 1 : 0);
  text.field("aof_rewrite_scheduled", saving.rewrite_scheduled ? 1 : 0);
  text.field("aof_last_rewrite_time_sec", saving.last_rewrite_took_s);
  text.field("aof_current_rewrite_time_sec", saving.current_rewrite_s);
  text.field("aof_last_bgrewrite_status", saving.last_rewrite_ok ? "ok" : "err");
  text.field("aof_rewrites", saving.rewrites);
  text.field("aof_rewrites_consecutive_failures", saving.rewrite_failures);
  text.field("aof_last_write_status", log.last_write_ok ? "ok" : "err");
  text.field("aof_last_cow_size", saving.last_rewrite_held_bytes);
  text.field("module_fork_in_progress", 0);
  text.field("module_fork_last_cow_size", 0);
  if (log.enabled) log_fields(log, saving, text);
  if (log.loading) loading_fields(log, source.call.unit().now_us / kUsPerSecond, text);
}

void info_replication(const InfoSource& source, InfoText& text) {
  text.field("role", "master");
  text.field("connected_slaves", 0);
  text.field("master_failover_state", "no-failover");
  text.field("master_replid", source.process.replication_id);
  text.field("master_replid2", base::ByteView(std::string(40, '0')));
  text.field("master_repl_offset", 0);
  text.field("second_repl_offset", -1);
  text.field("repl_backlog_active", 0);
  text.field("repl_backlog_size", option_text(source.call, "repl-backlog-size"));
  text.field("repl_backlog_first_byte_offset", 0);
  text.field("repl_backlog_histlen", 0);
}

void info_cpu(const InfoSource&, InfoText& text) {
  cpu_fields(text, "", base::process_cpu());
  cpu_fields(text, "_children", {});  // There are none: nothing forks.
  cpu_fields(text, "_main_thread", base::thread_cpu());
}

void info_modules(const InfoSource&, InfoText&) {}

void info_cluster(const InfoSource&, InfoText& text) {
  text.field("cluster_enabled", 0);
}

void info_keyspace(const InfoSource& source, InfoText& text) {
  keyspace::Keyspace& keyspace = source.call.on.keyspace;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    const keyspace::Database& database = keyspace.database(i);
    if (database.size() == 0) continue;
    text.field("db" + std::to_string(i),
               base::ByteView("keys=" + std::to_string(database.size()) +
                              ",expires=" + std::to_string(database.volatile_size()) + ",avg_ttl=" +
                              std::to_string(database.average_ttl_ms(source.call.access().now_ms))));
  }
}

}  // namespace sluice::commands
