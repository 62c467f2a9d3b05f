#include "snapshot/group_codec.h"

#include "snapshot/decoder.h"
#include "snapshot/writer.h"

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
    if (!StreamGroup::is_released(item)) continue;
    Block& block = block_for(kReleasedName);
    const size_t before = block.bytes.size();
    Encoder out(block.bytes, false);
    append_id_bytes(block.bytes, item.id);
    out.length(StreamGroup::release_order(item));
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
    if (group->released_count() > 0) {
      group->for_each_leaf([&](const types::PendingLeaf& leaf) { records.add(leaf); });
    }
    for (const auto& [consumer_name, consumer] : group->consumers()) records.add(*consumer);
    while (!records.empty()) records.take(out);
  }
}

base::Result<void> apply_released(base::ByteView block, Stream& stream) {
  Decoder in(block);
  StreamGroup* const group = stream.find_group(in.text());
  if (!in.ok()) return base::Error{in.reason()};
  if (group == nullptr) return base::Error{"the stream has no such group"};
  do {
    const types::StreamId id = in.id_bytes();
    const uint64_t order = in.length();
    const uint64_t deliveries = in.length();
    if (!in.ok()) return base::Error{in.reason()};
    if (order > StreamGroup::kLastReleaseOrder) return base::Error{"an order of release is out of range"};
    if (!group->restore_released(id, order, deliveries)) {
      return base::Error{"a released entry is pending already"};
    }
  } while (in.left() > 0);
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
