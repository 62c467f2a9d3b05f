#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace sluice::base {

struct SpdLog::Impl {
  std::shared_ptr<spdlog::logger> logger;
};

namespace {

// Redis has one level between info and debug; spdlog has one below debug. Order is what matters.
spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kVerbose:
      return spdlog::level::debug;
    case LogLevel::kNotice:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kNothing:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

SpdLog::SpdLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpdLog::~SpdLog() = default;

Result<std::unique_ptr<SpdLog>> SpdLog::open(const std::string& path, LogLevel level) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  try {
    if (path.empty()) {
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
  } catch (const spdlog::spdlog_ex& failure) {
    return Error{std::string("Can't open the log file: ") + failure.what()};
  }
  auto impl = std::make_unique<Impl>();
  impl->logger = std::make_shared<spdlog::logger>("sluice", std::move(sink));
  impl->logger->set_level(to_spdlog(level));
  impl->logger->flush_on(spdlog::level::trace);
  impl->logger->set_pattern("%P %d %b %Y %H:%M:%S.%e %L %v");
  return std::unique_ptr<SpdLog>(new SpdLog(std::move(impl)));
}

void SpdLog::write(LogLevel level, std::string_view text) {
  impl_->logger->log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void SpdLog::set_level(LogLevel level) {
  impl_->logger->set_level(to_spdlog(level));
}

}  // namespace sluice::base
