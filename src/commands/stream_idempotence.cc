// Producing once: XCFGSET XIDMPRECORD, and XADD's part of it.
#include "commands/stream_idempotence.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <xxhash.h>

#include "base/check.h"
#include "base/number.h"
#include "commands/all.h"
#include "commands/stream_trimming.h"

namespace sluice::commands {

using types::IdempotenceLimits;
using types::Stream;
using types::StreamId;
using types::StreamIdText;

namespace {

constexpr ByteView kTwice = "ERR IDMP/IDMPAUTO specified multiple times";
constexpr ByteView kNoParameter = "ERR At least one parameter must be specified";
constexpr ByteView kDurationRange = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
constexpr ByteView kMaxsizeRange = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
constexpr ByteView kNoEntry = "ERR The specified stream ID was deleted or doesn't exist";
constexpr ByteView kOtherEntry =
    "ERR The specified IDMP producer-id/idempotent-id pair maps to a different stream ID";

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

// Text after its length, so that no two lists of pairs are the same bytes.
void update(XXH3_state_t& state, ByteView text) {
  const uint64_t size = text.size();
  uint8_t prefix[8];
  for (size_t i = 0; i < sizeof(prefix); ++i) prefix[i] = static_cast<uint8_t>(size >> (8 * i));
  XXH3_128bits_update(&state, prefix, sizeof(prefix));
  XXH3_128bits_update(&state, text.data(), text.size());
}

void propagate_limits(Call& call, ByteView key, const IdempotenceLimits& limits) {
  const base::NumberText duration = base::format_uint64(limits.duration_s);
  const base::NumberText most = base::format_uint64(limits.max_ids);
  const ByteView words[] = {"XCFGSET", key, "IDMP-DURATION", duration.view(), "IDMP-MAXSIZE", most.view()};
  call.propagate_as(words, exec::RecordFor::kSluice);
}

void propagate_name(Call& call, ByteView key, const ProducerWords& producer, const StreamId& id) {
  const StreamIdText text(id);
  const ByteView words[] = {"XIDMPRECORD", key, producer.pid, producer.iid, text.view()};
  call.propagate_as(words, exec::RecordFor::kSluice);
}

}  // namespace

bool read_producer(exec::Args& args, ProducerWords& producer) {
  const bool named = args.accept_with("IDMP", 2);
  if (!named && !args.accept_with("IDMPAUTO")) return false;
  if (producer.given) args.latch(kTwice);
  producer.given = true;
  producer.by_content = !named;
  producer.pid = args.next();
  if (producer.pid.empty()) {
    args.latch(named ? "ERR IDMP requires a non-empty producer ID"
                     : "ERR IDMPAUTO requires a non-empty producer ID");
  }
  if (!named) return true;
  producer.iid = args.next();
  if (producer.iid.empty()) args.latch("ERR IDMP requires a non-empty idempotent ID");
  return true;
}

Bytes content_name(types::StreamFields fields) {
  std::vector<std::pair<ByteView, ByteView>> pairs;
  pairs.reserve(fields.size() / 2);
  for (size_t i = 0; i + 1 < fields.size(); i += 2) pairs.emplace_back(fields[i], fields[i + 1]);
  std::sort(pairs.begin(), pairs.end());
  const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  SLUICE_CHECK(state != nullptr, "out of memory");
  XXH3_128bits_reset(state.get());
  for (const auto& [name, value] : pairs) {
    update(*state, name);
    update(*state, value);
  }
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state.get()));
  return Bytes(reinterpret_cast<const char*>(bytes.digest), sizeof(bytes.digest));
}

std::optional<StreamId> sent_before(const Stream& stream, ByteView pid, ByteView iid, uint64_t now_ms) {
  if (stream.idempotence() == nullptr) return std::nullopt;
  return stream.idempotence()->find(pid, iid, now_ms);
}

void count_duplicate(Call& call, Edit<Stream>& stream, const ProducerWords& producer) {
  stream->idempotence_table().count_duplicate();
  const auto id = stream.peek().idempotence()->find_any(producer.pid, producer.iid);
  stream.unchanged();  // nothing that readers or watchers see
  call.unit().changes.count_dirty(1);
  propagate_name(call, call.args.at(1), producer, *id);
}

// The time is that of the stream's last id: in a log it is the same when it is replayed.
void remember(Call& call, Stream& stream, const ProducerWords& producer, const StreamId& id) {
  const bool first = stream.idempotence() == nullptr;
  stream.idempotence_table().add(producer.pid, producer.iid, id, stream.last_id().ms);
  if (first) propagate_limits(call, call.args.at(1), stream.idempotence_limits());
  propagate_name(call, call.args.at(1), producer, id);
}

namespace {

// As both at once, the limits that are to hold.
IdempotenceLimits read_limits(exec::Args& args, IdempotenceLimits limits) {
  if (!args.more()) args.latch(kNoParameter);
  while (args.more() && args.ok()) {
    if (args.accept_with("IDMP-DURATION")) {
      limits.duration_s =
          static_cast<uint32_t>(args.integer_between(1, types::kMostIdempotenceSeconds, kDurationRange));
    } else if (args.accept_with("IDMP-MAXSIZE")) {
      limits.max_ids =
          static_cast<uint32_t>(args.integer_between(1, types::kMostIdempotenceIds, kMaxsizeRange));
    } else {
      args.syntax_error();
    }
  }
  return limits;
}

Outcome cmd_xcfgset(Call& call) {
  const ByteView key = call.args.key();
  auto stream = call.edit_existing<Stream>(key);
  const bool found = stream.ok() && *stream;
  const IdempotenceLimits limits =
      read_limits(call.args, found ? stream->peek().idempotence_limits() : IdempotenceLimits{});
  if (!call.args.ok()) return call.fail(call.args.error());
  if (!stream.ok()) return call.fail(stream.error());
  if (!found) return call.fail(errors::kNoSuchKey);
  const bool known = stream->peek().idempotence() != nullptr;
  if (!known || stream->peek().idempotence_limits() != limits) {
    auto remains = (*stream)->set_idempotence_limits(limits);
    if (remains != nullptr) call.on.keyspace.graveyard().bury(keyspace::Value(std::move(remains)));
    stream->unchanged();  // nothing that readers or watchers see
    call.unit().changes.count_dirty(1);
    propagate_limits(call, key, limits);
  }
  call.reply.ok();
  return Outcome::kDone;
}

// In the log it stands for an entry that was added under this name, or sent again.
void replay_record(Edit<Stream>& stream, const ProducerWords& producer, const StreamId& id) {
  types::IdempotenceTable& table = stream->idempotence_table();
  const uint64_t now_ms = stream.peek().last_id().ms;
  // A name that is too old was none when this was written either.
  if (table.find(producer.pid, producer.iid, now_ms) == id) {
    table.count_duplicate();
  } else {
    table.add(producer.pid, producer.iid, id, now_ms);
  }
  stream.unchanged();
}

Outcome cmd_xidmprecord(Call& call) {
  const ByteView key = call.args.key();
  ProducerWords producer;
  producer.pid = call.args.next();
  producer.iid = call.args.next();
  const std::optional<StreamId> id = types::parse_stream_id(call.args.next(), 0);
  if (producer.pid.empty()) return call.fail("ERR XIDMPRECORD requires a non-empty producer ID");
  if (producer.iid.empty()) return call.fail("ERR XIDMPRECORD requires a non-empty idempotent ID");
  if (!id) return call.fail(kInvalidStreamId);
  auto stream = call.edit_existing<Stream>(key);
  if (!stream.ok()) return call.fail(stream.error());
  if (!*stream) return call.fail(errors::kNoSuchKey);
  if (call.entrance == Entrance::kReplay) {
    replay_record(*stream, producer, *id);
  } else {
    if (!stream->peek().contains(*id)) return call.fail(kNoEntry);
    const auto known = sent_before(stream->peek(), producer.pid, producer.iid, stream->peek().last_id().ms);
    if (known && *known != *id) return call.fail(kOtherEntry);
    if (!known) {
      remember(call, **stream, producer, *id);
      stream->unchanged();  // nothing that readers or watchers see
      call.unit().changes.count_dirty(1);
    }
  }
  call.reply.ok();
  return Outcome::kDone;
}

constexpr CommandSpec kRows[] = {
    {"xcfgset", cmd_xcfgset, at_least(2), one_key(1, kKeyRw | kKeyUpdate), kWrite | kFast, Group::kStream,
     "8.6.0", "Sets how long, and how much, a stream remembers of what producers sent.",
     "key [IDMP-DURATION seconds:integer] [IDMP-MAXSIZE maxsize:integer]"},
    {"xidmprecord", cmd_xidmprecord, exactly(5), one_key(1, kKeyRw | kKeyUpdate), kWrite | kDenyOom | kFast,
     Group::kStream, "8.6.0", "Notes that a producer sent an entry under a name.", "key pid iid id"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> stream_idempotence_commands() {
  return kRows;
}

}  // namespace sluice::commands
