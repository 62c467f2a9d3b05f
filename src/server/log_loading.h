// LogLoading: the log read back at start, slice by slice between turns, each record replayed by the executor
// as a client that nobody sees. Owns the loader; knows files only through it.
#pragma once

#include <cstdint>
#include <string>

#include "aof/loader.h"
#include "base/log.h"
#include "client/client.h"
#include "exec/executor.h"

namespace sluice::server {

// Read and replayed between two looks at the sockets.
inline constexpr size_t kLoadSliceBytes = size_t{256} << 10;

class LogLoading final : public aof::LoadSink {
 public:
  LogLoading(base::Fs& fs, const aof::LoaderOptions& options, exec::Executor& executor, base::Log& log);

  // One slice; true when all is loaded. An error is for the operator: the server must not start.
  base::Result<bool> step(size_t budget_bytes = kLoadSliceBytes);
  [[nodiscard]] const aof::LoadProgress& progress() const { return loader_.progress(); }
  // Where the log goes on. REQUIRES: step() said true.
  [[nodiscard]] aof::StartPoint take_start() { return loader_.take_start(); }

  void begin_file() override;
  base::Result<void> apply(std::span<const base::ByteView> words) override;
  base::Result<void> extension(base::ByteView payload) override;
  base::Result<void> rdb_base(const std::string& path) override;

 private:
  void report_findings();

  exec::Executor& executor_;
  base::Log& log_;
  client::Client client_;
  aof::Loader loader_;
  size_t reported_ = 0;
};

}  // namespace sluice::server
