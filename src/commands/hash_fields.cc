#include "commands/hash_fields.h"

#include "base/number.h"

namespace sluice::commands {

using base::ByteView;

base::Result<std::optional<types::LiveHash>, keyspace::Refusal> view_live(exec::Call& call, ByteView key) {
  const auto hash = call.view<types::Hash>(key);
  if (!hash) return hash.error();
  if (!*hash) return std::optional<types::LiveHash>();
  return std::optional<types::LiveHash>(live(call, **hash));
}

void expire_first(exec::Call& call, keyspace::Edit<types::Hash>& hash, ByteView field) {
  const int64_t at_ms = call.access().fields_at_ms();
  if (hash.peek().next_deadline_ms() > at_ms || hash.peek().deadline_ms(field) > at_ms) return;
  call.unit().changes.field_expired(*call.access().db, hash.entry(), field);
  hash->erase(field);
}

void propagate_deadline(exec::Call& call, ByteView key, int64_t deadline_ms,
                        std::span<const ByteView> fields) {
  const base::NumberText when = base::format_int64(deadline_ms);
  const base::NumberText count = base::format_int64(static_cast<int64_t>(fields.size()));
  std::vector<ByteView> words = {"HPEXPIREAT", key, when.view(), "FIELDS", count.view()};
  words.insert(words.end(), fields.begin(), fields.end());
  call.propagate_as(words, exec::RecordFor::kSluice);
}

void propagate_deadlines(exec::Call& call, ByteView key, const FieldsByDeadline& fields) {
  for (const auto& [deadline_ms, names] : fields) {
    const std::vector<ByteView> views(names.begin(), names.end());
    propagate_deadline(call, key, deadline_ms, views);
  }
}

}  // namespace sluice::commands
