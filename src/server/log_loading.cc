#include "server/log_loading.h"

namespace sluice::server {

LogLoading::LogLoading(base::Fs& fs, const aof::LoaderOptions& options, exec::Executor& executor,
                       base::Log& log)
    : executor_(executor), log_(log), client_(0), loader_(fs, options, *this) {
  client_.set(client::kLoader);
}

base::Result<bool> LogLoading::step(size_t budget_bytes) {
  executor_.refresh_clock();
  base::Result<bool> done = loader_.step(budget_bytes);
  report_findings();
  return done;
}

void LogLoading::report_findings() {
  for (; reported_ < loader_.findings().size(); ++reported_) log_.warning(loader_.findings()[reported_].text);
}

void LogLoading::begin_file() {
  client_.db = 0;
}

base::Result<void> LogLoading::apply(std::span<const base::ByteView> words) {
  return executor_.replay(client_, words);
}

base::Result<void> LogLoading::extension(base::ByteView payload) {
  return base::Error{"an extension record of a kind this version does not know: '" +
                     std::string(payload.substr(0, 32)) + "'"};
}

base::Result<void> LogLoading::rdb_base(const std::string& path) {
  return base::Error{"the base file " + path +
                     " is in RDB format, which this version cannot read; have it written as a plain log "
                     "(aof-use-rdb-preamble no) and rewritten"};
}

}  // namespace sluice::server
