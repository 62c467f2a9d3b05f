#include "snapshot/frozen_stream.h"

#include "snapshot/block_codec.h"
#include "snapshot/delayed_codec.h"
#include "snapshot/idempotence_codec.h"
#include "snapshot/policy_codec.h"
#include "snapshot/value_codec.h"

namespace sluice::snapshot {

using types::DelayedEntries;
using types::OwnLeaf;
using types::PendingLeaf;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;

namespace {

// Groups with so much pending at most are encoded at once, and so are streams whose groups have no more in
// all: entries, consumers, groups themselves, and entries that go. The same holds of the names of what was
// sent.
constexpr size_t kSmallGroupItems = 256;

bool sent_much(const Stream& stream) {
  return stream.idempotence() != nullptr && stream.idempotence()->size() > kSmallGroupItems;
}

}  // namespace

bool is_big(const Stream& stream) {
  if (stream.block_count() > 1 || sent_much(stream)) return true;
  size_t items = 0;
  if (const DelayedEntries* const delayed = stream.delayed(); delayed != nullptr) {
    if (delayed->held().block_count() > 1) return true;
    items += delayed->expiry_count();
  }
  if (items > kSmallGroupItems) return true;
  for (const auto& [name, group] : stream.groups()) {
    items += 1 + group->consumers().size() + group->pending_count();
    if (items > kSmallGroupItems) return true;
  }
  return false;
}

FrozenStream::FrozenStream(const EntryHeads::Entry& entry, uint32_t epoch, const Stream& stream)
    : Frozen(entry, epoch), stream_(&stream) {
  Encoder out(text_, false);
  encode_stream_head(stream.block_count(), out);
  for (size_t i = 0; i < stream.block_count(); ++i) {
    auto& block = const_cast<types::StreamBlock&>(stream.block(i));  // to be pinned, not to be changed
    add_part(NodeKind::kStreamBlock, block, block.bytes());
  }
  encode_stream_counters(stream, out);
  for (const auto& [name, group] : stream.groups()) add_group(name, *group);
  encode_dropped(stream, out);
  if (sent_much(stream)) {
    // To be watched, not to be changed.
    names_ = std::make_unique<FrozenNames>(const_cast<types::IdempotenceTable&>(*stream.idempotence()));
  } else {
    encode_idempotence(stream, out);
  }
  encode_policies(stream, out);
  if (stream.delayed() != nullptr) add_delayed(*stream.delayed());
}

void FrozenStream::add_part(NodeKind kind, ds::NodeHeader& node, size_t bytes) {
  parts_.push_back({{&node, kind}, static_cast<uint32_t>(bytes), text_.size()});
}

void FrozenStream::add_group(const base::Bytes& name, const StreamGroup& group) {
  const bool big = group.pending_count() > kSmallGroupItems;
  const size_t first_part = parts_.size();
  Encoder out(text_, false);
  records_.begin_group(name);
  encode_group_head(name, group, out);
  group.for_each_leaf([&](PendingLeaf& leaf) {
    if (big) return add_part(NodeKind::kPendingLeaf, leaf, leaf.bytes());
    encode_pending_leaf(leaf, out);
    if (group.unowned_count() > 0) records_.add(leaf);
  });
  if (big && group.unowned_count() > 0) unowned_.push_back({first_part, parts_.size(), name});
  out.length(group.consumers().size());
  for (const auto& item : group.consumers()) {
    const StreamConsumer& consumer = *item.second;
    encode_consumer_head(consumer, out);
    records_.add(consumer);
    consumer.for_each_leaf([&](OwnLeaf& leaf) {
      if (big) return add_part(NodeKind::kOwnLeaf, leaf, leaf.bytes());
      encode_own_leaf(leaf, out);
    });
  }
  if (big) inner_containers_.push_back(&group);
}

void FrozenStream::add_delayed(const DelayedEntries& delayed) {
  Encoder out(text_, false);
  encode_delayed_last(delayed, out);
  for (size_t i = 0; i < delayed.held().block_count(); ++i) {
    auto& block =
        const_cast<types::StreamBlock&>(delayed.held().block(i));  // to be pinned, not to be changed
    add_part(NodeKind::kDelayedBlock, block, block.bytes());
  }
  delayed.expiries().for_each_leaf(
      [&](PendingLeaf& leaf) { add_part(NodeKind::kExpiryLeaf, leaf, leaf.bytes()); });
  inner_containers_.push_back(&delayed.held());
  inner_containers_.push_back(&delayed.expiries());
}

void FrozenStream::collect_unowned(const Part& part) {
  if (unowned_.empty() || at_ < unowned_.front().first_part) return;
  records_.begin_group(unowned_.front().name);
  records_.add(static_cast<const PendingLeaf&>(*part.node.header));
  if (at_ + 1 == unowned_.front().end_part) unowned_.pop_front();
}

Frozen::Piece FrozenStream::next(base::Bytes& out) {
  Piece piece;
  if (at_ < parts_.size()) {
    const Part& part = parts_[at_];
    out.append(text_, text_at_, part.text_end - text_at_);
    text_at_ = part.text_end;
    claim(*part.node.header);
    collect_unowned(part);
    piece.node = part.node;
    piece.node_bytes = part.bytes;
    ++at_;
    return piece;
  }
  if (text_at_ < text_.size()) {
    out.append(text_, text_at_);
    text_at_ = text_.size();
  } else if (!records_.empty()) {
    Encoder encoder(out, false);
    records_.take(encoder);
  } else if (names_ != nullptr) {
    names_->write_some(out);
  }
  piece.done = records_.empty() && (names_ == nullptr || names_->done());
  return piece;
}

bool FrozenStream::give_up(size_t max, std::vector<PinnedNode>& nodes) {
  for (; max > 0 && at_ < parts_.size(); --max, ++at_) give_back(parts_[at_].node, nodes);
  return at_ < parts_.size();
}

size_t FrozenStream::memory_bytes() const {
  return parts_.capacity() * sizeof(parts_[0]) + text_.capacity() + records_.memory_bytes() +
         (names_ == nullptr ? 0 : names_->memory_bytes());
}

}  // namespace sluice::snapshot
