// ServerControl: the server's side of exec::Control: the few administrative acts that need the
// server as a whole.
// Owns nothing and forwards to the server; must not know a command.
#pragma once

#include "exec/control.h"

namespace sluice::server {

class Server;

class ServerControl final : public exec::Control {
 public:
  explicit ServerControl(Server& server) : server_(server) {}

  [[nodiscard]] exec::ProcessFacts process_facts() const override;
  [[nodiscard]] exec::LogFacts log_facts() const override;
  [[nodiscard]] exec::SavingFacts saving_facts() const override;
  [[nodiscard]] uint64_t uncounted_memory_bytes() const override;
  base::Result<std::string> save_in_background(bool schedule) override;
  base::Result<std::string> rewrite_log() override;
  base::Result<void> save() override;
  base::Result<void> shutdown(const exec::ShutdownOptions& options) override;
  base::Result<void> abort_shutdown() override;
  base::Result<void> reload_log() override;
  base::Result<void> reload_snapshot() override;
  void change_replication_id() override;
  base::Result<void> rewrite_config() override;
  [[nodiscard]] bool peer_is_dead(const client::Client& client) const override;

 private:
  Server& server_;
};

}  // namespace sluice::server
