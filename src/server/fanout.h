// Fanout: where the effects of a unit go: its records as one group into the log, its messages to subscribers
// and monitors, its invalidations to those who track; and the journal offset that tags whatever anybody is
// told of it. The only writer of the log's batch and the only publisher.
#pragma once

#include <cstdint>

#include "aof/writer.h"
#include "client/hub.h"
#include "client/tracking.h"
#include "exec/effects.h"

namespace sluice::server {

class Fanout final : public exec::EffectSink {
 public:
  Fanout(client::Hub& hub, client::Tracking& tracking) : hub_(hub), tracking_(tracking) {}

  // Null: nothing is logged (appendonly no). The writer must have been started.
  void set_log(aof::Writer* log) {
    log_ = log;
    log_db_ = 0;
  }

  uint64_t emit(const exec::Effects& effects) override;
  [[nodiscard]] uint64_t offset() const override { return log_ == nullptr ? 0 : log_->offset(); }

 private:
  void write_group(const exec::Effects& effects);

  client::Hub& hub_;
  client::Tracking& tracking_;
  aof::Writer* log_ = nullptr;
  int log_db_ = 0;     // the database a reader of the log has selected by now; a new increment says it itself
  base::Bytes group_;  // reused
};

}  // namespace sluice::server
