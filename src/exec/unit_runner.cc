#include "exec/unit_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "exec/keys.h"
#include "exec/resolve.h"

namespace sluice::exec {

namespace {

// What the log keeps of a command that rename-command renamed: a start with other names must read it.
void record_by_first_name(Effects& effects, int db, const Command& command,
                          std::span<const base::ByteView> words) {
  std::vector<base::ByteView> record(words.begin(), words.end());
  record[0] = command.container == nullptr ? command.spec->name : command.container->spec->name;
  effects.record(db, record);
}

}  // namespace

UnitRunner::UnitRunner(Services& services, EffectSink& sink)
    : services_(services), sink_(sink), unit_(std::make_unique<Unit>(services.keyspace.graveyard())) {
  refresh_clock();
}

void UnitRunner::refresh_clock() {
  monotonic_us_ = services_.clock.monotonic_us();
  unix_offset_us_ = services_.clock.unix_us() - monotonic_us_;
}

Unit& UnitRunner::begin() {
  Unit& unit = *unit_;
  unit.now_us = now_us();
  unit.speaker = nullptr;
  unit.depth = 0;
  unit.wrote = false;
  unit.to_log = true;
  unit.pushed = false;
  unit.room = services_.state.room;
  return unit;
}

std::unique_ptr<Unit> UnitRunner::set_aside() {
  return std::exchange(unit_, std::make_unique<Unit>(services_.keyspace.graveyard()));
}

Outcome UnitRunner::run(const Origin& origin, const Request& request) {
  Unit& unit = begin();
  unit.speaker = &origin.client;
  Call call(services_, unit, origin);
  call.wire_ = request.wire;
  call.big_ = request.big;
  return run_command(call, monotonic_us_);
}

Outcome UnitRunner::go_on(Unit& unit, const Origin& origin, int64_t started_us) {
  Call call(services_, unit, origin);
  return run_command(call, started_us);
}

Outcome UnitRunner::invoke(Call& outer, const Origin& origin) {
  Unit& unit = outer.unit_;
  ++unit.depth;
  Call call(services_, unit, origin);
  const Outcome outcome = run_command(call, monotonic_us_);
  --unit.depth;
  return outcome;
}

base::Result<void> UnitRunner::replay(client::Client& loader, std::span<const base::ByteView> words) {
  if (words[0] != replayed_name_) {
    replayed_ = services_.table.find_original(words[0]);
    replayed_name_ = words[0];
  }
  const base::Result<Command*> resolved = resolve(replayed_, words);
  if (!resolved.ok()) return resolved.error();
  // Read only where it tells of a failure; bytes are the cheapest to write.
  constexpr size_t kKeptBytes = size_t{1} << 20;
  replay_answer_.clear();
  if (replay_answer_.capacity() > kKeptBytes) replay_answer_.shrink_to_fit();
  resp::Reply reply(replay_answer_, loader.protocol);
  Unit& unit = begin();
  Call call(services_, unit, {**resolved, loader, words, reply, Entrance::kReplay});
  (*resolved)->spec->handler(call);
  close_command(call);
  if (reply.errors() == 0) return {};
  resp::Decoder answer;
  answer.feed(replay_answer_);
  const bool read = answer.next() == resp::Decoder::Status::kValue;
  return base::Error{"the command '" + (*resolved)->full_name +
                     "' failed: " + (read ? resp::describe(answer.take()) : answer.error())};
}

Outcome UnitRunner::run_command(Call& call, int64_t started_us) {
  Command& command = call.command;
  const uint32_t errors_before = call.reply.errors();
  const Outcome outcome = command.spec->handler(call);
  // Once it has run: EXEC is shown after its queue. Scripts show themselves, before what they call.
  const bool shown = !command.has(kSkipMonitor | kAdmin) && outcome != Outcome::kSuspended;
  close_command(call);
  const bool again = call.entrance == Entrance::kRerun || call.entrance == Entrance::kTimeUp;
  if (shown && !again) show_to_monitors(call);
  if (services_.tracking.in_use()) note_reads(call);
  if (outcome == Outcome::kBlocked || outcome == Outcome::kSuspended) return outcome;
  spend_caching(call.client, &command);
  // What fails within EXEC is its own commands' failure.
  const bool failed =
      command.has(kRunsQueue) ? outcome == Outcome::kFailed : call.reply.errors() != errors_before;
  if (failed) ++command.stats.failed;
  count(call, started_us);
  return outcome;
}

void UnitRunner::show_to_monitors(const Call& call) {
  if (!services_.hub.anybody_monitors()) return;
  call.unit_.effects.monitor_line(call.client, redacted(*call.command.spec, call.args.words()),
                                  call.unit_.now_us);
}

void UnitRunner::count(Call& call, int64_t started_us) {
  Command& command = call.command;
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
  note_latency(command.has(kFast) ? LatencyEvent::kFastCommand : LatencyEvent::kCommand, duration_us);
}

void UnitRunner::note_latency(LatencyEvent event, int64_t duration_us) {
  const int64_t threshold_ms = services_.settings.latency_threshold_ms;
  if (threshold_ms == 0 || duration_us < threshold_ms * 1000) return;
  services_.latency.add(event, now_us(), duration_us);
}

// Closing a command turns what it changed into what others see of it.
void UnitRunner::close_command(Call& call) {
  Unit& unit = call.unit_;
  if (unit.changes.empty()) return;
  const bool replaying = call.entrance == Entrance::kReplay;
  if (!replaying) {
    // Keys that turned out to be expired go first: replaying the command must meet what it met.
    record_expired(unit);
    if (unit.changes.dirty() > 0) unit.wrote = true;
    if (unit.changes.dirty() > 0 && services_.settings.keeps_records && unit.to_log) {
      const int db = call.access_.db->index();
      if (call.record_count_ > 0) {
        unit.effects.record_wire(db, call.records_, call.record_count_);
      } else if (call.entrance == Entrance::kFiring) {
        // Of no use to a replay.
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
  apply_changes(unit, replaying, call.client.id);
  unit.changes.clear();
}

// What deadlines took, in commands that any server knows.
void UnitRunner::record_expired(Unit& unit) {
  size_t field = 0;
  for (const keyspace::Change& change : unit.changes.changes()) {
    if (change.kind == keyspace::ChangeKind::kExpired) {
      ++services_.stats.expired_keys;
    } else if (change.kind != keyspace::ChangeKind::kFieldsExpired) {
      continue;
    }
    std::vector<base::ByteView> record = {change.fields == 0 ? "DEL" : "HDEL", change.entry->key()};
    for (const size_t end = field + change.fields; field < end; ++field) {
      record.emplace_back(unit.changes.expired_fields()[field]);
    }
    const bool whole_hash = change.kind == keyspace::ChangeKind::kFieldsExpired && change.fields == 0;
    services_.stats.expired_fields +=
        whole_hash ? keyspace::element_count(change.entry->value) : size_t{change.fields};
    unit.effects.record(change.db->index(), record);
  }
}

void UnitRunner::apply_changes(Unit& unit, bool replaying, client::ClientId author) {
  // By index: dropping an emptied key adds its removal at the end. What the change was is not asked after
  // that.
  for (size_t i = 0; i < unit.changes.size(); ++i) {
    const keyspace::Change& change = unit.changes.changes()[i];
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
      // An expiry is announced first, any other change afterwards.
      const bool tracked = services_.tracking.in_use();
      const bool expired = change.kind == keyspace::ChangeKind::kExpired ||
                           change.kind == keyspace::ChangeKind::kFieldsExpired;
      if (tracked && !expired) invalidate(unit, change, author);
      if (services_.settings.notify_classes != 0) notify(unit, change);
      if (tracked && expired) invalidate(unit, change, 0);
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
    } else if (present) {
      services_.keyspace.deadlines().follow_value(*change.db, *change.entry);
    }
  }
}

void UnitRunner::notify(Unit& unit, const keyspace::Change& change) {
  const uint16_t wanted = services_.settings.notify_classes;
  const int db = change.db->index();
  const base::ByteView key = change.entry->key();
  if (change.kind == keyspace::ChangeKind::kCreated) {
    unit.effects.keyspace_event(wanted, keyspace::events::key_new, db, key);
  }
  if (change.event != nullptr) unit.effects.keyspace_event(wanted, *change.event, db, key);
}

// A script's own calls are noted one by one, for whoever runs it; what it declares is no reading.
void UnitRunner::note_reads(const Call& call) {
  const client::Client* const reader = call.unit_.speaker;
  if (reader == nullptr || !call.command.has(kReadonly) || call.command.has(kSkipMonitor)) return;
  if (!client::Tracking::remembers_for(*reader)) return;
  if (find_keys(*call.command.spec, call.args.words(), keys_read_) != KeySearch::kFound) return;
  client::Tracking& tracking = services_.tracking;
  for (const KeyArgument& key : keys_read_) tracking.remember(*reader, call.args.words()[key.index]);
  const size_t limit = services_.settings.tracking_max_keys;
  for (size_t room = keys_read_.size() + kForgottenAtOnce; room > 0; --room) {
    if (limit == 0 || tracking.keys() <= limit) return;
    call.unit_.effects.invalidate(tracking.forget_one(services_.random));
  }
}

void UnitRunner::spend_caching(client::Client& client, const Command* command) {
  if (client.has(client::kMulti) || (command != nullptr && command->has(kKeepsCaching))) return;
  client.unset(client::kTrackingCaching);
}

void UnitRunner::invalidate(Unit& unit, const keyspace::Change& change, client::ClientId author) {
  auto invalidation = services_.tracking.changed(change.entry->key(), unit.speaker, author);
  if (invalidation) unit.effects.invalidate(std::move(*invalidation));
}

void UnitRunner::settle_reply(client::Client& client, size_t reply_mark) {
  if (client.has(client::kBlocked)) return;  // the answer, and whether it is wanted, is still to come
  if (client.has(client::kReplyOff | client::kReplySkip)) client.outbox.take_back(reply_mark);
  client.unset(client::kReplySkip);
  if (client.has(client::kReplySkipNext)) {
    client.unset(client::kReplySkipNext);
    client.set(client::kReplySkip);
  }
}

void UnitRunner::close(Unit& unit, client::Client& client, size_t reply_mark) {
  settle_reply(client, unit.pushed ? client.outbox.mark() : reply_mark);
  // While the disk fails nothing new can become durable: an answer that tells of no change waits for what its
  // client is owed already, and for no more.
  const bool waits_for_log = unit.effects.record_count() > 0 || services_.state.disk_error.empty();
  const uint64_t offset = unit.effects.empty() ? sink_.offset() : sink_.emit(unit.effects);
  unit.effects.clear();
  if (unit.wrote) client.write_offset = offset;
  client.outbox.tag(waits_for_log ? offset : client.outbox.last_tag());
}

size_t UnitRunner::expire(const keyspace::Due& due) {
  Unit& unit = begin();
  const keyspace::Access access{due.db, &unit.changes, unit.now_us / 1000};
  size_t gone = 1;
  if (due.kind == keyspace::DeadlineKind::kKeyExpiry) {
    services_.keyspace.expire(access, *due.entry);
  } else {
    gone = services_.keyspace.expire_fields(access, *due.entry);
    // It may have been filed too early, which no change tells of.
    if (!due.entry->detached) services_.keyspace.deadlines().follow_value(*due.db, *due.entry);
  }
  record_expired(unit);
  close_removal(unit);
  return std::max<size_t>(gone, 1);
}

size_t UnitRunner::fire(const keyspace::Due& due) {
  SLUICE_CHECK(services_.stream_firing != nullptr, "a deadline of a kind that nobody takes care of");
  Unit& unit = begin();
  firing_.spec = services_.stream_firing;
  nobody_.db = due.db->index();
  resp::Reply reply = resp::Reply::discard(nobody_.protocol);
  const std::array<base::ByteView, 2> words = {firing_.spec->name, due.entry->key()};
  Call call(services_, unit, {firing_, nobody_, words, reply, Entrance::kFiring});
  firing_.spec->handler(call);
  const size_t changes = unit.changes.dirty();
  // What was filed too early is filed anew, though nothing changed.
  if (!due.entry->detached) services_.keyspace.deadlines().follow_value(*due.db, *due.entry);
  close_command(call);
  if (!unit.effects.empty()) sink_.emit(unit.effects);
  unit.effects.clear();
  return std::max<size_t>(changes * kWorkPerFiredChange, 1);
}

void UnitRunner::evict(keyspace::Database& db, keyspace::Entry& entry) {
  Unit& unit = begin();
  const keyspace::Access access{&db, &unit.changes, unit.now_us / 1000};
  services_.keyspace.remove(access, entry, keyspace::events::evicted);
  ++services_.stats.evicted_keys;
  const std::array<base::ByteView, 2> record = {"DEL", entry.key()};
  unit.effects.record(db.index(), record);
  close_removal(unit);
}

// Of what nobody asked to remove.
void UnitRunner::close_removal(Unit& unit) {
  apply_changes(unit, false, 0);
  unit.changes.clear();
  if (!unit.effects.empty()) sink_.emit(unit.effects);
  unit.effects.clear();
}

}  // namespace sluice::exec
