// Reading as a consumer of a group: XREADGROUP. With `>` first what others left idle (CLAIM), or what was
// released in a group that has leases, then what nobody was given yet; with an id what the consumer itself
// has pending behind it. May wait: for entries, for something released, and for the moment at which the
// longest idle entry may be claimed. Whoever waits is told when the stream or the group goes.
#include <algorithm>
#include <optional>
#include <vector>

#include "commands/all.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_read_request.h"
#include "commands/stream_release.h"
#include "commands/stream_reply.h"
#include "commands/zset_due.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;

constexpr ByteView kLastIsMeaningless =
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer "
    "by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty "
    "result set.";

// Pending entries that are gone from the stream and are cleaned up on the way to one that is not, in one
// call, where it can be run again.
constexpr size_t kDropsAtOnce = 1000;

struct Source {
  GroupEdit group;
  std::optional<StreamId> after;  // in the consumer's own history; nothing: what is new
};

// The streams and what is wanted of each. False: an error was replied.
bool look_up(Call& call, const ReadRequest& request, std::vector<Source>& sources) {
  sources.reserve(request.keys.size());
  for (size_t i = 0; i < request.keys.size(); ++i) {
    const ByteView key = request.keys[i];
    auto group = edit_group(call, key, *request.group);
    if (!group.ok()) {
      call.fail(group.error());
      return false;
    }
    if (!*group) {
      call.fail(no_such_group(key, *request.group) + " in XREADGROUP with GROUP option");
      return false;
    }
    Source source{std::move(*group), std::nullopt};
    if (request.ids[i] != ">") {
      source.after = types::parse_stream_id(request.ids[i], 0);
      if (!source.after) {
        call.fail(request.ids[i] == "$" ? kLastIsMeaningless : kInvalidStreamId);
        return false;
      }
      // As Redis keeps `>`.
      if (*source.after == types::kMaxStreamId) source.after.reset();
    }
    sources.push_back(std::move(source));
  }
  return true;
}

class GroupReader {
 public:
  GroupReader(Call& call, const ReadRequest& request, GroupEdit& group, ReadReply& out)
      : call_(call),
        request_(request),
        group_(group),
        out_(out),
        consumer_(group.meet(request.consumer)),
        now_ms_(call.access().now_ms),
        most_drops_(exec::may_wait(call) ? kDropsAtOnce : SIZE_MAX),
        most_letter_bytes_(exec::may_wait(call) ? kLetterBytesAtOnce : SIZE_MAX) {}

  void read_history(const StreamId& after);
  // Pending entries that are released, or idle for as long as asked for, whoever has them.
  // What was delivered as often as the group allows goes to the dead letters instead. False: as much was
  // dropped as one call may, and the rest was not looked at.
  bool claim();
  void read_new();

 private:
  Call& call_;
  const ReadRequest& request_;
  GroupEdit& group_;
  ReadReply& out_;
  StreamConsumer& consumer_;
  int64_t now_ms_;
  size_t most_drops_;
  size_t most_letter_bytes_;
};

// Counts as deliveries do, and gives up nothing: a consumer that begins anew finds what it had.
void GroupReader::read_history(const StreamId& after) {
  out_.show();
  for (auto id = after.next(); id; id = id->next()) {
    id = consumer_.next_own(*id);
    if (!id) break;
    const Stream::Cursor at = group_.stream().seek(*id);
    if (!at.valid() || at.entry().id != *id) {
      if (!out_.add_gone(*id)) break;
      continue;
    }
    if (!out_.add(at.entry())) break;
    const PendingEntry entry = *group_.peek().find_pending(*id);
    group_.deliver_again(*id, {&consumer_, now_ms_, one_more(entry.deliveries)});
  }
}

// Who knows nothing of CLAIM gets what was released all the same, where a lease promises that, and in the
// shape of new entries.
bool GroupReader::claim() {
  const std::optional<int64_t> min_idle_ms = request_.min_idle_ms;
  if (!min_idle_ms && (group_.peek().policy().lease_ms == 0 || group_.peek().released_count() == 0))
    return true;
  std::vector<PendingEntry> claimed;
  std::vector<StreamId> gone;
  size_t letter_bytes = 0;
  const auto dropped_enough = [&] {
    return gone.size() >= most_drops_ || letter_bytes >= most_letter_bytes_;
  };
  const int64_t latest_ms = min_idle_ms ? latest_delivery_ms(now_ms_, *min_idle_ms) : -1;
  // What is claimed becomes the least idle, so all is found before anything changes.
  StreamGroup::IdleWalk walk = group_.peek().walk_idle();
  for (auto entry = walk.next(); entry && !entry->delayed(); entry = walk.next()) {
    if (!entry->released() && entry->delivered_ms > latest_ms) break;
    const Stream::Cursor at = group_.stream().seek(entry->id);
    if (!at.valid() || at.entry().id != entry->id) {
      gone.push_back(entry->id);
      if (dropped_enough()) break;
      continue;
    }
    if (goes_instead(call_, group_, *entry)) {
      letter_bytes += written_bytes(at.entry());
      gone.push_back(entry->id);
      if (dropped_enough()) break;
      continue;
    }
    const int64_t idle_ms = std::max<int64_t>(now_ms_ - entry->delivered_ms, 0);
    const bool added =
        min_idle_ms ? out_.add(at.entry(), {idle_ms, entry->deliveries}) : out_.add(at.entry());
    if (!added) break;
    claimed.push_back(*entry);
  }
  for (const StreamId& id : gone) group_.drop(id);
  for (const PendingEntry& entry : claimed) {
    group_.deliver(entry.id, {&consumer_, now_ms_, one_more(entry.deliveries)});
  }
  if (!claimed.empty()) consumer_.active_ms = now_ms_;
  return !dropped_enough();
}

void GroupReader::read_new() {
  const auto first = group_.peek().last_id().next();
  if (!first) return;
  for (Stream::Cursor at = group_.stream().seek(*first); at.valid(); at.next()) {
    const StreamId id = at.entry().id;
    const bool added = request_.min_idle_ms ? out_.add(at.entry(), {0, 0}) : out_.add(at.entry());
    if (!added) break;
    group_.advance(id);
    if (request_.keeps_nothing_pending) continue;
    group_.deliver(id, {&consumer_, now_ms_, 1});
    consumer_.active_ms = now_ms_;
  }
}

// The moment at which something may be claimed that may not be now; 0: nothing is pending.
int64_t next_claim_ms(const ReadRequest& request, const std::vector<Source>& sources) {
  int64_t wake_ms = 0;
  for (const Source& source : sources) {
    const auto earliest_ms = source.group.peek().earliest_delivery_ms();
    if (!earliest_ms) continue;
    const bool fits = *request.min_idle_ms <= INT64_MAX - *earliest_ms;
    wake_ms = earlier(wake_ms, fits ? *earliest_ms + *request.min_idle_ms : INT64_MAX);
  }
  return wake_ms;
}

// Whoever could not be shown all that is pending looks again at once, and waits till then, though not asked
// to.
Outcome wait_for_work(Call& call, const ReadRequest& request, const std::vector<Source>& sources,
                      bool seen_all) {
  Park park;
  park.keys.assign(request.keys.begin(), request.keys.end());
  park.type = keyspace::Type::kStream;
  park.wake_on_gone = true;
  if (request.timeout_ms) park.deadline_ms = exec::deadline_in(call, *request.timeout_ms);
  if (request.min_idle_ms) park.wake_at_ms = next_claim_ms(request, sources);
  if (!seen_all) park.wake_at_ms = call.access().now_ms;
  return call.block_on(park);
}

Outcome cmd_xreadgroup(Call& call) {
  const ReadRequest request = read_request(call.args, Reader::kOfGroup);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::vector<Source> sources;
  if (!look_up(call, request, sources)) return Outcome::kFailed;
  ReadReply out(call.reply, request);
  bool seen_all = true;
  for (size_t i = 0; i < sources.size(); ++i) {
    out.next_stream(request.keys[i]);
    GroupReader reader(call, request, sources[i].group, out);
    if (sources[i].after) {
      reader.read_history(*sources[i].after);
    } else {
      seen_all = reader.claim() && seen_all;
      reader.read_new();
    }
    sources[i].group.finish();
  }
  if (out.finish()) return Outcome::kDone;
  if (request.timeout_ms || !seen_all) return wait_for_work(call, request, sources, seen_all);
  call.reply.null_array();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xreadgroup", cmd_xreadgroup, at_least(7), stream_keys(4, kKeyRo | kKeyAccess), kWrite | kBlocking,
     Group::kStream, "5.0.0",
     "Gets entries as a consumer of a group: new ones, idle ones of others, or its own pending ones, waiting "
     "for them if asked.",
     "GROUP <group consumer> [COUNT count] [MAXCOUNT maxcount:integer@8.10.0] [MAXSIZE "
     "maxsize:integer@8.10.0] "
     "[BLOCK milliseconds] [CLAIM min-idle-time:integer@8.4.0] [NOACK] STREAMS "
     "streams<key [key ...] id [id ...]>"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_readgroup_commands() {
  return kRows;
}

}  // namespace sluice::commands
