#include "server/control.h"

#include "server/server.h"

namespace sluice::server {

exec::ProcessFacts ServerControl::process_facts() const {
  return server_.process_facts();
}

exec::LogFacts ServerControl::log_facts() const {
  exec::LogFacts facts;
  if (const aof::Writer* writer = server_.log_writer()) {
    facts.enabled = true;
    facts.last_write_ok = !writer->failure().has_value();
    facts.last_error = writer->failure().value_or("");
    facts.retained_bytes = writer->retained_bytes();
    facts.memory_bytes = writer->memory_bytes();
    facts.written_offset = writer->written();
    facts.synced_offset = writer->synced();
    facts.durable_offset = writer->durable();
    facts.first_offset = server_.log_first_offset();
    facts.delayed_syncs = writer->delayed_syncs();
  }
  if (const LogLoading* loading = server_.loading()) {
    facts.enabled = true;
    facts.loading = true;
    facts.load_total_bytes = loading->progress().total_bytes;
    facts.load_done_bytes = loading->progress().loaded_bytes;
    facts.loaded_commands = loading->progress().records;
    facts.load_started_unix_s = server_.started_unix_us() / 1'000'000;
  }
  return facts;
}

exec::SavingFacts ServerControl::saving_facts() const {
  return server_.saving().facts();
}

uint64_t ServerControl::uncounted_memory_bytes() const {
  const aof::Writer* writer = server_.log_writer();
  return server_.saving().held_bytes() + (writer == nullptr ? 0 : writer->memory_bytes());
}

base::Result<std::string> ServerControl::save_in_background(bool schedule) {
  return server_.saving().ask_save(schedule);
}

base::Result<std::string> ServerControl::rewrite_log() {
  return server_.rewrite_log();
}

base::Result<void> ServerControl::save() {
  return server_.saving().save_now();
}

base::Result<void> ServerControl::shutdown(const exec::ShutdownOptions& options) {
  const bool by_default =
      options.save == exec::ShutdownSave::kDefault && server_.saving().saves_at_shutdown();
  return server_.begin_stop({.save = by_default || options.save == exec::ShutdownSave::kSave,
                             .despite_failure = options.force || options.save == exec::ShutdownSave::kNoSave,
                             .despite_base = options.force});
}

base::Result<void> ServerControl::abort_shutdown() {
  if (server_.abort_stop()) return {};
  return base::Error{"ERR No shutdown in progress."};
}

base::Result<void> ServerControl::reload_log() {
  return server_.reload_log();
}

base::Result<void> ServerControl::reload_snapshot() {
  return server_.reload_snapshot();
}

void ServerControl::change_replication_id() {
  server_.change_replication_id();
}

base::Result<void> ServerControl::rewrite_config() {
  return server_.rewrite_config();
}

bool ServerControl::peer_is_dead(const client::Client& client) const {
  return server_.peer_is_dead(client.id);
}

}  // namespace sluice::server
