#include "server/server.h"

#include <array>
#include <utility>

#include "base/process.h"
#include "commands/all.h"
#include "config/store.h"
#include "resp/errors.h"
#include "server/configuration.h"

namespace sluice::server {

namespace {

std::string make_run_id(base::Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(40, '0');
  for (char& digit : id) digit = kDigits[random.below(kDigits.size())];
  return id;
}

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

Server::Server(config::Store& config, base::SpdLog& log, base::Fs& fs, Invocation invocation)
    : config_(config),
      log_(log),
      fs_(fs),
      invocation_(std::move(invocation)),
      random_(base::Random::entropy()),
      loop_(clock_),
      hub_(clients_),
      keyspace_(database_count(config), base::Random::entropy()),
      scripts_(clock_, script_limits(config)),
      table_(commands::all_families()),
      transactions_(clients_),
      blocking_(clients_),
      control_(*this),
      services_{clock_, random_,       log_,      memory_,  config_, keyspace_, clients_,  hub_,    scripts_,
                table_, transactions_, blocking_, slowlog_, stats_,  state_,    settings_, control_},
      fanout_(clients_, hub_),
      executor_(services_, fanout_),
      run_id_(make_run_id(random_)),
      started_unix_us_(clock_.unix_us()) {
  apply_configuration();
  config_.on_change(
      [this](std::span<const config::Option> options) { return follow_configuration(options); });
}

Server::~Server() {
  // Sockets and handles first: they must be gone before the loop is.
  connections_.clear();
  listeners_.clear();
  signals_.clear();
  if (flusher_) flusher_->stop();
  flusher_waker_.reset();
}

int Server::run() {
  loop_.run();
  finish_stop();
  return exit_status_;
}

Connection* Server::connection_of(client::ClientId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

resp::ParserLimits Server::parser_limits(const client::Client& client) const {
  resp::ParserLimits limits;
  limits.max_bulk_bytes = client_options_.max_bulk_bytes;
  limits.authenticated = client.authenticated;
  return limits;
}

void Server::begin_burst() {
  executor_.refresh_clock();
}

bool Server::execute(Connection& connection, resp::Parser& parser) {
  client::Client& client = connection.client();
  const exec::Next next = executor_.submit(client, {parser.args(), parser.wire(), &parser});
  if (!client.outbox.empty() || next == exec::Next::kClose) has_output(connection);
  // A turn may end in the middle of a poll phase: thousands of sockets may be ready in one.
  if (commands_in_turn_++ == 0) {
    turn_began_us_ = executor_.now_us();
  } else if (commands_in_turn_ >= kCommandsPerTurn || executor_.now_us() - turn_began_us_ >= kTurnUs) {
    write_turn();
  }
  return next == exec::Next::kMore;
}

void Server::has_output(Connection& connection) {
  if (connection.queued_for_output()) return;
  connection.set_queued_for_output(true);
  outputs_.push_back(connection.client().id);
}

void Server::lost(Connection& connection) {
  if (connection.lost()) return;
  connection.set_lost();
  lost_.push_back(connection.client().id);
  loop_.request_turn();
}

// Between two polls: everything that is not an answer to bytes just read.
void Server::before_poll() {
  if (loading_) load_slice();
  executor_.refresh_clock();
  const bool due = executor_.next_tick_us().value_or(INT64_MAX) <= clock_.monotonic_us();
  if (due && executor_.tick()) loop_.request_turn();
  settle_attention();
  write_turn();
  close_lost();
  free_slice();
  if (clock_.monotonic_us() >= next_cron_us_) cron();
  if (stop_deadline_us_ != 0) advance_stop();
  arm_timer();
}

// Whoever was written to by somebody else, unblocked or marked for closing since the last turn.
void Server::settle_attention() {
  size_t resumed = 0;
  while (clients_.anyone_needs_attention() || !resumes_.empty()) {
    for (const client::ClientId id : clients_.take_attention()) {
      Connection* connection = connection_of(id);
      if (connection == nullptr) continue;
      client::Client& client = connection->client();
      if (client.has(client::kCloseNow)) lost(*connection);
      has_output(*connection);
      if (client.has(client::kUnblocked)) {
        client.unset(client::kUnblocked);
        resumes_.push_back(id);
      }
    }
    std::vector<client::ClientId> batch = std::exchange(resumes_, {});
    for (size_t i = 0; i < batch.size(); ++i) {
      if (resumed++ == kResumesPerTurn) {
        resumes_.insert(resumes_.end(), batch.begin() + static_cast<std::ptrdiff_t>(i), batch.end());
        loop_.request_turn();
        return;
      }
      if (Connection* connection = connection_of(batch[i])) connection->resume();
    }
  }
}

bool Server::peer_is_dead(client::ClientId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() || found->second->socket().peer_is_dead();
}

uint64_t Server::watermark() const {
  return writer_ ? writer_->released() : UINT64_MAX;
}

// The end of a turn: one write for everything that was logged, then the answers may go.
void Server::write_turn() {
  commands_in_turn_ = 0;
  if (writer_) {
    writer_->end_turn(clock_.monotonic_us());
    note_log_state();
  }
  flush_outputs();
}

void Server::note_log_state() {
  const std::optional<std::string>& failure = writer_->failure();
  if (failure.has_value() == !state_.disk_error.empty()) return;
  if (failure) {
    state_.disk_error = resp::errors::misconf_log(*failure);
    log_.warning("Writing the log fails: " + *failure + ". Writes are refused until it works again.");
  } else {
    state_.disk_error.clear();
    log_.warning("The log can be written again: writes are accepted.");
  }
}

void Server::flush_outputs() {
  const uint64_t mark = watermark();
  std::vector<client::ClientId> waiting = std::exchange(held_, {});
  for (const client::ClientId id : std::exchange(outputs_, {})) waiting.push_back(id);
  for (const client::ClientId id : waiting) {
    Connection* connection = connection_of(id);
    if (connection == nullptr) continue;
    connection->set_queued_for_output(false);
    const uint64_t sent_before = connection->client().output_bytes;
    const bool could_execute = connection->may_execute();
    const bool settled = connection->flush(mark);
    const uint64_t sent = connection->client().output_bytes - sent_before;
    stats_.output_bytes += sent;
    stats_.writes += sent > 0 ? 1 : 0;
    check_output_limit(*connection);
    if (!settled) {
      connection->set_queued_for_output(true);
      held_.push_back(id);
    }
    if (!could_execute && connection->may_execute() && connection->has_input()) {
      resumes_.push_back(id);
      loop_.request_turn();
    }
  }
}

void Server::check_output_limit(Connection& connection) {
  client::Client& client = connection.client();
  const OutputLimit& limit = client.has(client::kPubsub) ? client_options_.pubsub : client_options_.normal;
  const uint64_t bytes = client.outbox.unsent_bytes() - client.outbox.held_bytes();
  bool over = limit.hard_bytes != 0 && bytes >= limit.hard_bytes;
  if (limit.soft_bytes != 0 && bytes >= limit.soft_bytes) {
    const int64_t now_ms = clock_.monotonic_us() / 1000;
    if (client.soft_limit_since_ms == 0) client.soft_limit_since_ms = now_ms;
    over |= now_ms - client.soft_limit_since_ms > limit.soft_seconds * 1000;
  } else {
    client.soft_limit_since_ms = 0;
  }
  if (!over || connection.lost()) return;
  ++stats_.output_buffer_limit_disconnections;
  log_.warning("Client " + client.address + " closed for exceeding its output buffer limit");
  client.set(client::kCloseNow);
  lost(connection);
}

void Server::close_lost() {
  std::vector<client::ClientId> postponed;
  for (const client::ClientId id : std::exchange(lost_, {})) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    if (executor_.suspended_client() == id) {
      postponed.push_back(id);  // its script still runs; it goes when that has ended
      continue;
    }
    executor_.disconnect(found->second->client());
    clients_.remove(id);
    connections_.erase(found);
  }
  lost_ = std::move(postponed);
}

void Server::free_slice() {
  keyspace::Graveyard& graveyard = keyspace_.graveyard();
  if (!graveyard.empty() && graveyard.step(kFreedPerTurn, keyspace_.deadlines())) loop_.request_turn();
}

void Server::arm_timer() {
  int64_t next_us = next_cron_us_;
  if (const auto tick_us = executor_.next_tick_us()) next_us = std::min(next_us, *tick_us);
  loop_.set_deadline(next_us);
}

void Server::cron() {
  const int64_t now_us = clock_.monotonic_us();
  next_cron_us_ = now_us + 1'000'000 / process_.cron_per_second;
  sample_rates(now_us);
  stats_.peak_memory_bytes = std::max(stats_.peak_memory_bytes, memory_.used_bytes());
  if (writer_) {
    writer_->tick(now_us);
    note_log_state();
    executor_.synced(writer_->synced());
    if (writer_->failure() && writer_->past_retention_limit()) drop_beyond_retention();
  }
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
