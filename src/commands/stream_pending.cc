// What a group has pending: seen by XPENDING, done with by XACK, given back by XNACK.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_release.h"
#include "commands/stream_reply.h"
#include "types/stream_counts.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;

// --- XPENDING
// --------------------------------------------------------------------------------------------------

// [count, lowest id, highest id, [[consumer, count], ...]]
void write_summary(resp::Reply& reply, const StreamGroup& group) {
  reply.array(4);
  reply.integer(static_cast<int64_t>(group.pending_count()));
  if (group.pending_count() == 0) {
    reply.null();
    reply.null();
    reply.null_array();
    return;
  }
  write_id(reply, group.next_pending(types::kMinStreamId)->id);
  write_id(reply, *group.last_pending());
  const resp::Reply::Mark mark = reply.begin_array();
  size_t shown = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer->pending_count() == 0) continue;
    reply.array(2);
    reply.bulk(name);
    reply.bulk_integer(static_cast<int64_t>(consumer->pending_count()));
    ++shown;
  }
  reply.end_array(mark, shown);
}

struct PendingQuery {
  int64_t min_idle_ms = 0;
  uint64_t count = 0;
  StreamId start;
  StreamId end;
  std::optional<ByteView> consumer;
};

// [[IDLE min-idle-time] start end count [consumer]]; words behind those mean nothing, as in Redis.
PendingQuery read_query(exec::Args& args) {
  PendingQuery query;
  if (args.left() < 3 || args.left() > 6) {
    args.syntax_error();
    return query;
  }
  if (args.accept("IDLE")) {
    query.min_idle_ms = args.integer();
    if (args.left() < 3) args.syntax_error();
  }
  const ByteView start = args.next();
  const ByteView end = args.next();
  query.count = read_entry_count(args);
  query.start = read_bound(args, types::parse_stream_start(start), kNothingAboveId);
  query.end = read_bound(args, types::parse_stream_end(end), kNothingBelowId);
  if (args.more()) query.consumer = args.next();
  return query;
}

// The next entry that the query asks for, from `from` on.
std::optional<PendingEntry> next_of(const StreamGroup& group, const StreamConsumer* consumer,
                                    const PendingQuery& query, StreamId from, int64_t now_ms) {
  const bool any_time = query.min_idle_ms <= 0;
  const int64_t latest_ms = now_ms - std::max<int64_t>(query.min_idle_ms, 0);
  if (consumer == nullptr) return any_time ? group.next_pending(from) : group.next_idle(from, latest_ms);
  const auto id = any_time ? consumer->next_own(from) : consumer->next_idle_own(from, latest_ms);
  return id ? group.find_pending(*id) : std::nullopt;
}

// [[id, consumer, idle, deliveries], ...]; of what was released, no consumer and an idle time of -1.
void write_pending(Call& call, const StreamGroup& group, const StreamConsumer* consumer,
                   const PendingQuery& query) {
  const int64_t now_ms = call.access().now_ms;
  resp::Reply& reply = call.reply;
  const resp::Reply::Mark mark = reply.begin_array();
  uint64_t shown = 0;
  for (std::optional<StreamId> from = query.start; from && shown < query.count; ++shown) {
    const auto entry = next_of(group, consumer, query, *from, now_ms);
    if (!entry || entry->id > query.end) break;
    reply.array(4);
    write_id(reply, entry->id);
    reply.bulk(entry->consumer == nullptr ? ByteView() : ByteView(entry->consumer->name()));
    const bool released = entry->consumer == nullptr;
    reply.integer(released ? -1 : std::max<int64_t>(now_ms - entry->delivered_ms, 0));
    reply.integer(static_cast<int64_t>(entry->deliveries));
    from = entry->id.next();
  }
  reply.end_array(mark, shown);
}

Outcome cmd_xpending(Call& call) {
  exec::Args& args = call.args;
  const ByteView key = args.key();
  const ByteView name = args.next();
  const bool brief = !args.more();
  const PendingQuery query = brief ? PendingQuery() : read_query(args);
  if (!args.ok()) return call.fail(args.error());
  const auto stream = call.view<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  const StreamGroup* group = *stream ? (*stream)->find_group(name) : nullptr;
  if (group == nullptr) return call.fail(no_such_group(key, name));
  if (brief) {
    write_summary(call.reply, *group);
    return Outcome::kDone;
  }
  const StreamConsumer* consumer = query.consumer ? group->find_consumer(*query.consumer) : nullptr;
  if (query.consumer && consumer == nullptr) {
    call.reply.array(0);
  } else {
    write_pending(call, *group, consumer, query);
  }
  return Outcome::kDone;
}

// --- XACK
// ------------------------------------------------------------------------------------------------------

Outcome cmd_xack(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  auto found = edit_group(call, key, name);
  if (!found.ok()) return call.fail(found.error());
  GroupEdit& edit = *found;
  if (!edit) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  // All are read before any is acknowledged: a bad one leaves the group as it was.
  std::vector<StreamId> ids;
  ids.reserve(call.args.left());
  while (call.args.more()) ids.push_back(read_stream_id(call.args));
  if (!call.args.ok()) return call.fail(call.args.error());
  uint64_t done = 0;
  for (const StreamId& id : ids) done += edit.group().acknowledge(id) ? 1 : 0;
  edit.finish();
  call.unit().changes.count_dirty(done);
  call.reply.integer(static_cast<int64_t>(done));
  return Outcome::kDone;
}

// --- XNACK
// -----------------------------------------------------------------------------------------------------

constexpr ByteView kBadDelay = "ERR DELAY must be between 0 and 315360000000 milliseconds";
constexpr ByteView kBadUntil = "ERR UNTIL is out of range";

struct Release {
  enum class Mode : uint8_t { kSilent, kFail, kFatal };

  Mode mode = Mode::kFail;
  std::vector<StreamId> ids;
  std::optional<uint64_t> retry_count;
  std::optional<int64_t> delay_ms;
  std::optional<int64_t> until_ms;
  bool force = false;

  // How often it counts as delivered from now on.
  [[nodiscard]] uint64_t deliveries_after(uint64_t deliveries) const {
    if (retry_count) return *retry_count;
    if (mode == Mode::kFatal) return types::kMostCounted;
    return mode == Mode::kSilent && deliveries > 0 ? deliveries - 1 : deliveries;
  }
};

Release::Mode read_mode(exec::Args& args) {
  if (args.accept("SILENT")) return Release::Mode::kSilent;
  if (args.accept("FATAL")) return Release::Mode::kFatal;
  if (!args.accept("FAIL")) args.latch("ERR mode must be SILENT, FAIL, or FATAL");
  return Release::Mode::kFail;
}

// SILENT|FAIL|FATAL IDS numids id [id ...] [RETRYCOUNT count] [DELAY ms|UNTIL unix-ms] [FORCE], the options
// in any order
Release read_release(exec::Args& args) {
  Release release;
  release.mode = read_mode(args);
  bool with_ids = false;
  while (args.more() && args.ok()) {
    if (!with_ids && args.accept_with("IDS")) {
      with_ids = true;
      read_counted_ids(args, release.ids);
    } else if (args.accept_with("RETRYCOUNT")) {
      release.retry_count =
          static_cast<uint64_t>(args.integer_between(0, INT64_MAX, "ERR Invalid RETRYCOUNT"));
    } else if (args.accept_with("DELAY")) {
      release.delay_ms = args.integer_between(0, types::kMostPolicyMs, kBadDelay);
    } else if (args.accept_with("UNTIL")) {
      release.until_ms = args.integer_between(0, StreamGroup::kLastMoment, kBadUntil);
    } else if (args.accept("FORCE")) {
      release.force = true;
    } else {
      args.latch("ERR Unrecognized XNACK option");
    }
  }
  if (release.delay_ms && release.until_ms) args.latch("ERR DELAY and UNTIL exclude each other");
  if (!with_ids) args.latch("ERR expected IDS keyword");
  return release;
}

// When the entry is to be released; nothing: at once. What the log says is no matter of the clock.
std::optional<int64_t> release_moment(const Call& call, const Release& release, const StreamGroup& group,
                                      uint64_t deliveries) {
  const bool replaying = call.entrance == Entrance::kReplay;
  if (replaying) return release.until_ms;
  const int64_t now_ms = call.access().now_ms;
  const int64_t backoff_ms =
      release.mode == Release::Mode::kFail ? group.policy().delay_ms(deliveries) : int64_t{0};
  const int64_t until_ms = release.until_ms.value_or(now_ms + release.delay_ms.value_or(backoff_ms));
  return until_ms > now_ms ? std::optional(until_ms) : std::nullopt;
}

// True when it was released at once.
bool give_back(Call& call, const Release& release, GroupEdit& edit, PendingEntry entry) {
  const StreamGroup& group = edit.peek();
  const bool fatal = release.mode == Release::Mode::kFatal && !group.policy().dead_letters.empty();
  const bool replaying = call.entrance == Entrance::kReplay;
  if (fatal && !replaying && give_up(call, edit, entry, DeathReason::kFatal)) return false;
  entry.deliveries = release.deliveries_after(entry.deliveries);
  if (!fatal && !replaying && is_too_often(group, entry.deliveries) &&
      give_up(call, edit, entry, DeathReason::kMaxDeliver)) {
    return false;
  }
  if (const auto until_ms = release_moment(call, release, group, entry.deliveries)) {
    edit.delay(entry.id, entry.deliveries, *until_ms);
    return false;
  }
  edit.release(entry.id, entry.deliveries);
  return true;
}

Outcome cmd_xnack(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const Release release = read_release(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto found = edit_group(call, key, name);
  if (!found.ok()) return call.fail(found.error());
  GroupEdit& edit = *found;
  if (!edit) return call.fail(no_such_group(key, name));
  int64_t done = 0;
  bool released = false;
  std::set<StreamId> forced;  // what was given up a moment ago is not made pending again
  for (const StreamId& id : release.ids) {
    std::optional<PendingEntry> entry = edit.peek().find_pending(id);
    const bool is_new = !release.force || forced.insert(id).second;
    if (!entry && release.force && is_new && edit.stream().contains(id)) entry = PendingEntry{id};
    if (!entry) continue;
    released = give_back(call, release, edit, *entry) || released;
    ++done;
  }
  edit.finish();
  if (released) wake_readers(call, key);
  call.reply.integer(done);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xack", cmd_xack, at_least(4), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kStream, "5.0.0",
     "Says that entries are done with, and tells how many were pending.", "key group id [id ...]"},
    {"xnack", cmd_xnack, at_least(7), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kStream,
     "8.8.0", "Gives pending entries back to the group, for whoever claims them next.",
     "key group mode<SILENT|FAIL|FATAL> ids<IDS numids id [id ...]> [RETRYCOUNT count] "
     "delay[DELAY milliseconds|UNTIL unix-time-milliseconds] [FORCE]"},
    {"xpending", cmd_xpending, at_least(3), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kStream,
     "5.0.0", "Shows what a group has pending, in brief or entry by entry.",
     "key group filters[[IDLE min-idle-time:integer@6.2.0] start:string end:string count [consumer]]", 0,
     "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_pending_commands() {
  return kRows;
}

}  // namespace sluice::commands
