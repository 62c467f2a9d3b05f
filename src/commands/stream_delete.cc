// Streams: entries that are deleted by their ids, with a policy for what groups have pending of them: XDELEX
// XACKDEL. The log gets what went: XACK and XDEL, which Redis 7.0 replays.
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/stream_trimming.h"

namespace sluice::commands {

namespace {

using types::DeletePolicy;
using types::Stream;
using types::StreamGroup;
using types::StreamId;
using types::StreamRemoval;

constexpr ByteView kCountNotPositive = "ERR Number of IDs must be a positive integer";
constexpr ByteView kCountMismatch = "ERR The `numids` parameter must match the number of arguments";

// What is answered for each id.
constexpr int64_t kNotThere = -1;
constexpr int64_t kDeleted = 1;
constexpr int64_t kStillNeeded = 2;

struct DeleteRequest {
  DeletePolicy policy = DeletePolicy::kKeepRef;
  std::vector<StreamId> ids;
};

std::span<const ByteView> read_ids(exec::Args& args) {
  const auto count = base::parse_int64(args.next());
  if (!count || *count < 1) {
    args.latch(kCountNotPositive);
  } else if (static_cast<uint64_t>(*count) > args.left()) {
    args.latch(kCountMismatch);
  } else {
    return args.take(static_cast<size_t>(*count));
  }
  return {};
}

// [KEEPREF | DELREF | ACKED] IDS n id ..., in either order.
DeleteRequest read_request(exec::Args& args) {
  DeleteRequest request;
  std::optional<DeletePolicy> policy;
  std::span<const ByteView> words;
  while (args.more() && args.ok()) {
    if (read_policy(args, policy)) continue;
    if (words.empty() && args.accept_with("IDS")) {
      words = read_ids(args);
    } else {
      args.syntax_error();
    }
  }
  if (args.ok() && words.empty()) args.syntax_error();
  request.policy = policy.value_or(DeletePolicy::kKeepRef);
  // All are read before any is deleted: a bad one leaves the stream as it was.
  for (const ByteView word : words) {
    const std::optional<StreamId> id = types::parse_stream_id(word, 0);
    if (!id) args.latch(kInvalidStreamId);
    request.ids.push_back(id.value_or(StreamId{}));
  }
  return request;
}

Outcome reply_none(Call& call, size_t count) {
  call.reply.array(count);
  for (; count > 0; --count) call.reply.integer(kNotThere);
  return Outcome::kDone;
}

// Deletes by policy, and collects what the log has to be told.
class Deletion {
 public:
  Deletion(Stream& stream, DeletePolicy policy) : stream_(stream), policy_(policy) {}

  int64_t remove(const StreamId& id) {
    if (policy_ == DeletePolicy::kAcked && stream_.needed(id) && stream_.contains(id)) return kStillNeeded;
    if (policy_ == DeletePolicy::kDelRef) {
      for (const ByteView group : stream_.purge_pending(id)) purged_.push_back({group, id});
    }
    if (!stream_.remove(id)) return kNotThere;
    deleted_.push_back(id);
    return kDeleted;
  }
  void acknowledged(ByteView group, const StreamId& id) { purged_.push_back({group, id}); }

  // Ends the change of the stream, whatever came of it.
  void finish(Call& call, ByteView key, Edit<Stream>& stream) const {
    if (deleted_.empty()) {
      // Pending entries alone are nothing that watchers or subscribers hear of.
      stream.unchanged();
      call.unit().changes.count_dirty(purged_.size());
    } else {
      stream.commit(events::xdel, deleted_.size() + purged_.size());
    }
    propagate_purged(call, key, purged_);
    propagate_deletions(call, key, deleted_);
  }

 private:
  Stream& stream_;
  DeletePolicy policy_;
  std::vector<StreamId> deleted_;
  std::vector<StreamRemoval::Purged> purged_;
};

Outcome cmd_xdelex(Call& call) {
  const ByteView key = call.args.key();
  const DeleteRequest request = read_request(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return reply_none(call, request.ids.size());
  Deletion deletion(**stream, request.policy);
  call.reply.array(request.ids.size());
  for (const StreamId& id : request.ids) call.reply.integer(deletion.remove(id));
  deletion.finish(call, key, *stream);
  return Outcome::kDone;
}

Outcome cmd_xackdel(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const DeleteRequest request = read_request(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream || stream->peek().find_group(name) == nullptr) return reply_none(call, request.ids.size());
  StreamGroup& group = *(*stream)->find_group(name);
  Deletion deletion(**stream, request.policy);
  call.reply.array(request.ids.size());
  for (const StreamId& id : request.ids) {
    if (!group.acknowledge(id)) {
      call.reply.integer(kNotThere);
      continue;
    }
    deletion.acknowledged(name, id);
    // An entry that was gone before is as good as deleted now.
    call.reply.integer(deletion.remove(id) == kStillNeeded ? kStillNeeded : kDeleted);
  }
  deletion.finish(call, key, *stream);
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xackdel", cmd_xackdel, at_least(6), one_key(1, kKeyRw | kKeyUpdate | kKeyDelete), kWrite | kFast,
     Group::kStream, "8.2.0", "Acknowledges entries of a group and deletes them, by a policy.",
     "key group condition[KEEPREF|DELREF|ACKED] IDS ids<numids:integer id [id ...]>"},
    {"xdelex", cmd_xdelex, at_least(5), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kStream,
     "8.2.0", "Deletes entries, by a policy for what groups have pending of them.",
     "key condition[KEEPREF|DELREF|ACKED] IDS ids<numids:integer id [id ...]>"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_delete_commands() {
  return kRows;
}

}  // namespace sluice::commands
