#include "exec/waiting.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "exec/resolve.h"

namespace sluice::exec {

namespace {

// Nobody lives to see what is further off, and sums with it cannot overflow.
constexpr int64_t kFarthestMs = INT64_MAX / 1000 / 2;

// A moment in microseconds; clients may ask for any that an integer can say.
int64_t to_us(int64_t at_ms) {
  return std::clamp(at_ms, -kFarthestMs, kFarthestMs) * 1000;
}

}  // namespace

void Waiting::serve_ready() {
  if (serving_) return;  // a re-run command touched more keys: the loop below takes them up
  if (services_.state.script_busy) return;  // its unit is still open: whom it wakes is seen when it has ended
  serving_ = true;
  size_t budget = kServicesPerTurn;
  while (budget > 0 && anything_to_serve()) {
    if (unserved_.empty()) {
      for (KeyName& name : services_.blocking.take_ready()) unserved_.push_back(Service{std::move(name)});
    }
    if (serve_key(unserved_.front(), budget)) unserved_.pop_front();
  }
  serving_ = false;
}

// True when all of the key's waiters have had their chance; false when the turn is used up before.
bool Waiting::serve_key(Service& service, size_t& budget) {
  const KeyName& name = service.name;
  if (!service.begun) {
    service.begun = true;
    service.turn.last = services_.blocking.begin_service(name.db, name.key);
    --budget;
  }
  while (true) {
    // Looked up anew for each: the one before may have taken the last element.
    const keyspace::Entry* entry = services_.keyspace.database(name.db).find(name.key);
    const auto type = entry == nullptr ? std::nullopt : std::optional(keyspace::type_of(entry->value));
    const auto waiter = services_.blocking.next_waiter(name.db, name.key, type, service.turn);
    if (!waiter) return true;
    if (budget == 0) return false;
    --budget;
    service.turn.after = waiter->ticket;
    client::Client* client = services_.clients.find(waiter->id);
    SLUICE_CHECK(client != nullptr, "a client that left is no longer parked");
    const bool found_nothing = rerun(*client) == Outcome::kBlocked;
    if (found_nothing && waiter->question != 0) {
      service.turn.answered = static_cast<uint8_t>(service.turn.answered | (1u << waiter->question));
    }
  }
}

// Nothing may run any more for a client that was killed, or whose peer is known to be dead: what it takes
// would be lost.
bool Waiting::is_gone(client::Client& client) {
  if (client.has(client::kCloseNow)) return true;
  if (!services_.control.peer_is_dead(client)) return false;
  client.set(client::kCloseNow);
  services_.clients.needs_attention(client);
  return true;
}

// The parked command runs again as if just sent: gates, arguments, everything. Still blocked: it keeps its
// place.
std::optional<Outcome> Waiting::rerun(client::Client& client, Entrance entrance) {
  if (is_gone(client)) return std::nullopt;
  const OwnedRequest& request = services_.blocking.request_of(client.id);
  Command& command = *request.command;
  eviction_.make_room();
  const uint32_t flags = flags_by_words(services_, command, request.words);
  const Verdict verdict = pass_gates(services_.state, access_, {client, command, request.words}, flags);
  if (verdict.passage == Passage::kWait) {
    // The pause came first: it runs when that has ended, as if sent then.
    postpone(client, services_.blocking.unpark(client));
    return std::nullopt;
  }

  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  Outcome outcome = Outcome::kFailed;
  if (verdict.passage == Passage::kRefuse) {
    units_.begin();
    reply.error(verdict.error);
    services_.stats.count_error(verdict.error);
    ++command.stats.rejected;
  } else {
    outcome = units_.run({command, client, request.words, reply, entrance}, Request{request.words});
  }
  if (outcome != Outcome::kBlocked) {
    finish_waiting(client);
    ++client.commands;
  }
  units_.close(units_.unit(), client, mark);
  return outcome;
}

// Before the unit closes: what became of the reply then counts as that of an ordinary command.
void Waiting::finish_waiting(client::Client& client) {
  services_.blocking.unpark(client);
  UnitRunner::spend_caching(client, nullptr);
  client.set(client::kUnblocked);
  ++services_.stats.unblocked_clients;
  services_.clients.needs_attention(client);
}

// A command that ends without having run again still was one.
void Waiting::count_unblocked(const client::Client& client, bool failed) {
  CommandStats& stats = services_.blocking.request_of(client.id).command->stats;
  ++stats.calls;
  if (failed) ++stats.failed;
  ++services_.stats.commands;
}

void Waiting::reply_null(const client::Client& client, resp::Reply& reply) const {
  if (services_.blocking.null_of(client.id) == NullShape::kArray) {
    reply.null_array();
  } else {
    reply.null();
  }
}

void Waiting::answer_null(client::Client& client) {
  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  reply_null(client, reply);
  count_unblocked(client, false);
  finish_waiting(client);
  ++client.commands;
  units_.close(units_.begin(), client, mark);
}

void Waiting::end_waiting(client::Client& client) {
  if (services_.blocking.answers_late(client.id) && !is_gone(client)) {
    (void)rerun(client, Entrance::kTimeUp);
  } else {
    answer_null(client);
  }
}

bool Waiting::unblock(client::Client& client, base::ByteView error) {
  if (!client.has(client::kBlocked) || client.has(client::kPaused)) return false;
  if (error.empty() && services_.blocking.answers_late(client.id)) {
    services_.blocking.end_time(client.id, units_.monotonic_us() / 1000);  // not inside the caller's unit
    return true;
  }
  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  if (error.empty()) {
    reply_null(client, reply);
  } else {
    reply.error(error);
    services_.stats.count_error(error);
  }
  count_unblocked(client, !error.empty());
  finish_waiting(client);
  ++client.commands;
  // The caller's own unit is open, and this is no part of it.
  UnitRunner::settle_reply(client, mark);
  client.outbox.tag(units_.offset());
  return true;
}

bool Waiting::deadlines_paused() const {
  const ServerState& state = services_.state;
  return !services_.settings.active_expire || state.loading || state.script_busy || state.log_is_behind ||
         !state.disk_error.empty() || state.pause != PauseMode::kNone;
}

// What ended between the last time deadlines could be kept and now, did so in the hold.
void Waiting::note_hold() {
  const int64_t now_ms = units_.now_us() / 1000;
  if (deadlines_paused()) {
    if (kept_ms_ == 0) kept_ms_ = now_ms;  // it began so
    holding_ = true;
    return;
  }
  if (std::exchange(holding_, false)) services_.state.hold = {kept_ms_, now_ms};
  kept_ms_ = now_ms;
}

bool Waiting::fire_deadlines() {
  keyspace::Deadlines& deadlines = services_.keyspace.deadlines();
  const int64_t now_ms = units_.now_us() / 1000;
  const int64_t end_us = services_.clock.monotonic_us() + kFiringUs;
  for (size_t fired = 0; deadlines.next_ms().value_or(INT64_MAX) <= now_ms;) {
    if (fired >= kFiringsPerTurn || services_.clock.monotonic_us() > end_us) return true;
    const keyspace::Due due = deadlines.front();
    if (due.db->buried()) {
      deadlines.forget(*due.entry);
      ++fired;
    } else {
      fired += due.kind == keyspace::DeadlineKind::kStream ? units_.fire(due) : units_.expire(due);
    }
  }
  return false;
}

bool Waiting::fire_timeouts() {
  Blocking& blocking = services_.blocking;
  for (size_t fired = 0; fired < kFiringsPerTurn; ++fired) {
    if (const client::ClientId id = blocking.timed_out(units_.monotonic_us() / 1000); id != 0) {
      end_waiting(*services_.clients.find(id));
    } else if (!blocking.touch_due(units_.now_us() / 1000)) {
      return false;
    }
  }
  return true;
}

void Waiting::synced(uint64_t offset) {
  synced_offset_ = offset;
  if (!services_.state.script_busy) (void)fire_synced();
}

bool Waiting::fire_synced() {
  for (size_t fired = 0; fired < kFiringsPerTurn; ++fired) {
    const client::ClientId id = services_.blocking.take_reached(synced_offset_);
    if (id == 0) return false;
    (void)rerun(*services_.clients.find(id));
  }
  return synced_waiters_left();
}

void Waiting::postpone(client::Client& client, OwnedRequest request) {
  services_.blocking.park_in_line(client, std::move(request));
  client.set(client::kPaused);
}

void Waiting::pause(PauseMode mode, int64_t until_ms) {
  ServerState& state = services_.state;
  // The stricter mode and the later end win, as in Redis.
  if (mode > state.pause) state.pause = mode;
  if (until_ms > state.pause_until_ms) state.pause_until_ms = until_ms;
}

void Waiting::unpause() {
  services_.state.pause = PauseMode::kNone;
  services_.state.pause_until_ms = 0;
}

bool Waiting::line_stands() const {
  return services_.state.pause != PauseMode::kNone || services_.state.log_is_behind;
}

void Waiting::end_pause() {
  ServerState& state = services_.state;
  if (state.pause != PauseMode::kNone && units_.monotonic_us() / 1000 >= state.pause_until_ms) unpause();
}

bool Waiting::fire_deadlines_measured() {
  if (services_.settings.latency_threshold_ms == 0) return fire_deadlines();
  const int64_t started_us = services_.clock.monotonic_us();
  const bool more = fire_deadlines();
  units_.note_latency(LatencyEvent::kExpireCycle, services_.clock.monotonic_us() - started_us);
  return more;
}

// Who was held back comes before what would be done to them for having said nothing.
bool Waiting::fire_due() {
  note_hold();
  bool more = false;
  if (!deadlines_paused()) {
    const bool held = !line_stands() && services_.blocking.line_length() > 0;
    more = held || fire_deadlines_measured();
  }
  if (services_.state.script_busy) return more;
  more |= fire_timeouts();
  more |= fire_synced();
  serve_ready();
  return more;
}

std::optional<int64_t> Waiting::next_tick_us() const {
  if (anything_to_serve() || synced_waiters_left()) return 0;
  std::optional<int64_t> next;
  const auto consider = [&next](int64_t at_us) { next = std::min(next.value_or(INT64_MAX), at_us); };
  if (const auto at = services_.blocking.next_deadline_ms()) consider(to_us(*at));
  if (const auto at = services_.blocking.next_wake_ms()) consider(to_us(*at) - units_.unix_offset_us());
  if (!deadlines_paused()) {
    if (const auto at = services_.keyspace.deadlines().next_ms())
      consider(to_us(*at) - units_.unix_offset_us());
  }
  const ServerState& state = services_.state;
  if (state.pause != PauseMode::kNone) consider(to_us(state.pause_until_ms));
  if (!line_stands() && services_.blocking.line_length() > 0) return 0;
  return next;
}

void Waiting::forget(client::Client& client) {
  if (services_.blocking.has(client.id)) services_.blocking.unpark(client);
}

}  // namespace sluice::exec
