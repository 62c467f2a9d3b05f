// Streams, the writing half: XADD XTRIM XDEL XSETID, and XLEN. The log gets entries under the ids they were
// given, and trims as the exact cut they turned out to be, so that replaying depends on no clock and on no
// block size.
#include "types/stream.h"

#include <optional>
#include <vector>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/stream_append.h"
#include "commands/stream_idempotence.h"
#include "commands/stream_trimming.h"

namespace sluice::commands {

namespace {

using types::Stream;
using types::StreamId;
using types::StreamIdRequest;
using types::StreamIdText;

constexpr ByteView kNamedWithId = "ERR IDMP/IDMPAUTO can be used only with auto-generated IDs";

struct AddRequest {
  AddRequest() {
  }  // NOLINT(modernize-use-equals-default): that would clear all of it, which most never look at

  TrimRequest trim;
  ProducerWords producer;
  bool must_exist = false;
  StreamIdRequest id;
  size_t id_at = 0;  // which argument that was; 0 while there is none
  types::StreamFields fields;
};

// All words before the id begin with a letter, and no id does.
bool read_option(exec::Args& args, AddRequest& request) {
  const ByteView word = args.peek();
  if (word.empty() || word[0] < 'A') return false;
  if (read_trim_word(args, request.trim) || read_producer(args, request.producer)) return true;
  if (!args.accept("NOMKSTREAM")) return false;
  request.must_exist = true;
  return true;
}

// XADD's options up to and with its id.
AddRequest read_add(Call& call) {
  exec::Args& args = call.args;
  AddRequest request;
  while (args.more() && args.ok() && request.id_at == 0) {
    if (read_option(args, request)) continue;
    const size_t at = args.position();
    if (!types::parse_stream_id_request(args.next(), request.id)) {
      args.latch(kInvalidStreamId);
    } else if (request.producer.given && request.id.kind != StreamIdRequest::Kind::kNext) {
      args.latch(kNamedWithId);
    } else {
      request.id_at = at;
    }
  }
  if (args.ok()) settle_trim(call, true, request.trim);
  return request;
}

TrimRequest read_trim(Call& call) {
  TrimRequest request;
  while (call.args.more() && call.args.ok()) {
    if (!read_trim_word(call.args, request)) call.args.syntax_error();
  }
  if (call.args.ok()) settle_trim(call, false, request);
  return request;
}

// Whether replaying the words as they were received does the same, in Redis 7.0 too.
bool replays_as_received(const AddRequest& request) {
  return request.id.kind == StreamIdRequest::Kind::kExplicit && !request.trim.policy &&
         (!request.trim.rule || !request.trim.rule->approximate);
}

// Where the id stands when no option does: only it is not replayed as it was received.
constexpr size_t kPlainIdAt = 2;

// After the entry was added: cut what the options ask for, and tell the log of both.
types::StreamRemoval trim_after(Call& call, const AddRequest& request, Stream& stream) {
  types::StreamRemoval removal = trim(call, request.trim, stream);
  if (!replays_as_received(request)) {
    propagate_entry(call, {call.args.at(1), request.fields, request.trim}, stream, removal);
  }
  return removal;
}

Outcome add_entry(Call& call, const AddRequest& request, Edit<Stream>& stream) {
  const auto id = stream.peek().next_id(request.id, static_cast<uint64_t>(call.access().now_ms));
  if (request.producer.given) {
    const uint64_t now_ms = id.ok() ? id->ms : stream.peek().last_id().ms;
    const auto before = sent_before(stream.peek(), request.producer.pid, request.producer.iid, now_ms);
    if (before) {
      count_duplicate(call, stream, request.producer);
      call.reply.bulk(StreamIdText(*before).view());
      return Outcome::kDone;
    }
  }
  if (!id.ok()) return call.fail(text_of(id.error()));
  if (const auto added = stream->append(*id, request.fields); !added.ok()) {
    stream.unchanged();
    return call.fail(text_of(added.error()));
  }
  const StreamIdText text(*id);
  if (request.id_at != kPlainIdAt) {
    const types::StreamRemoval removal = trim_after(call, request, *stream);
    if (request.producer.given) remember(call, *stream, request.producer, *id);
    commit_entry(call, stream, removal);
  } else {
    if (!replays_as_received(request)) call.propagate_as(exec::ReplacedArgument{kPlainIdAt, text.view()});
    stream.commit(events::xadd);
  }
  call.reply.bulk(text.view());
  return Outcome::kDone;
}

Outcome cmd_xadd(Call& call) {
  const ByteView key = call.args.key();
  AddRequest request = read_add(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  request.fields = call.args.rest();
  if (request.id_at == 0 || request.fields.empty() || request.fields.size() % 2 != 0) {
    return call.fail(errors::wrong_arity("xadd"));
  }
  // Refused even when the key is of another type, or absent.
  const bool is_zero =
      request.id.kind == StreamIdRequest::Kind::kExplicit && request.id.id == types::kMinStreamId;
  if (is_zero) return call.fail(text_of(types::AppendError::kZeroId));
  auto found = request.must_exist ? call.edit_existing<Stream>(key) : call.edit<Stream>(key);
  if (!found.ok()) return call.fail(found.error());
  if (!*found) {
    call.reply.null();
    return Outcome::kDone;
  }
  const Bytes content = request.producer.by_content ? content_name(request.fields) : Bytes();
  if (request.producer.by_content) request.producer.iid = content;
  return add_entry(call, request, *found);
}

void propagate_trim(Call& call, ByteView key, const TrimRequest& request, const Stream& stream,
                    const types::StreamRemoval& removal) {
  propagate_purged(call, key, removal.purged);
  const TrimEffect trimmed(request, stream, removal);
  std::vector<ByteView> words = {"XTRIM", key};
  trimmed.append_to(words);
  if (!trimmed.empty()) call.propagate_as(words);
  propagate_hollow(call, key, request, removal);
  propagate_deletions(call, key, removal.by_id);
}

Outcome cmd_xtrim(Call& call) {
  const ByteView key = call.args.key();
  const TrimRequest request = read_trim(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  const types::StreamRemoval removal = trim(call, request, **stream);
  if (removal.gone > 0) {
    stream->commit(events::xtrim, removal.gone);
  } else {
    stream->unchanged();
    if (removal.dropped_blocks > 0) call.unit().changes.count_dirty(1);
  }
  propagate_trim(call, key, request, stream->peek(), removal);
  call.reply.integer(static_cast<int64_t>(removal.gone));
  return Outcome::kDone;
}

Outcome cmd_xlen(Call& call) {
  const auto stream = call.view<Stream>(call.args.key());
  if (!stream.ok()) return call.fail(stream.error());
  call.reply.integer(*stream ? static_cast<int64_t>((*stream)->size()) : 0);
  return Outcome::kDone;
}

Outcome cmd_xdel(Call& call) {
  auto stream = call.edit_existing<Stream>(call.args.key());
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  // All are read before any is deleted: a bad one leaves the stream as it was.
  std::vector<StreamId> ids;
  for (const ByteView word : call.args.rest()) {
    const std::optional<StreamId> id = types::parse_stream_id(word, 0);
    if (!id) return call.fail(kInvalidStreamId);
    ids.push_back(*id);
  }
  uint64_t gone = 0;
  for (const StreamId& id : ids) gone += (*stream)->remove(id) ? 1 : 0;
  if (gone > 0) {
    stream->commit(events::xdel, gone);
  } else {
    stream->unchanged();
  }
  call.reply.integer(static_cast<int64_t>(gone));
  return Outcome::kDone;
}

struct SetIdRequest {
  StreamId last_id;
  std::optional<uint64_t> entries_added;
  std::optional<StreamId> max_deleted_id;
};

StreamId read_id(exec::Args& args) {
  const std::optional<StreamId> id = types::parse_stream_id(args.next(), 0);
  if (!id) args.latch(kInvalidStreamId);
  return id.value_or(types::kMinStreamId);
}

SetIdRequest read_set_id(exec::Args& args) {
  SetIdRequest request;
  request.last_id = read_id(args);
  while (args.more() && args.ok()) {
    if (args.accept_with("ENTRIESADDED")) {
      request.entries_added =
          static_cast<uint64_t>(args.integer_between(0, INT64_MAX, "ERR entries_added must be positive"));
    } else if (args.accept_with("MAXDELETEDID")) {
      request.max_deleted_id = read_id(args);
      if (args.ok() && request.last_id < *request.max_deleted_id) {
        args.latch("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      args.syntax_error();
    }
  }
  return request;
}

// Why the stream cannot take these ids; empty when it can.
ByteView refusal_of(const SetIdRequest& request, const Stream& stream) {
  if (request.last_id < stream.max_deleted_id()) {
    return "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
  }
  const Stream::Cursor last = stream.seek_back(types::kMaxStreamId);
  if (!last.valid()) return {};
  if (request.last_id < last.entry().id) {
    return "ERR The ID specified in XSETID is smaller than the target stream top item";
  }
  if (request.entries_added && *request.entries_added < stream.size()) {
    return "ERR The entries_added specified in XSETID is smaller than the target stream length";
  }
  return {};
}

Outcome cmd_xsetid(Call& call) {
  const ByteView key = call.args.key();
  const SetIdRequest request = read_set_id(call.args);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return call.fail(errors::kNoSuchKey);
  if (const ByteView refusal = refusal_of(request, stream->peek()); !refusal.empty()) {
    return call.fail(refusal);
  }
  (*stream)->set_last_id(request.last_id);
  if (request.entries_added) (*stream)->set_entries_added(*request.entries_added);
  // 0-0 stands for not given.
  if (request.max_deleted_id && *request.max_deleted_id != types::kMinStreamId) {
    (*stream)->set_max_deleted_id(*request.max_deleted_id);
  }
  stream->commit(events::xsetid);
  call.reply.ok();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xadd", cmd_xadd, at_least(5),
     one_key(1, kKeyRw | kKeyUpdate, "UPDATE and not INSERT, since it may trim as well"),
     kWrite | kDenyOom | kFast, Group::kStream, "5.0.0",
     "Appends an entry to a stream, creating the stream if need be.",
     "key [NOMKSTREAM@6.2.0] policy@8.2.0[KEEPREF|DELREF|ACKED] "
     "once@8.6.0[IDMPAUTO pid|IDMP named<pid iid>] trim[strategy<MAXLEN|MINID@6.2.0> "
     "operator[=|~] threshold [LIMIT count@6.2.0]] id_or_auto<*|id> field value [field value ...]",
     0, "nondeterministic_output"},
    {"xdel", cmd_xdel, at_least(3), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kStream, "5.0.0",
     "Deletes entries and tells how many there were.", "key id [id ...]"},
    {"xlen", cmd_xlen, exactly(2), one_key(1, kKeyRo), kReadonly | kFast, Group::kStream, "5.0.0",
     "Tells how many entries a stream has.", "key"},
    {"xsetid", cmd_xsetid, at_least(3), one_key(1, kKeyRw | kKeyUpdate), kWrite | kDenyOom | kFast,
     Group::kStream, "5.0.0", "Puts back what a stream remembers of its ids.",
     "key last-id [ENTRIESADDED entries_added@7.0.0] [MAXDELETEDID max_deleted_entry_id@7.0.0]"},
    {"xtrim", cmd_xtrim, at_least(4), one_key(1, kKeyRw | kKeyDelete), kWrite, Group::kStream, "5.0.0",
     "Deletes the oldest entries of a stream.",
     "key trim<strategy<MAXLEN|MINID@6.2.0> operator[=|~] threshold [LIMIT count@6.2.0]> "
     "policy@8.2.0[KEEPREF|DELREF|ACKED]",
     0, "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_commands() {
  return kRows;
}

}  // namespace sluice::commands
