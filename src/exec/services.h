// Services: the parts that commands reach, by reference. Built once by the server (or by the test harness),
// handed down by the executor; owns nothing. Must not grow behaviour: what a part can do is asked of the
// part.
#pragma once

#include <cstddef>

#include "acl/registry.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "client/client_table.h"
#include "client/hub.h"
#include "client/tracking.h"
#include "exec/blocking.h"
#include "exec/control.h"
#include "exec/gates.h"
#include "exec/latency_monitor.h"
#include "exec/settings.h"
#include "exec/slowlog.h"
#include "exec/stats.h"
#include "exec/table.h"
#include "exec/transaction.h"
#include "keyspace/keyspace.h"

namespace sluice::config {
class Store;
}
namespace sluice::script {
class Engine;
}
namespace sluice::base {
class MemoryMeter;
}

namespace sluice::exec {

class Executor;

struct Services {
  const base::Clock& clock;
  base::Random& random;
  base::Log& log;
  const base::MemoryMeter& memory;
  config::Store& config;
  keyspace::Keyspace& keyspace;
  client::ClientTable& clients;
  client::Hub& hub;
  client::Tracking& tracking;
  acl::Registry& users;
  script::Engine& scripts;
  Table& table;
  Transactions& transactions;
  Blocking& blocking;
  Slowlog& slowlog;
  LatencyMonitor& latency;
  Stats& stats;
  ServerState& state;
  Settings& settings;
  Control& control;
  Executor* executor = nullptr;  // set by the executor itself
  // What runs, with its key, when the next moment of a stream has come: a row that no client can call. Set by
  // whoever composes the parts, since exec names no family.
  const CommandSpec* stream_firing = nullptr;
};

}  // namespace sluice::exec
