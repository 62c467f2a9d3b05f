#include "snapshot/idempotence_codec.h"

#include <utility>
#include <vector>

#include "snapshot/decoder.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

using base::ByteView;
using types::IdempotenceTable;
using types::StreamId;

namespace {

// The names of one producer.
base::Result<void> read_producer(Decoder& in, IdempotenceTable& table) {
  const base::Bytes pid(in.text());
  uint64_t left = in.length();
  if (in.ok() && (pid.empty() || left == 0)) return base::Error{"a producer has no name, or sent nothing"};
  for (; left > 0 && in.ok(); --left) {
    const base::Bytes iid(in.text());
    const StreamId id = in.id();
    if (!in.ok()) break;
    if (iid.empty()) return base::Error{"what a producer sent has no name"};
    if (!table.put(pid, iid, id)) return base::Error{"a producer sent two entries under one name"};
  }
  if (!in.ok()) return base::Error{in.reason()};
  return {};
}

}  // namespace

base::Bytes encode_idempotence_head(const IdempotenceTable& table) {
  base::Bytes head;
  Encoder encoder(head, false);
  encoder.length(table.limits().duration_s);
  encoder.length(table.limits().max_ids);
  encoder.length(table.added());
  encoder.length(table.duplicates());
  return head;
}

void IdempotenceRecords::add(ByteView pid, ByteView iid, const StreamId& id) {
  if (pid != pid_ || full()) end_producer();
  if (full()) {
    end();
    block_ = head_;
  }
  pid_ = pid;
  Encoder encoder(names_, false);
  encoder.text(iid);
  encoder.id(id);
  ++count_;
}

void IdempotenceRecords::end() {
  end_producer();
  encode_aux(kIdempotenceName, block_, out_);
}

void IdempotenceRecords::end_producer() {
  if (count_ == 0) return;
  Encoder encoder(block_, false);
  encoder.text(pid_);
  encoder.length(count_);
  block_.append(names_);
  names_.clear();
  count_ = 0;
}

void encode_idempotence(const types::Stream& stream, Encoder& out) {
  const IdempotenceTable* const table = stream.idempotence();
  if (table == nullptr) return;
  const base::Bytes head = encode_idempotence_head(*table);
  IdempotenceRecords records(head, out);
  table->for_each([&](ByteView pid, ByteView iid, const StreamId& id) { records.add(pid, iid, id); });
  records.end();
}

base::Result<void> apply_idempotence(ByteView block, types::Stream& stream) {
  Decoder in(block);
  const uint64_t duration_s = in.length();
  const uint64_t max_ids = in.length();
  const uint64_t added = in.length();
  const uint64_t duplicates = in.length();
  if (!in.ok()) return base::Error{in.reason()};
  if (duration_s < 1 || duration_s > types::kMostIdempotenceSeconds || max_ids < 1 ||
      max_ids > types::kMostIdempotenceIds) {
    return base::Error{"how long or how much a stream remembers is out of range"};
  }
  const types::IdempotenceLimits limits{static_cast<uint32_t>(duration_s), static_cast<uint32_t>(max_ids)};
  if (stream.idempotence() == nullptr) {
    (void)stream.set_idempotence_limits(limits);  // nothing was remembered
  } else if (stream.idempotence_limits() != limits) {
    return base::Error{"a stream remembers by two rules"};
  }
  IdempotenceTable& table = stream.idempotence_table();
  table.set_counters(added, duplicates);
  while (in.left() > 0) {
    if (auto read = read_producer(in, table); !read.ok()) return read;
  }
  return {};
}

}  // namespace sluice::snapshot
