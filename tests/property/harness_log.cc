#include "property/harness_log.h"

#include "server/log_loading.h"

namespace sluice::test {

namespace {

class KeptLog final : public base::Log {
 public:
  void write(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
  Lines lines;
};

}  // namespace

HarnessLog::HarnessLog(Harness& of, base::Fs& disk, aof::SyncMode mode, aof::StartPoint start, Syncs syncs,
                       uint64_t filled_from_bytes)
    : running(disk, mode, std::move(start), 1 << 20, syncs == Syncs::kInTurn ? &of.clock : nullptr,
              filled_from_bytes),
      recorder(of.keyspace, disk, of.clock, [] {}),
      harness_(of) {
  fanout_.set_log(&running.writer);
  of.sink.log = this;
}

uint64_t HarnessLog::emit(const exec::Effects& effects) {
  const uint64_t before = offset();
  const uint64_t tag = fanout_.emit(effects);
  if (after_unit && offset() != before) after_unit();
  return tag;
}

void HarnessLog::begin_rewrite(bool compress) {
  aof::Rewrite::Request request;
  request.job.compress = compress;
  rewrite.begin(std::move(request));
}

LogLoad load_log(Harness& into, base::Fs& disk, const aof::LoaderOptions& options) {
  KeptLog log;
  LogLoad load;
  server::LogLoading loading({disk, into.executor, into.keyspace, into.clock, log}, options);
  for (bool done = false; !done;) {
    const base::Result<bool> step = loading.step();
    if (!step.ok()) load.error = step.error().message;
    done = !step.ok() || *step;
  }
  load.reported = std::move(log.lines);
  if (load.error.empty()) load.start = loading.take_start();
  return load;
}

void lower_limits(Harness& h) {
  h.configure("list-max-listpack-size", "4");
  h.configure("hash-max-listpack-entries", "4");
  h.configure("set-max-intset-entries", "3");
  h.configure("set-max-listpack-entries", "5");
  h.configure("zset-max-listpack-entries", "4");
  h.configure("stream-node-max-entries", "3");
}

std::string debug_digest(Harness& h, int64_t now_ms) {
  return commands::digest_text(commands::digest_of(h.keyspace, now_ms));
}

}  // namespace sluice::test
