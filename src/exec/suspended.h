// A script that ran past its time, set aside with its whole unit while others are told that
// the server is busy. Part of the executor. It owns what the script was called with, since
// views died with the first slice.
#pragma once

#include <memory>

#include "client/client.h"
#include "exec/transaction.h"
#include "exec/unit.h"

namespace sluice::exec {

struct Suspended {
  client::ClientId client;
  OwnedRequest request;  // the views it was called with are long gone
  std::unique_ptr<Unit> unit;
  size_t reply_mark;   // where its answer begins in the client's outbox
  int64_t started_us;  // monotonic
};

}  // namespace sluice::exec
