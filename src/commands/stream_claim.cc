// Taking over what others have pending: XCLAIM by id, XAUTOCLAIM by how long it has been idle. Entries that
// their stream no longer has are dropped on the way. What was delivered as often as its group allows goes to
// the dead letters instead of once more to a consumer, unless the claim is no delivery: with JUSTID or
// RETRYCOUNT it says itself what counts.
#include <algorithm>
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_release.h"
#include "commands/stream_reply.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;

// --- XCLAIM
// ----------------------------------------------------------------------------------------------------

struct Claim {
  int64_t min_idle_ms = 0;
  std::vector<StreamId> ids;
  std::optional<int64_t> delivered_ms;  // IDLE or TIME
  std::optional<uint64_t> retry_count;
  std::optional<StreamId> last_id;
  bool force = false;
  bool just_ids = false;
};

int64_t read_integer(exec::Args& args, ByteView error) {
  const auto value = base::parse_int64(args.next());
  if (!value) args.latch(error);
  return value.value_or(0);
}

// The first word that is no id begins the options. False: an error was replied.
bool read_claim(Call& call, Claim& claim) {
  exec::Args& args = call.args;
  claim.min_idle_ms = read_integer(args, "ERR Invalid min-idle-time argument for XCLAIM");
  while (args.more() && args.ok()) {
    const auto id = types::parse_stream_id(args.peek(), 0);
    if (!id) break;
    claim.ids.push_back(*id);
    args.next();
  }
  while (args.more() && args.ok()) {
    if (args.accept("FORCE")) {
      claim.force = true;
    } else if (args.accept("JUSTID")) {
      claim.just_ids = true;
    } else if (args.accept_with("IDLE")) {
      const int64_t idle_ms = read_integer(args, "ERR Invalid IDLE option argument for XCLAIM");
      claim.delivered_ms = call.access().now_ms - std::max<int64_t>(idle_ms, 0);
    } else if (args.accept_with("TIME")) {
      claim.delivered_ms = read_integer(args, "ERR Invalid TIME option argument for XCLAIM");
    } else if (args.accept_with("RETRYCOUNT")) {
      const int64_t count = read_integer(args, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (count >= 0) claim.retry_count = static_cast<uint64_t>(count);
    } else if (args.accept_with("LASTID")) {
      claim.last_id = read_stream_id(args);
    } else {
      call.fail("ERR Unrecognized XCLAIM option " + quoted(args.peek()));
      return false;
    }
  }
  if (!args.ok()) call.fail(args.error());
  return args.ok();
}

// When the entries count as delivered. What the log says was true when it was written, whatever the clock
// says now.
int64_t delivery_time(const Call& call, const Claim& claim) {
  const int64_t now_ms = call.access().now_ms;
  const int64_t asked_ms = claim.delivered_ms.value_or(now_ms);
  if (asked_ms < 0) return now_ms;
  return call.entrance == Entrance::kReplay ? asked_ms : std::min(asked_ms, now_ms);
}

// How often the entry counts as delivered when this claim is done; nothing when it may not be claimed.
std::optional<uint64_t> claimed_deliveries(const Claim& claim, const std::optional<PendingEntry>& entry,
                                           int64_t now_ms) {
  if (!entry && !claim.force) return std::nullopt;
  const bool owned = entry && entry->consumer != nullptr;
  if (owned && entry->delivered_ms > latest_delivery_ms(now_ms, claim.min_idle_ms)) return std::nullopt;
  if (claim.retry_count) return claim.retry_count;
  // One that was not pending counts as delivered once before.
  const uint64_t before = entry ? entry->deliveries : 1;
  return claim.just_ids ? before : one_more(before);
}

// Whether the log says by this that a consumer looked at what it had (GroupEdit::deliver_again).
bool was_shown_again(const Call& call, const Claim& claim, bool has_it) {
  return call.entrance == Entrance::kReplay && !claim.last_id && has_it;
}

// A claim that names another time is activity now, all the same: the log has that as a claim of nothing.
void log_activity(Call& call, const GroupEdit& edit, const StreamConsumer& consumer) {
  if (call.entrance == Entrance::kReplay) return;
  const base::NumberText now = base::format_int64(consumer.active_ms);
  const ByteView words[] = {"XCLAIM", edit.key(), edit.name(), consumer.name(), "0", "TIME", now.view()};
  call.propagate_as(words, RecordFor::kSluice);
}

// True when the consumer was active at another time than its claims say.
bool claim_all(Call& call, const Claim& claim, GroupEdit& edit, StreamConsumer& consumer) {
  const int64_t now_ms = call.access().now_ms;
  const int64_t delivered_ms = delivery_time(call, claim);
  resp::Reply& reply = call.reply;
  const resp::Reply::Mark mark = reply.begin_array();
  size_t claimed = 0;
  bool active = claim.ids.empty() && call.entrance == Entrance::kReplay;
  for (const StreamId& id : claim.ids) {
    const std::optional<PendingEntry> entry = edit.peek().find_pending(id);
    const Stream::Cursor at = edit.stream().seek(id);
    if (!at.valid() || at.entry().id != id) {
      if (entry) edit.drop(id);
      continue;
    }
    const auto deliveries = claimed_deliveries(claim, entry, now_ms);
    if (!deliveries) continue;
    const bool is_delivery = entry && !claim.just_ids && !claim.retry_count;
    if (is_delivery && goes_instead(call, edit, *entry)) {
      edit.drop(id);
      continue;
    }
    const bool has_it = entry && entry->consumer == &consumer;
    active = active || !was_shown_again(call, claim, has_it);
    edit.deliver(id, {&consumer, delivered_ms, *deliveries});
    ++claimed;
    if (claim.just_ids) {
      write_id(reply, id);
    } else {
      write_entry(reply, at.entry());
    }
  }
  reply.end_array(mark, claimed);
  if (!active) return false;
  consumer.active_ms = call.entrance == Entrance::kReplay ? delivered_ms : now_ms;
  return delivered_ms != consumer.active_ms;
}

Outcome cmd_xclaim(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView consumer_name = call.args.next();
  auto found = edit_group(call, key, name);
  if (!found.ok()) return call.fail(found.error());
  GroupEdit& edit = *found;
  if (!edit) return call.fail(no_such_group(key, name));
  Claim claim;
  if (!read_claim(call, claim)) return Outcome::kFailed;
  if (claim.last_id && *claim.last_id > edit.peek().last_id()) {
    // Redis logs each entry that was read as a claim with its id as LASTID, and says no more of the count.
    if (call.entrance == Entrance::kReplay) {
      edit.advance(*claim.last_id);
    } else {
      edit.move_to(*claim.last_id);
    }
  }
  StreamConsumer& consumer = edit.meet(consumer_name);
  const auto earliest_ms = edit.peek().earliest_delivery_ms();
  const bool active_elsewhen = claim_all(call, claim, edit, consumer);
  edit.finish();
  wake_claimers(call, key, edit.peek(), earliest_ms);
  if (active_elsewhen) log_activity(call, edit, consumer);
  return Outcome::kDone;
}

// --- XAUTOCLAIM
// ------------------------------------------------------------------------------------------------

struct AutoClaim {
  int64_t min_idle_ms = 0;
  StreamId start;
  uint64_t count = 100;
  bool just_ids = false;
};

// Redis looks at so many pending entries for each that is wanted, and what it deletes among them is seen.
constexpr uint64_t kLooksPerClaim = 10;

AutoClaim read_auto_claim(exec::Args& args) {
  constexpr ByteView kBadCount = "ERR COUNT must be > 0";
  constexpr int64_t kMostCount = INT64_MAX / 16;
  AutoClaim claim;
  claim.min_idle_ms = read_integer(args, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  claim.start = read_bound(args, types::parse_stream_start(args.next()), kNothingAboveId);
  while (args.more() && args.ok()) {
    if (args.accept_with("COUNT")) {
      const int64_t count = read_integer(args, kBadCount);
      if (count < 1 || count > kMostCount) args.latch(kBadCount);
      claim.count = static_cast<uint64_t>(count);
    } else if (args.accept("JUSTID")) {
      claim.just_ids = true;
    } else {
      args.syntax_error();
    }
  }
  return claim;
}

// Behind this id nothing was deleted, as far as the stream remembers (XSETID may make it forget): there it is
// not worth while to look at what is not idle.
StreamId last_possibly_gone(const Stream& stream) {
  if (stream.empty()) return types::kMaxStreamId;
  return std::max(stream.max_deleted_id(), *stream.first_id().previous());
}

struct Found {
  std::vector<PendingEntry> idle;
  std::vector<StreamId> gone;
  std::optional<StreamId> from;  // where the next call is to begin; nothing: all was seen
};

// What is idle from an id on; and what is gone, as far as Redis would have looked.
Found find_idle(const GroupEdit& edit, const AutoClaim& claim, int64_t now_ms) {
  const StreamGroup& group = edit.peek();
  const int64_t latest_ms = latest_delivery_ms(now_ms, claim.min_idle_ms);
  const StreamId last_gone = last_possibly_gone(edit.stream());
  uint64_t looks = claim.count * kLooksPerClaim;
  Found found;
  found.from = claim.start;
  while (found.from && found.idle.size() + found.gone.size() < claim.count) {
    const bool look = *found.from <= last_gone && looks > 0;
    if (look) --looks;
    const auto entry = look ? group.next_pending(*found.from) : group.next_idle(*found.from, latest_ms);
    found.from = entry ? entry->id.next() : std::nullopt;
    if (!entry) break;
    if (!edit.stream().contains(entry->id)) {
      found.gone.push_back(entry->id);
    } else if (entry->released() || (!entry->delayed() && entry->delivered_ms <= latest_ms)) {
      found.idle.push_back(*entry);
    }
  }
  if (found.from) {
    const auto next = group.next_pending(*found.from);
    found.from = next ? std::optional(next->id) : std::nullopt;
  }
  return found;
}

Outcome cmd_xautoclaim(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView consumer_name = call.args.next();
  const AutoClaim claim = read_auto_claim(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto group = edit_group(call, key, name);
  if (!group.ok()) return call.fail(group.error());
  GroupEdit& edit = *group;
  if (!edit) return call.fail(no_such_group(key, name));
  const int64_t now_ms = call.access().now_ms;
  StreamConsumer& consumer = edit.meet(consumer_name);
  const Found found = find_idle(edit, claim, now_ms);
  resp::Reply& reply = call.reply;
  reply.array(3);
  write_id(reply, found.from.value_or(types::kMinStreamId));
  const resp::Reply::Mark mark = reply.begin_array();
  size_t claimed = 0;
  for (const PendingEntry& entry : found.idle) {
    if (!claim.just_ids && goes_instead(call, edit, entry)) {
      edit.drop(entry.id);
      continue;
    }
    ++claimed;
    edit.deliver(entry.id,
                 {&consumer, now_ms, claim.just_ids ? entry.deliveries : one_more(entry.deliveries)});
    if (claim.just_ids) {
      write_id(reply, entry.id);
    } else {
      write_entry(reply, edit.stream().seek(entry.id).entry());
    }
  }
  reply.end_array(mark, claimed);
  if (claimed > 0) consumer.active_ms = now_ms;
  reply.array(found.gone.size());
  for (const StreamId& id : found.gone) {
    edit.drop(id);
    write_id(reply, id);
  }
  edit.finish();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xautoclaim", cmd_xautoclaim, at_least(6), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast,
     Group::kStream, "6.2.0", "Takes over pending entries that have been idle for long enough.",
     "key group consumer min-idle-time:string start:string [COUNT count] [JUSTID]", 0,
     "nondeterministic_output"},
    {"xclaim", cmd_xclaim, at_least(6), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kStream,
     "5.0.0", "Takes over pending entries by their ids.",
     "key group consumer min-idle-time:string id [id ...] [IDLE ms] [TIME unix-time-milliseconds] "
     "[RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]",
     0, "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_claim_commands() {
  return kRows;
}

}  // namespace sluice::commands
