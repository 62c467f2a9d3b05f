#include "exec/executor.h"

#include <array>

#include "base/check.h"
#include "base/memory.h"
#include "exec/suspended.h"
#include "resp/errors.h"

namespace sluice::exec {

namespace errors = resp::errors;

Executor::Executor(Services& services, EffectSink& sink)
    : services_(services), sink_(sink), unit_(std::make_unique<Unit>(services.keyspace.graveyard())) {
  services_.executor = this;
  script_.client.address = "?:0";
  refresh_clock();
}

Executor::~Executor() {
  services_.executor = nullptr;
}

void Executor::refresh_clock() {
  monotonic_us_ = services_.clock.monotonic_us();
  unix_offset_us_ = services_.clock.unix_us() - monotonic_us_;
}

namespace {

// The command or subcommand that a request means, given the command its first word names; either may be null.
Command* below(Command* top, std::span<const base::ByteView> words) {
  if (top == nullptr || top->subcommands.empty() || words.size() == 1) return top;
  return top->subcommand(words[1]);
}

// The same with its arity checked; an error text when there is none.
base::Result<Command*> resolve(Command* top, std::span<const base::ByteView> words) {
  Command* command = below(top, words);
  if (command == nullptr) {
    return base::Error{top != nullptr ? errors::unknown_subcommand(words[0], words[1])
                                      : errors::unknown_command(words)};
  }
  if (!command->spec->arity_ok(words.size())) return base::Error{errors::wrong_arity(command->full_name)};
  return command;
}

// What the log keeps of a command that rename-command renamed: a start with other names must read it.
void record_by_first_name(Effects& effects, int db, const Command& command,
                          std::span<const base::ByteView> words) {
  std::vector<base::ByteView> record(words.begin(), words.end());
  record[0] = command.container == nullptr ? command.spec->name : command.container->spec->name;
  effects.record(db, record);
}

}  // namespace

Next Executor::refuse(client::Client& client, Command* command, base::ByteView error) {
  if (command != nullptr) ++command->stats.rejected;
  std::string text(error);
  if (command != nullptr && command->has(kRunsQueue)) {
    // An EXEC that may not run ends the transaction and says so, whatever the reason.
    text = errors::exec_refused(error);
    services_.transactions.end(client);
  }
  if (client.has(client::kMulti)) client.set(client::kMultiDirty);
  services_.stats.count_error(text);
  const size_t mark = client.outbox.mark();
  resp::Reply(client.outbox.bytes(), client.protocol).error(text);
  Unit& unit = begin_unit();
  close_unit(unit, client, mark);
  return Next::kMore;
}

// What this request may do: EXEC whatever is queued, a script what it declares, others what their row says.
uint32_t Executor::flags_of(client::Client& client, const Command& command,
                            std::span<const base::ByteView> words) {
  if (command.spec->flags_of != nullptr) return command.spec->flags_of(services_, words, command.flags);
  if ((command.flags & kRunsQueue) == 0 || !client.has(client::kMulti)) return command.flags;
  // Read-only or not is the queue's matter; that EXEC itself runs at once is its own.
  return command.flags | services_.transactions.of(client).all_flags;
}

namespace {

// A browser made to send its request here: the first words of an HTTP request that scripts can be tricked
// into, and none of ours.
bool is_from_browser(base::ByteView word) {
  return same_word(word, "POST") || same_word(word, "HOST:");
}

}  // namespace

Next Executor::cut_off_browser(client::Client& client) {
  constexpr int64_t kReportEveryUs = 60'000'000;
  if (monotonic_us_ >= next_attack_report_us_) {
    next_attack_report_us_ = monotonic_us_ + kReportEveryUs;
    services_.log.warning("Client " + client.address +
                          " sent an HTTP request: a browser may be misused to reach this server. Closed.");
  }
  client.set(client::kCloseNow);
  return Next::kClose;
}

void Executor::judge_memory() {
  const uint64_t limit = services_.settings.maxmemory_bytes;
  services_.state.out_of_memory = limit != 0 && services_.memory.used_bytes() > limit;
}

Next Executor::submit(client::Client& client, const Request& request) {
  client.last_active_ms = now_us() / 1000;
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

  judge_memory();
  const bool ordinary = services_.state.unremarkable() && client.authenticated &&
                        (command.flags & kProtected) == 0 &&
                        !client.has(client::kMulti | client::kPubsub | client::kMonitor);
  if (!ordinary) {
    const uint32_t flags = flags_of(client, command, request.words);
    const Verdict verdict = pass_gates(services_.state, client, command, flags);
    switch (verdict.passage) {
      case Passage::kRun:
        break;
      case Passage::kRefuse:
        return refuse(client, &command, verdict.error);
      case Passage::kQueue: {
        services_.transactions.queue(client, command, request.words, flags);
        const size_t mark = client.outbox.mark();
        resp::Reply(client.outbox.bytes(), client.protocol).status("QUEUED");
        close_unit(begin_unit(), client, mark);
        return Next::kMore;
      }
      case Passage::kWait:
        postpone(client, OwnedRequest(&command, request.words));
        return Next::kWait;
    }
  }
  if (!unserved_.empty() && command.has(kBlocking)) {
    // Older waiters have not had their chance yet: it must not take what they were woken for.
    postpone(client, OwnedRequest(&command, request.words));
    return Next::kWait;
  }
  return run(client, command, request);
}

Next Executor::run(client::Client& client, Command& command, const Request& request) {
  resp::Reply reply(client.outbox.bytes(), client.protocol);
  const size_t mark = client.outbox.mark();
  const Outcome outcome =
      run_unit({command, client, request.words, reply, Entrance::kDirect}, command, request);
  if (outcome == Outcome::kSuspended) {
    suspend(client, command, request.words, mark);
    return Next::kWait;
  }
  close_unit(*unit_, client, mark);
  ++client.commands;
  if (services_.blocking.anything_ready()) serve_ready();
  if (client.has(client::kCloseAfterReply | client::kCloseNow)) return Next::kClose;
  return outcome == Outcome::kBlocked ? Next::kWait : Next::kMore;
}

Unit& Executor::begin_unit() {
  Unit& unit = *unit_;
  unit.now_us = now_us();
  unit.depth = 0;
  unit.wrote = false;
  unit.to_log = true;
  unit.pushed = false;
  unit.out_of_memory = services_.state.out_of_memory;
  return unit;
}

Outcome Executor::run_unit(const Call::Origin& origin, Command& command, const Request& request) {
  Unit& unit = begin_unit();
  Call call(services_, unit, origin);
  call.wire_ = request.wire;
  call.big_ = request.big;
  return run_command(call, command);
}

Outcome Executor::run_command(Call& call, Command& command) {
  const int64_t started_us = call.entrance == Entrance::kResumed ? suspended_->started_us : monotonic_us_;
  const uint32_t errors_before = call.reply.errors();
  const Outcome outcome = command.spec->handler(call);
  // Once it has run: EXEC is shown after its queue. Scripts show themselves, before what they call.
  const bool shown = !command.has(kSkipMonitor | kAdmin) && outcome != Outcome::kSuspended;
  close_command(call);
  const bool again = call.entrance == Entrance::kRerun || call.entrance == Entrance::kTimeUp;
  if (shown && !again) show_to_monitors(call);
  if (outcome == Outcome::kBlocked || outcome == Outcome::kSuspended) return outcome;
  // What fails within EXEC is its own commands' failure.
  const bool failed =
      command.has(kRunsQueue) ? outcome == Outcome::kFailed : call.reply.errors() != errors_before;
  if (failed) ++command.stats.failed;
  count(call, command, started_us);
  return outcome;
}

void Executor::show_to_monitors(const Call& call) {
  if (!services_.hub.anybody_monitors()) return;
  call.unit_.effects.monitor_line(call.client, redacted(*call.command.spec, call.args.words()),
                                  call.unit_.now_us);
}

Outcome Executor::invoke(Call& outer, Command& command, client::Client& as,
                         std::span<const base::ByteView> words, resp::Reply& reply, Entrance entrance) {
  Unit& unit = outer.unit_;
  ++unit.depth;
  Call call(services_, unit, {command, as, words, reply, entrance});
  const Outcome outcome = run_command(call, command);
  --unit.depth;
  return outcome;
}

void Executor::count(Call& call, Command& command, int64_t started_us) {
  monotonic_us_ = services_.clock.monotonic_us();
  const int64_t duration_us = monotonic_us_ - started_us;
  ++services_.stats.commands;
  services_.stats.command_us += static_cast<uint64_t>(duration_us);
  ++command.stats.calls;
  command.stats.total_us += static_cast<uint64_t>(duration_us);
  const Settings& settings = services_.settings;
  if (settings.latency_tracking) {
    if (!command.latency) command.latency = std::make_unique<base::Histogram>();
    command.latency->record(static_cast<uint64_t>(duration_us));
  }
  if (settings.slowlog_threshold_us >= 0 && duration_us >= settings.slowlog_threshold_us &&
      !command.has(kSkipSlowlog)) {
    services_.slowlog.add(redacted(*command.spec, call.args.words()), call.client, call.unit_.now_us,
                          duration_us);
    services_.slowlog.trim(settings.slowlog_max_entries);
  }
}

// Closing a command turns what it changed into what others see of it.
void Executor::close_command(Call& call) {
  Unit& unit = call.unit_;
  if (unit.changes.empty()) return;
  const bool replaying = call.entrance == Entrance::kReplay;
  if (!replaying) {
    // Keys that turned out to be expired go first: replaying the command must meet what it met.
    for (const keyspace::Change& change : unit.changes.changes()) {
      if (change.kind != keyspace::ChangeKind::kExpired) continue;
      const std::array<base::ByteView, 2> record = {"DEL", change.entry->key()};
      unit.effects.record(change.db->index(), record);
      ++services_.stats.expired_keys;
    }
    if (unit.changes.dirty() > 0) unit.wrote = true;
    if (unit.changes.dirty() > 0 && services_.settings.keeps_records && unit.to_log) {
      const int db = call.access_.db->index();
      if (call.record_count_ > 0) {
        unit.effects.record_wire(db, call.records_, call.record_count_);
      } else if (call.command.renamed) {
        record_by_first_name(unit.effects, db, call.command, call.args.words());
      } else if (!call.wire_.empty()) {
        unit.effects.record_wire(db, call.wire_);
      } else {
        unit.effects.record(db, call.args.words());
      }
    }
    services_.stats.changes_since_save += unit.changes.dirty();
  }
  apply_changes(unit, replaying);
  unit.changes.clear();
}

void Executor::apply_changes(Unit& unit, bool replaying) {
  // By index: dropping an emptied key adds its removal at the end.
  for (size_t i = 0; i < unit.changes.size(); ++i) {
    const keyspace::Change change = unit.changes.changes()[i];
    const bool present = !change.entry->detached;
    const bool emptied = present && keyspace::vanishes(change.entry->value);
    if (!replaying) {
      const int db = change.db->index();
      const base::ByteView key = change.entry->key();
      if (services_.transactions.anybody_watches()) {
        if (change.kind == keyspace::ChangeKind::kExpired) {
          services_.transactions.expired(db, key);
        } else {
          services_.transactions.touch(db, key);
        }
      }
      if (services_.settings.notify_classes != 0) notify(unit, change);
      if (services_.blocking.anybody_waits()) {
        // A collection that was emptied is about to be removed, and serves nobody before.
        if (!present) {
          services_.blocking.touch_gone(db, key);
        } else if (!emptied) {
          services_.blocking.touch(db, key);
        }
      }
    }
    if (emptied) {
      const keyspace::Access access{change.db, &unit.changes, unit.now_us / 1000};
      services_.keyspace.remove(access, *change.entry, keyspace::events::del);
    }
  }
}

void Executor::notify(Unit& unit, const keyspace::Change& change) {
  const uint16_t wanted = services_.settings.notify_classes;
  const int db = change.db->index();
  const base::ByteView key = change.entry->key();
  if (change.kind == keyspace::ChangeKind::kCreated) {
    unit.effects.keyspace_event(wanted, keyspace::events::key_new, db, key);
  }
  if (change.event != nullptr) unit.effects.keyspace_event(wanted, *change.event, db, key);
}

void Executor::settle_reply(client::Client& client, size_t reply_mark) {
  if (client.has(client::kBlocked)) return;  // the answer, and whether it is wanted, is still to come
  if (client.has(client::kReplyOff | client::kReplySkip)) client.outbox.take_back(reply_mark);
  client.unset(client::kReplySkip);
  if (client.has(client::kReplySkipNext)) {
    client.unset(client::kReplySkipNext);
    client.set(client::kReplySkip);
  }
}

void Executor::close_unit(Unit& unit, client::Client& client, size_t reply_mark) {
  settle_reply(client, unit.pushed ? client.outbox.mark() : reply_mark);
  // While the disk fails nothing new can become durable: an answer that tells of no change waits for what its
  // client is owed already, and for no more.
  const bool waits_for_log = unit.effects.record_count() > 0 || services_.state.disk_error.empty();
  const uint64_t offset = unit.effects.empty() ? sink_.offset() : sink_.emit(unit.effects);
  unit.effects.clear();
  if (unit.wrote) client.write_offset = offset;
  client.outbox.tag(waits_for_log ? offset : client.outbox.last_tag());
}

base::Result<void> Executor::replay(client::Client& loader, std::span<const base::ByteView> words) {
  const base::Result<Command*> resolved = resolve(services_.table.find_original(words[0]), words);
  if (!resolved.ok()) return resolved.error();
  resp::ValueBuilder answer;
  resp::Reply reply(answer, loader.protocol);
  Unit& unit = begin_unit();
  Call call(services_, unit, {**resolved, loader, words, reply, Entrance::kReplay});
  (*resolved)->spec->handler(call);
  close_command(call);
  if (reply.errors() == 0) return {};
  return base::Error{"the command '" + (*resolved)->full_name + "' failed: " + resp::describe(answer.take())};
}

namespace {

Presence presence_of(const Call& call, int db, base::ByteView key) {
  const keyspace::Entry* entry = call.on.keyspace.database(db).find(key);
  if (entry == nullptr) return Presence::kAbsent;
  return call.on.keyspace.expired(*entry, call.now_ms()) ? Presence::kExpired : Presence::kLive;
}

}  // namespace

size_t Executor::flush(Call& call, int db) {
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
  if (services_.blocking.has(client.id)) services_.blocking.unpark(client);
  services_.transactions.end(client);
  services_.hub.forget(client);
}

client::ClientId Executor::suspended_client() const {
  return suspended_ ? suspended_->client : 0;
}

}  // namespace sluice::exec
