#include "snapshot/stream_decoder.h"

#include <algorithm>
#include <utility>

#include "ds/listpack_check.h"
#include "types/stream_counts.h"

namespace sluice::snapshot {

using types::kMostCounted;
using types::StreamBlock;
using types::StreamId;

namespace {

// What is no count says that there is none.
int64_t known_count(uint64_t number) {
  return number <= kMostCounted ? static_cast<int64_t>(number) : types::StreamGroup::kUnknown;
}

int version_of(TypeCode code) {
  return code == TypeCode::kStream ? 1 : code == TypeCode::kStream2 ? 2 : 3;
}

}  // namespace

StreamDecoder::StreamDecoder(TypeCode code, Decoder& in, std::unique_ptr<types::Stream> empty)
    : stream_(std::move(empty)), version_(version_of(code)) {
  enter(Stage::kBlocks, in.count(kStreamIdBytes));
}

bool StreamDecoder::item(Decoder& in) {
  if (left() == 0) return next_stage(in) && in.ok();
  --left();
  switch (stage_) {
    case Stage::kBlocks:
      block(in);
      break;
    case Stage::kGroups:
      group(in);
      break;
    case Stage::kPending:
      pending(in);
      break;
    case Stage::kConsumers:
      consumer(in);
      break;
    case Stage::kOwned:
      owned(in);
      break;
  }
  return in.ok();
}

bool StreamDecoder::next_stage(Decoder& in) {
  switch (stage_) {
    case Stage::kBlocks:
      counters(in);
      enter(Stage::kGroups, in.count(1));
      return true;
    case Stage::kGroups:
      return false;
    case Stage::kPending:
      enter(Stage::kConsumers, in.count(1));
      return true;
    case Stage::kConsumers:
      if (owned_ != group_->pending_count()) in.fail("a pending entry belongs to no consumer");
      stage_ = Stage::kGroups;
      return true;
    case Stage::kOwned:
      stage_ = Stage::kConsumers;
      return true;
  }
  return false;
}

void StreamDecoder::block(Decoder& in) {
  const uint64_t at = in.offset();
  if (in.length() != kStreamIdBytes) return in.fail_at(at, "a block of a stream has no id");
  const StreamId id = in.id_bytes();
  auto pack = ds::checked_copy(in.text());
  if (!in.ok()) return;
  StreamBlock* const block = pack ? StreamBlock::checked(id, std::move(*pack)) : nullptr;
  if (block == nullptr) return in.fail_at(at, "a block of a stream is damaged");
  if (!stream_->adopt(block)) in.fail_at(at, "the ids of a stream do not grow");
}

void StreamDecoder::counters(Decoder& in) {
  const uint64_t at = in.offset();
  const uint64_t length = in.length();
  const StreamId last = in.id();
  uint64_t added = length;
  StreamId max_deleted;
  if (version_ >= 2) {
    in.id();  // of the first entry, which is there to be seen
    max_deleted = in.id();
    added = std::min(in.length(), kMostCounted);
  }
  if (!in.ok()) return;
  if (length != stream_->size()) return in.fail_at(at, "a stream counts other entries than it has");
  if (stream_->seek_back(types::kMaxStreamId).valid() &&
      stream_->seek_back(types::kMaxStreamId).entry().id > last) {
    return in.fail_at(at, "a stream has entries above its last id");
  }
  stream_->set_last_id(last);
  stream_->set_max_deleted_id(max_deleted);
  stream_->set_entries_added(added);
}

void StreamDecoder::group(Decoder& in) {
  const uint64_t at = in.offset();
  const base::Bytes name(in.text());
  const StreamId last = in.id();
  const int64_t entries_read = version_ >= 2 ? known_count(in.length()) : stream_->entries_up_to(last);
  if (!in.ok()) return;
  group_ = stream_->add_group(name, last, entries_read);
  if (group_ == nullptr) return in.fail_at(at, "a stream has a group twice");
  owned_ = 0;
  enter(Stage::kPending, in.count(kStreamIdBytes + 9));
}

void StreamDecoder::pending(Decoder& in) {
  const uint64_t at = in.offset();
  const StreamId id = in.id_bytes();
  const int64_t delivered_ms = in.milliseconds();
  const uint64_t deliveries = std::min(in.length(), kMostCounted);
  if (!in.ok()) return;
  if (!group_->add_pending(id, {nullptr, delivered_ms, deliveries})) {
    in.fail_at(at, "an entry is pending twice in a group");
  }
}

void StreamDecoder::consumer(Decoder& in) {
  const uint64_t at = in.offset();
  const base::Bytes name(in.text());
  const int64_t seen_ms = in.milliseconds();
  // Before version 3 one time stood for both.
  const int64_t active_ms = version_ >= 3 ? in.milliseconds() : seen_ms;
  if (!in.ok()) return;
  if (group_->find_consumer(name) != nullptr) return in.fail_at(at, "a group has a consumer twice");
  consumer_ = &group_->add_consumer(name, seen_ms);
  consumer_->active_ms = active_ms;
  enter(Stage::kOwned, in.count(kStreamIdBytes));
}

void StreamDecoder::owned(Decoder& in) {
  const uint64_t at = in.offset();
  const auto entry = group_->find_pending(in.id_bytes());
  if (!in.ok()) return;
  if (!entry || entry->consumer != nullptr) {
    return in.fail_at(at, "a consumer has a pending entry that its group does not give it");
  }
  group_->deliver(entry->id, {consumer_, entry->delivered_ms, entry->deliveries});
  ++owned_;
}

}  // namespace sluice::snapshot
