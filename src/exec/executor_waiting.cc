// The executor's second half: whoever waits. Served keys, deadlines, timeouts, pauses, suspended scripts.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "exec/executor.h"
#include "exec/suspended.h"
#include "resp/errors.h"

namespace sluice::exec {

void Executor::serve_ready() {
  if (serving_) return;    // a re-run command touched more keys: the loop below takes them up
  if (suspended_) return;  // its unit is still open: whom it wakes is seen when it has ended
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
bool Executor::serve_key(Service& service, size_t& budget) {
  const KeyName& name = service.name;
  if (!service.begun) {
    service.begun = true;
    service.last = services_.blocking.begin_service(name.db, name.key);
    --budget;
  }
  while (true) {
    // Looked up anew for each: the one before may have taken the last element.
    const keyspace::Entry* entry = services_.keyspace.database(name.db).find(name.key);
    const auto type = entry == nullptr ? std::nullopt : std::optional(keyspace::type_of(entry->value));
    const auto waiter = services_.blocking.next_waiter(name.db, name.key, type, service.after, service.last);
    if (!waiter) return true;
    if (budget == 0) return false;
    --budget;
    service.after = waiter->ticket;
    client::Client* client = services_.clients.find(waiter->id);
    SLUICE_CHECK(client != nullptr, "a client that left is no longer parked");
    rerun(*client);
  }
}

// Nothing may run any more for a client that was killed, or whose peer is known to be dead: what it takes
// would be lost.
bool Executor::is_gone(client::Client& client) {
  if (client.has(client::kCloseNow)) return true;
  if (!services_.control.peer_is_dead(client)) return false;
  client.set(client::kCloseNow);
  services_.clients.needs_attention(client);
  return true;
}

// The parked command runs again as if just sent: gates, arguments, everything. Still blocked: it keeps its
// place.
void Executor::rerun(client::Client& client, Entrance entrance) {
  if (is_gone(client)) return;
  const OwnedRequest& request = services_.blocking.request_of(client.id);
  Command& command = *request.command;
  judge_memory();
  const Verdict verdict = pass_gates(services_.state, client, command, command.flags);
  if (verdict.passage == Passage::kWait) {
    // The pause came first: it runs when that has ended, as if sent then.
    postpone(client, services_.blocking.unpark(client));
    return;
  }

  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  Outcome outcome = Outcome::kFailed;
  if (verdict.passage == Passage::kRefuse) {
    begin_unit();
    reply.error(verdict.error);
    services_.stats.count_error(verdict.error);
    ++command.stats.rejected;
  } else {
    outcome = run_unit({command, client, request.words, reply, entrance}, command, Request{request.words});
  }
  if (outcome != Outcome::kBlocked) {
    finish_waiting(client);
    ++client.commands;
  }
  close_unit(*unit_, client, mark);
}

// Before the unit closes: what became of the reply then counts as that of an ordinary command.
void Executor::finish_waiting(client::Client& client) {
  services_.blocking.unpark(client);
  client.set(client::kUnblocked);
  ++services_.stats.unblocked_clients;
  services_.clients.needs_attention(client);
}

// A command that ends without having run again still was one.
void Executor::count_unblocked(const client::Client& client, bool failed) {
  CommandStats& stats = services_.blocking.request_of(client.id).command->stats;
  ++stats.calls;
  if (failed) ++stats.failed;
  ++services_.stats.commands;
}

void Executor::answer_null(client::Client& client) {
  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  if (services_.blocking.null_of(client.id) == NullShape::kArray) {
    reply.null_array();
  } else {
    reply.null();
  }
  count_unblocked(client, false);
  finish_waiting(client);
  ++client.commands;
  close_unit(begin_unit(), client, mark);
}

void Executor::end_waiting(client::Client& client) {
  if (services_.blocking.answers_late(client.id) && !is_gone(client)) {
    rerun(client, Entrance::kTimeUp);
  } else {
    answer_null(client);
  }
}

bool Executor::unblock(client::Client& client, base::ByteView error) {
  if (!client.has(client::kBlocked) || client.has(client::kPaused)) return false;
  if (error.empty() && services_.blocking.answers_late(client.id)) {
    services_.blocking.end_time(client.id, monotonic_us_ / 1000);  // not inside the caller's unit
    return true;
  }
  const size_t mark = client.outbox.mark();
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  if (!error.empty()) {
    reply.error(error);
    services_.stats.count_error(error);
  } else if (services_.blocking.null_of(client.id) == NullShape::kArray) {
    reply.null_array();
  } else {
    reply.null();
  }
  count_unblocked(client, !error.empty());
  finish_waiting(client);
  ++client.commands;
  // The caller's own unit is open, and this is no part of it.
  settle_reply(client, mark);
  client.outbox.tag(sink_.offset());
  return true;
}

bool Executor::deadlines_paused() const {
  const ServerState& state = services_.state;
  return !services_.settings.active_expire || state.loading || state.script_busy ||
         !state.disk_error.empty() || state.pause != PauseMode::kNone;
}

bool Executor::fire_deadlines() {
  keyspace::Deadlines& deadlines = services_.keyspace.deadlines();
  const int64_t now_ms = now_us() / 1000;
  for (size_t fired = 0; deadlines.next_ms().value_or(INT64_MAX) <= now_ms; ++fired) {
    if (fired == kFiringsPerTurn) return true;
    const keyspace::Due due = deadlines.front();
    if (due.db->buried()) {
      deadlines.clear_expiry(*due.entry);
      continue;
    }
    Unit& unit = begin_unit();
    const keyspace::Access access{due.db, &unit.changes, now_ms};
    services_.keyspace.expire(access, *due.entry);
    ++services_.stats.expired_keys;
    const std::array<base::ByteView, 2> record = {"DEL", due.entry->key()};
    unit.effects.record(due.db->index(), record);
    apply_changes(unit, false);
    unit.changes.clear();
    sink_.emit(unit.effects);
    unit.effects.clear();
  }
  return false;
}

bool Executor::fire_timeouts() {
  Blocking& blocking = services_.blocking;
  for (size_t fired = 0; fired < kFiringsPerTurn; ++fired) {
    if (const client::ClientId id = blocking.timed_out(monotonic_us_ / 1000); id != 0) {
      end_waiting(*services_.clients.find(id));
    } else if (const client::ClientId woken = blocking.take_woken(now_us() / 1000); woken != 0) {
      rerun(*services_.clients.find(woken));
    } else {
      return false;
    }
  }
  return true;
}

void Executor::synced(uint64_t offset) {
  for (const client::ClientId id : services_.blocking.reached(offset)) {
    if (services_.blocking.has(id)) rerun(*services_.clients.find(id));
  }
}

void Executor::postpone(client::Client& client, OwnedRequest request) {
  services_.blocking.park_in_line(client, std::move(request));
  client.set(client::kPaused);
}

void Executor::pause(PauseMode mode, int64_t until_ms) {
  ServerState& state = services_.state;
  // The stricter mode and the later end win, as in Redis.
  if (mode > state.pause) state.pause = mode;
  if (until_ms > state.pause_until_ms) state.pause_until_ms = until_ms;
}

void Executor::unpause() {
  services_.state.pause = PauseMode::kNone;
  services_.state.pause_until_ms = 0;
}

bool Executor::line_stands() const {
  return services_.state.pause != PauseMode::kNone || services_.state.log_is_behind;
}

void Executor::end_pause() {
  ServerState& state = services_.state;
  if (state.pause != PauseMode::kNone && monotonic_us_ / 1000 >= state.pause_until_ms) unpause();
}

// Whoever waits in line has its turn once the pause is over, or the disk has caught up, and the waiters
// before it were served.
void Executor::run_held() {
  Blocking& blocking = services_.blocking;
  const size_t held = std::min(blocking.line_length(), kHeldPerTurn);
  for (size_t i = 0; i < held; ++i) {
    if (line_stands() || blocking.line_length() == 0) return;
    client::Client& client = *services_.clients.find(blocking.first_in_line());
    const OwnedRequest request = blocking.unpark(client);
    client.unset(client::kPaused);
    if (is_gone(client) || submit(client, Request{request.words}) == Next::kWait) continue;
    client.set(client::kUnblocked);
    services_.clients.needs_attention(client);
  }
}

bool Executor::tick() {
  refresh_clock();
  if (suspended_) resume_suspended();
  bool more = suspended_ != nullptr;
  end_pause();
  if (!deadlines_paused()) more |= fire_deadlines();
  if (!services_.state.script_busy) {
    more |= fire_timeouts();
    serve_ready();
  }
  if (unserved_.empty() || services_.state.script_busy) run_held();
  return more || next_tick_us() == 0;
}

std::optional<int64_t> Executor::next_tick_us() const {
  if (suspended_ || anything_to_serve()) return 0;
  std::optional<int64_t> next;
  const auto consider = [&next](int64_t at_us) { next = std::min(next.value_or(INT64_MAX), at_us); };
  if (const auto at = services_.blocking.next_deadline_ms()) consider(*at * 1000);
  if (const auto at = services_.blocking.next_wake_ms()) consider(*at * 1000 - unix_offset_us_);
  if (!deadlines_paused()) {
    if (const auto at = services_.keyspace.deadlines().next_ms()) consider(*at * 1000 - unix_offset_us_);
  }
  const ServerState& state = services_.state;
  if (state.pause != PauseMode::kNone) consider(state.pause_until_ms * 1000);
  if (!line_stands() && services_.blocking.line_length() > 0) return 0;
  return next;
}

void Executor::suspend(client::Client& client, Command& command, std::span<const base::ByteView> words,
                       size_t reply_mark) {
  SLUICE_CHECK(!suspended_, "one script at a time");
  suspended_ = std::make_unique<Suspended>(
      Suspended{client.id, OwnedRequest(&command, words), std::move(unit_), reply_mark, monotonic_us_});
  unit_ = std::make_unique<Unit>(services_.keyspace.graveyard());
  services_.state.script_busy = true;
}

void Executor::resume_suspended() {
  client::Client& client = *services_.clients.find(suspended_->client);
  Command& command = *suspended_->request.command;
  // What was owed before may have been sent, and the buffer begun anew.
  suspended_->reply_mark = std::min(suspended_->reply_mark, client.outbox.mark());
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  Call call(services_, *suspended_->unit,
            {command, client, suspended_->request.words, reply, Entrance::kResumed});
  if (run_command(call, command) == Outcome::kSuspended) return;
  const std::unique_ptr<Suspended> finished = std::move(suspended_);
  services_.state.script_busy = false;
  services_.state.function_busy = false;
  close_unit(*finished->unit, client, finished->reply_mark);
  ++client.commands;
  client.set(client::kUnblocked);
  services_.clients.needs_attention(client);
  if (services_.blocking.anything_ready()) serve_ready();
}

}  // namespace sluice::exec
