#include "snapshot/group_codec.h"

#include <algorithm>

#include "snapshot/decoder.h"
#include "snapshot/writer.h"
#include "types/stream_counts.h"

namespace sluice::snapshot {

using types::PendingItem;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;

// The last block of the group, if it is of this kind and has room.
GroupRecords::Block& GroupRecords::block_for(base::ByteView name) {
  const bool fits = !blocks_.empty() && blocks_.back().name == name && blocks_.back().group == group_ &&
                    blocks_.back().bytes.size() < kGroupBlockBytes;
  if (!fits) {
    blocks_.push_back({name, group_, {}});
    Encoder(blocks_.back().bytes, false).text(group_);
    bytes_ += blocks_.back().bytes.size();
  }
  return blocks_.back();
}

void GroupRecords::add(const types::PendingLeaf& leaf) {
  for (size_t i = 0; i < leaf.count(); ++i) {
    const PendingItem item = leaf.item(i);
    if (!StreamGroup::is_unowned(item)) continue;
    const bool delayed = StreamGroup::is_delayed(item);
    Block& block = block_for(delayed ? kGroupDelayedName : kReleasedName);
    const size_t before = block.bytes.size();
    Encoder out(block.bytes, false);
    append_id_bytes(block.bytes, item.id);
    out.length(delayed ? static_cast<uint64_t>(StreamGroup::delayed_until_ms(item))
                       : StreamGroup::release_order(item));
    out.length(item.deliveries);
    bytes_ += block.bytes.size() - before;
  }
}

void GroupRecords::add(const StreamConsumer& consumer) {
  if (consumer.active_ms == consumer.seen_ms) return;
  Block& block = block_for(kActiveName);
  const size_t before = block.bytes.size();
  Encoder out(block.bytes, false);
  out.text(consumer.name());
  out.milliseconds(consumer.active_ms);
  bytes_ += block.bytes.size() - before;
}

void GroupRecords::take(Encoder& out) {
  encode_aux(blocks_.front().name, blocks_.front().bytes, out);
  bytes_ -= blocks_.front().bytes.size();
  blocks_.pop_front();
}

void encode_group_records(const Stream& stream, Encoder& out) {
  for (const auto& [name, group] : stream.groups()) {
    GroupRecords records;
    records.begin_group(name);
    if (group->unowned_count() > 0) {
      group->for_each_leaf([&](const types::PendingLeaf& leaf) { records.add(leaf); });
    }
    for (const auto& [consumer_name, consumer] : group->consumers()) records.add(*consumer);
    while (!records.empty()) records.take(out);
  }
}

namespace {

// An entry of nobody's, as it stands in a block: `place` is what tells when it is, or was, released.
struct Unowned {
  types::StreamId id;
  uint64_t place;
  uint64_t deliveries;
};

// put(group, entry) for each of a block; it returns why an entry cannot be put there, or null. Returns the
// group.
template <class Put>
base::Result<StreamGroup*> read_unowned(base::ByteView block, Stream& stream, Put&& put) {
  Decoder in(block);
  StreamGroup* const group = stream.find_group(in.text());
  if (!in.ok()) return base::Error{in.reason()};
  if (group == nullptr) return base::Error{"the stream has no such group"};
  do {
    Unowned entry;
    entry.id = in.id_bytes();
    entry.place = in.length();
    entry.deliveries = std::min(in.length(), types::kMostCounted);
    if (!in.ok()) return base::Error{in.reason()};
    if (const char* const refusal = put(*group, entry); refusal != nullptr) return base::Error{refusal};
  } while (in.left() > 0);
  return group;
}

}  // namespace

base::Result<void> apply_released(base::ByteView block, Stream& stream) {
  const auto done = read_unowned(block, stream, [](StreamGroup& group, const Unowned& entry) -> const char* {
    if (entry.place > StreamGroup::kLastReleaseOrder) return "an order of release is out of range";
    const bool added = group.restore_released(entry.id, entry.place, entry.deliveries);
    return added ? nullptr : "a released entry is pending already";
  });
  if (!done.ok()) return done.error();
  return {};
}

base::Result<void> apply_group_delayed(base::ByteView block, Stream& stream) {
  const auto done = read_unowned(block, stream, [](StreamGroup& group, const Unowned& entry) -> const char* {
    if (entry.place > static_cast<uint64_t>(StreamGroup::kLastMoment)) return "a moment is out of range";
    const bool added = group.add_delayed(entry.id, entry.deliveries, static_cast<int64_t>(entry.place));
    return added ? nullptr : "a delayed entry is pending already";
  });
  if (!done.ok()) return done.error();
  stream.follow(**done);
  return {};
}

base::Result<void> apply_active(base::ByteView block, Stream& stream) {
  Decoder in(block);
  StreamGroup* const group = stream.find_group(in.text());
  if (!in.ok()) return base::Error{in.reason()};
  if (group == nullptr) return base::Error{"the stream has no such group"};
  do {
    StreamConsumer* const consumer = group->find_consumer(in.text());
    const int64_t active_ms = in.milliseconds();
    if (!in.ok()) return base::Error{in.reason()};
    if (consumer == nullptr) return base::Error{"the group has no such consumer"};
    consumer->active_ms = active_ms;
  } while (in.left() > 0);
  return {};
}

}  // namespace sluice::snapshot
