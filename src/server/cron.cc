// The server's periodic work, in slices: rates, clients looked after, the log's state; and what INFO is told
// of it all.
#include <algorithm>
#include <utility>

#include "base/process.h"
#include "server/server.h"

namespace sluice::server {

namespace {

constexpr int64_t kCronIntervalUs = 100'000;

// As INFO's listener lines: "name=tcp,bind=127.0.0.1,bind=-::1,port=6379".
std::vector<std::string> describe_listeners(const ListenOptions& options) {
  std::vector<std::string> lines;
  if (options.port != 0) {
    std::string line = "name=tcp";
    for (const std::string& address : options.addresses) line += ",bind=" + address;
    lines.push_back(line + ",port=" + std::to_string(options.port));
  }
  if (!options.unix_path.empty()) lines.push_back("name=unix,bind=" + options.unix_path);
  return lines;
}

}  // namespace

void Server::cron() {
  const int64_t now_us = clock_.monotonic_us();
  next_cron_us_ = now_us + kCronIntervalUs;
  sample_rates(now_us);
  stats_.peak_memory_bytes = std::max(stats_.peak_memory_bytes, memory_.used_bytes());
  if (writer_) {
    const uint64_t released_before = writer_->released();
    tick_log(now_us);
    // A disk that came back lets replies go, and those who waited for it.
    if (writer_->released() != released_before || clients_.anyone_needs_attention()) loop_.request_turn();
    if (writer_->failure() && writer_->past_retention_limit()) drop_beyond_retention();
  }
  if (now_us >= next_rotation_look_us_) {
    next_rotation_look_us_ = now_us + kRotationLookUs;
    log_.follow_rotation();
  }
  if (!loading_) saving_.cron();
  look_at_clients();
}

void Server::sample_rates(int64_t now_us) {
  const base::CpuTime cpu = base::thread_cpu();
  rates_.commands.sample(now_us, stats_.commands);
  rates_.input_bytes.sample(now_us, stats_.input_bytes);
  rates_.output_bytes.sample(now_us, stats_.output_bytes);
  rates_.cycles.sample(now_us, loop_.cycles());
  rates_.busy_us.sample(now_us, static_cast<uint64_t>(cpu.system_us + cpu.user_us));
}

// The disk has refused the log for so long that memory cannot hold more: whoever waits for an answer that may
// never become true is let go without one. What was logged stays, to be written when the disk works again.
void Server::drop_beyond_retention() {
  size_t dropped = 0;
  for (const auto& [id, connection] : connections_) {
    if (connection->lost() || connection->client().outbox.held_bytes() == 0) continue;
    connection->client().set(client::kCloseNow);
    lost(*connection);
    ++dropped;
  }
  if (dropped == 0) return;
  stats_.held_reply_disconnections += dropped;
  log_.warning("Closed " + std::to_string(dropped) +
               " clients whose answers wait for the log: aof-retained-limit is reached");
}

// For a slice of the clients at each run: `timeout`, soft output limits that time makes hard, and what they
// hold.
void Server::look_at_clients() {
  const int64_t now_ms = clock_.unix_us() / 1000;
  cron_client_ = clients_.visit_from(cron_client_, kClientsPerCron, [&](client::Client& client) {
    const uint64_t outbox_bytes = client.outbox.memory_bytes();
    crowd_so_far_.memory_bytes +=
        sizeof(Connection) + outbox_bytes + client.query_bytes + client.multi_memory_bytes;
    crowd_so_far_.largest_query_bytes = std::max(crowd_so_far_.largest_query_bytes, client.query_bytes);
    crowd_so_far_.largest_outbox_bytes = std::max(crowd_so_far_.largest_outbox_bytes, outbox_bytes);
    Connection* connection = connection_of(client.id);
    if (connection == nullptr) return;
    check_output_limit(*connection);
    constexpr uint32_t kExempt = client::kBlocked | client::kPubsub | client::kMonitor;
    if (client_options_.idle_timeout_s == 0 || client.has(kExempt)) return;
    if (now_ms - client.last_active_ms > client_options_.idle_timeout_s * 1000) lost(*connection);
  });
  if (cron_client_ == 0) crowd_ = std::exchange(crowd_so_far_, {});
}

exec::ProcessFacts Server::process_facts() const {
  exec::ProcessFacts facts;
  facts.started_unix_us = started_unix_us_;
  facts.executable = invocation_.executable;
  facts.config_file = invocation_.config_file;
  facts.run_id = run_id_;
  facts.replication_id = replication_id_;
  facts.tcp_port = listen_.port;
  facts.listeners = describe_listeners(listen_);
  facts.ops_per_second = rates_.commands.per_second();
  facts.input_bytes_per_second = rates_.input_bytes.per_second();
  facts.output_bytes_per_second = rates_.output_bytes.per_second();
  facts.startup_memory_bytes = startup_memory_bytes_;
  facts.clients_memory_bytes = crowd_.memory_bytes;
  facts.largest_query_bytes = crowd_.largest_query_bytes;
  facts.largest_outbox_bytes = crowd_.largest_outbox_bytes;
  const base::CpuTime cpu = base::thread_cpu();
  facts.loop_cycles = loop_.cycles();
  facts.loop_busy_us = static_cast<uint64_t>(cpu.system_us + cpu.user_us);
  facts.loop_cycles_per_second = rates_.cycles.per_second();
  if (facts.loop_cycles_per_second > 0) {
    facts.loop_cycle_us = rates_.busy_us.per_second() / facts.loop_cycles_per_second;
  }
  if (stop_deadline_us_ != 0) {
    facts.stops_in_ms = std::max<int64_t>(stop_deadline_us_ - clock_.monotonic_us(), 0) / 1000;
  }
  return facts;
}

}  // namespace sluice::server
