// Fanout: where the effects of a unit go: its records as one group into the log, its messages to subscribers,
// its commands to monitors; and the journal offset that tags whatever anybody is told of it. The only writer
// of the log's batch and the only publisher.
#pragma once

#include <cstdint>

#include "aof/writer.h"
#include "client/client_table.h"
#include "client/hub.h"
#include "exec/effects.h"

namespace sluice::server {

class Fanout final : public exec::EffectSink {
 public:
  Fanout(client::ClientTable& clients, client::Hub& hub) : clients_(clients), hub_(hub) {}

  // Null: nothing is logged (appendonly no). The writer must have been started.
  void set_log(aof::Writer* log) {
    log_ = log;
    log_db_ = 0;
  }

  uint64_t emit(const exec::Effects& effects) override;
  [[nodiscard]] uint64_t offset() const override { return log_ == nullptr ? 0 : log_->offset(); }
  void monitor(const client::Client& client, std::span<const base::ByteView> words, int64_t now_us) override;

 private:
  void write_group(const exec::Effects& effects);

  client::ClientTable& clients_;
  client::Hub& hub_;
  aof::Writer* log_ = nullptr;
  int log_db_ = 0;     // the database a reader of the log has selected by now; a new increment says it itself
  base::Bytes group_;  // reused
};

}  // namespace sluice::server
