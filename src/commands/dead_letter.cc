#include "commands/dead_letter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "commands/stream_append.h"

namespace sluice::commands {

using types::Stream;
using types::StreamIdText;

namespace {

// In the order of DeathReason.
constexpr std::array<ByteView, 3> kReasons = {"max-deliver", "fatal", "expired"};
// What is told of an entry, in this order.
constexpr std::array<ByteView, 5> kExtras = {"dlq-key", "dlq-id", "dlq-group", "dlq-deliveries",
                                             "dlq-reason"};

// The stream of dead letters, which has a new one, ends at the length it may have.
void trim_to(Call& call, ByteView key, uint64_t most, Edit<Stream>& stream) {
  TrimRequest request;
  request.rule.emplace();
  request.rule->max_length = most;
  const base::NumberText length = base::format_uint64(most);
  request.threshold = length.view();
  const types::StreamRemoval removal = trim(call, request, *stream);
  stream.unchanged();  // it was committed with the entry
  if (removal.gone == 0) return;
  call.unit().changes.touched(*call.access().db, stream.entry(), &events::xtrim);
  call.propagate_as({"XTRIM", key, "MAXLEN", "=", length.view()});
}

}  // namespace

std::vector<Bytes> field_texts(const types::StreamEntry& entry) {
  std::vector<Bytes> texts;
  texts.reserve(2 * (entry.size() + kExtras.size()));
  entry.for_each([&texts](const ds::Element& name, const ds::Element& value) {
    base::NumberText buffer;
    texts.emplace_back(name.to_text(buffer));
    texts.emplace_back(value.to_text(buffer));
  });
  return texts;
}

bool may_send_letters(Call& call, ByteView dead_letters) {
  client::Client& speaker = call.unit().speaker == nullptr ? call.client : *call.unit().speaker;
  const exec::Asked asked{call.client, call.command, call.args.words()};
  return call.on.executor->access().admit_write(asked, dead_letters, speaker);
}

bool can_take_letter(Call& call, const DeadLetter& letter) {
  if (letter.dead_letters == letter.key) return false;
  auto found = call.edit_existing<Stream>(letter.dead_letters);
  if (!found.ok()) return false;
  if (!*found) return true;
  const bool takes = found->peek().last_id() != types::kMaxStreamId;
  found->unchanged();
  return takes;
}

bool dead_letter(Call& call, const DeadLetter& letter, const types::StreamEntry& entry) {
  if (letter.dead_letters.empty() || letter.dead_letters == letter.key) return false;
  auto found = call.edit<Stream>(letter.dead_letters);
  if (!found.ok()) return false;
  std::vector<Bytes> texts = field_texts(entry);
  const StreamIdText origin_id(entry.id);
  const base::NumberText deliveries = base::format_uint64(letter.deliveries);
  const ByteView extras[] = {letter.key, origin_id.view(), letter.group, deliveries.view(),
                             kReasons[static_cast<size_t>(letter.reason)]};
  for (size_t i = 0; i < kExtras.size(); ++i) {
    texts.emplace_back(kExtras[i]);
    texts.emplace_back(extras[i]);
  }
  const std::vector<ByteView> fields(texts.begin(), texts.end());
  if (!append_entry(call, *found, {letter.dead_letters, fields, {}}).ok()) return false;
  if (letter.most > 0) trim_to(call, letter.dead_letters, letter.most, *found);
  return true;
}

std::optional<Origin> origin_of(const std::vector<Bytes>& fields) {
  if (fields.size() < 2 * kExtras.size()) return std::nullopt;
  const size_t own_fields = fields.size() - 2 * kExtras.size();
  for (size_t i = 0; i < kExtras.size(); ++i) {
    if (fields[own_fields + 2 * i] != kExtras[i]) return std::nullopt;
  }
  const auto extra = [&](size_t index) { return ByteView(fields[own_fields + 2 * index + 1]); };
  const bool known = std::find(kReasons.begin(), kReasons.end(), extra(4)) != kReasons.end();
  const auto id = types::parse_stream_id(extra(1), 0);
  if (own_fields == 0 || !known || !id || !base::parse_uint64(extra(3))) return std::nullopt;
  return Origin{own_fields, extra(0), *id, extra(2)};
}

}  // namespace sluice::commands
