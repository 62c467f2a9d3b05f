// Streams, the reading half: XRANGE XREVRANGE XREAD. XREAD may wait; it then runs again with `$` and `+`
// replaced by the ids they stood for, so that what arrives while it waits is what it gets.
#include <algorithm>
#include <optional>
#include <vector>

#include "commands/all.h"
#include "commands/family.h"
#include "commands/stream_read_request.h"
#include "commands/stream_reply.h"
#include "types/stream.h"

namespace sluice::commands {

namespace {

using types::Stream;
using types::StreamBound;
using types::StreamId;
using types::StreamIdText;

constexpr ByteView kNewOnly =
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.";

struct Range {
  StreamId start;
  StreamId end;
  uint64_t count = UINT64_MAX;
  bool backwards = false;
};

void write_range(resp::Reply& reply, const Stream& stream, const Range& range) {
  const resp::Reply::Mark mark = reply.begin_array();
  uint64_t written = 0;
  Stream::Cursor at = range.backwards ? stream.seek_back(range.end) : stream.seek(range.start);
  while (written < range.count && at.valid()) {
    if (range.backwards ? at.entry().id < range.start : at.entry().id > range.end) break;
    write_entry(reply, at.entry());
    ++written;
    if (range.backwards) {
      at.prev();
    } else {
      at.next();
    }
  }
  reply.end_array(mark, written);
}

Outcome range_generic(Call& call, bool backwards) {
  exec::Args& args = call.args;
  const ByteView key = args.key();
  ByteView start = args.next();
  ByteView end = args.next();
  if (backwards) std::swap(start, end);
  Range range;
  range.backwards = backwards;
  range.start = read_bound(args, types::parse_stream_start(start), kNothingAboveId);
  range.end = read_bound(args, types::parse_stream_end(end), kNothingBelowId);
  while (args.more() && args.ok()) {
    if (args.accept_with("COUNT")) {
      range.count = read_entry_count(args);
    } else {
      args.syntax_error();
    }
  }
  if (!args.ok()) return call.fail(args.error());
  const auto stream = call.view<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) {
    call.reply.array(0);
  } else if (range.count == 0) {
    call.reply.null_array();
  } else {
    write_range(call.reply, **stream, range);
  }
  return Outcome::kDone;
}

Outcome cmd_xrange(Call& call) {
  return range_generic(call, false);
}
Outcome cmd_xrevrange(Call& call) {
  return range_generic(call, true);
}

struct Source {
  View<Stream> stream;
  StreamId after;

  [[nodiscard]] bool ready() const {
    if (!stream || stream->empty()) return false;
    return stream->seek_back(types::kMaxStreamId).entry().id > after;
  }
};

// Behind this id stands the last entry alone; without one, nothing yet.
StreamId before_last(const Stream& stream) {
  const Stream::Cursor last = stream.seek_back(types::kMaxStreamId);
  // No entry has the lowest id.
  return last.valid() ? *last.entry().id.previous() : stream.last_id();
}

// The streams and where to read each on from. False: an error was replied.
bool look_up(Call& call, const ReadRequest& request, std::vector<Source>& sources) {
  sources.reserve(request.keys.size());
  for (size_t i = 0; i < request.keys.size(); ++i) {
    const auto stream = call.view<Stream>(request.keys[i]);
    if (!stream.ok()) {
      call.fail(stream.error());
      return false;
    }
    Source source{*stream, {}};
    if (request.ids[i] == "$") {
      if (source.stream) source.after = source.stream->last_id();
    } else if (request.ids[i] == "+") {
      if (source.stream) source.after = before_last(*source.stream);
    } else if (const auto id = types::parse_stream_id(request.ids[i], 0); id) {
      source.after = *id;
    } else {
      call.fail(request.ids[i] == ">" ? kNewOnly : kInvalidStreamId);
      return false;
    }
    sources.push_back(source);
  }
  return true;
}

Outcome wait_for_entries(Call& call, const ReadRequest& request, const std::vector<Source>& sources) {
  Park park;
  park.keys.assign(request.keys.begin(), request.keys.end());
  park.type = keyspace::Type::kStream;
  park.deadline_ms = exec::deadline_in(call, *request.timeout_ms);
  std::vector<StreamIdText> resolved;
  resolved.reserve(sources.size());
  std::vector<ByteView> words(call.args.words().begin(), call.args.words().end());
  ByteView* id = &words[words.size() - sources.size()];
  for (const Source& source : sources) *id++ = resolved.emplace_back(source.after).view();
  return call.block_on(park, words);
}

Outcome cmd_xread(Call& call) {
  const ReadRequest request = read_request(call.args, Reader::kAlone);
  if (!call.args.ok()) return call.fail(call.args.error());
  std::vector<Source> sources;
  if (!look_up(call, request, sources)) return Outcome::kFailed;
  ReadReply out(call.reply, request);
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i].ready()) continue;
    out.next_stream(request.keys[i]);
    // Not the last possible id, or nothing would be ready.
    Stream::Cursor at = sources[i].stream->seek(*sources[i].after.next());
    while (at.valid() && out.add(at.entry())) at.next();
  }
  if (out.finish()) return Outcome::kDone;
  if (request.timeout_ms) return wait_for_entries(call, request, sources);
  call.reply.null_array();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xrange", cmd_xrange, at_least(4), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kStream, "5.0.0",
     "Gets the entries between two ids.", "key start:string end:string [COUNT count]"},
    {"xread", cmd_xread, at_least(4), stream_keys(1, kKeyRo | kKeyAccess), kReadonly | kBlocking,
     Group::kStream, "5.0.0",
     "Gets the entries behind an id from several streams, waiting for them if asked.",
     "[COUNT count] [MAXCOUNT maxcount:integer@8.10.0] [MAXSIZE maxsize:integer@8.10.0] [BLOCK milliseconds] "
     "STREAMS "
     "streams<key [key ...] id [id ...]>"},
    {"xrevrange", cmd_xrevrange, at_least(4), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kStream,
     "5.0.0", "Gets the entries between two ids, the last one first.",
     "key end:string start:string [COUNT count]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_read_commands() {
  return kRows;
}

}  // namespace sluice::commands
