// HarnessLog: the log of a harness, written as a server writes its own, and the rewrite of it; on a disk that
// outlives it. Loading such a log into another harness, and the digests by which both are compared. Flusher
// and worker run when a test says so.
#pragma once

#include <functional>
#include <limits>
#include <string>

#include "aof/rewrite.h"
#include "commands/debug_digest.h"
#include "server/fanout.h"
#include "snapshot/recorder.h"
#include "support/harness.h"
#include "support/log_fixture.h"

namespace sluice::test {

class HarnessLog final : public exec::EffectSink {
 public:
  // Who makes the syncs of `always`: the flusher, when it is run, or the writer at the end of its turn.
  enum class Syncs { kByFlusher, kInTurn };

  HarnessLog(Harness& of, base::Fs& disk, aof::SyncMode mode, aof::StartPoint start = {},
             Syncs syncs = Syncs::kByFlusher, uint64_t filled_from_bytes = aof::kFilledFromBytes);
  ~HarnessLog() override { harness_.sink.log = nullptr; }
  HarnessLog(const HarnessLog&) = delete;
  HarnessLog& operator=(const HarnessLog&) = delete;

  uint64_t emit(const exec::Effects& effects) override;
  [[nodiscard]] uint64_t offset() const override { return fanout_.offset(); }

  // Begins to rewrite itself. REQUIRES: it does not already.
  void begin_rewrite(bool compress);

  // Called when a unit that left records was appended: the harness holds what a load up to there must bring.
  std::function<void()> after_unit;
  testing::RunningLog running;
  snapshot::Recorder recorder;
  aof::Rewrite rewrite{aof::LogPlace{}, running.writer, recorder};

 private:
  Harness& harness_;
  client::ClientTable nobody_;
  client::Hub no_hub_{nobody_};
  client::Tracking no_caches_{nobody_, 1};
  server::Fanout fanout_{no_hub_, no_caches_};
};

// What a load came to.
struct LogLoad {
  std::string error;      // empty: it loaded
  Lines reported;         // what the operator was told
  aof::StartPoint start;  // where the log goes on, if it loaded
};
LogLoad load_log(Harness& into, base::Fs& disk, const aof::LoaderOptions& options = {});

// Every value changes its form after a few elements.
void lower_limits(Harness& h);

// Earlier than any deadline: at this moment nothing has expired.
inline constexpr int64_t kBeforeAnyDeadline = std::numeric_limits<int64_t>::min();
// As DEBUG DIGEST would answer at that moment.
std::string debug_digest(Harness& h, int64_t now_ms);

}  // namespace sluice::test
