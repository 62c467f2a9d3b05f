#include "exec/executor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "exec/resolve.h"
#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

namespace {

// A browser made to send its request here: the first words of an HTTP request that scripts can be tricked
// into, and none of ours.
bool is_from_browser(base::ByteView word) {
  return same_word(word, "POST") || same_word(word, "HOST:");
}

Presence presence_of(const Call& call, int db, base::ByteView key) {
  const keyspace::Entry* entry = call.on.keyspace.database(db).find(key);
  if (entry == nullptr) return Presence::kAbsent;
  return call.on.keyspace.expired(*entry, call.access().now_ms) ? Presence::kExpired : Presence::kLive;
}

}  // namespace

Executor::Executor(Services& services, EffectSink& sink)
    : services_(services),
      units_(services, sink),
      access_(services),
      eviction_(services, units_),
      waiting_(services, units_, access_, eviction_) {
  services_.executor = this;
  script_.client.address = "?:0";
}

Executor::~Executor() {
  services_.executor = nullptr;
}

Next Executor::refuse(client::Client& client, Command* command, base::ByteView error) {
  if (command != nullptr) ++command->stats.rejected;
  std::string text(error);
  if (command != nullptr && command->has(kRunsQueue)) {
    // An EXEC that may not run ends the transaction and says so, whatever the reason.
    text = errors::exec_refused(error);
    services_.transactions.end(client);
  }
  if (client.has(client::kMulti)) client.set(client::kMultiDirty);
  UnitRunner::spend_caching(client, command);
  services_.stats.count_error(text);
  const size_t mark = client.outbox.mark();
  resp::Reply(client.outbox.bytes(), client.protocol).error(text);
  Unit& unit = units_.begin();
  units_.close(unit, client, mark);
  return Next::kMore;
}

// What this request may do: EXEC whatever is queued, a script what it declares, others what their row says.
uint32_t Executor::flags_of(client::Client& client, const Command& command,
                            std::span<const base::ByteView> words) {
  const uint32_t flags = flags_by_words(services_, command, words);
  if ((flags & kRunsQueue) == 0 || !client.has(client::kMulti)) return flags;
  // Read-only or not is the queue's matter; that EXEC itself runs at once is its own.
  const Transaction& transaction = services_.transactions.of(client);
  const uint32_t queued = transaction.all_flags & (transaction.needs_room ? ~uint32_t{kUsesReserve} : ~0u);
  return flags | queued;
}

Next Executor::cut_off_browser(client::Client& client) {
  constexpr int64_t kReportEveryUs = 60'000'000;
  if (units_.monotonic_us() >= next_attack_report_us_) {
    next_attack_report_us_ = units_.monotonic_us() + kReportEveryUs;
    services_.log.warning("Client " + client.address +
                          " sent an HTTP request: a browser may be misused to reach this server. Closed.");
  }
  client.set(client::kCloseNow);
  return Next::kClose;
}

Next Executor::submit(client::Client& client, const Request& request) {
  client.last_active_ms = units_.now_us() / 1000;
  Command* const top = services_.table.find(request.words[0]);
  const base::Result<Command*> resolved = resolve(top, request.words);
  if (!resolved.ok()) {
    if (top == nullptr && is_from_browser(request.words[0])) return cut_off_browser(client);
    Command* const meant = below(top, request.words);
    client.last_command = meant == nullptr ? std::string_view() : meant->full_name;
    return refuse(client, meant, resolved.error().message);
  }
  Command& command = **resolved;
  client.last_command = command.full_name;

  eviction_.make_room();
  const bool ordinary =
      services_.state.unremarkable() && client.authenticated && (command.flags & kProtected) == 0 &&
      !client.has(client::kMulti | client::kPubsub | client::kMonitor | client::kRestricted);
  if (!ordinary) {
    const uint32_t flags = flags_of(client, command, request.words);
    const Verdict verdict = pass_gates(services_.state, access_, {client, command, request.words}, flags);
    switch (verdict.passage) {
      case Passage::kRun:
        break;
      case Passage::kRefuse:
        return refuse(client, &command, verdict.error);
      case Passage::kQueue: {
        services_.transactions.queue(client, command, request.words, flags);
        const size_t mark = client.outbox.mark();
        resp::Reply(client.outbox.bytes(), client.protocol).status("QUEUED");
        units_.close(units_.begin(), client, mark);
        return Next::kMore;
      }
      case Passage::kWait:
        waiting_.postpone(client, OwnedRequest(&command, request.words));
        return Next::kWait;
    }
  }
  if (waiting_.behind() && command.has(kBlocking)) {
    // Older waiters have not had their chance yet: it must not take what they were woken for.
    waiting_.postpone(client, OwnedRequest(&command, request.words));
    return Next::kWait;
  }
  return run(client, command, request);
}

Next Executor::run(client::Client& client, Command& command, const Request& request) {
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  const size_t mark = client.outbox.mark();
  const Outcome outcome = units_.run({command, client, request.words, reply, Entrance::kDirect}, request);
  if (outcome == Outcome::kSuspended) {
    suspend(client, command, request.words, mark);
    return Next::kWait;
  }
  units_.close(units_.unit(), client, mark);
  ++client.commands;
  if (services_.blocking.anything_ready()) waiting_.serve_ready();
  if (client.has(client::kCloseAfterReply | client::kCloseNow)) return Next::kClose;
  return outcome == Outcome::kBlocked ? Next::kWait : Next::kMore;
}

Outcome Executor::invoke(Call& outer, Command& command, client::Client& as,
                         std::span<const base::ByteView> words, resp::Reply& reply, Entrance entrance) {
  return units_.invoke(outer, {command, as, words, reply, entrance});
}

size_t Executor::flush(Call& call, int first, int last) {
  size_t keys = 0;
  for (int db = first; db <= last; ++db) keys += flush_one(call, db);
  keyspace_emptied(call);
  return keys;
}

void Executor::keyspace_emptied(Call& call) {
  if (services_.tracking.in_use()) call.unit().effects.invalidate(services_.tracking.flushed());
}

size_t Executor::flush_one(Call& call, int db) {
  keyspace::Database& database = services_.keyspace.database(db);
  services_.transactions.for_each_watched([&](int watched_db, base::ByteView key) {
    if (watched_db != db) return;
    services_.transactions.replaced(db, key, presence_of(call, db, key), Presence::kAbsent);
  });
  services_.blocking.touch_database(db);
  const size_t keys = services_.keyspace.flush(db);
  if (call.access_.db == &database) call.access_.db = &services_.keyspace.database(db);
  return keys;
}

void Executor::swap(Call& call, int left, int right) {
  if (left == right) return;
  services_.transactions.for_each_watched([&](int db, base::ByteView key) {
    if (db != left && db != right) return;
    const int other = db == left ? right : left;
    services_.transactions.replaced(db, key, presence_of(call, db, key), presence_of(call, other, key));
  });
  services_.keyspace.swap(left, right);
  call.access_.db = &services_.keyspace.database(call.client.db);
  services_.blocking.touch_database(left);
  services_.blocking.touch_database(right);
}

void Executor::disconnect(client::Client& client) {
  waiting_.forget(client);
  services_.transactions.end(client);
  services_.hub.forget(client);
  services_.tracking.stop(client);
}

client::ClientId Executor::suspended_client() const {
  return suspended_ ? suspended_->client : 0;
}

// Whoever waits in line has its turn once the pause is over, or the disk has caught up, and the waiters
// before it were served.
void Executor::run_held() {
  Blocking& blocking = services_.blocking;
  const size_t held = std::min(blocking.line_length(), kHeldPerTurn);
  for (size_t i = 0; i < held; ++i) {
    if (waiting_.line_stands() || blocking.line_length() == 0) return;
    client::Client& client = *services_.clients.find(blocking.first_in_line());
    const OwnedRequest request = blocking.unpark(client);
    client.unset(client::kPaused);
    if (waiting_.is_gone(client) || submit(client, Request{request.words}) == Next::kWait) continue;
    client.set(client::kUnblocked);
    services_.clients.needs_attention(client);
  }
}

bool Executor::tick() {
  refresh_clock();
  if (suspended_) resume_suspended();
  waiting_.end_pause();
  eviction_.go_on();
  const bool more = waiting_.fire_due();
  if (!waiting_.behind() || services_.state.script_busy) run_held();
  return more || next_tick_us() == 0;
}

bool Executor::tend_caches() {
  client::Tracking& tracking = services_.tracking;
  // The unit of a script that is suspended may have answered half of an EXEC: nothing may come between.
  if (suspended_) return false;
  if (tracking.anything_to_broadcast()) tracking.broadcast(offset());
  const size_t limit = services_.settings.tracking_max_keys;
  const auto too_many = [&] { return limit != 0 && tracking.keys() > limit; };
  for (size_t room = kForgottenAtOnce; room > 0 && too_many(); --room) {
    tracking.deliver(tracking.forget_one(services_.random), offset());
  }
  const bool more = services_.hub.free_slice(kCachesFreedAtOnce);
  return tracking.free_slice(kCachesFreedAtOnce) || too_many() || more;
}

std::optional<int64_t> Executor::next_tick_us() const {
  if (suspended_ || eviction_.unfinished()) return 0;
  return waiting_.next_tick_us();
}

void Executor::suspend(client::Client& client, Command& command, std::span<const base::ByteView> words,
                       size_t reply_mark) {
  SLUICE_CHECK(!suspended_, "one script at a time");
  suspended_ = std::make_unique<Suspended>(Suspended{client.id, OwnedRequest(&command, words),
                                                     units_.set_aside(), reply_mark, units_.monotonic_us()});
  services_.state.script_busy = true;
}

void Executor::resume_suspended() {
  client::Client& client = *services_.clients.find(suspended_->client);
  Command& command = *suspended_->request.command;
  // What was owed before may have been sent, and the buffer begun anew.
  suspended_->reply_mark = std::min(suspended_->reply_mark, client.outbox.mark());
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  const Origin origin{command, client, suspended_->request.words, reply, Entrance::kResumed};
  if (units_.go_on(*suspended_->unit, origin, suspended_->started_us) == Outcome::kSuspended) return;
  const std::unique_ptr<Suspended> finished = std::move(suspended_);
  services_.state.script_busy = false;
  services_.state.function_busy = false;
  units_.close(*finished->unit, client, finished->reply_mark);
  ++client.commands;
  client.set(client::kUnblocked);
  services_.clients.needs_attention(client);
  if (services_.blocking.anything_ready()) waiting_.serve_ready();
}

}  // namespace sluice::exec
