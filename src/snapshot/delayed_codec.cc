#include "snapshot/delayed_codec.h"

#include <utility>

#include "ds/listpack_check.h"
#include "snapshot/decoder.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

using base::ByteView;
using types::DelayedEntries;
using types::PendingItem;
using types::Stream;
using types::StreamBlock;
using types::StreamId;

void encode_delayed_last(const DelayedEntries& delayed, Encoder& out) {
  base::Bytes block;
  Encoder(block, false).length(delayed.last_arrival());
  encode_aux(kDelayedLastName, block, out);
}

void encode_delayed_block(const StreamBlock& block, Encoder& out) {
  base::Bytes bytes;
  bytes.reserve(sizeof(StreamId) + block.listpack().size());
  append_id_bytes(bytes, block.master_id());
  bytes.append(block.listpack());
  encode_aux(kDelayedBlockName, bytes, out);
}

void encode_expiry_leaf(const types::PendingLeaf& leaf, Encoder& out) {
  base::Bytes bytes;
  Encoder block(bytes, false);
  for (size_t i = 0; i < leaf.count(); ++i) {
    const PendingItem item = leaf.item(i);
    append_id_bytes(bytes, item.id);
    block.milliseconds(item.time_key);
  }
  encode_aux(kExpiriesName, bytes, out);
}

void encode_delayed(const Stream& stream, Encoder& out) {
  const DelayedEntries* const delayed = stream.delayed();
  if (delayed == nullptr) return;
  encode_delayed_last(*delayed, out);
  for (size_t i = 0; i < delayed->held().block_count(); ++i) {
    encode_delayed_block(delayed->held().block(i), out);
  }
  delayed->expiries().for_each_leaf([&](const types::PendingLeaf& leaf) { encode_expiry_leaf(leaf, out); });
}

base::Result<void> apply_delayed_last(ByteView block, Stream& stream) {
  Decoder in(block);
  const uint64_t number = in.length();
  if (!in.ok()) return base::Error{in.reason()};
  if (number > DelayedEntries::kLastArrival) return base::Error{"a number of arrival is out of range"};
  stream.delayed_entries().set_last_arrival(number);
  return {};
}

base::Result<void> apply_delayed_block(ByteView block, Stream& stream) {
  Decoder in(block);
  const StreamId id = in.id_bytes();
  auto pack = ds::checked_copy(in.take(in.left()));
  if (!in.ok()) return base::Error{in.reason()};
  StreamBlock* const held = pack ? StreamBlock::checked(id, std::move(*pack)) : nullptr;
  if (held == nullptr) return base::Error{"a block of delayed entries is damaged"};
  if (const char* reason = stream.delayed_entries().adopt(held); reason != nullptr) {
    return base::Error{reason};
  }
  return {};
}

base::Result<void> apply_expiries(ByteView block, Stream& stream) {
  Decoder in(block);
  DelayedEntries& delayed = stream.delayed_entries();
  do {
    const StreamId id = in.id_bytes();
    const uint64_t when_ms = in.fixed64();
    if (!in.ok()) return base::Error{in.reason()};
    if (when_ms > uint64_t{INT64_MAX})
      return base::Error{"the moment at which an entry goes is out of range"};
    if (delayed.expiry_ms(id)) return base::Error{"an entry goes twice"};
    delayed.set_expiry(id, static_cast<int64_t>(when_ms));
  } while (in.left() > 0);
  return {};
}

}  // namespace sluice::snapshot
