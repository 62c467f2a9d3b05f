#include "server/fanout.h"

#include <array>

#include "base/number.h"

namespace sluice::server {

namespace {

// One huge unit must not pin its memory for good.
constexpr size_t kKeptGroupBytes = size_t{1} << 20;

}  // namespace

// SELECT stands before MULTI: a transaction that stays in one database has none inside.
void Fanout::write_group(const exec::Effects& effects) {
  group_.clear();
  if (effects.first_db() != log_db_) {
    const base::NumberText db = base::format_int64(effects.first_db());
    const std::array<base::ByteView, 2> select = {"SELECT", db.view()};
    exec::append_command(group_, select);
  }
  const bool several = effects.record_count() > 1;
  if (several) group_ += "*1\r\n$5\r\nMULTI\r\n";
  group_ += effects.records();
  if (several) group_ += "*1\r\n$4\r\nEXEC\r\n";
  log_db_ = effects.last_db();
}

uint64_t Fanout::emit(const exec::Effects& effects) {
  uint64_t at = offset();
  if (log_ != nullptr && effects.record_count() > 0) {
    if (effects.record_count() == 1 && effects.first_db() == log_db_) {
      at = log_->append(effects.records(), static_cast<uint32_t>(log_db_));
    } else {
      write_group(effects);
      at = log_->append(group_, static_cast<uint32_t>(log_db_));
      if (group_.capacity() > kKeptGroupBytes) base::Bytes().swap(group_);
    }
  }
  for (const exec::Message& message : effects.messages()) {
    if (const auto* publication = std::get_if<exec::Publication>(&message)) {
      hub_.publish(publication->topic, publication->channel, publication->payload, at);
    } else if (const auto* line = std::get_if<exec::MonitorLine>(&message)) {
      hub_.show(line->text, at);
    } else {
      tracking_.deliver(std::get<client::Invalidation>(message), at);
    }
  }
  return at;
}

}  // namespace sluice::server
