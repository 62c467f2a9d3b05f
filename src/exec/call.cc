#include "exec/call.h"

#include <vector>

#include "exec/executor.h"
#include "resp/errors.h"
#include "resp/extension.h"

namespace sluice::exec {

Call::Call(Services& services, Unit& unit, const Origin& origin)
    : args(origin.words, origin.command.container == nullptr ? 1 : 2),
      reply(origin.reply),
      client(origin.client),
      on(services),
      command(origin.command),
      entrance(origin.entrance),
      unit_(unit),
      access_{&services.keyspace.database(origin.client.db), &unit.changes, unit.now_us / 1000} {
  if (entrance == Entrance::kReplay) {
    access_.expiry = keyspace::Expiry::kIgnore;
  } else if (!services.state.disk_error.empty() || services.state.pause != PauseMode::kNone) {
    access_.expiry = keyspace::Expiry::kHide;
  }
  access_.touch = !client.has(client::kNoTouch);
}

void looked_up(Call& call, base::ByteView key, bool hit, bool silent) {
  Stats& stats = call.on.stats;
  ++(hit ? stats.keyspace_hits : stats.keyspace_misses);
  const uint16_t wanted = call.on.settings.notify_classes;
  if (hit || silent || wanted == 0) return;
  const int db = call.access().db->index();
  Unit& unit = call.unit();
  if (const keyspace::Event* expired = unit.changes.take_last_expiry()) {
    unit.effects.keyspace_event(wanted, *expired, db, key);
  }
  unit.effects.keyspace_event(wanted, keyspace::events::key_miss, db, key);
}

Outcome Call::fail(base::ByteView error) {
  on.stats.count_error(error);
  reply.error(error);
  return Outcome::kFailed;
}

Outcome Call::fail(keyspace::Refusal refusal) {
  switch (refusal) {
    case keyspace::Refusal::kWrongType:
      return fail(resp::errors::kWrongType);
  }
  return Outcome::kFailed;
}

// Whether anybody reads records: what nobody does is not made.
bool Call::is_recorded() const {
  return on.settings.keeps_records && unit_.to_log && entrance != Entrance::kReplay;
}

void Call::propagate_as(const ReplacedArgument& argument) {
  if (!is_recorded()) return;
  const base::ByteView before = args.at(argument.index - 1);
  const base::ByteView after = args.at(argument.index);
  if (wire_.empty() || command.renamed) {
    std::vector<base::ByteView> words(args.words().begin(), args.words().end());
    if (command.renamed) words[0] = command.spec->name;
    words[argument.index] = argument.word;
    return propagate_as(words);
  }
  constexpr size_t kLineEndBytes = 2;
  const char* const from = before.data() + before.size() + kLineEndBytes;
  const char* const to = after.data() + after.size() + kLineEndBytes;
  records_.append(wire_.data(), from);
  append_bulk(records_, argument.word);
  records_.append(to, wire_.data() + wire_.size());
  ++record_count_;
}

void Call::propagate_as(std::span<const base::ByteView> words, RecordFor reader) {
  if (!is_recorded()) return;
  if (reader == RecordFor::kSluice) {
    base::Bytes text;
    append_command(text, words);
    resp::append_extension(records_, text);
  } else {
    append_command(records_, words);
  }
  ++record_count_;
}

Outcome Call::block_on(const Park& reason, std::span<const base::ByteView> as) {
  if (entrance == Entrance::kDirect) {
    on.blocking.park(client, client.db, OwnedRequest(&command, as.empty() ? args.words() : as), reason);
    return Outcome::kBlocked;
  }
  if (entrance == Entrance::kRerun) {
    if (reason.wake_at_ms != 0) on.blocking.wake_later(client.id, reason.wake_at_ms);
    return Outcome::kBlocked;
  }
  if (reason.null == NullShape::kArray) {
    reply.null_array();
  } else {
    reply.null();
  }
  return Outcome::kDone;
}

int64_t deadline_in(const Call& call, int64_t timeout_ms) {
  if (timeout_ms == 0) return 0;
  return (call.on.clock.monotonic_us() + 999) / 1000 + timeout_ms;  // never early
}

base::Bytes Call::take(size_t index) {
  if (big_ != nullptr && big_->is_big(index)) return big_->take_big(index);
  return base::Bytes(args.at(index));
}

}  // namespace sluice::exec
