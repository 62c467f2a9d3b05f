#include "server/server.h"

#include <array>
#include <utility>

#include "commands/all.h"
#include "config/store.h"
#include "resp/errors.h"
#include "server/configuration.h"

namespace sluice::server {

namespace {

std::string make_id(base::Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(40, '0');
  for (char& digit : id) digit = kDigits[random.below(kDigits.size())];
  return id;
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
      tracking_(clients_, base::Random::entropy()),
      keyspace_(database_count(config), base::Random::entropy()),
      scripts_(clock_, script_limits(config)),
      table_(commands::all_families()),
      users_(table_, clients_, hub_, fs),
      transactions_(clients_),
      control_(*this),
      services_{clock_,   random_,   log_,   memory_,  config_,   keyspace_,     clients_,
                hub_,     tracking_, users_, scripts_, table_,    transactions_, blocking_,
                slowlog_, latency_,  stats_, state_,   settings_, control_},
      fanout_(hub_, tracking_),
      executor_(services_, fanout_),
      saving_waker_(loop_, [] {}),
      saving_({keyspace_, fs_, clock_, log_, memory_, stats_}, [this] { saving_waker_.wake(); }),
      run_id_(make_id(random_)),
      replication_id_(make_id(random_)),
      started_unix_us_(clock_.unix_us()) {
  services_.stream_firing = &commands::stream_firing();
  apply_configuration();
  users_.set_default_password(config_.text(config::Option::kRequirePass));
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
  saving_.detach_log();
}

Connection* Server::connection_of(client::ClientId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

resp::ParserLimits Server::parser_limits(const client::Client& client) const {
  resp::ParserLimits limits;
  limits.max_bulk_bytes = client_options_.max_bulk_bytes;
  limits.authenticated = client.authenticated || users_.open();
  return limits;
}

bool Server::execute(Connection& connection, resp::Parser& parser) {
  client::Client& client = connection.client();
  const exec::Next next = executor_.submit(client, {parser.args(), parser.wire(), &parser});
  if (!client.outbox.empty() || next == exec::Next::kClose) has_output(connection);
  if (turn_.add(executor_.monotonic_us())) write_turn(aof::Writer::Left::kMore);
  return next == exec::Next::kMore;
}

void Server::has_output(Connection& connection) {
  if (connection.has_new_output) return;
  connection.has_new_output = true;
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
  if (std::exchange(log_went_, false)) executor_.synced(exec::kLogWentOffset);
  settle_attention();
  if (gather()) return loop_.request_turn();
  tell_caches();
  write_turn(aof::Writer::Left::kNothing);
  close_lost();
  save_some();
  free_slice();
  if (clock_.monotonic_us() >= next_cron_us_) cron();
  if (stop_deadline_us_ != 0) advance_stop();
  arm_timer();
}

// Whether the turn goes on over another look at the sockets. While a sync runs nobody could be answered: what
// comes meanwhile is taken in one look, not one by one.
bool Server::gather() {
  if (!turn_.goes_on(executor_.monotonic_us(), writer_ && writer_->has_open_batch())) return false;
  if (writer_->gathers()) flusher_->wait(kGatherUs);
  return true;
}

// What the turn changed, to those who keep copies: before it is written, so that they hear with it.
void Server::tell_caches() {
  if (executor_.tend_caches()) loop_.request_turn();
  if (clients_.anyone_needs_attention()) settle_attention();
  if (tracking_.anything_to_broadcast()) loop_.request_turn();  // changed by those who were resumed just now
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

uint64_t Server::watermark_of(const client::Outbox& outbox) const {
  return writer_ ? outbox.watermark(writer_->released(), writer_->durable()) : UINT64_MAX;
}

// The end of a turn: one write for everything that was logged, then the answers may go.
void Server::write_turn(aof::Writer::Left left) {
  turn_.end(writer_ && writer_->mode() == aof::SyncMode::kAlways ? kSyncedTurnUs : kTurnUs);
  if (writer_) {
    const int64_t started_us = clock_.monotonic_us();
    writer_->end_turn(started_us, left);
    if (settings_.latency_threshold_ms > 0) {
      executor_.note_latency(exec::LatencyEvent::kAofWrite, clock_.monotonic_us() - started_us);
    }
    note_disk_state();
    executor_.synced(writer_->durable());
  }
  flush_outputs();
}

void Server::tick_log(int64_t now_us) {
  writer_->tick(now_us);
  note_disk_state();
  executor_.synced(writer_->durable());
}

// Whether writes must be refused, since what they do could not be kept.
void Server::note_disk_state() {
  // A disk that fails has its own refusal; one that is only slow slows down whoever writes.
  state_.log_is_behind = writer_ && !writer_->failure() && writer_->past_retention_limit();
  if (state_.log_is_behind) writer_->sync_soon(writer_->written(), clock_.monotonic_us());
  const std::string before = state_.write_refusal();
  state_.disk_error = writer_ && writer_->failure() ? resp::errors::misconf_log(*writer_->failure()) : "";
  state_.snapshot_error = saving_.refuses_writes() ? std::string(resp::errors::kMisconfSnapshot) : "";
  if (before.empty() == state_.write_refusal().empty()) return;
  if (before.empty()) {
    log_.warning("Writes are refused until the disk works again: " + state_.write_refusal());
  } else {
    log_.warning("The disk works again: writes are accepted.");
  }
}

// After the turn's batch was written: the moment of a snapshot lies between units.
void Server::save_some() {
  const bool may_take = !loading_ && executor_.suspended_client() == 0;
  const bool was_listed = !writer_ || writer_->listed();
  if (saving_.step(may_take)) loop_.request_turn();
  if (writer_) take_up_base(was_listed);
  if (copy_ && !saving_.rewrites()) end_copy();
  note_disk_state();
}

// Those that wait for the watermarks are many where a sync is waited for: nobody looks at them before one
// moved.
void Server::flush_outputs() {
  const uint64_t released = writer_ ? writer_->released() : UINT64_MAX;
  const uint64_t durable = writer_ ? writer_->durable() : UINT64_MAX;
  if (released != held_until_released_ || durable != held_until_durable_) {
    held_until_released_ = released;
    held_until_durable_ = durable;
    for (const client::ClientId id : std::exchange(held_, {})) {
      Connection* connection = connection_of(id);
      if (connection == nullptr) continue;
      connection->is_held = false;
      flush_output(*connection);
    }
  }
  for (const client::ClientId id : std::exchange(outputs_, {})) {
    Connection* connection = connection_of(id);
    if (connection == nullptr) continue;
    connection->has_new_output = false;
    flush_output(*connection);
  }
  awaited_ = std::max(awaited_, blocking_.highest_offset());
  if (writer_) writer_->sync_soon(std::exchange(awaited_, 0), clock_.monotonic_us());
}

void Server::flush_output(Connection& connection) {
  const uint64_t sent_before = connection.client().output_bytes;
  const bool could_execute = connection.may_execute();
  const uint64_t mark = watermark_of(connection.client().outbox);
  // Judged by what piled up, before anything of it is written, and by what is left.
  static_cast<void>(connection.client().outbox.sendable(mark));
  check_output_limit(connection);
  const bool settled = connection.flush(mark);
  const uint64_t sent = connection.client().output_bytes - sent_before;
  stats_.output_bytes += sent;
  stats_.writes += sent > 0 ? 1 : 0;
  check_output_limit(connection);
  if (!settled) {
    awaited_ = std::max(awaited_, connection.client().outbox.last_tag());
    if (!std::exchange(connection.is_held, true)) held_.push_back(connection.client().id);
  }
  if (!could_execute && connection.may_execute() && connection.has_input()) {
    resumes_.push_back(connection.client().id);
    loop_.request_turn();
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

void Server::change_replication_id() {
  replication_id_ = make_id(random_);
}

}  // namespace sluice::server
