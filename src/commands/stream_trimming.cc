#include "commands/stream_trimming.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::commands {

using types::DeletePolicy;
using types::Stream;
using types::StreamId;
using types::StreamIdText;
using types::StreamRemoval;
using types::StreamTrim;

namespace {

constexpr ByteView kTwoStrategies =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
constexpr ByteView kNoStrategy = "ERR syntax error, XTRIM must be called with a trimming strategy";
constexpr ByteView kLimitWithoutStrategy =
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
constexpr ByteView kLimitOfExact = "ERR syntax error, LIMIT cannot be used without the special ~ option";
constexpr ByteView kNegativeMaxlen = "ERR The MAXLEN argument must be >= 0.";
constexpr ByteView kNegativeLimit = "ERR The LIMIT argument must be >= 0.";

// Ids in one record of the log, at most.
constexpr size_t kIdsPerRecord = 1000;

// An approximate trim without LIMIT removes at most so many blocks' worth of entries, as in Redis: clients
// see how many went.
constexpr uint64_t kDefaultLimitBlocks = 100;
constexpr uint64_t kDefaultLimitUnbounded = 10'000;
constexpr uint64_t kDefaultLimitMost = 1'000'000;

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
    if (!id) args.latch(kInvalidStreamId);
    rule.min_id = id.value_or(types::kMinStreamId);
  }
  request.rule = rule;
}

uint64_t default_limit(Call& call) {
  const size_t block_entries = call.on.keyspace.value_context().stream.node_max_entries;
  if (block_entries == 0) return kDefaultLimitUnbounded;
  return std::min<uint64_t>(kDefaultLimitBlocks * block_entries, kDefaultLimitMost);
}

// XACK and XDEL: as many records as the ids need.
void propagate_ids(Call& call, std::vector<ByteView> words, std::span<const StreamId> ids,
                   RecordFor reader = RecordFor::kEverybody) {
  const size_t head = words.size();
  while (!ids.empty()) {
    const auto part = ids.first(std::min(ids.size(), kIdsPerRecord));
    const std::vector<StreamIdText> texts(part.begin(), part.end());
    words.resize(head);
    for (const StreamIdText& text : texts) words.push_back(text.view());
    call.propagate_as(words, reader);
    ids = ids.subspan(part.size());
  }
}

}  // namespace

bool read_policy(exec::Args& args, std::optional<DeletePolicy>& policy) {
  std::optional<DeletePolicy> read;
  if (args.accept("KEEPREF")) read = DeletePolicy::kKeepRef;
  if (!read && args.accept("DELREF")) read = DeletePolicy::kDelRef;
  if (!read && args.accept("ACKED")) read = DeletePolicy::kAcked;
  if (!read) return false;
  if (policy) args.syntax_error();
  policy = read;
  return true;
}

bool read_trim_word(exec::Args& args, TrimRequest& request) {
  if (args.accept_with("MAXLEN")) {
    read_threshold(args, StreamTrim::Keep::kMaxLength, request);
  } else if (args.accept_with("MINID")) {
    read_threshold(args, StreamTrim::Keep::kMinId, request);
  } else if (args.accept_with("LIMIT")) {
    request.limit = static_cast<uint64_t>(args.integer_between(0, INT64_MAX, kNegativeLimit));
  } else {
    return read_policy(args, request.policy);
  }
  return true;
}

// What the options mean together. A log that Redis wrote keeps LIMIT beside an exact trim, without meaning,
// and an approximate one in a log is as long as it says.
void settle_trim(Call& call, bool adding, TrimRequest& request) {
  exec::Args& args = call.args;
  const bool approximate = request.rule && request.rule->approximate;
  if (call.entrance == Entrance::kReplay && !(approximate && request.limit)) request.limit = 0;
  if (request.limit.value_or(0) != 0 && !request.rule) return args.latch(kLimitWithoutStrategy);
  if (!adding && !request.rule) return args.latch(kNoStrategy);
  if (request.limit && !approximate && call.entrance != Entrance::kReplay) return args.latch(kLimitOfExact);
  if (approximate) request.rule->limit = request.limit ? *request.limit : default_limit(call);
  if (request.rule && request.policy) request.rule->policy = *request.policy;
}

StreamRemoval trim(Call& call, const TrimRequest& request, Stream& stream) {
  if (!request.rule) return {};
  StreamRemoval removal = stream.trim(*request.rule);
  if (removal.remains != nullptr) {
    call.on.keyspace.graveyard().bury(keyspace::Value(std::move(removal.remains)));
  }
  return removal;
}

// An exact trim is repeated by the words that asked for it, unless it spared something. Else the first id
// says what was cut even where Redis has entries that are no longer here; the length does where that would
// not do.
TrimEffect::TrimEffect(const TrimRequest& request, const Stream& stream, const StreamRemoval& removal)
    : needed_(removal.gone > removal.by_id.size()),
      by_length_(!request.rule || request.rule->keep == StreamTrim::Keep::kMaxLength),
      first_(stream.first_id()),
      length_(base::format_uint64(stream.size() + removal.by_id.size())),
      threshold_(request.threshold) {
  const bool spares =
      request.rule && request.rule->policy == DeletePolicy::kAcked && !stream.groups().empty();
  if (request.rule && !request.rule->approximate && !spares) {
    needed_ = true;
    return;
  }
  by_length_ = stream.empty() || removal.out_of_order || (by_length_ && !spares);
  threshold_ = by_length_ ? length_.view() : first_.view();
}

// The trim again, ended by its limit before the first block with an entry: one that is in excess has at least
// two, or it would have gone. Redis logs nothing, and keeps the blocks when it loads its log.
void propagate_hollow(Call& call, ByteView key, const TrimRequest& request, const StreamRemoval& removal) {
  if (removal.gone > 0 || removal.dropped_blocks == 0 || !request.rule->approximate) return;
  const bool by_length = request.rule->keep == StreamTrim::Keep::kMaxLength;
  const ByteView words[] = {"XTRIM", key, by_length ? "MAXLEN" : "MINID", "~", request.threshold,
                            "LIMIT", "1"};
  call.propagate_as(words, RecordFor::kSluice);
}

void propagate_deletions(Call& call, ByteView key, std::span<const StreamId> ids, RecordFor reader) {
  if (!ids.empty()) propagate_ids(call, {"XDEL", key}, ids, reader);
}

void propagate_purged(Call& call, ByteView key, std::span<const StreamRemoval::Purged> purged) {
  std::map<ByteView, std::vector<StreamId>> by_group;
  for (const StreamRemoval::Purged& entry : purged) by_group[entry.group].push_back(entry.id);
  for (const auto& [group, ids] : by_group) propagate_ids(call, {"XACK", key, group}, ids);
}

}  // namespace sluice::commands
