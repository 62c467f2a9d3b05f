// Consumer groups and their consumers, made and unmade: XGROUP. Logged as received: an id of `$` means the
// same at replay. What groups do by themselves is said in commands/stream_policy.
#include <algorithm>
#include <optional>

#include "commands/all.h"
#include "commands/help.h"
#include "commands/stream_group_edit.h"
#include "commands/stream_policy.h"
#include "commands/stream_reply.h"

namespace sluice::commands {

namespace {

using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;

constexpr ByteView kBusyGroup = "BUSYGROUP Consumer Group name already exists";
constexpr ByteView kBadEntriesRead = "ERR value for ENTRIESREAD must be positive or -1";

// Each option once; more are noticed last.
constexpr size_t kMostCreateWords = 8;
constexpr size_t kMostSetIdWords = 7;

struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kUnknown;
};

std::string bad_words(const Call& call) {
  return errors::unknown_subcommand_or_arity(call.args.at(0), call.args.at(1));
}

// In a log written before these counts had an end there may be one that went over it.
int64_t read_entries_read(Call& call) {
  const bool replaying = call.entrance == Entrance::kReplay;
  const int64_t least = replaying ? INT64_MIN : StreamGroup::kUnknown;
  return std::max(call.args.integer_between(least, INT64_MAX, kBadEntriesRead), StreamGroup::kUnknown);
}

// What follows the id. False: an error was replied.
bool read_options(Call& call, bool creating, GroupOptions& options) {
  exec::Args& args = call.args;
  while (args.more() && args.ok()) {
    if (creating && args.accept("MKSTREAM")) {
      options.make_stream = true;
    } else if (args.accept_with("ENTRIESREAD")) {
      options.entries_read = read_entries_read(call);
    } else {
      call.fail(bad_words(call));
      return false;
    }
  }
  if (!args.ok()) call.fail(args.error());
  return args.ok();
}

// Nothing but the group was changed.
void settle(Call& call, GroupEdit& edit, const keyspace::Event& event) {
  edit.finish();
  call.unit().changes.count_dirty(1);
  announce(call, event, edit.key());
}

Outcome cmd_create(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView start = call.args.next();
  GroupOptions options;
  if (!read_options(call, true, options)) return Outcome::kFailed;
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream && !options.make_stream) return call.fail(kXgroupNeedsKey);
  if (call.args.size() > kMostCreateWords) return call.fail(bad_words(call));
  std::optional<StreamId> id;
  if (start == "$") {
    id = *stream ? stream->peek().last_id() : types::kMinStreamId;
  } else {
    id = types::parse_stream_id(start, 0);
  }
  if (!id) return call.fail(kInvalidStreamId);
  if (!*stream) stream = call.edit<Stream>(key);
  if (stream->peek().find_group(name) != nullptr) return call.fail(kBusyGroup);
  (*stream)->add_group(name, *id, options.entries_read);
  if (stream->created()) {
    stream->commit(events::xgroup_create);
  } else {
    stream->unchanged();
    call.unit().changes.count_dirty(1);
    announce(call, events::xgroup_create, key);
  }
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_setid(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView word = call.args.next();
  GroupOptions options;
  if (!read_options(call, false, options)) return Outcome::kFailed;
  std::optional<GroupEdit> edit = edit_group_of_xgroup(call, key, name);
  if (!edit) return Outcome::kFailed;
  if (call.args.size() > kMostSetIdWords) return call.fail(bad_words(call));
  std::optional<StreamId> id;
  if (word == "$") {
    id = edit->stream().last_id();
  } else if (word == "-" || word == "+") {
    id = word == "-" ? types::kMinStreamId : types::kMaxStreamId;
  } else {
    id = types::parse_stream_id(word, 0);
  }
  if (!id) return call.fail(kInvalidStreamId);
  edit->group().set_last_id(*id);
  edit->group().entries_read = options.entries_read;
  settle(call, *edit, events::xgroup_setid);
  wake_readers(call, key);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_destroy(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return call.fail(kXgroupNeedsKey);
  if (stream->peek().find_group(name) == nullptr) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  call.on.keyspace.graveyard().bury((*stream)->remove_group(name));
  stream->unchanged();
  call.unit().changes.count_dirty(1);
  announce(call, events::xgroup_destroy, key);
  wake_readers(call, key);
  call.reply.integer(1);
  return Outcome::kDone;
}

Outcome cmd_createconsumer(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView consumer = call.args.next();
  std::optional<GroupEdit> edit = edit_group_of_xgroup(call, key, name);
  if (!edit) return Outcome::kFailed;
  const bool there = edit->peek().find_consumer(consumer) != nullptr;
  if (!there) {
    edit->group().add_consumer(consumer, call.access().now_ms);
    settle(call, *edit, events::xgroup_createconsumer);
  }
  call.reply.integer(there ? 0 : 1);
  return Outcome::kDone;
}

Outcome cmd_delconsumer(Call& call) {
  const ByteView key = call.args.key();
  const ByteView name = call.args.next();
  const ByteView word = call.args.next();
  std::optional<GroupEdit> edit = edit_group_of_xgroup(call, key, name);
  if (!edit) return Outcome::kFailed;
  uint64_t dropped = 0;
  if (StreamConsumer* consumer = edit->peek().find_consumer(word); consumer != nullptr) {
    dropped = edit->group().remove_consumer(*consumer);
    settle(call, *edit, events::xgroup_delconsumer);
  }
  call.reply.integer(static_cast<int64_t>(dropped));
  return Outcome::kDone;
}

constexpr KeySpec dead_letters_key() {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = "DLQ";
  spec.start_from = 4;
  spec.flags = kKeyRw | kKeyInsert;
  return spec;
}
constexpr KeySpec kDeadLetters = dead_letters_key();

constexpr CommandSpec kSubcommands[] = {
    {"create", cmd_create, at_least(5), one_key(2, kKeyRw | kKeyInsert), kWrite | kDenyOom, Group::kStream,
     "5.0.0", "Makes a consumer group that reads on from an id, and the stream as well if told so.",
     "key groupname id<id|$> [MKSTREAM] [ENTRIESREAD entries_read]"},
    {"createconsumer", cmd_createconsumer, exactly(5), one_key(2, kKeyRw | kKeyInsert), kWrite | kDenyOom,
     Group::kStream, "6.2.0", "Makes a consumer of a group.", "key groupname consumername"},
    {"delconsumer", cmd_delconsumer, exactly(5), one_key(2, kKeyRw | kKeyDelete), kWrite, Group::kStream,
     "5.0.0", "Removes a consumer with all it has pending, and tells how much that was.",
     "key groupname consumername"},
    {"destroy", cmd_destroy, exactly(4), one_key(2, kKeyRw | kKeyDelete), kWrite, Group::kStream, "5.0.0",
     "Removes a group with its consumers and all that is pending.", "key groupname"},
    {"getpolicy", cmd_getpolicy, exactly(4), one_key(2, kKeyRo | kKeyAccess), kReadonly, Group::kStream,
     "7.2.4", "Tells what a group does by itself.", "key groupname"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kStream, "5.0.0",
     "Shows the subcommands."},
    {"setid", cmd_setid, at_least(5), one_key(2, kKeyRw | kKeyUpdate), kWrite, Group::kStream, "5.0.0",
     "Moves a group to an id, from which on it reads.", "key groupname id<id|$> [ENTRIESREAD entries_read]"},
    {"setpolicy", cmd_setpolicy, at_least(4), two_keys(key_range(2, 0, 1, kKeyRw | kKeyUpdate), kDeadLetters),
     kWrite | kDenyOom, Group::kStream, "7.2.4",
     "Says what a group does by itself: leases, dead letters, delays, and the end of consumers.",
     "key groupname [LEASE lease-milliseconds:integer] [MAXDELIVER deliveries:integer] [BACKOFF "
     "backoff<base-milliseconds:integer "
     "[factor:double [max-milliseconds:integer]]>] [DLQ dlqkey:key] [DLQMAXLEN dlqmaxlen:integer] "
     "[CONSUMER-TTL ttl-milliseconds:integer]"},
};
static_assert(rows_are_sound(kSubcommands));

constexpr CommandSpec kRows[] = {
    {"xgroup",
     nullptr,
     at_least(2),
     no_keys(),
     0,
     Group::kStream,
     "5.0.0",
     "Makes, moves and removes consumer groups and their consumers.",
     {},
     kCatNotOfGroup,
     {},
     kSubcommands},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_group_commands() {
  return kRows;
}

}  // namespace sluice::commands
