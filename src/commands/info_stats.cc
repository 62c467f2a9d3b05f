// INFO of what was counted: by the server as a whole, by command, by error, by latency.
#include "base/number.h"
#include "commands/info_sections.h"
#include "config/store.h"
#include "exec/table.h"

namespace sluice::commands {

namespace {

double in_kib(uint64_t bytes) {
  return static_cast<double>(bytes) / 1024;
}

void traffic_fields(const InfoSource& source, InfoText& text) {
  const exec::Stats& stats = source.call.on.stats;
  text.field("total_connections_received", stats.connections);
  text.field("total_commands_processed", stats.commands);
  text.field("instantaneous_ops_per_sec", source.process.ops_per_second);
  text.field("total_net_input_bytes", stats.input_bytes);
  text.field("total_net_output_bytes", stats.output_bytes);
  text.field("total_net_repl_input_bytes", 0);
  text.field("total_net_repl_output_bytes", 0);
  text.decimal("instantaneous_input_kbps", in_kib(source.process.input_bytes_per_second));
  text.decimal("instantaneous_output_kbps", in_kib(source.process.output_bytes_per_second));
  text.decimal("instantaneous_input_repl_kbps", 0);
  text.decimal("instantaneous_output_repl_kbps", 0);
  text.field("rejected_connections", stats.rejected_connections);
  text.field("sync_full", 0);
  text.field("sync_partial_ok", 0);
  text.field("sync_partial_err", 0);
}

void keyspace_fields(exec::Call& call, InfoText& text) {
  const exec::Stats& stats = call.on.stats;
  text.field("expired_keys", stats.expired_keys);
  text.field("expired_subkeys", stats.expired_fields);
  text.decimal("expired_stale_perc", 0);  // Expiry is exact: nothing is stale.
  text.field("expired_time_cap_reached_count", 0);
  text.field("expire_cycle_cpu_milliseconds", 0);
  text.field("evicted_keys", stats.evicted_keys);
  text.field("evicted_clients", 0);
  const int64_t since_us = stats.eviction_exceeded_since_us;
  const int64_t exceeding_us = since_us == 0 ? 0 : call.on.clock.monotonic_us() - since_us;
  text.field("total_eviction_exceeded_time", (stats.eviction_exceeded_us + exceeding_us) / 1000);
  text.field("current_eviction_exceeded_time", exceeding_us / 1000);
  text.field("keyspace_hits", stats.keyspace_hits);
  text.field("keyspace_misses", stats.keyspace_misses);
  text.field("pubsub_channels", call.on.hub.channel_count(client::Topic::kChannel));
  text.field("pubsub_patterns", call.on.hub.pattern_count());
  text.field("pubsubshard_channels", call.on.hub.channel_count(client::Topic::kShard));
}

// Forks, links between servers, defragmentation, threads: nothing of it happens here.
void idle_fields(InfoText& text) {
  for (const base::ByteView name :
       {"latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
        "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
        "total_active_defrag_time", "current_active_defrag_time"}) {
    text.field(name, 0);
  }
}

template <class Visitor>
void for_each_used(exec::Call& call, Visitor&& visit) {
  call.on.table.for_each([&](const exec::Command& command) {
    if (command.spec->handler != nullptr) visit(command);
  });
}

}  // namespace

void info_stats(const InfoSource& source, InfoText& text) {
  const exec::Stats& stats = source.call.on.stats;
  traffic_fields(source, text);
  keyspace_fields(source.call, text);
  idle_fields(text);
  const client::Tracking& tracking = source.call.on.tracking;
  text.field("tracking_total_keys", tracking.keys());
  text.field("tracking_total_items", tracking.items());
  text.field("tracking_total_prefixes", tracking.prefixes());
  text.field("unexpected_error_replies", 0);
  text.field("total_error_replies", stats.error_replies);
  text.field("dump_payload_sanitizations", 0);
  text.field("total_reads_processed", stats.reads);
  text.field("total_writes_processed", stats.writes);
  text.field("io_threaded_reads_processed", 0);
  text.field("io_threaded_writes_processed", 0);
  text.field("client_query_buffer_limit_disconnections", stats.query_buffer_limit_disconnections);
  text.field("client_output_buffer_limit_disconnections", stats.output_buffer_limit_disconnections);
  text.field("held_reply_disconnections", stats.held_reply_disconnections);
  text.field("reply_buffer_shrinks", 0);
  text.field("reply_buffer_expands", 0);
  text.field("eventloop_cycles", source.process.loop_cycles - stats.loop_cycles_before);
  text.field("eventloop_duration_sum", source.process.loop_busy_us - stats.loop_busy_before_us);
  text.field("eventloop_duration_cmd_sum", stats.command_us);
  text.field("instantaneous_eventloop_cycles_per_sec", source.process.loop_cycles_per_second);
  text.field("instantaneous_eventloop_duration_usec", source.process.loop_cycle_us);
  text.field("acl_access_denied_auth", stats.auth_failures);
  text.field("acl_access_denied_cmd", stats.denied_commands);
  text.field("acl_access_denied_key", stats.denied_keys);
  text.field("acl_access_denied_channel", stats.denied_channels);
}

void info_commandstats(const InfoSource& source, InfoText& text) {
  for_each_used(source.call, [&](const exec::Command& command) {
    const exec::CommandStats& stats = command.stats;
    if (stats.calls == 0 && stats.failed == 0 && stats.rejected == 0) return;
    const double per_call =
        stats.calls == 0 ? 0 : static_cast<double>(stats.total_us) / static_cast<double>(stats.calls);
    text.field(
        "cmdstat_" + command.full_name,
        base::ByteView("calls=" + std::to_string(stats.calls) + ",usec=" + std::to_string(stats.total_us) +
                       ",usec_per_call=" + fixed(per_call, 2) + ",rejected_calls=" +
                       std::to_string(stats.rejected) + ",failed_calls=" + std::to_string(stats.failed)));
  });
}

void info_errorstats(const InfoSource& source, InfoText& text) {
  for (const auto& [code, count] : source.call.on.stats.errors) {
    text.field("errorstat_" + code, base::ByteView("count=" + std::to_string(count)));
  }
}

void info_latencystats(const InfoSource& source, InfoText& text) {
  const auto percentiles = source.call.on.config.words(config::Option::kLatencyTrackingInfoPercentiles);
  for_each_used(source.call, [&](const exec::Command& command) {
    if (!command.latency || command.latency->count() == 0) return;
    std::string line;
    for (const base::Bytes& percentile : percentiles) {
      const double value =
          static_cast<double>(command.latency->percentile(base::parse_double(percentile).value_or(0)));
      line += (line.empty() ? "p" : ",p") + percentile + "=" + fixed(value, 3);
    }
    text.field("latency_percentiles_usec_" + command.full_name, base::ByteView(line));
  });
}

}  // namespace sluice::commands
