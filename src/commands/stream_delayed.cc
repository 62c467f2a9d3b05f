// Entries that come later, and those that do not stay: XADDAT XDELAYED XUNDELAY XTTLRECORD. What waits is
// told to the log by absolute moments and tickets, hidden from Redis 7.0 (resp/extension.h), which has no
// words for it; what has come is told as any other entry, and what went as XDEL.
#include "commands/stream_delayed.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/number.h"
#include "commands/all.h"
#include "commands/dead_letter.h"
#include "commands/stream_append.h"
#include "commands/stream_trimming.h"
#include "types/delayed_entries.h"

namespace sluice::commands {

namespace {

using base::NumberText;
using types::DelayedEntries;
using types::DelayedEntry;
using types::DelayedRules;
using types::kLatestDueMs;
using types::kMinStreamId;
using types::Stream;
using types::StreamId;
using types::StreamIdText;
using types::StreamTrim;

constexpr ByteView kTwoMoments = "ERR syntax error, AT and IN say when once, and not both";
constexpr ByteView kBadMoment = "ERR AT must be a unix time in milliseconds within range";
constexpr ByteView kBadSpan = "ERR IN must be a number of milliseconds within range, 0 or more";
constexpr ByteView kBadTtl = "ERR TTL must be a positive number of milliseconds within range";
constexpr ByteView kBadTicket = "ERR ID must be a ticket of 1 to 255 bytes";
constexpr ByteView kNoEntryId = "ERR XADDAT takes no entry ID: the entry gets one when it is appended";
constexpr ByteView kNoProducer =
    "ERR XADDAT takes no IDMP/IDMPAUTO: a ticket given by ID is known until its entry is appended";
constexpr ByteView kBadCount = "ERR COUNT must be a positive integer";
constexpr ByteView kNoEntry = "ERR The specified stream ID was deleted or doesn't exist";

constexpr int64_t kDefaultCount = 100;

struct DelayRequest {
  TrimRequest trim;
  bool must_exist = false;
  std::optional<int64_t> due_ms;  // none: at once
  int64_t ttl_ms = 0;
  ByteView ticket;
  types::StreamFields fields;
};

void set_due(exec::Args& args, DelayRequest& request, int64_t due_ms) {
  if (request.due_ms) args.latch(kTwoMoments);
  request.due_ms = due_ms;
}

// Takes the next word, if it is an option, with its value.
bool read_option(Call& call, DelayRequest& request) {
  exec::Args& args = call.args;
  if (read_trim_word(args, request.trim)) return true;
  const int64_t now_ms = call.access().now_ms;
  if (args.accept("NOMKSTREAM")) {
    request.must_exist = true;
  } else if (args.accept_with("AT")) {
    set_due(args, request, args.integer_between(0, kLatestDueMs, kBadMoment));
  } else if (args.accept_with("IN")) {
    set_due(args, request, now_ms + args.integer_between(0, kLatestDueMs - now_ms, kBadSpan));
  } else if (args.accept_with("TTL")) {
    request.ttl_ms = args.integer_between(1, kLatestDueMs, kBadTtl);
  } else if (args.accept_with("ID")) {
    request.ticket = args.next();
    if (request.ticket.empty() || request.ticket.size() > types::kMostTicketBytes) args.latch(kBadTicket);
  } else if (args.accept_with("IDMP", 2) || args.accept_with("IDMPAUTO")) {
    args.latch(kNoProducer);
  } else {
    return false;
  }
  return true;
}

DelayRequest read_delay(Call& call) {
  exec::Args& args = call.args;
  DelayRequest request;
  while (args.more() && args.ok() && read_option(call, request)) {
  }
  if (args.ok()) settle_trim(call, true, request.trim);
  types::StreamIdRequest entry_id;
  if (args.left() % 2 != 0 && types::parse_stream_id_request(args.peek(), entry_id)) args.latch(kNoEntryId);
  request.fields = args.rest();
  return request;
}

// --- what the log is told

ByteView word_of(types::DeletePolicy policy) {
  switch (policy) {
    case types::DeletePolicy::kKeepRef:
      return "KEEPREF";
    case types::DeletePolicy::kDelRef:
      return "DELREF";
    case types::DeletePolicy::kAcked:
      return "ACKED";
  }
  return "KEEPREF";
}

// The threshold of a trim as its words have it.
Bytes threshold_of(const StreamTrim& trim) {
  if (trim.keep == StreamTrim::Keep::kMinId) return Bytes(StreamIdText(trim.min_id).view());
  return Bytes(base::format_uint64(trim.max_length).view());
}

void propagate_delayed(Call& call, ByteView key, const DelayedEntry& entry) {
  const NumberText due = base::format_int64(entry.rules.due_ms);
  const NumberText ttl = base::format_int64(entry.rules.ttl_ms);
  std::vector<ByteView> words = {"XADDAT", key, "AT", due.view(), "ID", entry.ticket};
  words.reserve(entry.fields.size() + 14);
  if (entry.rules.ttl_ms != 0) words.insert(words.end(), {"TTL", ttl.view()});
  Bytes threshold;
  NumberText limit;
  if (const auto& trim = entry.rules.trim) {
    threshold = threshold_of(*trim);
    limit = base::format_uint64(trim->limit);
    const bool by_id = trim->keep == StreamTrim::Keep::kMinId;
    words.insert(words.end(), {by_id ? "MINID" : "MAXLEN", trim->approximate ? "~" : "=", threshold});
    if (trim->approximate) words.insert(words.end(), {"LIMIT", limit.view()});
    words.push_back(word_of(trim->policy));
  }
  words.insert(words.end(), entry.fields.begin(), entry.fields.end());
  call.propagate_as(words, exec::RecordFor::kSluice);
}

// `when_ms` 0: it stays.
void propagate_expiry(Call& call, ByteView key, const StreamId& id, int64_t when_ms) {
  const StreamIdText text(id);
  const NumberText when = base::format_int64(when_ms);
  const ByteView words[] = {"XTTLRECORD", key, text.view(), when.view()};
  call.propagate_as(words, exec::RecordFor::kSluice);
}

void propagate_undelayed(Call& call, ByteView key, const std::vector<Bytes>& tickets) {
  std::vector<ByteView> words = {"XUNDELAY", key};
  words.insert(words.end(), tickets.begin(), tickets.end());
  call.propagate_as(words, exec::RecordFor::kSluice);
}

// --- appending

struct Appending {
  types::StreamFields fields;
  const TrimRequest& trim;
  int64_t ttl_ms;
  int64_t from_ms;  // when that begins
};

base::Result<StreamId, types::AppendError> append_now(Call& call, ByteView key, Edit<Stream>& stream,
                                                      const Appending& what) {
  const auto id = append_entry(call, stream, {key, what.fields, what.trim});
  // A trim may have taken it at once.
  if (!id.ok() || what.ttl_ms == 0 || !stream.peek().contains(*id)) return id;
  const int64_t when_ms = std::min(what.from_ms + what.ttl_ms, kLatestDueMs);
  stream->delayed_entries().set_expiry(*id, when_ms);
  stream.unchanged();  // it was committed with the entry
  propagate_expiry(call, key, *id, when_ms);
  return id;
}

// Returns the bytes it has.
size_t append_due(Call& call, ByteView key, Edit<Stream>& stream, std::vector<Bytes>& tickets) {
  const StreamId place = *stream.peek().delayed()->next(kMinStreamId);
  DelayedEntry entry = stream->delayed_entries().take(place);
  TrimRequest trim;
  trim.rule = entry.rules.trim;
  const Bytes threshold = trim.rule ? threshold_of(*trim.rule) : Bytes();
  trim.threshold = threshold;
  const std::vector<ByteView> fields(entry.fields.begin(), entry.fields.end());
  const auto id = append_now(call, key, stream, {fields, trim, entry.rules.ttl_ms, entry.rules.due_ms});
  SLUICE_CHECK(id.ok(), "what is due fits, and there are ids");
  tickets.push_back(std::move(entry.ticket));
  size_t bytes = 0;
  for (const ByteView word : fields) bytes += word.size();
  return bytes;
}

struct Copies {
  size_t count = 0;
  size_t bytes = 0;
};

// A copy for the dead letters of each group that keeps some: how many, or nothing when one cannot take it.
std::optional<Copies> keep_copies(Call& call, ByteView key, const Stream& stream, const StreamId& id) {
  std::vector<DeadLetter> letters;
  for (const auto& [name, group] : stream.letter_keepers()) {
    const types::GroupPolicy& policy = group->policy();
    letters.push_back({policy.dead_letters, policy.most_dead_letters, key, name, 0, DeathReason::kExpired});
    if (!can_take_letter(call, letters.back())) return std::nullopt;
  }
  const Stream::Cursor at = stream.seek(id);
  for (const DeadLetter& letter : letters) {
    if (!dead_letter(call, letter, at.entry())) return std::nullopt;
  }
  return Copies{letters.size(), letters.size() * written_bytes(at.entry())};
}

// The first that goes, unless it is gone, somebody has read it, or its group wants a copy that nothing can
// take: then it stays from now on. Returns the copies that were made.
Copies expire_first(Call& call, ByteView key, Edit<Stream>& stream) {
  const StreamId id = stream.peek().delayed()->next_expiry()->id;
  const bool unread = stream.peek().contains(id) && !stream.peek().is_read(id);
  const auto copies = unread ? keep_copies(call, key, stream.peek(), id) : std::nullopt;
  stream->delayed_entries().clear_expiry(id);
  if (copies) {
    stream->remove(id);
    propagate_deletions(call, key, {&id, 1});
    stream.commit(events::xdel);
  } else {
    propagate_expiry(call, key, id, 0);
    stream.unchanged();
    call.unit().changes.count_dirty(1);
  }
  return copies.value_or(Copies{});
}

// Moments that a big cut left over, a part of them: they show nowhere, and the log is told nothing.
bool forget_trimmed(Edit<Stream>& stream) {
  const StreamId first = stream.peek().empty() ? types::kMaxStreamId : stream.peek().first_id();
  if (!stream.peek().delayed()->has_expiry_before(first)) return false;
  stream->delayed_entries().forget_before(first);
  stream.unchanged();
  return true;
}

}  // namespace

void act_on_delayed(Call& call, ByteView key, Edit<Stream>& stream) {
  const int64_t now_ms = call.access().now_ms;
  std::vector<Bytes> tickets;
  size_t bytes = 0;
  size_t letter_bytes = 0;
  for (size_t acts = 0; acts < kDelayedAtOnce; ++acts) {
    if (bytes >= kDelayedBytesAtOnce || letter_bytes >= kLetterBytesAtOnce) break;
    if (stream.peek().next_delayed_ms() > now_ms) break;
    const DelayedEntries& delayed = *stream.peek().delayed();
    if (forget_trimmed(stream)) break;
    const auto expiry = delayed.next_expiry();
    const bool can_append = stream.peek().last_id() != types::kMaxStreamId;
    if (can_append && delayed.next_due_ms() <= (expiry ? expiry->when_ms : now_ms)) {
      bytes += append_due(call, key, stream, tickets);
    } else {
      const Copies copies = expire_first(call, key, stream);
      acts += copies.count;
      letter_bytes += copies.bytes;
    }
  }
  if (!tickets.empty()) propagate_undelayed(call, key, tickets);
}

namespace {

// --- commands

// The ticket of an entry that is appended at once is its id, unless it was given one.
Outcome add_now(Call& call, const DelayRequest& request, ByteView key, Edit<Stream>& stream) {
  const auto id =
      append_now(call, key, stream, {request.fields, request.trim, request.ttl_ms, call.access().now_ms});
  if (!id.ok()) return call.fail(text_of(id.error()));
  call.reply.bulk(request.ticket.empty() ? StreamIdText(*id).view() : request.ticket);
  return Outcome::kDone;
}

Outcome add_later(Call& call, const DelayRequest& request, ByteView key, Edit<Stream>& stream) {
  const DelayedRules rules{*request.due_ms, request.ttl_ms, request.trim.rule};
  DelayedEntries& delayed = stream->delayed_entries();
  const auto place = delayed.add(rules, request.ticket, request.fields);
  if (!place.ok()) {
    stream.unchanged();
    return call.fail(text_of(place.error()));
  }
  const DelayedEntry entry = delayed.read(*place);
  stream.commit(events::xaddat);
  propagate_delayed(call, key, entry);
  call.reply.bulk(entry.ticket);
  return Outcome::kDone;
}

Outcome cmd_xaddat(Call& call) {
  const ByteView key = call.args.key();
  const DelayRequest request = read_delay(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (request.fields.empty() || request.fields.size() % 2 != 0) {
    return call.fail(errors::wrong_arity("xaddat"));
  }
  auto stream = request.must_exist ? call.edit_existing<Stream>(key) : call.edit<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  const DelayedEntries* const delayed = *stream ? stream->peek().delayed() : nullptr;
  const bool taken = delayed != nullptr && !request.ticket.empty() && delayed->find(request.ticket);
  if (!*stream || taken) {
    call.reply.null();
    return Outcome::kDone;
  }
  // What the log has waits for its turn, though its time may have come since.
  const bool later =
      request.due_ms && (*request.due_ms > call.access().now_ms || call.entrance == Entrance::kReplay);
  return later ? add_later(call, request, key, *stream) : add_now(call, request, key, *stream);
}

Outcome cmd_xdelayed(Call& call) {
  const ByteView key = call.args.key();
  int64_t count = kDefaultCount;
  while (call.args.more() && call.args.ok()) {
    if (call.args.accept_with("COUNT")) {
      count = call.args.integer_between(1, INT64_MAX, kBadCount);
    } else {
      call.args.syntax_error();
    }
  }
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto stream = call.view<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  const DelayedEntries* const delayed = *stream ? (*stream)->delayed() : nullptr;
  if (delayed == nullptr) {
    call.reply.array(0);
    return Outcome::kDone;
  }
  size_t left = std::min(delayed->size(), static_cast<size_t>(count));
  call.reply.array(left);
  StreamId from = kMinStreamId;
  for (; left > 0; --left) {
    const StreamId place = *delayed->next(from);
    const DelayedEntry entry = delayed->read(place);
    call.reply.array(3);
    call.reply.bulk(entry.ticket);
    call.reply.integer(entry.rules.due_ms);
    call.reply.array(entry.fields.size());
    for (const Bytes& word : entry.fields) call.reply.bulk(word);
    from = *place.next();
  }
  return Outcome::kDone;
}

Outcome cmd_xundelay(Call& call) {
  const ByteView key = call.args.key();
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  std::vector<Bytes> tickets;
  if (*stream && stream->peek().delayed() != nullptr) {
    for (const ByteView ticket : call.args.rest()) {
      const auto place = stream->peek().delayed()->find(ticket);
      if (!place) continue;
      (void)(*stream)->delayed_entries().take(*place);
      tickets.emplace_back(ticket);
    }
  }
  if (!tickets.empty()) {
    stream->commit(events::xundelay, tickets.size());
    propagate_undelayed(call, key, tickets);
  }
  call.reply.integer(static_cast<int64_t>(tickets.size()));
  return Outcome::kDone;
}

Outcome cmd_xttlrecord(Call& call) {
  const ByteView key = call.args.key();
  const std::optional<StreamId> id = types::parse_stream_id(call.args.next(), 0);
  const int64_t when_ms = call.args.integer_between(0, kLatestDueMs, kBadMoment);
  if (!id) return call.fail(kInvalidStreamId);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return call.fail(errors::kNoSuchKey);
  // A moment may be taken from an entry that a trim took before.
  if (when_ms != 0 && !stream->peek().contains(*id)) return call.fail(kNoEntry);
  const DelayedEntries* const known = stream->peek().delayed();
  if ((known == nullptr ? 0 : known->expiry_ms(*id).value_or(0)) == when_ms) {
    call.reply.ok();
    return Outcome::kDone;
  }
  DelayedEntries& delayed = (*stream)->delayed_entries();
  if (when_ms == 0) {
    delayed.clear_expiry(*id);
  } else {
    delayed.set_expiry(*id, when_ms);
  }
  stream->unchanged();  // nothing that readers see
  call.unit().changes.touched(*call.access().db, stream->entry(), nullptr);
  call.unit().changes.count_dirty(1);
  propagate_expiry(call, key, *id, when_ms);
  call.reply.ok();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xaddat", cmd_xaddat, at_least(4),
     one_key(1, kKeyRw | kKeyUpdate, "UPDATE and not INSERT, since it may trim as well"),
     kWrite | kDenyOom | kFast, Group::kStream, "7.2.4",
     "Appends an entry to a stream at a later moment, for all time or for some.",
     "key [moment<AT unix-time-milliseconds:unix-time|IN milliseconds:integer>] [TTL ttl:integer] [ID "
     "ticket] "
     "[NOMKSTREAM] policy[KEEPREF|DELREF|ACKED] trim[strategy<MAXLEN|MINID> operator[=|~] threshold "
     "[LIMIT count]] field value [field value ...]",
     0, "nondeterministic_output"},
    {"xdelayed", cmd_xdelayed, at_least(2), one_key(1, kKeyRo | kKeyAccess), kReadonly, Group::kStream,
     "7.2.4", "Shows what is to be appended to a stream, by its moments.", "key [COUNT count]"},
    {"xttlrecord", cmd_xttlrecord, exactly(4), one_key(1, kKeyRw | kKeyUpdate | kKeyDelete), kWrite | kFast,
     Group::kStream, "7.2.4", "Notes when an entry goes that no group has read by then.",
     "key id unix-time-milliseconds:unix-time"},
    {"xundelay", cmd_xundelay, at_least(3), one_key(1, kKeyRw | kKeyDelete), kWrite | kFast, Group::kStream,
     "7.2.4", "Takes back what was to be appended to a stream.", "key ticket [ticket ...]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_delayed_commands() {
  return kRows;
}

}  // namespace sluice::commands
