// Streams, the writing half: XADD XTRIM XDEL XSETID, and XLEN. The log gets entries under the ids they were
// given, and trims as the exact cut they turned out to be, so that replaying depends on no clock and on no
// block size.
#include "types/stream.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"

namespace sluice::commands {

namespace {

using types::Stream;
using types::StreamId;
using types::StreamIdRequest;
using types::StreamIdText;
using types::StreamTrim;

constexpr ByteView kInvalidId = "ERR Invalid stream ID specified as stream command argument";
constexpr ByteView kIdIsZero = "ERR The ID specified in XADD must be greater than 0-0";
constexpr ByteView kIdNotGreater =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
constexpr ByteView kIdsExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
constexpr ByteView kTooLarge = "ERR Elements are too large to be stored";
constexpr ByteView kTwoStrategies =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
constexpr ByteView kNoStrategy = "ERR syntax error, XTRIM must be called with a trimming strategy";
constexpr ByteView kLimitWithoutStrategy =
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
constexpr ByteView kLimitOfExact = "ERR syntax error, LIMIT cannot be used without the special ~ option";
constexpr ByteView kNegativeMaxlen = "ERR The MAXLEN argument must be >= 0.";
constexpr ByteView kNegativeLimit = "ERR The LIMIT argument must be >= 0.";

// An approximate trim without LIMIT removes at most so many blocks' worth of entries, as in Redis: clients
// see how many went.
constexpr uint64_t kDefaultLimitBlocks = 100;
constexpr uint64_t kDefaultLimitUnbounded = 10'000;
constexpr uint64_t kDefaultLimitMost = 1'000'000;

struct TrimRequest {
  std::optional<StreamTrim> rule;
  ByteView threshold;
  std::optional<uint64_t> limit;
  // XADD only.
  bool must_exist = false;
  std::optional<StreamIdRequest> id;
};

void read_threshold(exec::Args& args, StreamTrim::Keep keep, TrimRequest& request) {
  if (request.rule) return args.latch(kTwoStrategies);
  StreamTrim rule;
  rule.keep = keep;
  rule.approximate = args.accept_with("~");
  if (!rule.approximate) args.accept_with("=");
  request.threshold = args.peek();
  if (keep == StreamTrim::Keep::kMaxLength) {
    rule.max_length = static_cast<uint64_t>(args.integer_between(0, INT64_MAX, kNegativeMaxlen));
  } else {
    const std::optional<StreamId> id = types::parse_stream_id(args.next(), 0);
    if (!id) args.latch(kInvalidId);
    rule.min_id = id.value_or(types::kMinStreamId);
  }
  request.rule = rule;
}

uint64_t default_limit(Call& call) {
  const size_t block_entries = call.on.keyspace.value_context().stream.node_max_entries;
  if (block_entries == 0) return kDefaultLimitUnbounded;
  return std::min<uint64_t>(kDefaultLimitBlocks * block_entries, kDefaultLimitMost);
}

// What the options mean together. A log that Redis wrote keeps LIMIT beside an exact trim, without meaning.
void settle_limit(Call& call, bool adding, TrimRequest& request) {
  exec::Args& args = call.args;
  if (call.entrance == Entrance::kReplay) request.limit = 0;
  if (request.limit.value_or(0) != 0 && !request.rule) return args.latch(kLimitWithoutStrategy);
  if (!adding && !request.rule) return args.latch(kNoStrategy);
  const bool approximate = request.rule && request.rule->approximate;
  if (request.limit && !approximate && call.entrance != Entrance::kReplay) return args.latch(kLimitOfExact);
  if (approximate) request.rule->limit = request.limit ? *request.limit : default_limit(call);
}

// XADD's options up to and with its id, or all of XTRIM's.
TrimRequest read_trim(Call& call, bool adding) {
  exec::Args& args = call.args;
  TrimRequest request;
  while (args.more() && args.ok() && !request.id) {
    if (args.accept_with("MAXLEN")) {
      read_threshold(args, StreamTrim::Keep::kMaxLength, request);
    } else if (args.accept_with("MINID")) {
      read_threshold(args, StreamTrim::Keep::kMinId, request);
    } else if (args.accept_with("LIMIT")) {
      request.limit = static_cast<uint64_t>(args.integer_between(0, INT64_MAX, kNegativeLimit));
    } else if (adding && args.accept("NOMKSTREAM")) {
      request.must_exist = true;
    } else if (adding) {
      request.id = types::parse_stream_id_request(args.next());
      if (!request.id) args.latch(kInvalidId);
    } else {
      args.syntax_error();
    }
  }
  if (args.ok()) settle_limit(call, adding, request);
  return request;
}

ByteView text_of(types::AppendError reason) {
  switch (reason) {
    case types::AppendError::kZeroId:
      return kIdIsZero;
    case types::AppendError::kNotGreater:
      return kIdNotGreater;
    case types::AppendError::kExhausted:
      return kIdsExhausted;
    case types::AppendError::kTooLarge:
      return kTooLarge;
  }
  return kIdNotGreater;
}

// The words by which the log repeats a trim: what was left, not what was asked. Owns the numbers it shows.
class TrimEffect {
 public:
  // `gone` entries went from the stream as it is now.
  TrimEffect(const TrimRequest& request, const Stream& stream, uint64_t gone)
      : needed_(request.rule.has_value() && (gone > 0 || !request.rule->approximate)),
        by_length_(!request.rule || request.rule->keep == StreamTrim::Keep::kMaxLength || stream.empty()),
        first_(stream.first_id()),
        length_(base::format_uint64(stream.size())),
        threshold_(request.threshold) {
    if (needed_ && !request.rule->approximate) {
      by_length_ = request.rule->keep == StreamTrim::Keep::kMaxLength;
    } else {
      threshold_ = by_length_ ? length_.view() : first_.view();
    }
  }
  TrimEffect(const TrimEffect&) = delete;
  TrimEffect& operator=(const TrimEffect&) = delete;

  void append_to(std::vector<ByteView>& words) const {
    if (needed_) words.insert(words.end(), {by_length_ ? "MAXLEN" : "MINID", "=", threshold_});
  }

 private:
  bool needed_;
  bool by_length_;
  StreamIdText first_;
  base::NumberText length_;
  ByteView threshold_;
};

void propagate_add(Call& call, const TrimRequest& request, const TrimEffect& trim, types::StreamFields fields,
                   ByteView id) {
  const bool as_received =
      request.id->kind == StreamIdRequest::Kind::kExplicit && (!request.rule || !request.rule->approximate);
  if (as_received) return;
  std::vector<ByteView> words = {"XADD", call.args.at(1)};
  words.reserve(fields.size() + 6);
  trim.append_to(words);
  words.push_back(id);
  words.insert(words.end(), fields.begin(), fields.end());
  call.propagate_as(words);
}

Outcome add_entry(Call& call, const TrimRequest& request, types::StreamFields fields, Edit<Stream>& stream) {
  const auto id = stream.peek().next_id(*request.id, static_cast<uint64_t>(call.access().now_ms));
  if (!id.ok()) return call.fail(text_of(id.error()));
  if (const auto added = stream->append(*id, fields); !added.ok()) {
    stream.unchanged();
    return call.fail(text_of(added.error()));
  }
  const uint64_t gone = request.rule ? stream->trim(*request.rule).gone : 0;
  stream.commit(events::xadd);
  if (gone > 0) call.unit().changes.touched(*call.access().db, stream.entry(), &events::xtrim);
  const StreamIdText text(*id);
  propagate_add(call, request, TrimEffect(request, stream.peek(), gone), fields, text.view());
  call.reply.bulk(text.view());
  return Outcome::kDone;
}

Outcome cmd_xadd(Call& call) {
  const ByteView key = call.args.key();
  const TrimRequest request = read_trim(call, true);
  if (!call.args.ok()) return call.fail(call.args.error());
  const types::StreamFields fields = call.args.rest();
  if (!request.id || fields.empty() || fields.size() % 2 != 0) return call.fail(errors::wrong_arity("xadd"));
  // Refused even when the key is of another type, or absent.
  const bool is_zero =
      request.id->kind == StreamIdRequest::Kind::kExplicit && request.id->id == types::kMinStreamId;
  if (is_zero) return call.fail(kIdIsZero);
  auto found = request.must_exist ? call.edit_existing<Stream>(key) : call.edit<Stream>(key);
  if (!found.ok()) return call.fail(found.error());
  if (!*found) {
    call.reply.null();
    return Outcome::kDone;
  }
  return add_entry(call, request, fields, *found);
}

Outcome cmd_xtrim(Call& call) {
  const ByteView key = call.args.key();
  const TrimRequest request = read_trim(call, false);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  uint64_t gone = 0;
  if (*stream) {
    gone = (*stream)->trim(*request.rule).gone;
    if (gone == 0) {
      stream->unchanged();
    } else {
      stream->commit(events::xtrim, gone);
      std::vector<ByteView> words = {"XTRIM", key};
      const TrimEffect effect(request, stream->peek(), gone);
      effect.append_to(words);
      call.propagate_as(words);
    }
  }
  call.reply.integer(static_cast<int64_t>(gone));
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
    if (!id) return call.fail(kInvalidId);
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
  if (!id) args.latch(kInvalidId);
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
     "key [NOMKSTREAM@6.2.0] trim[strategy<MAXLEN|MINID@6.2.0> operator[=|~] threshold [LIMIT count@6.2.0]] "
     "id_or_auto<*|id> field value [field value ...]",
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
     "key trim<strategy<MAXLEN|MINID@6.2.0> operator[=|~] threshold [LIMIT count@6.2.0]>", 0,
     "nondeterministic_output"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_commands() {
  return kRows;
}

}  // namespace sluice::commands
