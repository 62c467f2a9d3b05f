#include "snapshot/block_codec.h"

#include "snapshot/decoder.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

using types::StreamBlock;

namespace {

// A record that has reached this size takes no more blocks.
constexpr size_t kRecordBytes = size_t{16} << 10;

}  // namespace

void encode_dropped(const types::Stream& stream, Encoder& out) {
  base::Bytes record;
  Encoder encoder(record, false);
  for (size_t i = 0; i < stream.block_count(); ++i) {
    const StreamBlock::Dropped& dropped = stream.block(i).dropped();
    if (dropped.entries == 0) continue;
    encoder.length(i);
    encoder.length(dropped.entries);
    encoder.length(dropped.bytes);
    if (record.size() < kRecordBytes) continue;
    encode_aux(kDroppedName, record, out);
    record.clear();
  }
  if (!record.empty()) encode_aux(kDroppedName, record, out);
}

base::Result<void> apply_dropped(base::ByteView block, types::Stream& stream) {
  Decoder in(block);
  do {
    const uint64_t index = in.length();
    const uint64_t entries = in.length();
    const uint64_t bytes = in.length();
    if (!in.ok()) return base::Error{in.reason()};
    if (entries == 0 || entries > UINT32_MAX || bytes > UINT32_MAX) {
      return base::Error{"what was dropped is out of range"};
    }
    const StreamBlock::Dropped dropped{static_cast<uint32_t>(entries), static_cast<uint32_t>(bytes)};
    if (!stream.restore_dropped(index, dropped)) return base::Error{"there is no block it was dropped from"};
  } while (in.left() > 0);
  return {};
}

}  // namespace sluice::snapshot
