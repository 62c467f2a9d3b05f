#include "snapshot/deadline_codec.h"

#include <memory>
#include <variant>

#include "snapshot/decoder.h"
#include "snapshot/format.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

using types::Hash;

void DeadlineRecords::add(const ds::Element& field, int64_t deadline_ms) {
  if (deadline_ms == types::kNeverExpires) return;
  const bool fresh = blocks_.empty() || blocks_.back().size() >= kDeadlineBlockBytes;
  if (fresh) blocks_.emplace_back();
  base::Bytes& block = blocks_.back();
  const size_t before = block.size();
  Encoder out(block, false);
  if (fresh) out.milliseconds(earliest_ms_);
  out.length(static_cast<uint64_t>(deadline_ms - earliest_ms_));
  out.element(field);
  bytes_ += block.size() - before;
}

void DeadlineRecords::take(Encoder& out) {
  encode_aux(kDeadlinesName, blocks_.front(), out);
  bytes_ -= blocks_.front().size();
  blocks_.pop_front();
}

void encode_deadlines(const keyspace::Value& value, Encoder& out) {
  const auto* hash = std::get_if<Hash>(&value);
  if (hash == nullptr || !hash->has_deadlines()) return;
  DeadlineRecords records(hash->next_deadline_ms());
  hash->for_each([&records](const ds::Element& field, const ds::Element&, int64_t deadline_ms) {
    records.add(field, deadline_ms);
  });
  while (!records.empty()) records.take(out);
}

base::Result<void> apply_deadlines(base::ByteView block, Hash& hash) {
  Decoder in(block);
  const uint64_t earliest_ms = in.fixed64();
  do {
    const uint64_t later_ms = in.length();
    const base::ByteView field = in.text();
    if (!in.ok()) return base::Error{in.reason()};
    if (earliest_ms > kLatestFieldMs || later_ms > kLatestFieldMs - earliest_ms) {
      return base::Error{"the deadline of a field is out of range"};
    }
    if (!hash.contains(field)) return base::Error{"the hash has no such field"};
    if (hash.deadline_ms(field) != types::kNeverExpires) return base::Error{"a field has two deadlines"};
    hash.set_deadline(field, static_cast<int64_t>(earliest_ms + later_ms));
  } while (in.left() > 0);
  return {};
}

}  // namespace sluice::snapshot
