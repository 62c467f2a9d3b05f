#include "commands/stream_append.h"

#include <vector>

namespace sluice::commands {

using types::AppendError;
using types::Stream;
using types::StreamId;
using types::StreamIdText;
using types::StreamRemoval;

namespace {

constexpr ByteView kIdIsZero = "ERR The ID specified in XADD must be greater than 0-0";
constexpr ByteView kIdNotGreater =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
constexpr ByteView kIdsExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
constexpr ByteView kTooLarge = "ERR Elements are too large to be stored";

}  // namespace

ByteView text_of(AppendError reason) {
  switch (reason) {
    case AppendError::kZeroId:
      return kIdIsZero;
    case AppendError::kNotGreater:
      return kIdNotGreater;
    case AppendError::kExhausted:
      return kIdsExhausted;
    case AppendError::kTooLarge:
      return kTooLarge;
  }
  return kIdNotGreater;
}

void propagate_entry(Call& call, const NewEntry& entry, const Stream& stream, const StreamRemoval& removal) {
  propagate_purged(call, entry.key, removal.purged);
  const TrimEffect trimmed(entry.trim, stream, removal);
  const StreamIdText id(stream.last_id());
  std::vector<ByteView> words = {"XADD", entry.key};
  words.reserve(entry.fields.size() + 6);
  trimmed.append_to(words);
  words.push_back(id.view());
  words.insert(words.end(), entry.fields.begin(), entry.fields.end());
  call.propagate_as(words);
  propagate_hollow(call, entry.key, entry.trim, removal);
  propagate_deletions(call, entry.key, removal.by_id);
}

void commit_entry(Call& call, Edit<Stream>& stream, const StreamRemoval& removal) {
  stream.commit(events::xadd);
  if (removal.gone == 0) return;
  call.unit().changes.touched(*call.access().db, stream.entry(), &events::xtrim);
}

base::Result<StreamId, AppendError> append_entry(Call& call, Edit<Stream>& stream, const NewEntry& entry) {
  const auto id = stream.peek().next_id({}, static_cast<uint64_t>(call.access().now_ms));
  if (!id.ok()) return id;
  if (const auto added = stream->append(*id, entry.fields); !added.ok()) {
    stream.unchanged();
    return added.error();
  }
  const StreamRemoval removal = trim(call, entry.trim, *stream);
  propagate_entry(call, entry, stream.peek(), removal);
  commit_entry(call, stream, removal);
  return id;
}

}  // namespace sluice::commands
