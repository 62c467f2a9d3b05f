// What is known of a stream and its groups: XINFO. Where a group stands is counted exactly: `lag` is what it
// has still to read.
#include <algorithm>
#include <optional>

#include "commands/all.h"
#include "commands/help.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_reply.h"

namespace sluice::commands {

namespace {

using types::PendingEntry;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;

constexpr uint64_t kDefaultCount = 10;

void write_last(resp::Reply& reply, const Stream::Cursor& at) {
  if (at.valid()) {
    write_entry(reply, at.entry());
  } else {
    reply.null();
  }
}

void write_number(resp::Reply& reply, ByteView name, uint64_t value) {
  reply.bulk(name);
  reply.integer(static_cast<int64_t>(value));
}

void write_id_of(resp::Reply& reply, ByteView name, const StreamId& id) {
  reply.bulk(name);
  write_id(reply, id);
}

// Of what producers sent by names of their own, as long as it is remembered at `now_ms`.
void write_idempotence(resp::Reply& reply, const Stream& stream, int64_t now_ms) {
  const types::IdempotenceLimits limits = stream.idempotence_limits();
  const types::IdempotenceTable* const table = stream.idempotence();
  types::IdempotenceTable::Tracked tracked;
  if (table != nullptr)
    tracked = table->tracked(std::max(static_cast<uint64_t>(now_ms), stream.last_id().ms));
  write_number(reply, "idmp-duration", limits.duration_s);
  write_number(reply, "idmp-maxsize", limits.max_ids);
  write_number(reply, "pids-tracked", tracked.producers);
  write_number(reply, "iids-tracked", tracked.ids);
  write_number(reply, "iids-added", table == nullptr ? 0 : table->added());
  write_number(reply, "iids-duplicates", table == nullptr ? 0 : table->duplicates());
}

// Thirteen pairs. Redis counts the nodes of its radix tree; ours is a list of blocks, one node each and the
// root.
void write_stream_facts(resp::Reply& reply, const Stream& stream, int64_t now_ms) {
  write_number(reply, "length", stream.size());
  write_number(reply, "radix-tree-keys", stream.block_count());
  write_number(reply, "radix-tree-nodes", stream.block_count() + 1);
  write_id_of(reply, "last-generated-id", stream.last_id());
  write_id_of(reply, "max-deleted-entry-id", stream.max_deleted_id());
  write_number(reply, "entries-added", stream.entries_added());
  write_id_of(reply, "recorded-first-entry-id", stream.first_id());
  write_idempotence(reply, stream, now_ms);
}
constexpr size_t kStreamFacts = 13;

// Two pairs.
void write_progress(resp::Reply& reply, const Stream& stream, const StreamGroup& group) {
  reply.bulk("entries-read");
  if (group.entries_read == StreamGroup::kUnknown) {
    reply.null();
  } else {
    reply.integer(group.entries_read);
  }
  write_number(reply, "lag", stream.entries_after(group.last_id()));
}

void write_pending_of_group(resp::Reply& reply, const StreamGroup& group, uint64_t count) {
  const uint64_t shown = std::min<uint64_t>(count, group.pending_count());
  reply.array(shown);
  std::optional<PendingEntry> entry = group.next_pending(types::kMinStreamId);
  for (uint64_t left = shown; left > 0; --left) {
    reply.array(4);
    write_id(reply, entry->id);
    reply.bulk(entry->consumer == nullptr ? ByteView() : ByteView(entry->consumer->name()));
    reply.integer(entry->delivered_ms);
    reply.integer(static_cast<int64_t>(entry->deliveries));
    if (left > 1) entry = group.next_pending(*entry->id.next());
  }
}

void write_pending_of_consumer(resp::Reply& reply, const StreamGroup& group, const StreamConsumer& consumer,
                               uint64_t count) {
  const uint64_t shown = std::min<uint64_t>(count, consumer.pending_count());
  reply.array(shown);
  std::optional<StreamId> id = consumer.next_own(types::kMinStreamId);
  for (uint64_t left = shown; left > 0; --left) {
    const PendingEntry entry = *group.find_pending(*id);
    reply.array(3);
    write_id(reply, entry.id);
    reply.integer(entry.delivered_ms);
    reply.integer(static_cast<int64_t>(entry.deliveries));
    if (left > 1) id = consumer.next_own(*id->next());
  }
}

void write_consumers_in_full(resp::Reply& reply, const StreamGroup& group, uint64_t count) {
  reply.array(group.consumers().size());
  for (const auto& [name, consumer] : group.consumers()) {
    reply.map(5);
    reply.bulk("name");
    reply.bulk(name);
    reply.bulk("seen-time");
    reply.integer(consumer->seen_ms);
    reply.bulk("active-time");
    reply.integer(consumer->active_ms);
    write_number(reply, "pel-count", consumer->pending_count());
    reply.bulk("pending");
    write_pending_of_consumer(reply, group, *consumer, count);
  }
}

void write_groups_in_full(resp::Reply& reply, const Stream& stream, uint64_t count) {
  reply.array(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) {
    reply.map(8);
    reply.bulk("name");
    reply.bulk(name);
    write_id_of(reply, "last-delivered-id", group->last_id());
    write_progress(reply, stream, *group);
    write_number(reply, "pel-count", group->pending_count());
    write_number(reply, "nacked-count", group->released_count());
    reply.bulk("pending");
    write_pending_of_group(reply, *group, count);
    reply.bulk("consumers");
    write_consumers_in_full(reply, *group, count);
  }
}

void write_in_full(Call& call, const Stream& stream, uint64_t count) {
  resp::Reply& reply = call.reply;
  reply.map(kStreamFacts + 2);
  write_stream_facts(reply, stream, call.access().now_ms);
  reply.bulk("entries");
  const uint64_t shown = std::min(count, stream.size());
  reply.array(shown);
  Stream::Cursor at = stream.seek(types::kMinStreamId);
  for (uint64_t left = shown; left > 0; --left) {
    write_entry(reply, at.entry());
    at.next();
  }
  reply.bulk("groups");
  write_groups_in_full(reply, stream, count);
}

void write_in_brief(Call& call, const Stream& stream) {
  resp::Reply& reply = call.reply;
  reply.map(kStreamFacts + 3);
  write_stream_facts(reply, stream, call.access().now_ms);
  write_number(reply, "groups", stream.groups().size());
  reply.bulk("first-entry");
  write_last(reply, stream.seek(types::kMinStreamId));
  reply.bulk("last-entry");
  write_last(reply, stream.seek_back(types::kMaxStreamId));
}

// The stream that is asked about; nothing when an error was replied.
std::optional<View<Stream>> find_stream(Call& call, ByteView key) {
  const auto stream = call.view<Stream>(key);
  if (!stream.ok()) {
    call.fail(stream.error());
    return std::nullopt;
  }
  if (!*stream) {
    call.fail(errors::kNoSuchKey);
    return std::nullopt;
  }
  return *stream;
}

// [FULL [COUNT count]]; how many of everything is shown.
Outcome cmd_stream(Call& call) {
  exec::Args& args = call.args;
  const auto stream = find_stream(call, args.key());
  if (!stream) return Outcome::kFailed;
  if (!args.more()) {
    write_in_brief(call, **stream);
    return Outcome::kDone;
  }
  uint64_t count = kDefaultCount;
  const bool counted = args.accept("FULL") && args.left() == 2 && args.accept("COUNT");
  if (counted) {
    const int64_t asked = args.integer();
    if (!args.ok()) return call.fail(args.error());
    if (asked == 0) count = UINT64_MAX;
    if (asked > 0) count = static_cast<uint64_t>(asked);
  }
  if (args.more() || !same_word(args.at(3), "FULL")) {
    return call.fail(errors::unknown_subcommand_or_arity(args.at(0), args.at(1)));
  }
  write_in_full(call, **stream, count);
  return Outcome::kDone;
}

Outcome cmd_groups(Call& call) {
  const auto stream = find_stream(call, call.args.key());
  if (!stream) return Outcome::kFailed;
  resp::Reply& reply = call.reply;
  reply.array((*stream)->groups().size());
  for (const auto& [name, group] : (*stream)->groups()) {
    reply.map(6);
    reply.bulk("name");
    reply.bulk(name);
    write_number(reply, "consumers", group->consumers().size());
    write_number(reply, "pending", group->pending_count());
    write_id_of(reply, "last-delivered-id", group->last_id());
    write_progress(reply, **stream, *group);
  }
  return Outcome::kDone;
}

// `idle` is since it asked for anything, `inactive` since it got something, or -1.
Outcome cmd_consumers(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const auto stream = find_stream(call, key);
  if (!stream) return Outcome::kFailed;
  const StreamGroup* group = (*stream)->find_group(name);
  if (group == nullptr) return call.fail(no_group_of_key(name, key));
  const int64_t now_ms = call.access().now_ms;
  resp::Reply& reply = call.reply;
  reply.array(group->consumers().size());
  for (const auto& [consumer_name, consumer] : group->consumers()) {
    reply.map(4);
    reply.bulk("name");
    reply.bulk(consumer_name);
    write_number(reply, "pending", consumer->pending_count());
    reply.bulk("idle");
    reply.integer(std::max<int64_t>(now_ms - consumer->seen_ms, 0));
    reply.bulk("inactive");
    const bool never = consumer->active_ms == StreamConsumer::kNever;
    reply.integer(never ? -1 : std::max<int64_t>(now_ms - consumer->active_ms, 0));
  }
  return Outcome::kDone;
}

constexpr CommandSpec kSubcommands[] = {
    {"consumers", cmd_consumers, exactly(4), one_key(2, kKeyRo | kKeyAccess), kReadonly, Group::kStream,
     "5.0.0", "Lists the consumers of a group.", "key groupname", 0, "nondeterministic_output"},
    {"groups", cmd_groups, exactly(3), one_key(2, kKeyRo | kKeyAccess), kReadonly, Group::kStream, "5.0.0",
     "Lists the consumer groups of a stream.", "key"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kStream, "5.0.0",
     "Shows the subcommands."},
    {"stream", cmd_stream, at_least(3), one_key(2, kKeyRo | kKeyAccess), kReadonly, Group::kStream, "5.0.0",
     "Tells what is known of a stream, or all that is in it.", "key [FULL full<[COUNT count]>]"},
};
static_assert(rows_are_sound(kSubcommands));

constexpr CommandSpec kRows[] = {
    {"xinfo",
     nullptr,
     at_least(2),
     no_keys(),
     0,
     Group::kStream,
     "5.0.0",
     "Tells of streams, consumer groups and consumers.",
     {},
     kCatNotOfGroup,
     {},
     kSubcommands},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_info_commands() {
  return kRows;
}

}  // namespace sluice::commands
